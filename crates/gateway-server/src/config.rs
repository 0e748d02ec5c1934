//! The configuration file: one TOML file, every key here. Relative paths are relative to the file.

mod audit;
mod database;
mod revocation;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use madoguchi_cert_verify::PRODUCTION_AUTH_POLICY;
use madoguchi_gateway::{Accent, Logo, display_texts};
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{Client, ClientAuthentication, Profile};
use madoguchi_protocol::{AGENT_PORTS, Display, LocalText, Origin, comparison_code};
use madoguchi_storage::{SessionLimits, SignInLimits};

use crate::ServerError;
use crate::kek::file_error;
use crate::regular_file::{MOST_CONFIG_OCTETS, MOST_KEY_OCTETS, read_regular, read_regular_text};

pub use audit::AuditConfig;
pub use database::{DatabaseConfig, PostgresConfig, PostgresUrl};
pub use revocation::{
    CrlUrlConfig, HashConfig, MethodConfig, NonceConfig, OcspConfig, OcspLimitsConfig, RevocationConfig,
    SourcesConfig,
};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address to listen on. Without `[tls]` it must be loopback.
    pub listen: SocketAddr,
    /// Where records are kept.
    pub database: DatabaseConfig,
    /// How a PostgreSQL server is used.
    #[serde(default)]
    pub postgresql: PostgresConfig,
    /// The key-encryption key's file, mode 0600.
    pub kek_file: PathBuf,
    /// Loopback ports of agents, the usual one first.
    #[serde(default = "agent_ports")]
    pub agent_ports: Vec<u16>,
    /// Certificate and key of the listener.
    pub tls: Option<TlsConfig>,
    /// Whom to trust.
    pub trust: TrustConfig,
    /// How to judge revocation.
    pub revocation: RevocationConfig,
    /// Where operators look.
    pub operations: Option<OperationsConfig>,
    /// Seconds from the order to end until nothing more is accepted: time for a balancer to see that.
    #[serde(default = "drain_seconds")]
    pub drain_seconds: u64,
    /// Lifetimes and bounds of sign-ins.
    #[serde(default)]
    pub sign_in: SignInLimits,
    /// How long the audit log is kept.
    #[serde(default)]
    pub audit: AuditConfig,
    /// How long a session answers further requests of its browser.
    #[serde(default)]
    pub session: SessionLimits,
    /// Services may register themselves with a token that an operator gave them.
    #[serde(default)]
    pub dynamic_registration: bool,
    /// Services may have their `backchannel_logout_uri` in private networks.
    #[serde(default)]
    pub backchannel_private_networks: bool,
    /// One user of the operating system may give both orders of a relink.
    #[serde(default)]
    pub relink_same_user: bool,
    /// The municipalities.
    #[serde(rename = "municipality", default)]
    pub municipalities: Vec<MunicipalityConfig>,
}

/// `[tls]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM, mode 0600.
    pub key: PathBuf,
}

/// `[trust]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustConfig {
    /// CA certificates for user authentication, PEM or DER.
    pub anchors: Vec<PathBuf>,
    /// The anchors are a test's. Every page says so.
    #[serde(default)]
    pub danger_test_trust: bool,
    /// Certificate policies, one of which a card's certificate must have, instead of JPKI's production policy.
    pub policies: Option<Vec<String>>,
    /// Any policy but a signature certificate's. Only with `danger_test_trust`.
    #[serde(default)]
    pub danger_any_policy: bool,
}

/// `[operations]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationsConfig {
    /// Loopback address that serves health and metrics.
    pub listen: SocketAddr,
}

/// `[[municipality]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MunicipalityConfig {
    /// Short name in records: `a-z 0-9 -`. It never changes.
    pub id: String,
    /// Its origin, which is its issuer.
    pub origin: Origin,
    /// Its name.
    pub name: LocalText,
    /// The colour of its pages, `#rrggbb`.
    pub accent: Option<String>,
    /// The logo on its pages, PNG.
    pub logo: Option<PathBuf>,
    /// Its services.
    #[serde(rename = "client", default)]
    pub services: Vec<ServiceConfig>,
}

