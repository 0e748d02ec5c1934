//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgGroup, Parser, Subcommand};
use madoguchi_test_pki::{
    BulkOrder, BulkReasons, CertificateFault, CrlFault, HttpFault, KeyKind, OcspClaim, OcspFault,
    RevocationReason, Serial, SerialLength,
};
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
        /// The certificate of the OCSP responder.
        #[arg(long, group = "which")]
        responder: bool,
        /// Why.
        #[arg(long, value_enum, default_value = "unspecified")]
        reason: RevocationReason,
        /// Answer with one JSON line.
        #[arg(long)]
        json: bool,
    },
    /// Take a certificateHold back: OCSP knows at once, the lists when they are made again.
    #[command(group(ArgGroup::new("of").required(true)))]
    Reinstate {
        /// The folder.
        #[arg(long)]
        pki: PathBuf,
        /// The user-authentication certificate of this card.
        #[arg(long, group = "of")]
        card: Option<String>,
        /// The certificate with this serial number, hexadecimal.
        #[arg(long, group = "of")]
        serial: Option<Serial>,
        /// Answer with one JSON line.
        #[arg(long)]
        json: bool,
    },
    /// Make all revocation lists again; with --size, large lists of made-up entries.
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
        #[arg(long, value_enum, conflicts_with = "size")]
        fault: Option<CrlFault>,
        /// Large lists.
        #[command(flatten)]
        large: Option<Large>,
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
        /// The status of every certificate, whatever it is.
        #[arg(long, value_enum)]
        status: Option<OcspClaim>,
        /// What shall be wrong in HTTP.
        #[arg(long, value_enum)]
        http: Option<HttpFault>,
        /// Milliseconds before each answer.
        #[arg(long, default_value_t = 0)]
        delay_ms: u64,
        /// Make a socket here, for its owner only, where lines such as `status revoked` change all this.
        #[arg(long)]
        control: Option<PathBuf>,
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

/// Lists of made-up entries, beside those of revoked cards.
#[derive(clap::Args)]
#[group(requires_all = ["size", "out"])]
pub(crate) struct Large {
    /// How many entries, in all lists together.
    #[arg(long, required = false, value_parser = clap::value_parser!(u64).range(..1 << 32))]
    pub(crate) size: u64,
    /// The file; with --partitions, the folder.
    #[arg(long, required = false)]
    pub(crate) out: PathBuf,
    /// Octets of each serial number.
    #[arg(long, value_enum, default_value = "5")]
    pub(crate) serial_octets: SerialLength,
    /// Reasons of the entries.
    #[arg(long, value_enum, default_value = "mixed")]
    pub(crate) reasons: BulkReasons,
    /// Order of the entries.
    #[arg(long, value_enum, default_value = "random")]
    pub(crate) order: BulkOrder,
    /// What the serial numbers are made from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Index of the first serial number: lists with one seed and other indices share none.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1 << 37))]
    pub(crate) first: u64,
    /// One list for each of so many municipalities, few large and most small.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1741), conflicts_with = "municipality")]
    pub(crate) partitions: Option<u16>,
    /// Only of this municipality; without it, of the whole authority.
    #[arg(long)]
    pub(crate) municipality: Option<String>,
    /// A delta to the list of this number.
    #[arg(long, conflicts_with = "partitions")]
    pub(crate) delta_base: Option<u64>,
    /// In a delta: take back the first so many revocations of the seed, from index 0 on.
    #[arg(long, requires = "delta_base", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1 << 32))]
    pub(crate) removed: u64,
}

fn rfc3339(text: &str) -> Result<UnixTime, String> {
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())?;
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| "before 1970".to_owned())?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}
