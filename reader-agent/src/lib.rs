//! The reader agent: between a browser, a card reader and a gateway, on the resident's own computer.
//!
//! A browser brings a ticket to the loopback listener; the agent claims it at the gateway that the address names, shows who
//! asks for what, and when the resident agrees has the card sign exactly that. It takes no digest, answers no
//! page's script and keeps no PIN. The order to read it in: [`Agent`], then the modules `gate` (who gets an answer), `desk` (one at a
//! time), `sign_in` (what happens).
//!
//! The library takes any [`CardSource`] and any [`Prompt`]; the program wires PC/SC, the terminal and the system's clock.

mod address;
mod agent;
mod automation;
mod card_report;
mod clock;
mod connections;
mod desk;
mod doctor;
mod error;
mod gate;
mod gateway;
mod hygiene;
mod keyboard;
mod listener;
mod options;
mod pages;
mod patience;
mod pcsc;
mod peer;
mod policy;
mod program;
mod prompt;
mod resource;
mod sign_in;
mod source;
mod terminal;
mod texts;
mod trace;
mod transport;

#[cfg(test)]
mod testing;

pub use agent::Agent;
pub use automation::AutomationPrompt;
pub use card_report::CardReport;
pub use clock::Clock;
pub use error::AgentError;
pub use listener::bind;
pub use options::{CardOptions, Command, ConnectionOptions, DoctorOptions, Options, ReportLang};
pub use patience::{Interrupt, Patience};
pub use pcsc::{PcscCard, PcscReaders};
pub use policy::{CardPolicy, NotATestAnchor, TestAnchors};
pub use program::{StandardInput, run};
pub use prompt::{Notice, Prompt, ShownRequest};
pub use source::{CardSource, InsertedCard, ReaderError};
pub use terminal::TerminalPrompt;
pub use transport::{HttpTransport, Transport, TransportAnswer, TransportError};
