//! The sample online service 「子育て手続き」 of みどり市, and every part of Madoguchi wired together on loopback.
//!
//! Each part can be started alone: [`Pcscd`] (a private PC/SC service with a virtual reader), [`Program`] (any
//! program of ours as a [`Child`] that never outlives its starter), [`Service`] (the sample service),
//! [`Browser`] (a scripted stand-in for a browser) and [`Stack`] (all of them). For developers and tests only:
//! everything listens on loopback and trusts a test PKI made a moment ago.

mod binaries;
mod browser;
mod child;
mod error;
mod once;
mod pcscd;
mod service;
mod stack;

pub use binaries::Binaries;
pub use browser::{Browser, BrowserError, Exchange, Hop, Navigation, Page};
pub use child::{Child, Program};
pub use error::DemoError;
pub use once::{Outcome, claims, sign_in};
pub use pcscd::Pcscd;
pub use service::{Service, ServiceError, ServiceOptions};
pub use stack::{
    AgentEvent, AgentFront, Answer, Card, ExternalCard, Extras, MockCard, MyService, Pids, Pin, Ports, Ready,
    Stack, StackOptions, TEST_PIN,
};
