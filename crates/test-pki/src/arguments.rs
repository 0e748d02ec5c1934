//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgGroup, Parser, Subcommand};
use madoguchi_test_pki::{CertificateFault, CrlFault, KeyKind, OcspFault, RevocationReason, Serial};
use rustls_pki_types::UnixTime;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Makes, changes and serves a throw-away PKI in the shape of JPKI. For tests only.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make authorities, OCSP responder and empty revocation lists in a new folder.
    Init {
        /// The new folder.
        #[arg(long)]
        out: PathBuf,
        /// Address of the OCSP responder, for authorityInfoAccess.
        #[arg(long)]
        ocsp_url: Option<String>,
        /// Kind of the keys of authorities and responder.
        #[arg(long, value_enum, default_value_t)]
        key: KeyKind,
        /// Answer with one JSON line.
        #[arg(long)]
        json: bool,
    },
    /// Issue a card.
    Issue(Issue),
    /// Revoke a certificate: OCSP knows at once, the lists when they are made again.
    #[command(group(ArgGroup::new("which").required(true)))]
    Revoke {
        /// The folder.
        #[arg(long)]
        pki: PathBuf,
        /// The user-authentication certificate of this card.
        #[arg(long, group = "which")]
        card: Option<String>,
        /// The certificate with this serial number, hexadecimal.
        #[arg(long, group = "which")]
        serial: Option<Serial>,
        /// Why.
        #[arg(long, value_enum, default_value = "unspecified")]
        reason: RevocationReason,
        /// Answer with one JSON line.
        #[arg(long)]
        json: bool,
    },
    /// Make all revocation lists again.
    Crl {
        /// The folder.
        #[arg(long)]
        pki: PathBuf,
        /// Hours from thisUpdate to nextUpdate.
        #[arg(long, default_value_t = 24)]
        next_update_hours: u32,
        /// thisUpdate, RFC 3339; now when absent.
        #[arg(long, value_parser = rfc3339)]
        this_update: Option<UnixTime>,
        /// What shall be wrong in each list.
        #[arg(long, value_enum)]
        fault: Option<CrlFault>,
        /// Answer with one JSON line.
        #[arg(long)]
        json: bool,
    },
    /// Answer OCSP requests on loopback until SIGTERM or SIGINT; prints `ready` when listening.
    ServeOcsp {
        /// The folder.
        #[arg(long)]
        pki: PathBuf,
        /// Loopback address and port; port 0 takes a free one.
        #[arg(long)]
        listen: SocketAddr,
        /// What shall be wrong in each answer.
        #[arg(long, value_enum)]
        fault: Option<OcspFault>,
        /// Instead of `ready`, one JSON line with the address.
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
pub(crate) struct Issue {
    /// The folder.
    #[arg(long)]
    pub(crate) pki: PathBuf,
    /// Name of the card.
    #[arg(long)]
    pub(crate) name: String,
    /// Code of the issuing municipality.
    #[arg(long)]
    pub(crate) municipality: Option<String>,
    /// PIN of the authentication key, four digits.
    #[arg(long)]
    pub(crate) pin: Option<String>,
    /// Password of the signature key.
    #[arg(long)]
    pub(crate) sign_password: Option<String>,
    /// notBefore, RFC 3339.
    #[arg(long, value_parser = rfc3339)]
    pub(crate) not_before: Option<UnixTime>,
    /// notAfter, RFC 3339.
    #[arg(long, value_parser = rfc3339)]
    pub(crate) not_after: Option<UnixTime>,
    /// Kind of the card's keys.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) key: KeyKind,
    /// What shall be wrong with the user-authentication certificate.
    #[arg(long, value_enum)]
    pub(crate) fault: Option<CertificateFault>,
    /// Answer with one JSON line.
    #[arg(long)]
    pub(crate) json: bool,
}

fn rfc3339(text: &str) -> Result<UnixTime, String> {
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())?;
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| "before 1970".to_owned())?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}
