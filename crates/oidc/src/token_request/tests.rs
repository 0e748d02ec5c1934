//! Tests of token requests.

use super::*;
use crate::testing::{CALLBACK, CHALLENGE, VERIFIER, client, grant, parameters, with};
use crate::{Client, OAuthError};

const CODE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
const FORM: [(&str, &str); 4] = [
    ("grant_type", "authorization_code"),
    ("code", CODE),
    ("redirect_uri", CALLBACK),
    ("code_verifier", VERIFIER),
];
const A: JwkThumbprint = JwkThumbprint([1; 32]);
const B: JwkThumbprint = JwkThumbprint([2; 32]);

fn parse(form: &[(&str, &str)]) -> Result<TokenRequest, TokenError> {
    TokenRequest::parse(&parameters(form))
}

fn code(form: &[(&str, &str)]) -> CodeRequest {
    match parse(form).expect("a request") {
        TokenRequest::Code(request) => request,
        TokenRequest::Refresh(_) => panic!("not a code"),
    }
}

fn redeem(grant: &CodeGrant, client: &Client, form: &[(&str, &str)]) -> Result<(), TokenError> {
    check_code_grant(grant, &AuthenticatedClient::believed(client), &code(form))
}

#[test]
fn a_request_holds_all_its_parameters() {
    assert_eq!(*code(&FORM).code.encode(), CODE);
    for name in ["grant_type", "code", "redirect_uri"] {
        let missing = Some(TokenError::ParameterMissing { name });
        assert_eq!(parse(&with(&FORM, name, None)).err(), missing);
    }
    for grant_type in [
        "password",
        "client_credentials",
        "Authorization_Code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        let refused = parse(&with(&FORM, "grant_type", Some(grant_type))).err();
        assert_eq!(refused, Some(TokenError::UnsupportedGrantType), "{grant_type}");
    }
    assert_eq!(parse(&with(&FORM, "code", Some("x"))).err(), Some(TokenError::UnknownCode));
    let refused = parse(&with(&FORM, "code_verifier", Some("x"))).err();
    assert_eq!(refused, Some(TokenError::MalformedVerifier));
}

/// Taken away since: whoever has that address now has its codes.
#[test]
fn a_code_of_an_address_that_was_taken_away_is_refused() {
    let moved = Client { redirect_uris: vec!["https://service.example/new".to_owned()], ..client() };
    assert_eq!(redeem(&grant(), &client(), &FORM), Ok(()));
    assert_eq!(redeem(&grant(), &moved, &FORM), Err(TokenError::RedirectUriUnregistered));
    let other = Client { id: "other".to_owned(), ..moved };
    assert_eq!(redeem(&grant(), &other, &FORM), Err(TokenError::WrongClient), "which spends nothing");
}

#[test]
fn a_refresh_holds_its_token() {
    let form = [("grant_type", "refresh_token"), ("refresh_token", CODE), ("scope", "openid")];
    let read = |form: &[(&str, &str)]| match parse(form).expect("a request") {
        TokenRequest::Refresh(request) => request,
        TokenRequest::Code(_) => panic!("not a refresh"),
    };
    assert_eq!(*read(&form).token.encode(), CODE);
    assert_eq!(read(&form).scope.as_deref(), Some("openid"));
    assert_eq!(read(&form[..2]).scope, None);
    let refused = |value| parse(&with(&form, "refresh_token", value)).err();
    assert_eq!(refused(None), Some(TokenError::ParameterMissing { name: "refresh_token" }));
    assert_eq!(refused(Some("x")), Some(TokenError::UnknownRefreshToken));
}

#[test]
fn the_right_client_with_the_right_proof_redeems() {
    assert_eq!(redeem(&grant(), &client(), &FORM), Ok(()));
}

