//! Properties that hold for every input.

use std::collections::BTreeMap;

use form_urlencoded::Serializer;
use madoguchi_oidc::{
    AuthorizationCode, AuthorizationError, AuthorizationRequest, Client, ClientAuthentication, Description,
    OAuthError, Parameters, Profile, check_redirect_uri, error_location, success_location,
};
use proptest::prelude::*;
use url::Url;

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
