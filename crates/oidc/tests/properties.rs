//! Properties that hold for every input.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use form_urlencoded::Serializer;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use url::Url;

use madoguchi_oidc::jose::{CompactJws, JoseError, JwsAlg, PublicJwk};
use madoguchi_oidc::{
    AuthorizationCode, AuthorizationError, AuthorizationRequest, Client, ClientAuthentication, Description,
    OAuthError, Parameters, Profile, check_redirect_uri, error_location, success_location,
};

const CODE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const ISS: &str = "https://madoguchi.example";

/// Text without control characters, which are never accepted.
fn text() -> impl Strategy<Value = String> {
    "\\PC{0,40}"
}

/// Redirect URIs of every shape that can be registered.
fn registered_uri() -> impl Strategy<Value = String> {
    "https://[a-z]{1,9}\\.example(:[1-3][0-9]{3})?/[a-z0-9._~-]{0,9}(\\?([a-z]{7}=[a-z0-9]{0,5})?)?"
        .prop_filter("dot segments and response parameters are refused", |uri| {
            check_redirect_uri(uri).is_ok()
        })
}

fn client(redirect_uri: &str) -> Client {
    Client::new(Profile::Standard, "kosodate", vec![redirect_uri.to_owned()], ClientAuthentication::None)
}

fn request(redirect_uri: &str) -> Parameters {
    let query = Serializer::new(String::new())
        .append_pair("client_id", "kosodate")
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .finish();
    Parameters::from_urlencoded(query.as_bytes()).expect("a well-formed query")
}

/// One octet of the text replaced, removed or added.
fn nearly(uri: &str, at: usize, with: char, kind: u8) -> String {
    let mut characters: Vec<char> = uri.chars().collect();
    let at = at % characters.len();
    match kind {
        0 => characters[at] = with,
        1 => drop(characters.remove(at)),
        _ => characters.insert(at, with),
    }
    characters.into_iter().collect()
}

/// What a service reads from the query of its callback.
fn callback(location: &str) -> (Url, Vec<(String, String)>) {
    let url = Url::parse(location).expect("a URL");
    let pairs = url.query_pairs().into_owned().collect();
    (url, pairs)
}

