//! The program `madoguchi`: configuration, choice of backend, wiring, listening.
//!
//! This crate decides nothing about a sign-in. It reads one TOML file ([`Config`]), builds a gateway from it and
//! serves it ([`serve`]). [`verify`] is the same program's judge of any certificate, for anyone.

mod accounts;
mod advice;
mod audit;
mod audit_sealer;
mod backend;
mod beside;
mod build;
mod clients;
mod clock;
mod config;
mod crl;
mod crl_reload;
mod database;
mod error;
mod give_way;
mod health;
mod https;
mod kek;
mod key_maker;
mod keys;
mod listen;
mod logout_sender;
mod metrics;
mod municipalities;
mod ocsp;
mod operations;
mod operator;
mod reached;
mod register_error;
mod registry;
mod regular_file;
mod revocation;
mod serve;
mod values;
mod verify;

pub use accounts::{AccountsCommand, accounts};
pub use advice::advice;
pub use audit::{AuditCommand, audit};
pub use build::check;
pub use clients::{ClientsCommand, clients};
pub use clock::SystemClock;
pub use config::{
    AuditConfig, Config, CrlUrlConfig, DatabaseConfig, HashConfig, MethodConfig, MunicipalityConfig,
    NonceConfig, OcspConfig, OcspLimitsConfig, OperationsConfig, PostgresConfig, PostgresUrl,
    RevocationConfig, ServiceConfig, SourcesConfig, TlsConfig, TrustConfig,
};
pub use crl::{CrlArguments, CrlEnd, Edge, crl};
pub use database::{
    BackupArguments, DatabaseCommand, MigrateCommand, RestoreArguments, backup, database, migrate, restore,
};
pub use error::{ServerError, told};
pub use keys::{KeysCommand, keys};
pub use listen::{Listener, Shutdown};
pub use municipalities::{MunicipalitiesCommand, municipalities};
pub use operator::os_user;
pub use registry::CommandEdge;
pub use revocation::{RevocationCommand, revocation};
pub use serve::serve;
pub use verify::{VerifyArguments, VerifyEnd, verify};
