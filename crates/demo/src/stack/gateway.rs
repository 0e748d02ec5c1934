//! The gateway's configuration file: one municipality, みどり市, with one client, the sample service.

use std::path::{Path, PathBuf};

use madoguchi_protocol::Secret;
use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use super::{ExternalCard, MyService, Ports, write};
use crate::DemoError;

/// The sample service's client identifier.
pub(super) const CLIENT_ID: &str = "kosodate";

/// The client identifier of a service of one's own.
pub(super) const MY_SERVICE: &str = "my-service";

pub(super) struct GatewayConfig {
    ports: Ports,
    anchors: Vec<PathBuf>,
    policies: Vec<String>,
    crl_dir: Option<PathBuf>,
    crl_files: Vec<PathBuf>,
    /// The responder is the test PKI's: somebody else's card has lists only.
    ocsp: bool,
}

impl GatewayConfig {
    pub(super) fn new(ports: Ports) -> Self {
        Self {
            ports,
            anchors: Vec::new(),
            policies: Vec::new(),
            crl_dir: None,
            crl_files: Vec::new(),
            ocsp: false,
        }
    }

    pub(super) fn trust_test_pki(&mut self, pki: &Path) -> Result<(), DemoError> {
        let file = pki.join("policy");
        let policy =
            std::fs::read_to_string(&file).map_err(|source| DemoError::File { path: file, source })?;
        self.anchors = vec![pki.join("auth-ca.der")];
        self.policies = vec![policy.trim().to_owned()];
        self.crl_dir = Some(pki.join("crl"));
        self.ocsp = true;
        Ok(())
    }

    pub(super) fn trust_external(&mut self, card: &ExternalCard) {
        self.anchors.clone_from(&card.anchors);
        self.policies.clone_from(&card.policies);
        self.crl_files.clone_from(&card.crls);
    }

    /// Writes the configuration, the key-encryption key and the client's secret; returns the configuration's path.
    pub(super) fn write(
        &self,
        folder: &Path,
        more: &str,
        client_secret: &Secret<32>,
        random: &dyn SecureRandom,
    ) -> Result<PathBuf, DemoError> {
        let kek = Secret::<32>::generate(random).map_err(|_| DemoError::NoRandomness)?;
        write(&folder.join("kek"), kek.encode().as_bytes())?;
        let secret: Zeroizing<String> = client_secret.encode();
        write(&folder.join("client-secret"), secret.as_bytes())?;
        let path = folder.join("gateway.toml");
        let hash = madoguchi_protocol::sha256(secret.as_bytes()).encode();
        write(&path, format!("{}{more}", self.text(&hash)).as_bytes())?;
        Ok(path)
    }

    fn text(&self, secret_sha256: &str) -> String {
        let policies = if self.policies.is_empty() {
            "danger_any_policy = true".to_owned()
        } else {
            format!("policies = {}", array(self.policies.iter().map(String::as_str)))
        };
        let crls = match &self.crl_dir {
            Some(folder) => format!("crl_dir = {}", string(&folder.to_string_lossy())),
            None => format!("crl_files = {}", paths(&self.crl_files)),
        };
        let (sources, responder) = if self.ocsp {
            // A revocation counts from the next sign-in on: no answer is used twice.
            let table =
                format!("[[revocation.ocsp]]\nurl = \"{}\"\nnonce = \"require\"\n", self.ports.ocsp_url());
            ("both", table)
        } else {
            ("crl", String::new())
        };
        format!(
            r#"# Written by madoguchi-demo for one run.
listen = "127.0.0.1:{gateway}"
database = "madoguchi.sqlite3"
kek_file = "kek"
agent_ports = [{agent}]

[trust]
anchors = {anchors}
danger_test_trust = true
{policies}

[revocation]
sources = "{sources}"
{crls}
max_age_hours = 48

{responder}
[operations]
listen = "127.0.0.1:{operations}"

[[municipality]]
id = "midori"
origin = "{issuer}"
name = {{ ja = "みどり市", "ja-x-plain" = "みどり市(し)", en = "Midori City" }}

[[municipality.client]]
id = "{CLIENT_ID}"
redirect_uris = ["{service}callback"]
authentication = {{ client_secret_basic = {{ sha256 = "{secret_sha256}" }} }}
service = {{ ja = "子育て手続き", "ja-x-plain" = "子育(こそだ)ての手続(てつづ)き", en = "Childcare procedures" }}
purpose = {{ ja = "サインイン", "ja-x-plain" = "サインイン", en = "Sign in" }}
"#,
            gateway = self.ports.gateway,
            operations = self.ports.operations,
            agent = self.ports.agent,
            anchors = paths(&self.anchors),
            issuer = self.ports.issuer(),
            service = self.ports.service_url(),
        )
    }
}