/// The first rule that fails answers: client, then redirect URI, then PKCE. A wrong client never learns whether its proof
/// was right and never spends the code.
#[test]
fn c3_c23_the_grant_is_bound_and_checked_in_order() {
    let other = Client { id: "other".to_owned(), ..client() };
    let wrong_uri = with(&FORM, "redirect_uri", Some("https://service.example/callback/"));
    let wrong_verifier = with(&FORM, "code_verifier", Some(CHALLENGE));
    let both = with(&wrong_uri, "code_verifier", Some(CHALLENGE));
    for (client, form, error, consumes) in [
        (&other, FORM.to_vec(), TokenError::WrongClient, false),
        (&other, both.clone(), TokenError::WrongClient, false),
        (&client(), both, TokenError::WrongRedirectUri, true),
        (&client(), wrong_uri, TokenError::WrongRedirectUri, true),
        (&client(), wrong_verifier, TokenError::WrongVerifier, true),
    ] {
        assert_eq!(redeem(&grant(), client, &form), Err(error));
        assert_eq!((error.consumes_code(), error.error()), (consumes, OAuthError::InvalidGrant));
    }
}

/// RFC 9700 section 2.1.1: where PKCE may be left out, a verifier without a challenge shows that somebody took the challenge
/// away; and one that was sent is held to.
#[test]
fn pkce_cannot_be_downgraded() {
    let without = CodeGrant { code_challenge: None, ..grant() };
    let no_verifier = with(&FORM, "code_verifier", None);
    assert_eq!(redeem(&without, &client(), &no_verifier), Ok(()));
    assert_eq!(redeem(&without, &client(), &FORM), Err(TokenError::WrongVerifier));
    let missing = TokenError::ParameterMissing { name: "code_verifier" };
    assert_eq!(redeem(&grant(), &client(), &no_verifier), Err(missing));
    assert!(!missing.consumes_code());
}

/// Bound where the request was, where the proof is, and where the client must be; by one function.
#[test]
fn c24_the_key_is_that_of_the_request() {
    let bound = CodeGrant { dpop_jkt: Some(A), ..grant() };
    let strict = Client { require_dpop: true, ..client() };
    let check = |grant: &CodeGrant, client: &Client, proof| {
        check_dpop_key(grant, &AuthenticatedClient::believed(client), proof)
    };
    for (grant, client, proof, outcome) in [
        (&grant(), &client(), None, Ok(None)),
        (&grant(), &client(), Some(A), Ok(Some(A))),
        (&bound, &client(), Some(A), Ok(Some(A))),
        (&bound, &client(), Some(B), Err(TokenError::WrongDpopKey)),
        (&bound, &client(), None, Err(TokenError::DpopProofMissing)),
        (&grant(), &strict, None, Err(TokenError::DpopProofMissing)),
        (&grant(), &strict, Some(A), Ok(Some(A))),
    ] {
        assert_eq!(check(grant, client, proof), outcome);
    }
    assert!(TokenError::WrongDpopKey.consumes_code() && !TokenError::DpopProofMissing.consumes_code());
}

#[test]
fn a_grant_takes_over_the_request_and_survives_storage() {
    let request = AuthorizationRequest::parse(
        &parameters(&[
            ("client_id", "kosodate"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]),
        &client(),
    )
    .expect("a request");
    assert_eq!(CodeGrant::from(&request), grant());
    let bound = CodeGrant { dpop_jkt: Some(A), code_challenge: None, ..grant() };
    for grant in [grant(), bound] {
        let json = serde_json::to_string(&grant).expect("serialises");
        assert_eq!(serde_json::from_str::<CodeGrant>(&json).expect("a grant"), grant);
    }
    // As earlier versions wrote it.
    let earlier = format!(
        r#"{{"client_id":"kosodate","redirect_uri":"{CALLBACK}","code_challenge":"{CHALLENGE}","nonce":"n","scope":"openid"}}"#
    );
    assert_eq!(serde_json::from_str::<CodeGrant>(&earlier).expect("a grant"), grant());
}
