//! The OCSP client against a responder on loopback that does what it is told, and against listeners that do worse.

mod answers;
mod bounds;
mod breaker;
mod cache;
mod connections;
mod fall_back;
mod https;
mod one_request;
#[path = "../support/tls.rs"]
mod tls;
mod unchecked;
mod world;
