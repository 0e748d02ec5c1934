//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use clap::{Args, Subcommand};

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{AuthenticationMethod, Profile};

use crate::registry::{Common, EXIT_CODES, ListArguments, OfMunicipality, Ordered};
use crate::values::{text, uri};

/// `madoguchi clients …`.
#[derive(Debug, Subcommand)]
pub enum ClientsCommand {
    /// Registers a client and prints its secret, if it has one. It is shown this once.
    ///
    /// A gateway that runs knows the client at once.
    #[command(after_help = EXIT_CODES)]
    Add(Box<AddArguments>),
    /// Changes what is named and leaves the rest. A URI that is given replaces all of its kind.
    ///
    /// The client is checked against its profile as a new one is. Profile, authentication, sector and what is demanded of a
    /// client stay as they were registered.
    #[command(after_help = EXIT_CODES)]
    Change(Box<ChangeArguments>),
    /// Shows a client, without its secret, which nobody has.
    #[command(after_help = EXIT_CODES)]
    Show(ClientArguments),
    /// Lists the clients of the configuration file and of the database.
    #[command(after_help = EXIT_CODES)]
    List(ListArguments),
    /// Answers a client as if it were not registered. Gateways stop within seconds, also for tokens it holds.
    #[command(after_help = EXIT_CODES)]
    Disable(OrderArguments),
    /// Answers a disabled client again.
    #[command(after_help = EXIT_CODES)]
    Enable(OrderArguments),
    /// Gives a client another secret and prints it. It is shown this once.
    #[command(after_help = EXIT_CODES)]
    RotateSecret(RotateArguments),
    /// Removes a client for good. Its id is never given again.
    #[command(after_help = EXIT_CODES)]
    Remove(OrderArguments),
    /// Makes a JWK of a public key in PEM, as `--jwks` takes it. Nothing is registered.
    #[command(after_help = EXIT_CODES)]
    Jwk(JwkArguments),
    /// Tokens with which services register themselves.
    #[command(subcommand)]
    RegistrationToken(RegistrationTokenCommand),
}

/// `madoguchi clients registration-token …`.
#[derive(Debug, Subcommand)]
pub enum RegistrationTokenCommand {
    /// Makes an initial access token (RFC 7591) for one registration and prints it. It is shown this once.
    ///
    /// It works while the configuration says `dynamic_registration = true`.
    #[command(after_help = EXIT_CODES)]
    New(TokenArguments),
}

/// Which client.
#[derive(Args, Debug)]
pub(super) struct Which {
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// The client.
    #[arg(value_name = "CLIENT_ID")]
    pub(super) client_id: String,
}

/// What residents read.
#[derive(Args, Debug)]
pub(super) struct Texts {
    /// Its name in English.
    #[arg(long, value_name = "TEXT", requires = "name", value_parser = text)]
    pub(super) name_en: Option<String>,
    /// Its name in plain Japanese.
    #[arg(long, value_name = "TEXT", requires = "name", value_parser = text)]
    pub(super) name_plain: Option<String>,
    /// What a sign-in is for, in Japanese.
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub(super) purpose: Option<String>,
    /// What a sign-in is for, in English.
    #[arg(long, value_name = "TEXT", requires = "purpose", value_parser = text)]
    pub(super) purpose_en: Option<String>,
    /// What a sign-in is for, in plain Japanese.
    #[arg(long, value_name = "TEXT", requires = "purpose", value_parser = text)]
    pub(super) purpose_plain: Option<String>,
}

/// Where things go and how they are signed.
#[derive(Args, Debug)]
pub(super) struct Settings {
    /// Where the browser may go after signing out. May be repeated.
    #[arg(long, value_name = "URI", value_parser = uri)]
    pub(super) post_logout_redirect_uri: Vec<String>,
    /// Where the service is told that a session ended.
    #[arg(long, value_name = "URI", value_parser = uri)]
    pub(super) backchannel_logout_uri: Option<String>,
    /// Its public keys: a file with a JWK set, or with one JWK.
    #[arg(long, value_name = "FILE")]
    pub(super) jwks: Option<PathBuf>,
    /// How its ID tokens are signed; without it, as its profile has it.
    #[arg(long, value_parser = PossibleValuesParser::new(JwsAlg::ALL.map(JwsAlg::as_str))
        .try_map(|name| JwsAlg::from_name(&name).ok_or("no such algorithm")))]
    pub(super) alg: Option<JwsAlg>,
}

