//! What the tests of this crate share.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use serde_json::Value;

use crate::jose::JwsAlg;
use crate::jose::PublicJwk;
use crate::{
    ACR_CARD_PIN, Client, ClientAuthentication, CodeChallenge, CodeGrant, Parameters, Profile, SigningKey,
};

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const CALLBACK: &str = "https://service.example/callback";

#[expect(clippy::disallowed_methods, reason = "tests of key and token generation need real randomness")]
pub(crate) fn random() -> SystemRandom {
    SystemRandom::new()
}

/// A public client with one redirect URI.
pub(crate) fn client() -> Client {
    Client::new(Profile::Standard, "kosodate", vec![CALLBACK.to_owned()], ClientAuthentication::None)
}

/// What a code for that client stands for.
pub(crate) fn grant() -> CodeGrant {
    CodeGrant {
        client_id: "kosodate".to_owned(),
        redirect_uri: CALLBACK.to_owned(),
        code_challenge: CodeChallenge::parse(CHALLENGE),
        dpop_jkt: None,
        nonce: Some("n".to_owned()),
        scope: "openid".to_owned(),
        acr: ACR_CARD_PIN.to_owned(),
        pushed: None,
    }
}

pub(crate) fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Parameters::from_urlencoded(encoded.as_bytes()).expect("well-formed parameters")
}

/// The pairs with one of them replaced, added, or removed.
pub(crate) fn with<'a>(
    pairs: &[(&'a str, &'a str)],
    name: &'a str,
    value: Option<&'a str>,
) -> Vec<(&'a str, &'a str)> {
    let kept = pairs.iter().copied().filter(|(other, _)| *other != name);
    kept.chain(value.map(|value| (name, value))).collect()
}

pub(crate) fn base64url(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// A fresh key.
pub(crate) fn signing_key() -> SigningKey {
    let random = random();
    let pkcs8 = SigningKey::generate(JwsAlg::Es256, &random).expect("a key");
    SigningKey::from_pkcs8(JwsAlg::Es256, &pkcs8, &random).expect("a key")
}

/// Its public part, as a client would register it.
pub(crate) fn public_jwk(key: &SigningKey) -> PublicJwk {
    let jwk = serde_json::to_value(key.jwk()).expect("a key");
    PublicJwk::from_value(&jwk).expect("a public key")
}

/// A compact JWS of this header and these claims, signed with ES256 whatever the header says.
pub(crate) fn jws(key: &SigningKey, header: &Value, claims: &Value) -> String {
    jws_of_octets(key, header, claims.to_string().as_bytes())
}

pub(crate) fn jws_of_octets(key: &SigningKey, header: &Value, payload: &[u8]) -> String {
    let input = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(payload));
    let signature = key.sign(input.as_bytes(), &random()).expect("a signature");
    format!("{input}.{}", base64url(&signature))
}
