//! All that takes part in one sign-in: its secrets' hashes and records, made from a number.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::Source;
use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_oidc::{AuthorizationRequest, CodeChallenge, CodeGrant, RequestReferenceHash};
use madoguchi_protocol::{Lang, Octets, sha256};

use crate::{
    AccountId, CertificateId, Claim, ClaimHashes, Cleared, NewAccessToken, NewBrowserSession, NewCode,
    NewSession, NewSignIn, Proof,
};

pub(super) const TOWN: &str = "midori";
pub(super) const OTHER_TOWN: &str = "aoi";

pub(super) const SESSION_SECONDS: u64 = 1800;
pub(super) const IDLE_SECONDS: u64 = 300;
pub(super) const CODE_SECONDS: u64 = 60;
pub(super) const TOKEN_SECONDS: u64 = 600;

#[derive(Clone, Copy, Debug)]
pub(super) struct Party {
    pub(super) town: &'static str,
    number: u32,
    agent: u32,
    service: u32,
}

impl Party {
    pub(super) const fn new(number: u32) -> Self {
        Self { town: TOWN, number, agent: number, service: number }
    }

    /// Its agent uses the secrets of another's agent again, which it should not, and which must hurt nobody.
    pub(super) const fn with_agent_of(self, other: Self) -> Self {
        Self { agent: other.agent, ..self }
    }

    /// Signs in to the service of this number instead of its own.
    pub(super) const fn at_service(self, service: u32) -> Self {
        Self { service, ..self }
    }

    /// The same secrets, hashes and all, in another municipality.
    pub(super) const fn twin(self) -> Self {
        Self { town: OTHER_TOWN, ..self }
    }

    /// All of it in this municipality.
    pub(super) const fn in_town(self, town: &'static str) -> Self {
        Self { town, ..self }
    }

    pub(super) fn hash(self, what: &str) -> Octets<32> {
        sha256(format!("{what} {}", self.number).as_bytes())
    }

    fn short(self, what: &str) -> Octets<16> {
        let mut octets = [0; 16];
        octets.copy_from_slice(&self.hash(what).0[..16]);
        Octets(octets)
    }

    pub(super) fn id(self) -> Octets<16> {
        self.short("sign-in")
    }

    pub(super) fn browser(self) -> Octets<32> {
        self.hash("browser")
    }

    pub(super) fn ticket(self) -> Octets<32> {
        self.hash("ticket")
    }

    pub(super) fn verifier(self) -> Octets<32> {
        Self::new(self.agent).hash("return verifier")
    }

    pub(super) fn claim_secret(self) -> Octets<32> {
        Self::new(self.agent).hash("claim secret")
    }

    pub(super) fn finish(self) -> Octets<32> {
        self.hash("finish")
    }

    pub(super) fn session_id(self) -> Octets<32> {
        self.hash("session")
    }

    pub(super) fn sid(self) -> Octets<16> {
        self.short("sid")
    }

    pub(super) fn account(self) -> AccountId {
        AccountId(self.short("account"))
    }

    pub(super) fn code_hash(self) -> Octets<32> {
        self.hash("code")
    }

    pub(super) fn token_hash(self) -> Octets<32> {
        self.hash("token")
    }

    pub(super) fn sign_in(self) -> NewSignIn {
        NewSignIn {
            id: self.id(),
            municipality: self.town.to_owned(),
            browser_hash: self.browser(),
            ticket_hash: self.ticket(),
            nonce: self.hash("nonce"),
            request: self.request(),
            display: format!("display {}", self.number).into_bytes(),
            lang: Lang::PlainJapanese,
            network: format!("network {}", self.number),
            address: None,
        }
    }

    fn request(self) -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: format!("service {}", self.service),
            redirect_uri: "https://service.example/callback".to_owned(),
            state: Some("状態".to_owned()),
            nonce: Some("n\"once".to_owned()),
            scope: "openid".to_owned(),
            code_challenge: Some(self.challenge()),
            prompt: vec![],
            max_age: Some(60),
            acr_values: vec!["a".to_owned(), "b".to_owned()],
            acr: "urn:madoguchi:acr:card-pin".to_owned(),
            ui_locales: vec![],
            hinted_sub: Some("sub".to_owned()),
            dpop_jkt: Some(JwkThumbprint(self.hash("dpop key").0)),
            pushed: Some(self.pushed()),
        }
    }

    pub(super) fn pushed(self) -> RequestReferenceHash {
        RequestReferenceHash(self.hash("pushed request").0)
    }

    fn challenge(self) -> CodeChallenge {
        CodeChallenge::parse(&self.hash("code challenge").encode()).expect("32 octets are a challenge")
    }

    pub(super) fn claim(self) -> Claim {
        Claim {
            hashes: ClaimHashes { return_verifier: self.verifier(), claim_secret: self.claim_secret() },
            counter: self.number.is_multiple_of(2),
            agent_version: "1.2.3".to_owned(),
        }
    }

    pub(super) fn proof(self) -> Proof {
        Proof::read_back(
            self.hash("card"),
            format!("holder {}", self.number).into_bytes(),
            UnixTime::since_unix_epoch(Duration::from_secs(4_000_000_000)),
            Source::Ocsp,
            format!(r#"{{"source":"crl","number":{}}}"#, self.number),
        )
    }

    /// Its certificate, as revocations are kept against it.
    pub(super) fn certificate(self) -> CertificateId {
        CertificateId(self.hash("certificate"))
    }

    pub(super) fn cleared(self) -> Cleared {
        Cleared { certificate: self.certificate(), hold_over: None }
    }

    pub(super) fn session(self) -> NewSession {
        NewSession {
            id_hash: self.session_id(),
            sid: self.sid(),
            account_if_new: self.account(),
            lifetime: SESSION_SECONDS,
            replaces: None,
            browser: Some(self.browser_session()),
        }
    }

    /// SHA-256 of the secret in the browser's session cookie.
    pub(super) fn session_cookie(self) -> Octets<32> {
        self.hash("session cookie")
    }

    pub(super) fn browser_session(self) -> NewBrowserSession {
        NewBrowserSession { hash: self.session_cookie(), idle: IDLE_SECONDS }
    }

    pub(super) fn code(self) -> NewCode {
        let request = self.request();
        NewCode { hash: self.code_hash(), grant: CodeGrant::from(&request), lifetime: CODE_SECONDS }
    }

    pub(super) fn token(self) -> NewAccessToken {
        NewAccessToken { hash: self.token_hash(), lifetime: TOKEN_SECONDS, key: None, scope: None }
    }
}
