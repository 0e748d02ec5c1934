//! The least that a gateway could be: axum, ring, SQLite. The same requests as the shipped gateway, the same
//! cryptography, the same durable commits, and none of its pages, rules, roles, records or care. Never a server to use:
//! it is what ours is measured by.

mod agent;
mod browser;
mod certificate;
mod service;
mod store;

use std::io::stdin;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use madoguchi_protocol::{
    Display, DisplayText, Lang, Octets, Origin, PATH_CLAIM, PATH_FINISH, comparison_code, sha256,
};
use madoguchi_test_pki::{KeyKind, PrivateKey};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::logins::jws::{PublicKey, SigningKey, encode};
use crate::skeleton::certificate::Parts;
use crate::skeleton::store::Store;

/// Everything that handlers are given.
struct Skeleton {
    origin: Origin,
    store: Store,
    random: SystemRandom,
    sealing: LessSafeKey,
    naming: hmac::Key,
    authority: UnparsedPublicKey<Vec<u8>>,
    display: Vec<u8>,
    signer: Signer,
    client: Client,
}

/// What it is told at the start.
#[derive(Deserialize)]
struct Told {
    port: u16,
    alg: String,
    client: Value,
}

struct Client {
    id: String,
    proof: ClientProof,
}

enum ClientProof {
    Secret(Octets<32>),
    Key(PublicKey),
}

/// What ID tokens are signed with.
enum Signer {
    Es256(SigningKey),
    Rs256(PrivateKey),
}

/// Serves until it is killed. One line of JSON on standard input says what; it says `ready` when it listens.
pub(crate) fn run(authority: &Path) -> Result<bool, String> {
    let mut line = String::new();
    stdin().read_line(&mut line).map_err(|error| error.to_string())?;
    let told: Told = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let port = told.port;
    let skeleton = Skeleton::new(authority, folder.path(), &told)?;
    let router = Router::new()
        .route("/jwks", get(service::jwks))
        .route("/par", post(service::par))
        .route("/authorize", get(browser::authorize))
        .route("/sign-in/start", post(browser::start))
        .route(PATH_CLAIM, post(agent::claim))
        .route(PATH_FINISH, post(agent::finish))
        .route("/sign-in/{id}/return", get(browser::return_leg))
        .route("/sign-in/{id}/done", get(browser::done))
        .route("/sign-in/{id}/answer", get(browser::answer))
        .route("/token", post(service::token))
        .with_state(Arc::new(skeleton));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(|error| error.to_string())?;
        println!("ready");
        axum::serve(listener, router).await.map_err(|error| error.to_string())
    })?;
    Ok(true)
}

impl Skeleton {
    fn new(authority: &Path, folder: &Path, told: &Told) -> Result<Self, String> {
        let random = SystemRandom::new();
        let key = Octets::<32>::generate(&random).map_err(|error| error.to_string())?.0;
        let authority = std::fs::read(authority).map_err(|error| error.to_string())?;
        let authority = Parts::of(&authority).ok_or("no certificate")?.key.to_vec();
        let text = DisplayText {
            lang: Lang::Japanese,
            municipality: "みどり市".to_owned(),
            service: "図書館".to_owned(),
            purpose: "サインイン".to_owned(),
        };
        let display =
            Display::new(&comparison_code([0, 1]), &[text]).map_err(|error| error.to_string())?.to_der();
        let client = &told.client;
        let proof = match client["client_secret"].as_str() {
            Some(secret) => ClientProof::Secret(sha256(secret.as_bytes())),
            None => ClientProof::Key(PublicKey::of(&client["jwks"]["keys"][0])?),
        };
        let signer = if told.alg == "ES256" {
            Signer::Es256(SigningKey::generate())
        } else {
            let key = PrivateKey::generate(KeyKind::Rsa2048, &random);
            Signer::Rs256(key.map_err(|error| error.to_string())?)
        };
        let store = Store::open(&folder.join("skeleton.sqlite3")).map_err(|error| error.to_string())?;
        Ok(Self {
            origin: Origin::parse(&format!("http://localhost:{}", told.port))
                .map_err(|error| error.to_string())?,
            store,
            random,
            sealing: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("32 octets")),
            naming: hmac::Key::new(hmac::HMAC_SHA256, &key),
            authority: UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, authority),
            display,
            signer,
            client: Client { id: client["client_id"].as_str().ok_or("no id")?.to_owned(), proof },
        })
    }

    fn octets<const N: usize>(&self) -> Octets<N> {
        Octets::generate(&self.random).expect("randomness")
    }

    fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).expect("randomness");
        let mut sealed = plain.to_vec();
        let sealing = Nonce::assume_unique_for_key(nonce);
        self.sealing.seal_in_place_append_tag(sealing, Aad::empty(), &mut sealed).expect("sealed");
        [nonce.as_slice(), &sealed].concat()
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        Some(self.sealing.open_in_place(nonce, Aad::empty(), &mut body).ok()?.to_vec())
    }
}

impl Signer {
    fn jwk(&self) -> Value {
        let mut jwk = match self {
            Self::Es256(key) => key.jwk(),
            Self::Rs256(key) => {
                let pair = ring::rsa::KeyPair::from_pkcs8(key.pkcs8()).expect("the key");
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "kty": "RSA", "n": encode(&public.n), "e": encode(&public.e) })
            }
        };
        jwk["kid"] = json!("1");
        jwk
    }

    fn sign(&self, claims: &Value) -> String {
        match self {
            Self::Es256(key) => key.sign(&json!({ "alg": "ES256", "kid": "1" }), claims),
            Self::Rs256(key) => {
                let header = json!({ "alg": "RS256", "kid": "1" }).to_string();
                let message =
                    format!("{}.{}", encode(header.as_bytes()), encode(claims.to_string().as_bytes()));
                let signature = key.sign(message.as_bytes(), &SystemRandom::new()).expect("a signature");
                format!("{message}.{}", encode(&signature))
            }
        }
    }
}

/// One code for all that it does not like.
const NO: StatusCode = StatusCode::BAD_REQUEST;
