//! What the tests of this crate share.

use ring::rand::SystemRandom;

use crate::{Client, ClientAuthentication, IdTokenAlg, Parameters};

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
    Client {
        id: "kosodate".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        post_logout_redirect_uris: Vec::new(),
        authentication: ClientAuthentication::None,
        id_token_alg: IdTokenAlg::Es256,
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