/// The table of a service of one's own, for the configuration file.
pub(super) fn my_service(own: &MyService, secret: &Secret<32>) -> String {
    let hash = madoguchi_protocol::sha256(secret.encode().as_bytes()).encode();
    let uris = |uris: &[String]| array(uris.iter().map(String::as_str));
    let backchannel = own
        .backchannel_logout_uri
        .as_ref()
        .map(|uri| format!("backchannel_logout_uri = {}\n", string(uri)))
        .unwrap_or_default();
    format!(
        r#"
[[municipality.client]]
id = "{MY_SERVICE}"
redirect_uris = {redirect}
post_logout_redirect_uris = {signed_out}
{backchannel}authentication = {{ client_secret_basic = {{ sha256 = "{hash}" }} }}
service = {{ ja = "わたしのサービス", "ja-x-plain" = "わたしのサービス", en = "My service" }}
purpose = {{ ja = "サインイン", "ja-x-plain" = "サインイン", en = "Sign in" }}
"#,
        redirect = uris(&own.redirect_uris),
        signed_out = uris(&own.post_logout_redirect_uris),
    )
}

fn paths(paths: &[PathBuf]) -> String {
    let texts: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
    array(texts.iter().map(AsRef::as_ref))
}

fn array<'a>(values: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", values.map(string).collect::<Vec<_>>().join(", "))
}

/// A TOML basic string. TOML's escapes are those of JSON, and DEL besides.
fn string(value: &str) -> String {
    serde_json::Value::from(value).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(config: &GatewayConfig) -> toml::Table {
        config.text("HASH").parse().expect("well-formed TOML")
    }

    #[test]
    fn strange_paths_stay_strings() {
        let mut config = GatewayConfig::new(Ports::from_base(3000).expect("ports"));
        let path = "/tmp/a \"b\"\\c\n\u{7f}あ.der";
        config.trust_external(&ExternalCard { anchors: vec![path.into()], ..ExternalCard::default() });
        let table = parsed(&config);
        assert_eq!(table["trust"]["anchors"][0].as_str(), Some(path));
        assert_eq!(table["trust"]["danger_any_policy"].as_bool(), Some(true));
        assert_eq!(table["municipality"][0]["origin"].as_str(), Some("http://localhost:3000"));
        let redirect = &table["municipality"][0]["client"][0]["redirect_uris"][0];
        assert_eq!(redirect.as_str(), Some("http://127.0.0.1:3001/callback"));
    }

    #[test]
    fn the_test_pki_is_asked_both_ways_and_somebody_elses_card_has_lists() {
        let mut config = GatewayConfig::new(Ports::from_base(3000).expect("ports"));
        let sources = |config: &GatewayConfig| parsed(config)["revocation"]["sources"].clone();
        assert_eq!(sources(&config).as_str(), Some("crl"));
        config.ocsp = true;
        assert_eq!(sources(&config).as_str(), Some("both"));
        let url = &parsed(&config)["revocation"]["ocsp"][0]["url"];
        assert_eq!(url.as_str(), Some("http://127.0.0.1:3002/"));
    }

    #[test]
    fn a_service_of_ones_own_is_a_client_and_its_secret_is_not_in_the_file() {
        #[expect(clippy::disallowed_methods, reason = "a test needs randomness from somewhere")]
        let secret = Secret::generate(&ring::rand::SystemRandom::new()).expect("random");
        let own = MyService {
            redirect_uris: vec!["http://127.0.0.1:8080/\"x".to_owned(), "http://[::1]/b".to_owned()],
            backchannel_logout_uri: Some("http://127.0.0.1:8080/over".to_owned()),
            ..MyService::default()
        };
        let text = my_service(&own, &secret);
        assert!(!text.contains(secret.encode().as_str()));
        let table: toml::Table = text.parse().expect("well-formed TOML");
        let client = &table["municipality"]["client"][0];
        assert_eq!(client["redirect_uris"][0].as_str(), Some("http://127.0.0.1:8080/\"x"));
        assert_eq!(client["backchannel_logout_uri"].as_str(), Some("http://127.0.0.1:8080/over"));
    }

    #[test]
    fn named_policies_leave_no_danger() {
        let mut config = GatewayConfig::new(Ports::from_base(3000).expect("ports"));
        config.trust_external(&ExternalCard { policies: vec!["1.2.3".into()], ..ExternalCard::default() });
        let table = parsed(&config);
        assert_eq!(table["trust"]["policies"][0].as_str(), Some("1.2.3"));
        assert!(table["trust"].get("danger_any_policy").is_none());
    }

    #[test]
    fn secrets_are_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        #[expect(clippy::disallowed_methods, reason = "a test needs randomness from somewhere")]
        let random = ring::rand::SystemRandom::new();
        let secret = Secret::generate(&random).expect("random");
        let config = GatewayConfig::new(Ports::from_base(3000).expect("ports"));
        let path = config.write(folder.path(), "\n[sign_in]\n", &secret, &random).expect("written");
        for file in [folder.path().join("kek"), folder.path().join("client-secret")] {
            assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        }
        let text = std::fs::read_to_string(path).expect("read");
        assert!(!text.contains(secret.encode().as_str()));
        assert!(text.parse::<toml::Table>().expect("well-formed TOML").contains_key("sign_in"));
    }
}