proptest! {
    #[test]
    fn parameters_read_back_what_an_encoder_wrote(pairs in prop::collection::btree_map("\\PC{1,20}", text(), 0..64)) {
        let encoded = Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let parameters = Parameters::from_urlencoded(encoded.as_bytes()).expect("well-formed parameters");
        for (name, value) in &pairs {
            prop_assert_eq!(parameters.value(name).unwrap_or_default(), value);
        }
    }

    /// Where the strict reader reads, it reads what the lenient one of the WHATWG reads: no two views of a request.
    #[test]
    fn parameters_never_differ_from_the_lenient_reader(octets in "[ab=&%+04c1E\\x00\\x0a\u{7a93}]{0,24}") {
        if let Ok(parameters) = Parameters::from_urlencoded(octets.as_bytes()) {
            let lenient: Vec<(String, String)> =
                form_urlencoded::parse(octets.as_bytes()).into_owned().collect();
            let unique: BTreeMap<_, _> = lenient.iter().cloned().collect();
            prop_assert_eq!(unique.len(), lenient.len());
            for (name, value) in unique {
                prop_assert_eq!(parameters.value(&name).unwrap_or_default(), value);
            }
        }
    }

    #[test]
    fn arbitrary_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(parameters) = Parameters::from_urlencoded(&octets) {
            prop_assert!(octets.iter().all(|octet| matches!(octet, b'!'..=b'~')));
            prop_assert_eq!(parameters.value(""), None);
        }
    }

    #[test]
    fn the_redirect_matcher_is_equality(
        uri in registered_uri(), at in any::<usize>(), with in "[ -~]", kind in 0_u8..3,
    ) {
        prop_assert!(AuthorizationRequest::parse(&request(&uri), &client(&uri)).is_ok());
        let other = nearly(&uri, at, with.chars().next().unwrap_or('x'), kind);
        let parsed = AuthorizationRequest::parse(&request(&other), &client(&uri));
        if other == uri {
            prop_assert!(parsed.is_ok());
        } else {
            prop_assert_eq!(parsed, Err(AuthorizationError::RedirectUriUnregistered));
        }
    }

    /// What can be registered means one thing to every parser.
    #[test]
    fn a_registered_uri_is_what_it_looks_like(uri in "(https?|ftp)://[a-z@:.*#?/\\\\ %0-9-]{1,20}") {
        if check_redirect_uri(&uri).is_ok() {
            let url = Url::parse(&uri).expect("a URL");
            prop_assert_eq!(url.as_str(), uri.as_str());
            prop_assert!(!uri.contains(['*', '#', ' ', '\\']));
            let authority = uri.split('/').nth(2).unwrap_or_default().split('?').next().unwrap_or_default();
            prop_assert!(!authority.contains('@'));
            prop_assert!(uri.starts_with("https://") || ["localhost", "127.0.0.1", "[::1]"].contains(&url.host_str().unwrap_or_default()));
        }
    }

    #[test]
    fn a_success_reads_back_at_the_service(uri in registered_uri(), state in prop::option::of(text())) {
        let code = AuthorizationCode::parse(CODE).expect("a code");
        let (url, pairs) = callback(&success_location(&uri, &code, state.as_deref(), ISS));
        let (registered, mut expected) = callback(&uri);
        expected.push(("code".to_owned(), CODE.to_owned()));
        expected.extend(state.map(|state| ("state".to_owned(), state)));
        expected.push(("iss".to_owned(), ISS.to_owned()));
        prop_assert_eq!(pairs, expected);
        prop_assert_eq!((url.origin(), url.path()), (registered.origin(), registered.path()));
        prop_assert_eq!(url.fragment(), Some(""));
    }

    #[test]
    fn an_error_reads_back_at_the_service(uri in registered_uri(), state in prop::option::of(text())) {
        const DESCRIPTION: Description = Description::new("a & b = c + 100%#?");
        let location = error_location(&uri, OAuthError::LoginRequired, DESCRIPTION, state.as_deref(), ISS);
        let (url, pairs) = callback(&location);
        let (registered, mut expected) = callback(&uri);
        expected.push(("error".to_owned(), "login_required".to_owned()));
        expected.push(("error_description".to_owned(), DESCRIPTION.to_string()));
        expected.extend(state.map(|state| ("state".to_owned(), state)));
        expected.push(("iss".to_owned(), ISS.to_owned()));
        prop_assert_eq!(pairs, expected);
        prop_assert_eq!((url.origin(), url.path()), (registered.origin(), registered.path()));
        prop_assert_eq!(url.fragment(), Some(""));
    }
}

/// A key, once: a signature for each case would be slow with fresh ones.
fn signing_key() -> &'static (EcdsaKeyPair, PublicJwk) {
    static KEY: LazyLock<(EcdsaKeyPair, PublicJwk)> = LazyLock::new(|| {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, random()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), random()).expect("a key");
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
        let public = PublicJwk::from_value(&jwk).expect("a public key");
        (pair, public)
    });
    &KEY
}

#[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
fn random() -> &'static SystemRandom {
    static RANDOM: LazyLock<SystemRandom> = LazyLock::new(SystemRandom::new);
    &RANDOM
}

fn signed(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = signing_key().0.sign(random(), input.as_bytes()).expect("a signature");
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Any JSON, with members that matter among the others.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e18_f64..1e18).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn members() -> impl Strategy<Value = serde_json::Map<String, Value>> {
    prop::collection::btree_map("(exp|nbf|iss|aud|alg|kid|typ|crit|jwk|x)", value(), 0..5)
        .prop_map(|map| map.into_iter().collect())
}

/// A second reading of a compact JWS, as lenient as libraries are: parts by position, any trailing bits, the last of two
/// members.
fn second_reading(text: &str) -> Option<(Value, Value)> {
    let lenient = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let mut parts = text.split('.');
    let mut json = || serde_json::from_slice(&lenient.decode(parts.next()?).ok()?).ok();
    Some((json()?, json()?))
}

