//! The program `madoguchi`: configuration, choice of backend, wiring, listening.
//!
//! This crate decides nothing about a sign-in. It reads one TOML file ([`Config`]), builds a gateway from it and
//! serves it ([`serve`]). [`verify`] is the same program's judge of any certificate, for anyone.

mod advice;
mod build;
mod clock;
mod config;
mod crl;
mod crl_reload;
mod error;
mod https;
mod kek;
mod listen;
mod metrics;
mod ocsp;
mod operations;
mod revocation;
mod serve;
mod verify;

pub use advice::advice;
pub use build::check;
pub use clock::SystemClock;
pub use config::{
    Config, CrlUrlConfig, HashConfig, MethodConfig, MunicipalityConfig, NonceConfig, OcspConfig,
    OcspLimitsConfig, OperationsConfig, RevocationConfig, ServiceConfig, SourcesConfig, TlsConfig,
    TrustConfig,
};
pub use crl::{CrlArguments, CrlEnd, Edge, crl};
pub use error::{ServerError, told};
pub use listen::{Listener, Shutdown};
pub use revocation::{RevocationCommand, revocation};
pub use serve::serve;
pub use verify::{VerifyArguments, VerifyEnd, verify};
