//! The gateway in process: its router, driven request by request over a real store in a temporary folder, with a
//! clock that only a test moves. No sockets.
//!
//! [`Visit`] is one resident's way through a sign-in; [`TestBrowser`], [`TestAgent`] and [`TestService`] are the three
//! parties that it brings together, each with nothing but what the real one has.

mod agent;
mod answer;
mod browser;
mod card;
mod gated_store;
mod keyed;
mod municipality;
mod ocsp;
mod service;
mod session;
mod visit;
mod world;

pub use agent::{Statement, TestAgent};
pub use answer::Answer;
pub use browser::TestBrowser;
pub use card::TestCard;
pub use gated_store::GatedStore;
pub use keyed::{KeyedService, ServiceKey, post, request_uri};
pub use municipality::{HINATA, KAWA, MIDORI, Town};
pub use ocsp::TestOcsp;
pub use service::{KOSODATE, TOSHO, TestService, form};
pub use session::{SESSION_COOKIE, SignedIn, asks_for_the_card, is_offer};
pub use visit::Visit;
pub use world::{CRL_MAX_AGE, NOW, PORTS, TestGateway, random};
