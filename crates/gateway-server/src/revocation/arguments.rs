//! The command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use madoguchi_protocol::{Octets, OctetsError};
use rustls_pki_types::UnixTime;

use crate::operator::words;
use crate::verify::instant;

/// `madoguchi revocation …`.
#[derive(Debug, Subcommand)]
pub enum RevocationCommand {
    /// Says what each source says of a certificate, what is kept against it, and which rule decides.
    ///
    /// Nothing is stored. The lists are those that the gateway keeps in its state folder; OCSP is asked now.
    Explain(ExplainArguments),
    /// Counts what is kept, by municipality, signer and reason.
    Kept(KeptArguments),
    /// Lets go of what is kept: against one certificate, or on one signer's word between two moments.
    ///
    /// The order is written to the audit log. A certificate that a source still calls revoked is kept again at its next
    /// sign-in.
    Release(ReleaseArguments),
}

/// `madoguchi revocation explain`.
#[derive(Args, Debug)]
pub struct ExplainArguments {
    /// The certificate, DER or PEM.
    #[arg(value_name = "CERT")]
    pub(super) certificate: PathBuf,
    /// The configuration file.
    #[arg(long)]
    pub(super) config: PathBuf,
    /// Asks no responder.
    #[arg(long)]
    pub(super) offline: bool,
    /// This municipality alone.
    #[arg(long, value_name = "ID")]
    pub(super) municipality: Option<String>,
    /// Prints one JSON line.
    #[arg(long)]
    pub(super) json: bool,
}

/// `madoguchi revocation kept`.
#[derive(Args, Debug)]
pub struct KeptArguments {
    /// The configuration file.
    #[arg(long)]
    pub(super) config: PathBuf,
    /// This municipality alone.
    #[arg(long, value_name = "ID")]
    pub(super) municipality: Option<String>,
    /// Prints one JSON line.
    #[arg(long)]
    pub(super) json: bool,
}

/// `madoguchi revocation release`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["certificate", "signer_key"]))]
pub struct ReleaseArguments {
    /// The configuration file.
    #[arg(long)]
    pub(super) config: PathBuf,
    /// All that is kept against this certificate, DER or PEM.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "until"])]
    pub(super) certificate: Option<PathBuf>,
    /// All that was kept on this signer's word: SHA-256 of its SubjectPublicKeyInfo, hexadecimal.
    #[arg(long, value_name = "HEX", value_parser = key_hash, requires = "from", requires = "until")]
    pub(super) signer_key: Option<Octets<32>>,
    /// The first moment at which it was kept, as RFC 3339 has it.
    #[arg(long, value_name = "RFC3339", value_parser = instant::parse)]
    pub(super) from: Option<UnixTime>,
    /// The last moment at which it was kept.
    #[arg(long, value_name = "RFC3339", value_parser = instant::parse)]
    pub(super) until: Option<UnixTime>,
    /// The municipality.
    #[arg(long, value_name = "ID")]
    pub(super) municipality: String,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(super) reason: String,
    /// Who orders it, for the audit log.
    #[arg(long, value_name = "NAME", value_parser = words)]
    pub(super) operator: String,
    /// Asks no responder whether it still calls the certificate revoked.
    #[arg(long)]
    pub(super) offline: bool,
    /// Counts what would go, and lets nothing go.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Prints one JSON line.
    #[arg(long)]
    pub(super) json: bool,
}

fn key_hash(text: &str) -> Result<Octets<32>, OctetsError> {
    Octets::from_hex(text)
}
