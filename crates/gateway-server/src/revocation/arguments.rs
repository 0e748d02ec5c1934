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
    /// Says what each source says of a certificate, what is kept against it, and which rule decides; or what was decided
    /// about a sign-in.
    ///
    /// Nothing is stored. The lists are those that the gateway keeps in its state folder; OCSP is asked now.
    Explain(ExplainArguments),
    /// Counts what is kept, by municipality, signer and reason.
    Kept(KeptArguments),
    /// Lets go of what is kept: against one certificate, by its file or by a sign-in, or on one signer's word between two
    /// moments.
    ///
    /// The order is written to the audit log. A certificate that a source still calls revoked is kept again at its next
    /// sign-in.
    Release(ReleaseArguments),
}

/// `madoguchi revocation explain`.
#[derive(Args, Debug)]
#[command(
    after_help = EXPLAIN_ENDS,
    override_usage = EXPLAIN_USAGE,
    group = clap::ArgGroup::new("what").required(true).args(["certificate", "sign_in"])
)]
pub struct ExplainArguments {
    /// The certificate, DER or PEM.
    #[arg(value_name = "CERT")]
    pub(super) certificate: Option<PathBuf>,
    /// A sign-in, by the id that log and audit log have: what was decided and by what, and what is said now of its
    /// certificate where that is still known.
    #[arg(long, value_name = "ID", allow_hyphen_values = true, value_parser = sign_in, conflicts_with = "offline")]
    pub(super) sign_in: Option<Octets<16>>,
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
#[command(after_help = KEPT_ENDS)]
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
#[command(
    after_help = RELEASE_ENDS,
    override_usage = RELEASE_USAGE,
    group = clap::ArgGroup::new("what").required(true).args(["certificate", "sign_in", "signer_key"])
)]
pub struct ReleaseArguments {
    /// The configuration file.
    #[arg(long)]
    pub(super) config: PathBuf,
    /// All that is kept against this certificate, DER or PEM.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "until"])]
    pub(super) certificate: Option<PathBuf>,
    /// All that is kept against the certificate that this sign-in was about, where that is still known.
    #[arg(long, value_name = "ID", allow_hyphen_values = true, value_parser = sign_in, conflicts_with_all = ["from", "until", "offline"])]
    pub(super) sign_in: Option<Octets<16>>,
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

/// As log and audit log write it, which may begin with a hyphen; or as `hex(sign_in)` does in the database.
fn sign_in(text: &str) -> Result<Octets<16>, OctetsError> {
    if text.len() == 32 { Octets::from_hex(text) } else { Octets::decode(text) }
}

fn key_hash(text: &str) -> Result<Octets<32>, OctetsError> {
    Octets::from_hex(text)
}

const EXPLAIN_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  explained, whatever the verdict is\n",
    "  1  not explained; standard error says why\n",
    "  2  the command line cannot be used",
);
const KEPT_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  counted, also when nothing is kept\n",
    "  1  not counted; standard error says why\n",
    "  2  the command line cannot be used",
);
const RELEASE_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  let go; with --dry-run: counted\n",
    "  1  nothing was let go; standard error says why\n",
    "  2  the command line cannot be used",
);
const EXPLAIN_USAGE: &str = concat!(
    "madoguchi revocation explain [OPTIONS] --config <CONFIG> <CERT>\n",
    "       madoguchi revocation explain [OPTIONS] --config <CONFIG> --sign-in <ID>",
);
const RELEASE_USAGE: &str = concat!(
    "madoguchi revocation release [OPTIONS] WHAT --config <CONFIG>\n",
    "         --municipality <ID> --reason <TEXT> --operator <NAME>\n",
    "       where WHAT is one of\n",
    "         --certificate <FILE>\n",
    "         --sign-in <ID>\n",
    "         --signer-key <HEX> --from <RFC3339> --until <RFC3339>",
);
