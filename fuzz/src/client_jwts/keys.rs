//! Two P-256 keys: the client's and somebody else's.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

pub(super) struct Key {
    pair: EcdsaKeyPair,
    pub(super) jwk: Value,
}

impl Key {
    fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key");
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        Self { pair, jwk }
    }

    pub(super) fn sign(&self, input: &str) -> String {
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).expect("a signature");
        URL_SAFE_NO_PAD.encode(signature)
    }
}

pub(super) static CLIENTS: LazyLock<Key> = LazyLock::new(Key::new);
pub(super) static OTHER: LazyLock<Key> = LazyLock::new(Key::new);