/// `[[municipality.client]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct ServiceConfig {
    /// `client_id`.
    pub id: String,
    /// The rules that it lives by.
    #[serde(default)]
    pub profile: Profile,
    /// Where answers may go, octet by octet.
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a session ended.
    pub backchannel_logout_uri: Option<String>,
    /// The sector of its `sub`, a host.
    pub sector: Option<String>,
    /// How it authenticates.
    pub authentication: ClientAuthentication,
    /// How its ID tokens are signed; the profile says it otherwise.
    pub id_token_alg: Option<JwsAlg>,
    /// It pushes every request.
    #[serde(default)]
    pub require_pushed: bool,
    /// Its tokens are bound to a key.
    #[serde(default)]
    pub require_dpop: bool,
    /// It need not send a PKCE challenge.
    #[serde(default)]
    pub danger_pkce_lifted: bool,
    /// It may have refresh tokens.
    #[serde(default)]
    pub refresh: bool,
    /// It is answered as if it were not registered.
    #[serde(default)]
    pub disabled: bool,
    /// Its name.
    pub service: LocalText,
    /// What a sign-in is for.
    pub purpose: LocalText,
}

impl Config {
    /// Reads and checks a file. Paths in the answer are absolute or relative to the working directory.
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let text = read_regular_text(path, MOST_CONFIG_OCTETS).map_err(|source| file_error(path, source))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| ServerError::Config {
            path: path.to_owned(),
            message: cut(&error.to_string()),
        })?;
        config.resolve(path.parent().unwrap_or(Path::new("")));
        config.check()?;
        Ok(config)
    }

    fn resolve(&mut self, base: &Path) {
        let resolve = |path: &mut PathBuf| *path = base.join(&*path);
        self.database.resolve(base);
        self.postgresql.resolve(base);
        resolve(&mut self.kek_file);
        self.trust.anchors.iter_mut().for_each(resolve);
        let state =
            self.database.file().map_or_else(|| base.join(CRL_STATE), |file| file.with_file_name(CRL_STATE));
        self.revocation.resolve(base, state);
        if let Some(tls) = &mut self.tls {
            resolve(&mut tls.certificate);
            resolve(&mut tls.key);
        }
        self.municipalities
            .iter_mut()
            .filter_map(|municipality| municipality.logo.as_mut())
            .for_each(resolve);
    }

    /// The rules between keys.
    fn check(&self) -> Result<(), ServerError> {
        if self.tls.is_none() && !self.listen.ip().is_loopback() {
            return Err(ServerError::value(
                "listen",
                "without [tls] only a loopback address may be listened on",
            ));
        }
        if self.agent_ports.is_empty() || self.agent_ports.contains(&0) {
            return Err(ServerError::value("agent_ports", "at least one port from 1 to 65535"));
        }
        let SessionLimits { idle_seconds, absolute_seconds } = self.session;
        if idle_seconds == 0 || absolute_seconds < idle_seconds || absolute_seconds > LONGEST_SESSION_SECONDS
        {
            let message = "idle_seconds at least 1, absolute_seconds at least that and at most 86400 (a day)";
            return Err(ServerError::value("session", message));
        }
        if self.drain_seconds > LONGEST_DRAIN_SECONDS {
            return Err(ServerError::value("drain_seconds", format!("at most {LONGEST_DRAIN_SECONDS}")));
        }
        self.database.check()?;
        self.postgresql.check()?;
        self.audit.check()?;
        self.check_trust()?;
        self.revocation.check()?;
        if self.operations.as_ref().is_some_and(|operations| !operations.listen.ip().is_loopback()) {
            return Err(ServerError::value("operations.listen", "only a loopback address"));
        }
        if self.operations.as_ref().is_some_and(|operations| meet(self.listen, operations.listen)) {
            let message = "another port than that of listen: health and metrics are not for residents";
            return Err(ServerError::value("operations.listen", message));
        }
        for (index, municipality) in self.municipalities.iter().enumerate() {
            let twice = self
                .municipalities
                .iter()
                .take(index)
                .any(|other| other.id == municipality.id || other.origin == municipality.origin);
            if twice {
                let key = format!("municipality.{}", municipality.id);
                return Err(ServerError::value(key, "id and origin of every municipality are its own"));
            }
            municipality.check(self.tls.is_some())?;
        }
        self.check_reach()
    }

    /// Where clients of the file may have their addresses. What stands in the database is not known here.
    fn check_reach(&self) -> Result<(), ServerError> {
        for municipality in &self.municipalities {
            let loopback = municipality.origin.is_loopback();
            for service in &municipality.services {
                let client = service.client();
                let own = self.municipalities.iter().map(|municipality| municipality.origin.as_str());
                let mut checked = client.check_origins(own);
                if checked.is_ok() && !self.backchannel_private_networks {
                    checked = client.check_backchannel_host(loopback);
                }
                let key = format!("municipality.{}.client.{}", municipality.id, service.id);
                checked.map_err(|error| ServerError::value(key, error.to_string()))?;
            }
        }
        Ok(())
    }

    fn check_trust(&self) -> Result<(), ServerError> {
        let trust = &self.trust;
        if trust.anchors.is_empty() {
            return Err(ServerError::value("trust.anchors", "at least one CA certificate"));
        }
        if trust.danger_any_policy && !trust.danger_test_trust {
            return Err(ServerError::value(
                "trust.danger_any_policy",
                "only together with danger_test_trust",
            ));
        }
        let production_only =
            |policies: &Vec<String>| policies.iter().all(|oid| oid == PRODUCTION_AUTH_POLICY);
        if !trust.danger_test_trust && !trust.policies.as_ref().is_none_or(production_only) {
            let message =
                format!("any policy but JPKI's {PRODUCTION_AUTH_POLICY} needs danger_test_trust = true");
            return Err(ServerError::value("trust.policies", message));
        }
        if trust.danger_any_policy && trust.policies.is_some() {
            return Err(ServerError::value("trust.policies", "either policies or danger_any_policy"));
        }
        Ok(())
    }
}