/// `madoguchi clients add`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct AddArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// Its client id; without it, one is made.
    #[arg(long)]
    pub(super) id: Option<String>,
    /// Its name in Japanese.
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) texts: Texts,
    /// Where answers may go, compared octet by octet. May be repeated.
    #[arg(long, value_name = "URI", required = true, value_parser = uri)]
    pub(super) redirect_uri: Vec<String>,
    #[command(flatten)]
    pub(super) settings: Settings,
    /// The rules that it lives by; docs/clients.md says which to choose.
    #[arg(long, default_value = "standard", value_parser = profile())]
    pub(super) profile: Profile,
    /// How it authenticates; without it, `private_key_jwt` with --jwks and where the profile has nothing else, otherwise
    /// `client_secret_basic`.
    #[arg(long, value_parser = PossibleValuesParser::new(AuthenticationMethod::ALL.map(AuthenticationMethod::as_str))
        .try_map(|name| AuthenticationMethod::from_name(&name).ok_or("no such method")))]
    pub(super) auth: Option<AuthenticationMethod>,
    /// The sector of its `sub`, a host name: the clients of one sector see the same `sub`. It cannot be changed later.
    #[arg(long, value_name = "HOST")]
    pub(super) sector: Option<String>,
    /// It must push every authorization request (RFC 9126).
    #[arg(long)]
    pub(super) require_pushed: bool,
    /// Its tokens must be bound to a key (RFC 9449).
    #[arg(long)]
    pub(super) require_dpop: bool,
    /// It may have refresh tokens.
    #[arg(long)]
    pub(super) refresh: bool,
    /// It need not use PKCE. Only in profile basic.
    #[arg(long)]
    pub(super) danger_pkce_lifted: bool,
    /// Its assertions may name the token endpoint as audience. Only in profile da-compat, and never for a service that
    /// uses another provider too.
    #[arg(long)]
    pub(super) danger_token_endpoint_audience: bool,
}

/// `madoguchi clients change`.
#[derive(Args, Debug)]
pub struct ChangeArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    #[command(flatten)]
    pub(super) which: Which,
    /// Its name in Japanese. The names in other languages are those given with it.
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) texts: Texts,
    /// Where answers may go. May be repeated.
    #[arg(long, value_name = "URI", value_parser = uri)]
    pub(super) redirect_uri: Vec<String>,
    #[command(flatten)]
    pub(super) settings: Settings,
    /// The browser may go nowhere after signing out.
    #[arg(long, conflicts_with = "post_logout_redirect_uri")]
    pub(super) no_post_logout_redirect_uri: bool,
    /// The service is not told any more that a session ended.
    #[arg(long, conflicts_with = "backchannel_logout_uri")]
    pub(super) no_backchannel_logout_uri: bool,
    #[command(flatten)]
    _fixed: Fixed,
}

/// What a change cannot touch: each is refused with the way that there is.
#[derive(Args, Debug)]
struct Fixed {
    #[arg(long = "profile", hide = true, num_args = 0..=1, default_missing_value = "", value_parser = fixed)]
    _profile: Option<String>,
    #[arg(long = "auth", hide = true, num_args = 0..=1, default_missing_value = "", value_parser = fixed)]
    _auth: Option<String>,
    #[arg(long = "sector", hide = true, num_args = 0..=1, default_missing_value = "", value_parser = fixed)]
    _sector: Option<String>,
    #[arg(long = "require-pushed", hide = true, num_args = 0..=1, default_missing_value = "", value_parser = fixed)]
    _require_pushed: Option<String>,
    #[arg(long = "require-dpop", hide = true, num_args = 0..=1, default_missing_value = "", value_parser = fixed)]
    _require_dpop: Option<String>,
    #[arg(long = "refresh", hide = true, num_args = 0..=1, default_missing_value = "", value_parser = fixed)]
    _refresh: Option<String>,
}

fn fixed(_: &str) -> Result<String, &'static str> {
    Err(
        "it is fixed at registration; register a new client, which with the same sector (clients show) gets the same sub",
    )
}

/// `madoguchi clients jwk`.
#[derive(Args, Debug)]
pub struct JwkArguments {
    /// The public key: `PUBLIC KEY` in PEM, such as `openssl pkey -pubout` writes it.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The name that the service gives the key in what it signs; without it, the key's thumbprint (RFC 7638).
    #[arg(long)]
    pub(super) kid: Option<String>,
}

/// `madoguchi clients show`.
#[derive(Args, Debug)]
pub struct ClientArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) which: Which,
}

/// `madoguchi clients disable`, `enable` and `remove`.
#[derive(Args, Debug)]
pub struct OrderArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    #[command(flatten)]
    pub(super) which: Which,
}

/// `madoguchi clients rotate-secret`.
#[derive(Args, Debug)]
pub struct RotateArguments {
    #[command(flatten)]
    pub(super) order: OrderArguments,
    /// The old secret works on for these hours, so that the service can change over. Without it, it ends at once.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u64).range(1..=720))]
    pub(super) overlap_hours: Option<u64>,
}

/// `madoguchi clients registration-token new`.
#[derive(Args, Debug)]
pub struct TokenArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// The profile of the client that it registers.
    #[arg(long, default_value = "standard", value_parser = profile())]
    pub(super) profile: Profile,
    /// Hours that it works.
    #[arg(long, value_name = "HOURS", default_value = "24", value_parser = clap::value_parser!(u64).range(1..=720))]
    pub(super) hours: u64,
}

fn profile() -> impl clap::builder::TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(Profile::ALL.map(Profile::as_str))
        .try_map(|name| Profile::from_name(&name).ok_or("no such profile"))
}
