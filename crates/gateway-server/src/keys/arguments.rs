//! The command line of `madoguchi keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use madoguchi_gateway::{OVERLAP_SECONDS, SHORTEST_OVERLAP_SECONDS};
use madoguchi_oidc::jose::JwsAlg;

use crate::registry::{Common, EXIT_CODES, ListArguments, OfMunicipality, Ordered};

/// `madoguchi keys …`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Shows the keys that sign ID tokens, and what may be done with each next.
    #[command(after_help = EXIT_CODES)]
    List(ListArguments),
    /// Makes a key, or imports one. The first of its algorithm signs at once; every other waits for `publish`.
    #[command(after_help = EXIT_CODES)]
    New(NewArguments),
    /// Shows a new key to services, so that they have fetched it before it signs.
    #[command(after_help = EXIT_CODES)]
    Publish(KeyArguments),
    /// Lets a published key sign. The one before stays published for the overlap.
    #[command(after_help = EXIT_CODES)]
    Activate(EndingArguments),
    /// Ends a key without successor: its algorithm can be used no more.
    #[command(after_help = EXIT_CODES)]
    Retire(RetireArguments),
    /// For emergencies: ends a key at once, deletes its private part, and puts another in its place.
    ///
    /// Services refuse what it signed as soon as they fetch the keys again. Sign-ins go on with the other key.
    #[command(after_help = EXIT_CODES)]
    Revoke(KeyArguments),
}

/// `madoguchi keys new`.
#[derive(Args, Debug)]
pub struct NewArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// What it signs with: ES256, PS256 or RS256.
    #[arg(long, value_name = "ALG", value_parser = alg)]
    pub(super) alg: JwsAlg,
    /// A private key to import instead of making one: PKCS#8 in PEM, mode 0600.
    #[arg(long, value_name = "FILE")]
    pub(super) import: Option<PathBuf>,
}

/// A command about one key.
#[derive(Args, Debug)]
pub struct KeyArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// The key's id, or as much of its beginning as is its alone: six characters at least.
    // An option, since one id in 64 begins with a hyphen and would be taken for one.
    #[arg(long, value_name = "KID", allow_hyphen_values = true, value_parser = kid)]
    pub(super) kid: String,
}

/// `madoguchi keys retire`.
#[derive(Args, Debug)]
pub struct RetireArguments {
    #[command(flatten)]
    pub(super) ending: EndingArguments,
    /// Services still get ID tokens of its algorithm, and their sign-ins may end.
    #[arg(long)]
    pub(super) danger_clients_lose_tokens: bool,
}

/// A command that may end what a key signs.
#[derive(Args, Debug)]
pub struct EndingArguments {
    #[command(flatten)]
    pub(super) key: KeyArguments,
    /// Minutes that the key which signs now stays published.
    #[arg(long, value_name = "MINUTES", default_value_t = OVERLAP_SECONDS / 60,
          value_parser = clap::value_parser!(u64).range(SHORTEST_OVERLAP_SECONDS / 60..=60 * 24 * 366))]
    pub(super) overlap_minutes: u64,
}

fn alg(name: &str) -> Result<JwsAlg, String> {
    JwsAlg::from_name(name).ok_or_else(|| "one of ES256, PS256, RS256".to_owned())
}

/// A script whose variable is empty means no key.
fn kid(text: &str) -> Result<String, String> {
    let base64url = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if text.chars().count() >= SHORTEST_KID && text.chars().all(base64url) {
        Ok(text.to_owned())
    } else {
        Err(format!("a key id, or at least {SHORTEST_KID} characters of its beginning"))
    }
}

const SHORTEST_KID: usize = 6;
