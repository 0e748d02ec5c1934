//! Gateways as operators run them: the shipped program, one process or several, on one database, with residents who keep
//! signing in through a front that sends every request to another node.
//!
//! A [`Town`] has the cards and the configuration, a [`Node`] is one process, [`Lines`] are the way to all of them, a
//! [`Resident`] signs in and goes on where an answer got lost, and the [`Ledger`] keeps what was answered, to be asked for
//! again after whatever was done to the processes meanwhile.

mod browser;
mod crash;
mod ledger;
mod lines;
mod node;
mod resident;
mod town;

pub use browser::Browser;
pub use crash::{Crash, Victim};
pub use ledger::{Fault, Ledger, SignedIn, Step};
pub use lines::{Ask, Asked, Lines, Reply};
pub use node::Node;
pub use resident::{
    Agent, Claimed, Proven, Resident, Started, authorize, between, random_text, redemption, refreshment,
};
pub use town::{CLIENT_ID, Card, KEYED_CLIENT_ID, KEYED_REDIRECT_URI, MUNICIPALITY, REDIRECT_URI, Town};
