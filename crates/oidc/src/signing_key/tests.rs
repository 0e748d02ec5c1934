//! Tests of the signing keys.

use super::*;
use crate::jose::JwsAlg;
use crate::testing::{public_jwk, random};

/// The key of RFC 9449 section 4.1 and its thumbprint of section 6.1.
#[test]
fn the_key_id_is_the_thumbprint_of_rfc_7638() {
    let decode = |text| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let mut point = vec![4];
    point.extend(decode("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"));
    point.extend(decode("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"));
    let jwk = Jwk::from_p256_point(&point).expect("a point");
    assert_eq!(jwk.kid(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    let expected = serde_json::json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "kid": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
    });
    // Exactly these members: no private part is published.
    assert_eq!(
        serde_json::to_value(Jwks { keys: vec![jwk] }).expect("a set"),
        serde_json::json!({"keys": [expected]})
    );
}

#[test]
fn only_an_uncompressed_point_of_p256_is_published() {
    for point in [&[][..], &[4; 64], &[4; 66], &[2; 65]] {
        assert_eq!(Jwk::from_p256_point(point), None);
    }
}

#[test]
fn a_generated_key_reads_back_as_the_same_key_and_prints_its_id_alone() {
    let random = random();
    let pkcs8 = SigningKey::generate(JwsAlg::Es256, &random).expect("a key");
    let key = SigningKey::from_pkcs8(JwsAlg::Es256, &pkcs8, &random).expect("a key");
    let again = SigningKey::from_pkcs8(JwsAlg::Es256, &pkcs8, &random).expect("a key");
    assert_eq!(key.jwk(), again.jwk());
    assert_eq!(format!("{key:?}"), format!("SigningKey(ES256 {})", key.kid()));
    let other = SigningKey::generate(JwsAlg::Es256, &random).expect("a key");
    assert_ne!(SigningKey::from_pkcs8(JwsAlg::Es256, &other, &random).expect("a key").kid(), key.kid());
}

#[test]
fn what_is_not_a_p256_key_is_refused() {
    let random = random();
    let mut pkcs8 = SigningKey::generate(JwsAlg::Es256, &random).expect("a key").to_vec();
    assert!(pkcs8.pop().is_some());
    for wrong in [&[][..], &pkcs8] {
        assert_eq!(
            SigningKey::from_pkcs8(JwsAlg::Es256, wrong, &random).err(),
            Some(CryptoError::MalformedKey)
        );
    }
}

/// The example of RFC 7638 section 3.1.
#[test]
fn the_key_id_of_an_rsa_key_is_the_thumbprint_of_rfc_7638() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZC\
             iFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnY\
             b9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls\
             1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let members = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{n}"}}"#);
    assert_eq!(thumbprint(&members), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// `ring` checks the whole key when it reads it back: both primes, exponents and coefficient.
#[test]
fn an_rsa_key_signs_by_its_own_algorithm_alone() {
    let random = random();
    let pkcs8 = SigningKey::generate(JwsAlg::Rs256, &random).expect("a key");
    let key = |alg| SigningKey::from_pkcs8(alg, &pkcs8, &random).expect("a key");
    let (rs256, ps256) = (key(JwsAlg::Rs256), key(JwsAlg::Ps256));
    assert_eq!(rs256.kid(), ps256.kid());
    for (signer, other) in [(&rs256, &ps256), (&ps256, &rs256)] {
        let signature = signer.sign(b"octets", &random).expect("a signature");
        assert_eq!(signature.len(), 256);
        let (published, alg) = (public_jwk(signer), signer.alg());
        let other = other.alg();
        assert!(published.supports(alg) && !published.supports(other));
        assert!(published.verifies(alg, b"octets", &signature));
        assert!(!published.verifies(alg, b"other", &signature));
    }
    let json = serde_json::to_value(rs256.jwk()).expect("a key");
    let members: Vec<&String> = json.as_object().expect("an object").keys().collect();
    // Exactly these members: no private part is published.
    assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
    assert_eq!((&json["alg"], &json["e"]), (&"RS256".into(), &"AQAB".into()));
    assert_eq!(SigningKey::from_pkcs8(JwsAlg::Es256, &pkcs8, &random).err(), Some(CryptoError::MalformedKey));
    let ec = SigningKey::generate(JwsAlg::Es256, &random).expect("a key");
    assert_eq!(SigningKey::from_pkcs8(JwsAlg::Rs256, &ec, &random).err(), Some(CryptoError::MalformedKey));
}
