//! The crate `openidconnect`, with RP-initiated logout and keys that change; the sample service shows the rest.

use std::collections::BTreeMap;

use madoguchi_demo::{Extras, Hop};
use madoguchi_tests::services::Operator;
use madoguchi_tests::town::{Town, Wishes};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreIdTokenClaims, CoreTokenResponse,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl,
    LogoutRequest, Nonce, PkceCodeChallenge, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl,
    RequestTokenError, TokenResponse as _,
};

use super::{SECRET, client, secret_basic, sign_out_from};

/// Nobody listens there: the test is the service, and looks at addresses.
const PORT: u16 = 9;

async fn town() -> Town {
    let gateway_toml = client("crate", PORT, &secret_basic());
    Town::with(Wishes { extras: Extras { gateway_toml, ..Extras::default() }, ..Wishes::default() }).await
}

fn call(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
    let (parts, mut body) = agent.run(request)?.into_parts();
    Ok(HttpResponse::from_parts(parts, body.read_to_vec()?))
}

fn metadata(town: &Town) -> ProviderMetadataWithLogout {
    let issuer = IssuerUrl::new(town.ports.issuer()).expect("an issuer");
    tokio::task::block_in_place(|| ProviderMetadataWithLogout::discover(&issuer, &call)).expect("metadata")
}

/// A sign-in with the card: the tokens, and the claims that the crate verified.
fn signed_in(town: &mut Town) -> (CoreTokenResponse, CoreIdTokenClaims) {
    let metadata = metadata(town);
    let redirect = RedirectUrl::new(format!("http://127.0.0.1:{PORT}/callback")).expect("an address");
    let party = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new("crate".to_owned()),
        Some(ClientSecret::new(SECRET.to_owned())),
    )
    .set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = party
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .set_pkce_challenge(challenge)
        .url();
    let start = town.open(url.as_str());
    let to_agent = town.press(&start);
    let done = town.finish(&to_agent);
    let Hop::Redirect(answer) = town.hop(&done.link("main a.button[href]").expect("the way on")) else {
        panic!("no redirect to the service")
    };
    let query: BTreeMap<_, _> = answer.url().query_pairs().into_owned().collect();
    assert_eq!((&query["state"], &query["iss"]), (state.secret(), &town.ports.issuer()));
    let exchange =
        party.exchange_code(AuthorizationCode::new(query["code"].clone())).expect("a token endpoint");
    let tokens = tokio::task::block_in_place(|| exchange.set_pkce_verifier(verifier).request(&call));
    let tokens = tokens.expect("tokens");
    let id_token = tokens.id_token().expect("an ID token");
    let claims = id_token.claims(&party.id_token_verifier(), &nonce).expect("it is verified").clone();
    (tokens, claims)
}

/// Where the browser ends that the crate sends to sign out.
fn signed_out(town: &mut Town, tokens: &CoreTokenResponse) -> url::Url {
    let endpoint = metadata(town).additional_metadata().end_session_endpoint.clone().expect("an endpoint");
    let bye = PostLogoutRedirectUrl::new(format!("http://127.0.0.1:{PORT}/bye")).expect("an address");
    let url = LogoutRequest::from(endpoint)
        .set_id_token_hint(tokens.id_token().expect("an ID token"))
        .set_post_logout_redirect_uri(bye)
        .set_state(CsrfToken::new("over".to_owned()))
        .http_get_url();
    let question = town.open(url.as_str());
    let form = question.form("form[action=\"/logout/confirm\"]").expect("the question");
    let after = town.navigate(form);
    after.link("main a.button[href]").expect("the way on").url().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_signs_in_and_out() {
    let mut town = town().await;
    let (tokens, claims) = signed_in(&mut town);
    assert_eq!(claims.auth_context_ref().map(|acr| acr.as_str()), Some("urn:madoguchi:acr:card-pin"));
    let bye = signed_out(&mut town, &tokens);
    assert_eq!((bye.path(), bye.query()), ("/bye", Some("state=over")));
    // Without a hint the resident is asked as well, and nobody is sent anywhere.
    let (_, again) = signed_in(&mut town);
    assert_eq!(again.subject(), claims.subject());
    let question = town.open(&format!("{}/logout", town.ports.issuer()));
    let after = sign_out_from(&mut town, &question);
    assert_eq!(after.url().origin().ascii_serialization(), town.ports.issuer());
    town.stack.stop().await;
}

/// The resident says no; and a code that is no good is an error that the crate knows by its name.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_with_its_reason() {
    let mut town = town().await;
    let metadata = metadata(&town);
    let redirect = RedirectUrl::new(format!("http://127.0.0.1:{PORT}/callback")).expect("an address");
    let secret = Some(ClientSecret::new(SECRET.to_owned()));
    let party = CoreClient::from_provider_metadata(metadata, ClientId::new("crate".to_owned()), secret)
        .set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, _) = party
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .set_pkce_challenge(challenge)
        .url();
    let start = town.open(url.as_str());
    let declined = start.form("form[action=\"/sign-in/decline\"]").expect("a way out");
    let page = town.navigate(declined);
    let back = page.link("main a.button[href]").expect("the way back").url().clone();
    assert!(back.as_str().starts_with(&format!("http://127.0.0.1:{PORT}/callback?")), "{back}");
    let query: BTreeMap<_, _> = back.query_pairs().into_owned().collect();
    assert_eq!((&query["error"][..], &query["error_description"][..]), ("access_denied", "declined"));
    assert_eq!((&query["state"], &query["iss"]), (state.secret(), &town.ports.issuer()));
    assert_eq!(query.get("code"), None);

    let never = AuthorizationCode::new("A".repeat(43));
    let exchange = party.exchange_code(never).expect("a token endpoint").set_pkce_verifier(verifier);
    let refused = tokio::task::block_in_place(|| exchange.request(&call));
    match refused {
        Err(RequestTokenError::ServerResponse(error)) => {
            assert_eq!(error.error(), &CoreErrorResponseType::InvalidGrant);
        }
        other => panic!("not refused by name: {other:?}"),
    }
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_disturb_nobody() {
    let mut town = town().await;
    let operator = Operator::of(&town.stack);
    let (old, claims) = signed_in(&mut town);
    let kid = operator.publish_key().await;
    operator.activate_key(&kid);
    // The old key's ID token still signs out; the new key's is verified.
    assert_eq!(signed_out(&mut town, &old).path(), "/bye");
    let (_, again) = signed_in(&mut town);
    assert_eq!(again.subject(), claims.subject());
    town.stack.stop().await;
}