impl MunicipalityConfig {
    fn check(&self, tls: bool) -> Result<(), ServerError> {
        check_municipality(&self.id, &self.origin, self.accent.as_deref(), tls).map_err(
            |(part, message)| ServerError::value(format!("municipality.{}.{part}", self.id), message),
        )?;
        for service in &self.services {
            self.check_service(service)?;
        }
        Ok(())
    }

    fn check_service(&self, service: &ServiceConfig) -> Result<(), ServerError> {
        let key = format!("municipality.{}.client.{}", self.id, service.id);
        if self.services.iter().filter(|other| other.id == service.id).count() > 1 {
            return Err(ServerError::value(key, "a client id appears twice"));
        }
        service.client().check().map_err(|error| ServerError::value(&*key, error.to_string()))?;
        // What the agent would refuse to show is refused here, not when the first resident comes.
        let texts = display_texts(&self.name, &service.service, &service.purpose);
        Display::new(&comparison_code([0, 0]), &texts)
            .map(drop)
            .map_err(|error| ServerError::value(key, format!("a text cannot be shown: {error}")))
    }
}

impl MunicipalityConfig {
    /// The logo on its pages.
    pub(crate) fn logo(&self) -> Result<Option<Arc<Logo>>, ServerError> {
        let Some(path) = &self.logo else { return Ok(None) };
        let refused = |message: String| {
            let message = format!("{}: {message}", path.display());
            ServerError::value(format!("municipality.{}.logo", self.id), message)
        };
        let file = read_regular(path, MOST_KEY_OCTETS).map_err(|error| refused(error.to_string()))?;
        let logo = Logo::parse(&file).map_err(|error| refused(error.to_string()))?;
        Ok(Some(Arc::new(logo)))
    }

