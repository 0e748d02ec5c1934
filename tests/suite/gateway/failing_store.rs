//! C15 (fosite CVE-2020-15223): what was not written down is not answered as done, and nothing is lost by it.

use madoguchi_oidc::PATH_REVOCATION;
use madoguchi_tests::gateway::{KeyedService, MIDORI, TestGateway, Visit};

#[tokio::test]
async fn c15_a_failing_store_is_no_success() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register_as(&gateway, MIDORI, "kin", |client| client.refresh = true).await;
    let parameters = keyed.service.parameters_but(&[("scope", Some("openid offline_access"))]);
    let url = keyed.service.authorize_url_of(&parameters);
    let (mut visit, code) = Visit::code_at(&gateway, keyed.service.clone(), &url).await;
    let form = keyed.service.token_form(&code);
    let gate = &gateway.gate;
    let fails = async |method: &'static str, path: &str, fields: &[(&'static str, String)]| {
        gate.breaks(&[method]);
        keyed.post(&gateway, path, fields, &[]).await.is_away();
        gate.breaks(&[]);
    };

    for method in ["find_code", "redeem_code", "kept", "use_once"] {
        fails(method, "/token", &form).await;
    }
    let tokens = keyed.post(&gateway, "/token", &form, &[]).await.json();
    let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{name}: {tokens}")).to_owned();

    let refresh = [("grant_type", "refresh_token".to_owned()), ("refresh_token", text("refresh_token"))];
    for method in ["find_refresh_token", "use_refresh_token", "kept"] {
        fails(method, "/token", &refresh).await;
    }
    assert_eq!(keyed.post(&gateway, "/token", &refresh, &[]).await.status, 200);

    let token = [("token", text("refresh_token"))];
    fails("revoke_token", PATH_REVOCATION, &token).await;
    fails("find_refresh_token", "/introspect", &token).await;
    gate.breaks(&["find_access_token"]);
    assert_eq!(keyed.service.userinfo(&gateway, &text("access_token")).await.status, 503);
    gate.breaks(&[]);
    // The token that was said not to be revoked lives, until it is said to be.
    assert_eq!(keyed.post(&gateway, "/token", &refresh, &[]).await.status, 200);
    assert_eq!(keyed.post(&gateway, PATH_REVOCATION, &token, &[]).await.status, 200);
    keyed.post(&gateway, "/token", &refresh, &[]).await.is_oauth_error(400, "invalid_grant");
    fails("push_request", "/par", &keyed.service.parameters()).await;

    let question = visit.browser.open(&gateway, &MIDORI.url("/logout")).await;
    let sealed = question.sealed("/logout/confirm");
    let press = [("sealed", sealed.as_str())];
    gate.breaks(&["end_sessions"]);
    let confirm = MIDORI.url("/logout/confirm");
    let cookie = visit.browser.cookie_names().len();
    assert_eq!(visit.browser.submit(&gateway, &confirm, &press).await.status, 503);
    assert_eq!(visit.browser.cookie_names().len(), cookie, "nobody is told that they are signed out");
    gate.breaks(&[]);
    assert_eq!(visit.browser.submit(&gateway, &confirm, &press).await.status, 200);
}
