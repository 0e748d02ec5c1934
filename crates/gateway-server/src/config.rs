//! The configuration file: one TOML file, every key here. Relative paths are relative to the file.

mod revocation;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use madoguchi_cert_verify::PRODUCTION_AUTH_POLICY;
use madoguchi_gateway::{LocalText, display_texts};
use madoguchi_oidc::ClientAuthentication;
use madoguchi_protocol::{AGENT_PORTS, Display, Origin, comparison_code};
use madoguchi_storage::SignInLimits;

use crate::ServerError;
use crate::kek::file_error;

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
    /// The SQLite file.
    pub database: PathBuf,
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
    /// Lifetimes and bounds of sign-ins.
    #[serde(default)]
    pub sign_in: SignInLimits,
    /// The municipalities.
    #[serde(rename = "municipality")]
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
    /// Its services.
    #[serde(rename = "client", default)]
    pub services: Vec<ServiceConfig>,
}

/// `[[municipality.client]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// `client_id`.
    pub id: String,
    /// Where answers may go, octet by octet.
    pub redirect_uris: Vec<String>,
    /// How it authenticates at the token endpoint.
    pub authentication: ClientAuthentication,
    /// Its name.
    pub service: LocalText,
    /// What a sign-in is for.
    pub purpose: LocalText,
}

impl Config {
    /// Reads and checks a file. Paths in the answer are absolute or relative to the working directory.
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let text = fs::read_to_string(path).map_err(|source| file_error(path, source))?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| ServerError::Config { path: path.to_owned(), message: error.to_string() })?;
        config.resolve(path.parent().unwrap_or(Path::new("")));
        config.check()?;
        Ok(config)
    }

    fn resolve(&mut self, base: &Path) {
        let resolve = |path: &mut PathBuf| *path = base.join(&*path);
        resolve(&mut self.database);
        resolve(&mut self.kek_file);
        self.trust.anchors.iter_mut().for_each(resolve);
        self.revocation.resolve(base, &self.database);
        if let Some(tls) = &mut self.tls {
            resolve(&mut tls.certificate);
            resolve(&mut tls.key);
        }
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
        self.check_trust()?;
        self.revocation.check()?;
        if self.operations.as_ref().is_some_and(|operations| !operations.listen.ip().is_loopback()) {
            return Err(ServerError::value("operations.listen", "only a loopback address"));
        }
        if self.operations.as_ref().is_some_and(|operations| meet(self.listen, operations.listen)) {
            let message = "another port than that of listen: health and metrics are not for residents";
            return Err(ServerError::value("operations.listen", message));
        }
        if self.municipalities.is_empty() {
            return Err(ServerError::value("municipality", "at least one [[municipality]]"));
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
        let key = |part: &str| format!("municipality.{}.{part}", self.id);
        let plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        if self.id.is_empty() || self.id.len() > 40 || !self.id.bytes().all(plain) {
            return Err(ServerError::value(key("id"), "1 to 40 of a-z 0-9 -"));
        }
        if self.origin.is_loopback() && self.origin.host_is_address() {
            // Cookies do not know ports: the agent's listener on 127.0.0.1 would receive the gateway's.
            let message =
                "the gateway never serves on a loopback address by number; write http://localhost:PORT";
            return Err(ServerError::value(key("origin"), message));
        }
        if tls && self.origin.as_str().starts_with("http:") {
            return Err(ServerError::value(key("origin"), "with [tls] the origin is https"));
        }
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

/// Whether two listeners want one port. Port 0 is each time another.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let same_host = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_host
}

fn agent_ports() -> Vec<u16> {
    AGENT_PORTS.to_vec()
}

#[cfg(test)]
mod tests;
