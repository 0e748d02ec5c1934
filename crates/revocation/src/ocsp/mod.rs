//! Asking OCSP responders (RFC 6960): which, how, how long, and what of it is kept.
//!
//! Whether a response counts is `madoguchi_cert_verify`'s to say. Here are the network and its failures.

mod asked;
mod breaker;
mod cache;
mod client;
mod flights;
mod health;
mod responder;
mod retry_budget;
mod source;
mod transport;

pub use breaker::{BreakerSettings, BreakerState};
pub use client::{OcspClient, OcspClientParts};
pub use health::{OcspHealth, ResponderHealth};
pub use responder::{
    ListedResponders, Method, NoResponderCheck, NonceUse, OcspLimits, Responder, ResponderCheck,
};
pub use retry_budget::RetrySettings;
pub use source::{NoOcsp, OcspSource};
