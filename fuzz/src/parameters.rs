//! Parameters of requests, against a second reader, and the authorization request that is made of them.

use std::collections::BTreeMap;

use madoguchi_oidc::{AuthorizationRequest, Client, ClientAuthentication, Parameters, Profile, Prompt};

/// Reads any octets as a query or form.
pub fn parameters(octets: &[u8]) {
    let expected = second_reader(octets);
    // A planted bug: an encoded NUL becomes a space.
    let given = if cfg!(feature = "planted_parameters") { without_nul(octets) } else { octets.to_vec() };
    match (Parameters::from_urlencoded(&given), expected) {
        (Ok(parameters), Some(expected)) => {
            for (name, value) in &expected {
                let value = (!value.is_empty()).then_some(value.as_str());
                assert_eq!(parameters.value(name), value, "{name}");
            }
            request(&parameters);
        }
        (Ok(_), None) => panic!("read what must be refused"),
        (Err(error), Some(_)) => panic!("refused what must be read: {error}"),
        (Err(_), None) => {}
    }
}

/// A request that passes says what its parameters say, and goes nowhere but to the client.
fn request(parameters: &Parameters) {
    for profile in Profile::ALL {
        let uris = vec!["https://a.example/".to_owned()];
        let client = Client::new(profile, "a", uris, ClientAuthentication::None);
        let Ok(request) = AuthorizationRequest::parse(parameters, &client) else { continue };
        assert_eq!(parameters.value("client_id"), Some("a"));
        assert_eq!(parameters.value("redirect_uri"), Some("https://a.example/"));
        assert_eq!(parameters.value("response_type"), Some("code"));
        assert_eq!(parameters.value("state"), request.state.as_deref());
        assert_eq!(parameters.value("nonce"), request.nonce.as_deref());
        assert!(request.code_challenge.is_some(), "PKCE is nobody's to leave out");
        assert_eq!(parameters.value("code_challenge_method"), Some("S256"));
        assert_eq!(request.scope, "openid");
        assert!(request.prompt.len() < 2 || !request.prompt.contains(&Prompt::None));
        assert_eq!(request.max_age.is_some(), parameters.value("max_age").is_some());
        assert!(
            ["request", "request_uri", "registration"].iter().all(|name| parameters.value(name).is_none())
        );
        if profile == Profile::DaCompat {
            assert!(request.state.is_some() && request.nonce.is_some());
        }
    }
}

/// The WHATWG's reader, and all the reasons for which the strict one refuses, each looked for by itself.
fn second_reader(octets: &[u8]) -> Option<BTreeMap<String, String>> {
    let encoded = octets.iter().all(|octet| (0x21..=0x7E).contains(octet));
    let mut escapes = octets.split(|octet| *octet == b'%').skip(1);
    let escaped = escapes.all(|rest| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit));
    if octets.len() > 65_536 || !encoded || !escaped {
        return None;
    }
    let mut all = BTreeMap::new();
    for pair in octets.split(|octet| *octet == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = form_urlencoded::parse(pair).into_owned().next()?;
        let replaced = |text: &str| text.contains('\u{FFFD}');
        // The replacement character may have been sent as such.
        if (replaced(&name) || replaced(&value)) && !is_utf8(pair) {
            return None;
        }
        let most = if name == "request" { 16_384 } else { 4_096 };
        let long = name.len() > 4_096 || value.len() > most;
        let control = name.chars().chain(value.chars()).any(char::is_control);
        if name.is_empty() || long || control || all.insert(name, value).is_some() {
            return None;
        }
    }
    (all.len() <= 64).then_some(all)
}

fn is_utf8(pair: &[u8]) -> bool {
    let mut halves = pair.splitn(2, |octet| *octet == b'=');
    halves.all(|half| std::str::from_utf8(&decoded(half)).is_ok())
}

fn decoded(half: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = half;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (b'%', [high, low, tail @ ..]) = (first, tail) {
            let digits = [*high, *low];
            let digits = std::str::from_utf8(&digits).expect("hexadecimal digits");
            octets.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
            rest = tail;
        } else {
            octets.push(*first);
        }
    }
    octets
}

fn without_nul(octets: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(octets).replace("%00", "%20").into_bytes()
}
