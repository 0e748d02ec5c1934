use super::*;
use crate::testing::{CALLBACK, CHALLENGE, client, parameters, with};

const REQUEST: [(&str, &str); 8] = [
    ("client_id", "kosodate"),
    ("redirect_uri", CALLBACK),
    ("response_type", "code"),
    ("scope", "openid"),
    ("state", "af0ifjsldkj"),
    ("nonce", "n-0S6_WzA2Mj"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

fn parse(request: &[(&str, &str)]) -> Result<AuthorizationRequest, AuthorizationError> {
    AuthorizationRequest::parse(&parameters(request), &client())
}

fn accept(name: &str, value: Option<&str>) -> AuthorizationRequest {
    parse(&with(&REQUEST, name, value)).unwrap_or_else(|error| panic!("{name}={value:?}: {error}"))
}

/// The request with one parameter changed goes back to the client with this error, its state and the issuer.
#[track_caller]
fn refuse(name: &str, value: Option<&str>, error: OAuthError) {
    match parse(&with(&REQUEST, name, value)) {
        Err(AuthorizationError::Redirectable(refused)) => {
            assert_eq!((refused.error, refused.redirect_uri.as_str()), (error, CALLBACK), "{name}={value:?}");
            assert_eq!(refused.state.as_deref(), Some("af0ifjsldkj"));
        }
        other => panic!("{name}={value:?}: {other:?}"),
    }
}

#[test]
fn a_request_is_read_whole() {
    let mut full = REQUEST.to_vec();
    full.extend([
        ("prompt", "login consent login"),
        ("max_age", "300"),
        ("acr_values", "aal3 crl"),
        ("ui_locales", "ja en"),
        ("response_mode", "query"),
        // Ignored.
        ("login_hint", "x"),
        ("id_token_hint", "x"),
        ("display", "popup"),
        ("claims", "{}"),
        ("claims_locales", "ja"),
        ("unknown", "x"),
    ]);
    let expected = AuthorizationRequest {
        client_id: "kosodate".to_owned(),
        redirect_uri: CALLBACK.to_owned(),
        state: Some("af0ifjsldkj".to_owned()),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        scope: "openid".to_owned(),
        code_challenge: CodeChallenge::parse(CHALLENGE),
        prompt: vec![Prompt::Login, Prompt::Consent],
        max_age: Some(300),
        acr_values: vec!["aal3".to_owned(), "crl".to_owned()],
        acr: ACR_CARD_PIN.to_owned(),
        ui_locales: vec!["ja".to_owned(), "en".to_owned()],
        hinted_sub: None,
        dpop_jkt: None,
        pushed: None,
    };
    assert_eq!(parse(&full), Ok(expected.clone()));
    full.reverse();
    assert_eq!(parse(&full), Ok(expected.clone()));

    let json = serde_json::to_string(&expected).expect("serialises");
    assert_eq!(serde_json::from_str::<AuthorizationRequest>(&json).expect("a request"), expected);
}

/// Nothing that is read is lost on the way from a form to an address, and what is ignored does not travel.
#[test]
fn a_request_is_the_same_as_a_query() {
    let mut full = REQUEST.to_vec();
    full.extend([
        ("prompt", "login"),
        ("max_age", "300"),
        ("acr_values", "aal3 crl"),
        ("ui_locales", "ja en"),
        ("response_mode", "query"),
        ("claims", r#"{"id_token":{"sub":{"value":"a&b=c"}}}"#),
        ("dpop_jkt", CHALLENGE),
        ("id_token_hint", "a.b.c"),
        ("login_hint", "x"),
    ]);
    let sent = parameters(&full);
    let again = AuthorizationRequest::query_of(&sent);
    let again = Parameters::from_urlencoded(again.as_bytes()).expect("parameters");
    let read = |parameters| AuthorizationRequest::parse(parameters, &client()).expect("a request");
    assert_eq!(read(&again), read(&sent));
    assert_eq!(again.value("id_token_hint"), Some("a.b.c"));
    assert!(!again.has("login_hint"));
    for name in ["request", "request_uri", "registration"] {
        let refused = parameters(&with(&full, name, Some("x")));
        let again = AuthorizationRequest::query_of(&refused);
        let again = Parameters::from_urlencoded(again.as_bytes()).expect("parameters");
        assert_eq!(again.value(name), Some("x"), "{name}");
    }
}

#[test]
fn what_is_optional_may_be_absent() {
    let mut bare = REQUEST.to_vec();
    bare.retain(|(name, _)| !["state", "nonce"].contains(name));
    let request = parse(&bare).expect("a request");
    assert_eq!((request.state, request.nonce, request.max_age), (None, None, None));
    assert!(request.prompt.is_empty() && request.acr_values.is_empty() && request.ui_locales.is_empty());
}

/// RFC 6749 section 4.1.2.1: nobody is redirected to an address that is not known to be the client's, whatever
/// else is wrong.
#[test]
fn client_and_redirect_uri_errors_are_pages() {
    for (name, value, error) in [
        ("client_id", None, AuthorizationError::ClientIdMissing),
        ("client_id", Some("other"), AuthorizationError::ClientMismatch),
        ("client_id", Some("Kosodate"), AuthorizationError::ClientMismatch),
        ("redirect_uri", None, AuthorizationError::RedirectUriMissing),
        ("redirect_uri", Some("https://evil.example/"), AuthorizationError::RedirectUriUnregistered),
    ] {
        let request = with(&REQUEST, name, value);
        assert_eq!(parse(&request), Err(error.clone()));
        let wrong_elsewhere = with(&request, "response_type", Some("token"));
        assert_eq!(parse(&wrong_elsewhere), Err(error));
    }
}

/// C1: every spelling here was accepted by some provider once.
#[test]
fn c1_redirect_uris_are_compared_as_octets() {
    for uri in [
        "https://service.example/callback/",
        "https://service.example/callback?",
        "https://service.example/callback?a=b",
        "https://service.example/callback#",
        "https://service.example/Callback",
        "https://SERVICE.example/callback",
        "HTTPS://service.example/callback",
        "https://service.example:443/callback",
        "https://service.example/callback/..;/callback",
        "https://service.example/./callback",
        "https://service.example/%63allback",
        "https://service.example@evil.example/callback",
        "https://evil@service.example/callback",
        "https://service.example.evil.example/callback",
        "https://service.example/callbac",
        "http://service.example/callback",
        " https://service.example/callback",
        "https://service.example/callback ",
    ] {
        let refused = parse(&with(&REQUEST, "redirect_uri", Some(uri)));
        assert_eq!(refused, Err(AuthorizationError::RedirectUriUnregistered), "{uri}");
    }
}

#[test]
fn any_registered_redirect_uri_may_be_used() {
    let second = "https://service.example/second?tenant=midori".to_owned();
    let client = Client { redirect_uris: vec![CALLBACK.to_owned(), second.clone()], ..client() };
    let request = parameters(&with(&REQUEST, "redirect_uri", Some(&second)));
    let parsed = AuthorizationRequest::parse(&request, &client);
    assert_eq!(parsed.map(|request| request.redirect_uri), Ok(second));
}

/// CVE-2026-7571 brought the implicit flow back.
#[test]
fn c6_only_the_code_flow() {
    refuse("response_type", None, OAuthError::InvalidRequest);
    for response_type in ["token", "id_token", "code id_token", "code token", "none", "Code", "code code"] {
        refuse("response_type", Some(response_type), OAuthError::UnsupportedResponseType);
    }
    for response_mode in ["fragment", "form_post", "query.jwt"] {
        refuse("response_mode", Some(response_mode), OAuthError::InvalidRequest);
    }
}

#[test]
fn scope_holds_openid() {
    for scope in [None, Some("profile"), Some("openidx"), Some("OpenID")] {
        refuse("scope", scope, OAuthError::InvalidScope);
    }
    for scope in ["openid  profile", " openid", "openid ", "openid \"", "openid \\", "openid 窓"] {
        refuse("scope", Some(scope), OAuthError::InvalidScope);
    }
    // What does not exist here is ignored, and not granted.
    assert_eq!(accept("scope", Some("email openid profile")).scope, "openid");
}

#[test]
fn pkce_is_required_and_s256() {
    refuse("code_challenge", None, OAuthError::InvalidRequest);
    refuse("code_challenge", Some("short"), OAuthError::InvalidRequest);
    let neither = with(&with(&REQUEST, "code_challenge", None), "code_challenge_method", None);
    assert!(parse(&neither).is_err());
    // Without a method the request means `plain` (RFC 7636 section 4.3).
    for method in [None, Some("plain"), Some("s256"), Some("S512")] {
        refuse("code_challenge_method", method, OAuthError::InvalidRequest);
    }
}

/// Nothing is fetched, and nothing is ignored that would change the request.
#[test]
fn c16_request_objects_are_refused_by_name() {
    refuse("request", Some("e30.e30."), OAuthError::RequestNotSupported);
    refuse("request_uri", Some("http://169.254.169.254/"), OAuthError::RequestUriNotSupported);
    refuse("registration", Some("{}"), OAuthError::RegistrationNotSupported);
    // Also when the rest is in the object.
    let mut request = with(&REQUEST, "request", Some("e30.e30."));
    request.retain(|(name, _)| *name != "scope");
    assert!(matches!(
        parse(&request),
        Err(AuthorizationError::Redirectable(RedirectableError {
            error: OAuthError::RequestNotSupported,
            ..
        }))
    ));
}

#[test]
fn prompt_is_understood_or_refused() {
    assert_eq!(accept("prompt", Some("none")).prompt, [Prompt::None]);
    assert_eq!(accept("prompt", Some("select_account")).prompt, [Prompt::SelectAccount]);
    for prompt in ["none login", "login none", "create", "Login", "login  consent", "login "] {
        refuse("prompt", Some(prompt), OAuthError::InvalidRequest);
    }
}

#[test]
fn max_age_is_a_number_of_seconds() {
    assert_eq!(accept("max_age", Some("0")).max_age, Some(0));
    for max_age in ["-1", "+1", "1.0", "1e3", " 1", "x", "１", "18446744073709551616"] {
        refuse("max_age", Some(max_age), OAuthError::InvalidRequest);
    }
}

#[test]
fn nonce_and_state_are_bounded() {
    let (most, more) = ("x".repeat(1024), "x".repeat(1025));
    assert_eq!(accept("nonce", Some(&most)).nonce, Some(most.clone()));
    refuse("nonce", Some(&more), OAuthError::InvalidRequest);

    assert_eq!(accept("state", Some(&most)).state, Some(most));
    match parse(&with(&REQUEST, "state", Some(&more))) {
        // What is refused is not echoed.
        Err(AuthorizationError::Redirectable(refused)) => {
            assert_eq!((refused.error, refused.state), (OAuthError::InvalidRequest, None));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_goes_back_with_state_and_issuer() {
    let Err(AuthorizationError::Redirectable(refused)) = parse(&with(&REQUEST, "scope", None)) else {
        panic!("a request without scope");
    };
    assert_eq!(
        refused.location("https://madoguchi.example"),
        "https://service.example/callback?error=invalid_scope&error_description=scope+is+missing+or+malformed\
         &state=af0ifjsldkj&iss=https%3A%2F%2Fmadoguchi.example#"
    );
}

/// `ensure-request-with-valid-pkce-succeeds` and the three modules of the Basic plan that send none: the exemption is the
/// registration's, and a challenge that is sent counts also there.
#[test]
fn pkce_is_lifted_by_registration_alone() {
    let lifted = Client { danger_pkce_lifted: true, ..client() };
    let parse = |request: &[(&str, &str)]| AuthorizationRequest::parse(&parameters(request), &lifted);
    let without = with(&with(&REQUEST, "code_challenge", None), "code_challenge_method", None);
    assert_eq!(parse(&without).expect("a request").code_challenge, None);
    assert_eq!(parse(&REQUEST).expect("a request").code_challenge, CodeChallenge::parse(CHALLENGE));
    for wrong in [
        with(&REQUEST, "code_challenge", None),
        with(&REQUEST, "code_challenge", Some("short")),
        with(&REQUEST, "code_challenge_method", Some("plain")),
        with(&REQUEST, "code_challenge_method", None),
    ] {
        assert!(parse(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn da_compat_wants_state_and_nonce() {
    let client = Client { profile: crate::Profile::DaCompat, ..client() };
    let parse = |request: &[(&str, &str)]| AuthorizationRequest::parse(&parameters(request), &client);
    assert!(parse(&REQUEST).is_ok());
    for name in ["state", "nonce"] {
        for value in [None, Some("")] {
            match parse(&with(&REQUEST, name, value)) {
                Err(AuthorizationError::Redirectable(refused)) => {
                    assert_eq!(refused.error, OAuthError::InvalidRequest, "{name}");
                    assert_eq!(refused.state.is_none(), name == "state");
                }
                other => panic!("{name}={value:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn the_acr_is_what_is_done_under_the_name_that_was_asked_for() {
    assert_eq!(accept("acr_values", Some("aal3 crl")).acr, ACR_CARD_PIN);
    let claims = |value: &str| format!(r#"{{"id_token":{{"acr":{{"essential":true,{value}}}}}}}"#);
    assert_eq!(accept("claims", Some(&claims(r#""value":"aal3""#))).acr, "aal3");
    assert_eq!(accept("claims", Some(&claims(r#""values":[]"#))).acr, ACR_CARD_PIN);
    refuse("claims", Some(&claims(r#""value":"urn:other""#)), OAuthError::UnmetAuthenticationRequirements);
    refuse("claims", Some("{"), OAuthError::InvalidRequest);
}

#[test]
fn dpop_jkt_is_a_thumbprint() {
    let text = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    assert_eq!(accept("dpop_jkt", Some(text)).dpop_jkt, JwkThumbprint::parse(text));
    assert_eq!(accept("dpop_jkt", None).dpop_jkt, None);
    refuse("dpop_jkt", Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4"), OAuthError::InvalidRequest);
}

#[test]
fn a_hint_and_the_claims_parameter_name_one_subject() {
    let sub = |sub: &str| format!(r#"{{"id_token":{{"sub":{{"value":"{sub}"}}}}}}"#);
    let (none, one) = (accept("claims", None), accept("claims", Some(&sub("a"))));
    assert_eq!((none.hinted_sub.as_deref(), one.hinted_sub.as_deref()), (None, Some("a")));
    for request in [&none, &one] {
        let hinted = request.clone().hint(Some("a")).expect("a request");
        assert_eq!(hinted.hinted_sub.as_deref(), Some("a"));
    }
    for refused in [one.clone().hint(Some("b")), none.clone().hint(None), one.hint(None)] {
        match refused {
            Err(AuthorizationError::Redirectable(refused)) => {
                assert_eq!(refused.error, OAuthError::InvalidRequest);
                assert_eq!(refused.state.as_deref(), Some("af0ifjsldkj"));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Whoever pushed a request hears of every fault, also of those that a browser is shown on a page.
#[test]
fn a_pushed_request_is_told_everything() {
    for (name, value, code) in [
        ("client_id", None, "invalid_request"),
        ("client_id", Some("other"), "invalid_request"),
        ("redirect_uri", None, "invalid_request"),
        ("redirect_uri", Some("https://evil.example/"), "invalid_request"),
        ("scope", None, "invalid_scope"),
    ] {
        let (error, description) = parse(&with(&REQUEST, name, value)).expect_err("refused").told();
        assert_eq!(error.as_str(), code, "{name}");
        assert!(description.as_str().contains(name), "{description}");
    }
}

/// A request that an earlier version stored or sealed goes on.
#[test]
fn an_earlier_request_is_read() {
    let mut json = serde_json::to_value(accept("state", None)).expect("serialises");
    let members = json.as_object_mut().expect("an object");
    for name in ["acr", "hinted_sub", "dpop_jkt", "pushed"] {
        assert!(members.remove(name).is_some(), "{name}");
    }
    let read: AuthorizationRequest = serde_json::from_value(json).expect("a request");
    assert_eq!(read, accept("state", None));
}
