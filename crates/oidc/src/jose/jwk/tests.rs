use serde_json::{Value, json};

use super::testing::{EC, RSA_N};
use super::*;
use crate::testing::base64url;

fn ec() -> Value {
    serde_json::from_str(EC).expect("a key")
}

fn rsa() -> Value {
    json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"})
}

fn with(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    key
}

fn read(key: &Value) -> Result<PublicJwk, JwkError> {
    PublicJwk::from_json(key.to_string().as_bytes())
}

/// RFC 9449 sections 4.1 and 6.1, and RFC 7638 section 3.1.
#[test]
fn the_thumbprint_vectors() {
    assert_eq!(
        read(&ec()).expect("a key").thumbprint().encode(),
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    );
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let key = json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
    assert_eq!(
        read(&key).expect("a key").thumbprint().encode(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn what_does_not_identify_the_key_does_not_change_the_thumbprint() {
    let plain = read(&ec()).expect("a key");
    let named = with(with(ec(), "kid", json!("a")), "x5u", json!("https://evil.example/"));
    assert_eq!(read(&named).expect("a key").thumbprint(), plain.thumbprint());
}

/// Also of keys that would otherwise be read: whoever sent a private part must make a new key.
#[test]
fn a_private_part_is_refused() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for key in [ec(), rsa()] {
            assert_eq!(read(&with(key.clone(), name, json!("AA"))), Err(JwkError::Private), "{name}");
            assert_eq!(read(&with(key, name, Value::Null)), Err(JwkError::Private), "{name}");
        }
    }
}

#[test]
fn only_signature_keys_of_known_kinds() {
    for kty in [json!("oct"), json!("OKP"), json!("ec"), json!(1), Value::Null] {
        assert_eq!(read(&with(ec(), "kty", kty)), Err(JwkError::Kty));
    }
    for usage in [json!("enc"), json!(1)] {
        assert_eq!(read(&with(ec(), "use", usage)), Err(JwkError::Usage));
    }
    for operations in [json!(["sign"]), json!([]), json!("verify")] {
        assert_eq!(read(&with(ec(), "key_ops", operations)), Err(JwkError::Usage));
    }
    assert!(read(&with(with(ec(), "use", json!("sig")), "key_ops", json!(["verify"]))).is_ok());
    for (key, alg) in [(ec(), "RS256"), (ec(), "none"), (ec(), "HS256"), (rsa(), "ES256"), (rsa(), "RS512")] {
        assert_eq!(read(&with(key, "alg", json!(alg))), Err(JwkError::Alg), "{alg}");
    }
    assert_eq!(read(&with(rsa(), "alg", json!(1))), Err(JwkError::Alg));
    let one_alg = read(&with(rsa(), "alg", json!("PS256"))).expect("a key");
    assert_eq!(JwsAlg::ALL.map(|alg| one_alg.supports(alg)), [false, true, false]);
    for kid in [json!(""), json!(1), json!("x".repeat(256))] {
        assert_eq!(read(&with(ec(), "kid", kid)), Err(JwkError::Kid));
    }
    assert_eq!(
        read(&with(ec(), "kid", json!("x".repeat(255)))).expect("a key").kid().map(str::len),
        Some(255)
    );
    assert_eq!(PublicJwk::from_json(br#"{"kty":"EC","kty":"EC"}"#), Err(JwkError::Json));
    assert_eq!(PublicJwk::from_value(&json!([])), Err(JwkError::Json));
}

#[test]
fn an_ec_key_has_two_coordinates_of_p256() {
    for (name, value) in [
        ("crv", json!("P-384")),
        ("crv", json!("p-256")),
        ("x", json!(base64url(&[1; 31]))),
        ("x", json!(base64url(&[1; 33]))),
        ("y", json!("l8tFrhx+34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs")),
        ("y", json!("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA=")),
        ("y", json!("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDB")),
        ("y", Value::Null),
    ] {
        assert_eq!(read(&with(ec(), name, value.clone())), Err(JwkError::Ec), "{name} {value}");
    }
}

#[test]
fn an_rsa_key_is_neither_weak_nor_huge() {
    let number = |octets: usize, first: u8, last: u8| {
        let mut number = vec![0x55; octets];
        number[0] = first;
        number[octets - 1] = last;
        json!(base64url(&number))
    };
    assert!(read(&with(rsa(), "n", number(256, 0x80, 1))).is_ok());
    assert!(read(&with(rsa(), "n", number(512, 0xff, 1))).is_ok());
    for (name, value) in [
        ("n", number(256, 0x7f, 1)),
        ("n", number(257, 0, 1)),
        ("n", number(256, 0x80, 2)),
        ("n", number(513, 1, 1)),
        ("n", json!("")),
        ("n", json!(format!("{RSA_N}="))),
        ("e", json!("Aw")),
        ("e", json!("AAEAAQ")),
        ("e", json!("AQAA")),
        ("e", number(6, 1, 1)),
        ("e", Value::Null),
    ] {
        assert_eq!(read(&with(rsa(), name, value.clone())), Err(JwkError::Rsa), "{name} {value}");
    }
}

#[test]
fn a_key_is_stored_as_it_is_read_and_prints_its_thumbprint() {
    for key in [with(ec(), "kid", json!("a")), with(rsa(), "alg", json!("PS256"))] {
        let read = read(&key).expect("a key");
        let stored = serde_json::to_value(&read).expect("serialises");
        assert_eq!(stored, key);
        assert_eq!(serde_json::from_value::<PublicJwk>(stored).expect("a key"), read);
    }
    assert_eq!(
        format!("{:?}", read(&ec()).expect("a key")),
        "PublicJwk(0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I)"
    );
}