proptest! {
    /// What the strict reader reads, a lenient one reads too, and reads the same.
    #[test]
    fn a_compact_jws_has_one_reading(header in members(), payload in members(), es256 in any::<bool>()) {
        let mut header = header;
        if es256 {
            header.insert("alg".to_owned(), "ES256".into());
        }
        let text = signed(Value::Object(header.clone()).to_string().as_bytes(), Value::Object(payload.clone()).to_string().as_bytes());
        let (second_header, second_payload) = second_reading(&text).expect("JSON twice");
        let Ok(message) = CompactJws::parse(&text) else {
            let texts = ["alg", "kid", "typ"].iter().all(|name| header.get(*name).is_none_or(Value::is_string));
            prop_assert!(header.contains_key("crit") || !header.contains_key("alg") || !texts);
            return Ok(());
        };
        prop_assert_eq!(message.alg(), second_header["alg"].as_str().unwrap_or_default());
        prop_assert_eq!(message.kid(), second_header["kid"].as_str());
        prop_assert_eq!(message.typ(), second_header["typ"].as_str());
        let verified = message.verify(&signing_key().1, JwsAlg::Es256);
        prop_assert_eq!(verified.is_ok(), message.alg() == "ES256");
        if let Ok(claims) = verified {
            for (name, value) in second_payload.as_object().expect("an object") {
                prop_assert_eq!(claims.value(name), Some(value));
                for (date, read) in [("exp", claims.numeric_date("exp")), ("nbf", claims.numeric_date("nbf"))] {
                    if name == date {
                        let number = value.as_f64().filter(|number| *number >= 0.0 && *number <= 9_007_199_254_740_992.0);
                        prop_assert_eq!(read.is_ok(), number.is_some(), "{}", value);
                    }
                }
            }
            prop_assert_eq!(claims.iter().count(), second_payload.as_object().map_or(0, serde_json::Map::len));
        }
    }

    /// Nothing but the very octets that were signed verifies: no second spelling.
    #[test]
    fn a_changed_jws_does_not_verify(
        payload in members(), at in any::<usize>(), with in "[A-Za-z0-9_.=+/ -]", kind in 0_u8..3,
    ) {
        let text = signed(br#"{"alg":"ES256"}"#, Value::Object(payload).to_string().as_bytes());
        let verify = |text: &str| {
            CompactJws::parse(text).and_then(|message| message.verify(&signing_key().1, JwsAlg::Es256)).is_ok()
        };
        prop_assert!(verify(&text));
        let other = nearly(&text, at, with.chars().next().unwrap_or('x'), kind);
        prop_assert_eq!(verify(&other), other == text, "{}", other);
    }

    /// Members twice, in either spelling and at any depth, have no reading at all.
    #[test]
    fn a_repeated_member_has_no_reading(name in "[a-z]{1,6}", depth in 0_usize..5, escaped in any::<bool>()) {
        let second = if escaped {
            let mut characters = name.chars();
            let first = characters.next().map_or(0, u32::from);
            format!("\\u{first:04x}{}", characters.as_str())
        } else {
            name.clone()
        };
        let inner = format!(r#"{{"{name}":1,"{second}":2}}"#);
        let payload = format!("{}{inner}{}", r#"{"o":"#.repeat(depth), "}".repeat(depth));
        let text = signed(br#"{"alg":"ES256"}"#, payload.as_bytes());
        let verified = CompactJws::parse(&text).expect("parts").verify(&signing_key().1, JwsAlg::Es256);
        prop_assert_eq!(verified, Err(JoseError::Json));
    }

    #[test]
    fn arbitrary_text_is_no_jws_or_one(text in "[A-Za-z0-9_.=-]{0,60}|\\PC{0,40}") {
        if let Ok(message) = CompactJws::parse(&text) {
            prop_assert_eq!(text.matches('.').count(), 2);
            prop_assert!(message.verify(&signing_key().1, JwsAlg::Es256).is_err());
        }
    }

    /// The parameters of a request object are those of the form: one rule for both.
    #[test]
    fn a_claims_parameter_is_read_or_refused(text in "[{}\\[\\]\":,a-z ]{0,40}") {
        let mut pairs = vec![("claims", text.as_str())];
        pairs.extend([
            ("client_id", "kosodate"),
            ("redirect_uri", "https://a.example/"),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = Parameters::from_urlencoded(query.as_bytes()).expect("a well-formed query");
        let parsed = AuthorizationRequest::parse(&request, &client("https://a.example/"));
        let is_object = serde_json::from_str::<Value>(&text).is_ok_and(|value| value.is_object());
        if parsed.is_ok() {
            prop_assert!(is_object || text.is_empty(), "{}", text);
        }
    }
}
