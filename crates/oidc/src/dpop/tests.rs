//! The negative cases of the FAPI 2.0 plan's `dpop-negative-tests`, and what must be taken.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::SigningKey;
use crate::jose::JwsAlg;
use crate::testing::{base64url, jws, public_jwk, random, signing_key};

const NOW: u64 = 1_800_000_000;
const URI: &str = "https://madoguchi.example/userinfo";
const TOKEN: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

/// A proof with its parts open to be made wrong.
struct Parts {
    key: SigningKey,
    header: Value,
    claims: Value,
}

impl Parts {
    fn good() -> Self {
        let key = signing_key();
        let mut jwk = serde_json::to_value(key.jwk()).expect("a key");
        for name in ["kid", "use", "alg"] {
            jwk.as_object_mut().expect("an object").remove(name);
        }
        let ath = base64url(&sha256(TOKEN.as_bytes()));
        let claims = json!({ "jti": "-BwC3ESc6acc2lTc", "htm": "GET", "htu": URI, "iat": NOW, "ath": ath });
        Self { key, header: json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }), claims }
    }

    fn header(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header, name, value);
        self
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims, name, value);
        self
    }

    fn check(&self) -> Result<DpopProof, DpopError> {
        check(&jws(&self.key, &self.header, &self.claims))
    }
}

/// Null takes the member away.
fn set(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
}

fn check(proof: &str) -> Result<DpopProof, DpopError> {
    let token = AccessToken::parse(TOKEN).expect("a token");
    let request = DpopRequest { method: "GET", uri: URI, access_token: Some(&token), now: NOW };
    DpopProof::check(proof, &request)
}

#[track_caller]
fn refused(parts: &Parts, error: DpopError) {
    assert_eq!(parts.check().err(), Some(error));
}

fn missing(name: &'static str) -> DpopError {
    JoseError::ClaimMissing { name }.into()
}

#[test]
fn dpop_a_good_proof_tells_its_key() {
    let parts = Parts::good();
    let proof = parts.check().expect("a proof");
    assert_eq!(proof.key, public_jwk(&parts.key).thumbprint());
    assert_eq!(proof.until, NOW + 61);
    // The same `jti` by another key is another proof.
    assert_ne!(Parts::good().check().expect("a proof").once, proof.once);
    assert_ne!(parts.claim("jti", json!("other")).check().expect("a proof").once, proof.once);
}