    /// The colour of its pages.
    pub(crate) fn accent(&self) -> Result<Option<Accent>, ServerError> {
        let accent = self.accent.as_deref().map(Accent::parse).transpose();
        accent.map_err(|error| {
            ServerError::value(format!("municipality.{}.accent", self.id), error.to_string())
        })
    }
}

impl ServiceConfig {
    /// The rules' part of the registration.
    pub(crate) fn client(&self) -> Client {
        let new =
            Client::new(self.profile, &*self.id, self.redirect_uris.clone(), self.authentication.clone());
        Client {
            post_logout_redirect_uris: self.post_logout_redirect_uris.clone(),
            backchannel_logout_uri: self.backchannel_logout_uri.clone(),
            sector: self.sector.clone(),
            id_token_alg: self.id_token_alg.unwrap_or(new.id_token_alg),
            require_pushed: self.require_pushed || new.require_pushed,
            require_dpop: self.require_dpop || new.require_dpop,
            danger_pkce_lifted: self.danger_pkce_lifted,
            refresh: self.refresh,
            disabled: self.disabled,
            ..new
        }
    }
}

/// What holds for every municipality, wherever it is registered. An error names the part and says what is wrong.
pub(crate) fn check_municipality(
    id: &str,
    origin: &Origin,
    accent: Option<&str>,
    tls: bool,
) -> Result<(), (&'static str, String)> {
    check_municipality_id(id).map_err(|message| ("id", message.to_owned()))?;
    check_municipality_origin(origin).map_err(|message| ("origin", message.to_owned()))?;
    if tls && origin.as_str().starts_with("http:") {
        return Err(("origin", "with [tls] the origin is https".to_owned()));
    }
    match accent.map(Accent::parse) {
        Some(Err(error)) => Err(("accent", error.to_string())),
        None | Some(Ok(_)) => Ok(()),
    }
}

pub(crate) fn check_municipality_id(id: &str) -> Result<(), &'static str> {
    let plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
    if !id.is_empty() && id.len() <= 40 && id.bytes().all(plain) {
        Ok(())
    } else {
        Err("1 to 40 of a-z 0-9 -")
    }
}

pub(crate) fn check_municipality_origin(origin: &Origin) -> Result<(), &'static str> {
    if origin.is_loopback() && origin.host_is_address() {
        // Cookies do not know ports: the agent's listener on 127.0.0.1 would receive the gateway's.
        Err("the gateway never serves on a loopback address by number; write http://localhost:PORT")
    } else {
        Ok(())
    }
}

/// Whether two listeners want one port. Port 0 is each time another.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let same_host = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_host
}

/// The parser repeats the line that it stumbled over, however long, behind its number and a bar.
fn cut(message: &str) -> String {
    let repeated = |line: &str| {
        let (number, _) = line.split_once('|').unwrap_or(("-", ""));
        number.bytes().all(|octet| octet.is_ascii_digit() || octet == b' ')
    };
    let short = |line: &str| match line.char_indices().nth(MOST_COLUMNS) {
        Some((end, _)) if repeated(line) => format!("{}…", line.get(..end).unwrap_or_default()),
        _ => line.to_owned(),
    };
    message.trim_end().lines().map(short).collect::<Vec<_>>().join("\n")
}

/// With the sign that something was cut off, a line of a terminal.
const MOST_COLUMNS: usize = 79;

fn drain_seconds() -> u64 {
    1
}

fn agent_ports() -> Vec<u16> {
    AGENT_PORTS.to_vec()
}

/// The folder beside the database, or else beside the configuration.
const CRL_STATE: &str = "crl-state";

/// Whoever orders an end waits for it.
const LONGEST_DRAIN_SECONDS: u64 = 300;

/// Nobody remembers a card for longer, and moments on the pages have no year.
const LONGEST_SESSION_SECONDS: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests;
