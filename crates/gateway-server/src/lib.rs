//! The program `madoguchi`: configuration, choice of backend, wiring, listening.
//!
//! This crate decides nothing about a sign-in. It reads one TOML file ([`Config`]), builds a gateway from it
//! ([`build`]) and serves it ([`serve`]). [`verify`] is the same program's judge of any certificate, for anyone.

mod build;
mod clock;
mod config;
mod crl_reload;
mod error;
mod kek;
mod listen;
mod serve;
mod verify;

pub use build::{build, check};
pub use clock::SystemClock;
pub use config::{
    Config, MunicipalityConfig, RevocationConfig, ServiceConfig, SourcesConfig, TlsConfig, TrustConfig,
};
pub use error::ServerError;
pub use listen::{Listener, Shutdown};
pub use serve::serve;
pub use verify::{VerifyArguments, VerifyEnd, verify};