/// The proof of RFC 9449 section 4.1, a second later.
#[test]
fn dpop_the_example_of_rfc_9449() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa\
                 0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAt\
                 MjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3\
                 Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70n\
                 fbV37xRZT3Lg";
    let request = DpopRequest {
        method: "POST",
        uri: "https://server.example.com/token",
        access_token: None,
        now: 1_562_262_617,
    };
    let proof = DpopProof::check(proof, &request).expect("the example");
    assert_eq!(proof.key.encode(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn dpop_ps256_is_taken() {
    let random = random();
    let pkcs8 = SigningKey::generate(JwsAlg::Ps256, &random).expect("a key");
    let key = SigningKey::from_pkcs8(JwsAlg::Ps256, &pkcs8, &random).expect("a key");
    let jwk = serde_json::to_value(key.jwk()).expect("a key");
    let parts = Parts { key, ..Parts::good() }.header("alg", json!("PS256")).header("jwk", jwk);
    assert!(parts.check().is_ok());
}

#[test]
fn dpop_malformed_jwt() {
    let good = Parts::good();
    let proof = jws(&good.key, &good.header, &good.claims);
    for wrong in
        ["", "x", "a.b", "a.b.c", &format!("{proof}."), &format!("{proof} "), &format!("{proof},{proof}")]
    {
        assert!(matches!(check(wrong), Err(DpopError::Jose(_))), "{wrong}");
    }
}

#[test]
fn dpop_missing_typ() {
    refused(&Parts::good().header("typ", Value::Null), DpopError::Typ);
}

#[test]
fn dpop_wrong_typ() {
    for typ in ["JWT", "DPOP+JWT", "dpop+jwt;x", "application/dpop+jwt"] {
        refused(&Parts::good().header("typ", json!(typ)), DpopError::Typ);
    }
}

#[test]
fn dpop_missing_alg() {
    refused(&Parts::good().header("alg", Value::Null), JoseError::Header { name: "alg" }.into());
}

#[test]
fn dpop_alg_rs256_none_and_symmetric() {
    for alg in ["RS256", "none", "None", "HS256", "ES384", "EdDSA", "es256"] {
        refused(&Parts::good().header("alg", json!(alg)), DpopError::Alg);
    }
}

/// An RSA algorithm named beside an EC key, and the other way round.
#[test]
fn dpop_alg_of_another_type_of_key() {
    refused(&Parts::good().header("alg", json!("PS256")), JoseError::Signature.into());
}

#[test]
fn dpop_missing_jwk() {
    refused(&Parts::good().header("jwk", Value::Null), DpopError::Jwk);
    // A registered key cannot take its place.
    refused(&Parts::good().header("jwk", Value::Null).header("kid", json!("a")), DpopError::Jwk);
}

#[test]
fn dpop_private_key_in_jwk() {
    let good = Parts::good();
    let mut jwk = good.header["jwk"].clone();
    set(&mut jwk, "d", json!(base64url(&[1; 32])));
    refused(&good.header("jwk", jwk), DpopError::Jwk);
}

#[test]
fn dpop_symmetric_or_malformed_jwk() {
    let secret = json!({ "kty": "oct", "k": base64url(&[1; 32]) });
    for jwk in [secret, json!("text"), json!([]), json!({})] {
        refused(&Parts::good().header("jwk", jwk), DpopError::Jwk);
    }
}

#[test]
fn dpop_bad_signature() {
    let (good, other) = (Parts::good(), signing_key());
    refused(&Parts { key: other, ..good }, JoseError::Signature.into());
    let good = Parts::good();
    let proof = jws(&good.key, &good.header, &good.claims);
    let later = jws(&good.key, &good.header, &json!({ "iat": NOW }));
    let (input, _) = proof.rsplit_once('.').expect("three parts");
    let (_, signature) = later.rsplit_once('.').expect("three parts");
    assert_eq!(check(&format!("{input}.{signature}")).err(), Some(JoseError::Signature.into()));
}

#[test]
fn dpop_critical_header_is_refused() {
    let parts = Parts::good().header("crit", json!(["b64"])).header("b64", json!(false));
    refused(&parts, JoseError::Critical.into());
}

#[test]
fn dpop_missing_jti() {
    refused(&Parts::good().claim("jti", Value::Null), missing("jti"));
    refused(&Parts::good().claim("jti", json!(7)), JoseError::ClaimType { name: "jti" }.into());
    assert!(Parts::good().claim("jti", json!("j".repeat(256))).check().is_ok());
    refused(&Parts::good().claim("jti", json!("j".repeat(257))), DpopError::Jti);
}

#[test]
fn dpop_missing_htm() {
    refused(&Parts::good().claim("htm", Value::Null), missing("htm"));
}

#[test]
fn dpop_wrong_htm() {
    for method in ["POST", "get", "GETX"] {
        refused(&Parts::good().claim("htm", json!(method)), DpopError::Method);
    }
}

#[test]
fn dpop_missing_htu() {
    refused(&Parts::good().claim("htu", Value::Null), missing("htu"));
    refused(&Parts::good().claim("htu", json!({ "a": URI })), JoseError::ClaimType { name: "htu" }.into());
}

/// Section 4.3: query and fragment are not compared, and scheme, host, port and dots may be spelt otherwise.
#[test]
fn dpop_htu_with_query_or_another_spelling_is_taken() {
    for htu in [
        "https://madoguchi.example/userinfo?a=b",
        "https://madoguchi.example/userinfo#fragment",
        "HTTPS://Madoguchi.Example:443/userinfo",
        "https://madoguchi.example/x/../userinfo",
    ] {
        assert!(Parts::good().claim("htu", json!(htu)).check().is_ok(), "{htu}");
    }
}

#[test]
fn dpop_other_htu() {
    for htu in [
        "http://madoguchi.example/userinfo",
        "https://madoguchi.example/token",
        "https://madoguchi.example/userinfo/",
        "https://madoguchi.example/USERINFO",
        "https://madoguchi.example:8443/userinfo",
        "https://other.example/userinfo",
        "https://madoguchi.example.other/userinfo",
        "https://user@madoguchi.example/userinfo",
        "/userinfo",
        "userinfo",
        "\0https://madoguchi.example/userinfo",
        " https://madoguchi.example/userinfo",
        "https://madoguchi.example/userinfo\n",
        "https://mado\tguchi.example/userinfo",
        "https:\\\\madoguchi.example\\userinfo",
        "https:/madoguchi.example/userinfo",
        "https:madoguchi.example/userinfo",
        "https:///madoguchi.example/userinfo",
    ] {
        refused(&Parts::good().claim("htu", json!(htu)), DpopError::Uri);
    }
}

#[test]
fn dpop_missing_iat() {
    refused(&Parts::good().claim("iat", Value::Null), missing("iat"));
    refused(&Parts::good().claim("iat", json!(NOW.to_string())), JoseError::ClaimType { name: "iat" }.into());
}

#[test]
fn ensure_dpopproof_with_iat_10seconds_before_succeeds() {
    assert!(Parts::good().claim("iat", json!(NOW - 10)).check().is_ok());
    assert!(Parts::good().claim("iat", json!(NOW - 60)).check().is_ok());
}

#[test]
fn ensure_dpopproof_with_iat_10seconds_after_succeeds() {
    assert!(Parts::good().claim("iat", json!(NOW + 10)).check().is_ok());
}

#[test]
fn dpop_iat_an_hour_off() {
    for iat in [NOW - 3600, NOW - 61, NOW + 11, NOW + 3600] {
        refused(&Parts::good().claim("iat", json!(iat)), DpopError::Time);
    }
}

/// What a service adds is held to; it cannot make a proof live longer.
#[test]
fn check_dpop_proof_nbf_exp() {
    let with = |nbf: u64, exp: u64| Parts::good().claim("nbf", json!(nbf)).claim("exp", json!(exp));
    assert!(with(NOW, NOW + 60).check().is_ok());
    assert!(with(NOW + 10, NOW).check().is_ok());
    refused(&with(NOW + 11, NOW + 60), DpopError::Time);
    refused(&with(NOW, NOW - 1), DpopError::Time);
    refused(&with(NOW, NOW + 600).claim("iat", json!(NOW - 61)), DpopError::Time);
    for name in ["nbf", "exp"] {
        refused(&Parts::good().claim(name, json!("1")), JoseError::ClaimType { name }.into());
    }
}

#[test]
fn dpop_missing_ath() {
    refused(&Parts::good().claim("ath", Value::Null), missing("ath"));
}

#[test]
fn dpop_wrong_ath() {
    let other = base64url(&sha256(b"another token"));
    let padded = format!("{}=", base64url(&sha256(TOKEN.as_bytes())));
    for ath in [other, padded, TOKEN.to_owned()] {
        refused(&Parts::good().claim("ath", json!(ath)), DpopError::AccessTokenHash);
    }
}

#[test]
fn errors_are_told_in_the_alphabet_of_descriptions() {
    for error in [DpopError::Missing, DpopError::UsedBefore, DpopError::Header, missing("jti")] {
        assert!(!error.description().as_str().is_empty());
    }
}

static GOOD: LazyLock<String> = LazyLock::new(|| {
    let good = Parts::good();
    jws(&good.key, &good.header, &good.claims)
});

proptest! {
    /// One character changed, left out or put in anywhere: none.
    #[test]
    fn a_proof_is_whole_or_nothing(at in any::<prop::sample::Index>(), other in "[A-Za-z0-9_.=-]", how in 0..3_u8) {
        let at = at.index(GOOD.len());
        let (before, rest) = GOOD.split_at(at);
        let (this, after) = rest.split_at(1);
        let changed = match how {
            0 => format!("{before}{other}{after}"),
            1 => format!("{before}{after}"),
            _ => format!("{before}{other}{this}{after}"),
        };
        prop_assert_eq!(check(&changed).is_ok(), changed == *GOOD);
    }

    #[test]
    fn no_text_confuses_the_check(text in "\\PC{0,200}", parts in "[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,3}") {
        prop_assert!(check(&text).is_err());
        prop_assert!(check(&parts).is_err());
    }

    /// What is taken is the endpoint's address in another spelling, never another's.
    #[test]
    fn only_the_endpoints_address_is_taken(
        scheme in prop::sample::select(vec!["https", "HTTPS", "http", "wss"]),
        user in prop::sample::select(vec!["", "", "a@", "madoguchi.example@"]),
        host in prop::sample::select(vec!["madoguchi.example", "Madoguchi.EXAMPLE", "other.example", "example"]),
        port in prop::sample::select(vec!["", ":443", ":444"]),
        path in prop::sample::select(vec!["/userinfo", "/userinfo/", "/Userinfo", "//userinfo", "/token", ""]),
        rest in prop::sample::select(vec!["", "?a=b", "#c", "?a#b"]),
    ) {
        let right = scheme.eq_ignore_ascii_case("https")
            && user.is_empty()
            && host.eq_ignore_ascii_case("madoguchi.example")
            && port != ":444"
            && path == "/userinfo";
        let htu = format!("{scheme}://{user}{host}{port}{path}{rest}");
        prop_assert_eq!(same_address(&htu, URI), right, "{}", htu);
    }
}
