//! A sign-in that goes well.

use madoguchi_oidc::{ACR_CARD_PIN, AccessToken, at_hash};
use madoguchi_protocol::{Display, Lang, Origin, gateway_tag};
use madoguchi_storage::{AuditKind, SignInState};
use madoguchi_test_pki::{CardOptions, KeyKind};
use madoguchi_tests::gateway::{
    HINATA, MIDORI, NOW, SESSION_COOKIE, TestBrowser, TestCard, TestGateway, TestService, Visit,
};
use serde_json::json;

/// Everything that each party sees on the way.
#[tokio::test]
async fn a_resident_signs_in() {
    let gateway = TestGateway::new().await;
    let before = gateway.stored();
    let mut visit = Visit::new(&gateway).await;
    assert_eq!(gateway.stored(), before, "the start page stores nothing");
    assert_eq!(visit.status().await, json!({ "state": "waiting" }));

    let to_agent = visit.press().await;
    let tag = gateway_tag(&Origin::parse(MIDORI.issuer).unwrap());
    assert_eq!(to_agent.location(), format!("http://127.0.0.1:24817/t/{tag}/{}", visit.ticket));
    assert_eq!(visit.state().await, SignInState::Started);
    assert_eq!(visit.status().await, json!({ "state": "waiting" }));

    visit.claim().await;
    let claim = visit.claimed_answer();
    assert_eq!(
        (claim.kind.as_str(), claim.client_id.as_str(), claim.expires_in),
        ("sign-in-v1", "kosodate", 600)
    );
    let display = Display::from_der(&claim.display).unwrap();
    assert_eq!(Some(display.comparison_code()), visit.start.text_of(".code").as_deref());
    let text = display.text(Lang::English).unwrap();
    assert_eq!((text.municipality.as_str(), text.service.as_str()), ("midori", "Childcare"));
    let plain = display.text(Lang::PlainJapanese).unwrap();
    assert_eq!(plain.lang, Lang::Japanese, "no language that not every text has");
    assert_eq!(visit.status().await, json!({ "state": "answered" }));

    gateway.wait(100);
    assert_eq!(visit.finish().await.json(), json!({ "return_within": 60 }));
    assert_eq!(visit.state().await, SignInState::Proven);
    assert_eq!(visit.status().await, json!({ "state": "answered" }), "no session yet");
    visit.nobody_is_signed_in().await;

    gateway.wait(5);
    visit.come_back().await;
    assert_eq!(visit.state().await, SignInState::Completed);
    assert_eq!(gateway.audit(MIDORI).await, [(AuditKind::SignInCompleted, None)]);
    let next = format!("/sign-in/{}/answer", visit.id());
    assert_eq!(visit.status().await, json!({ "state": "completed", "next": next }));

    let answer = visit.take_answer().await;
    let callback = answer.location().to_owned();
    assert!(callback.starts_with("https://kosodate.example/callback?code="), "{callback}");
    assert_eq!(answer.location_parameter("state").as_ref(), Some(&visit.service.state));
    assert_eq!(answer.location_parameter("iss").as_deref(), Some(MIDORI.issuer));
    assert_eq!(visit.browser.cookie_names(), [SESSION_COOKIE], "the sign-in's own are gone");
    assert_eq!(visit.status().await, json!({ "state": "over" }));

    let code = answer.location_parameter("code").unwrap();
    gateway.wait(1);
    let answer = visit.service.redeem(&gateway, &code).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let tokens = answer.json();
    assert_eq!((tokens["token_type"].as_str(), tokens["scope"].as_str()), (Some("Bearer"), Some("openid")));

    let claims = visit.claims(&tokens).await;
    let token = tokens["access_token"].as_str().unwrap();
    let now = NOW + 106;
    assert_eq!(
        claims,
        json!({
            "iss": MIDORI.issuer,
            "aud": "kosodate",
            "sub": claims["sub"],
            "nonce": visit.service.nonce,
            "acr": ACR_CARD_PIN,
            "amr": ["sc", "pin", "mfa"],
            "auth_time": NOW + 100,
            "iat": now,
            "exp": now + 300,
            "at_hash": at_hash(&AccessToken::parse(token).unwrap()),
            "sid": claims["sid"],
            "revocation_source": "crl",
            "revocation_checked_at": NOW + 100,
        })
    );
    assert!(claims["sub"].as_str().is_some_and(|sub| sub.len() == 43));
    assert!(claims["sid"].as_str().is_some_and(|sid| sid.len() == 22));
    let userinfo = visit.service.userinfo(&gateway, token).await;
    assert_eq!(userinfo.json(), json!({ "sub": claims["sub"] }));
    assert_eq!(gateway.accounts(MIDORI).await, 1);
}

/// The cards of today and of tomorrow.
#[tokio::test]
async fn every_kind_of_card_key_signs_in() {
    let gateway = TestGateway::new().await;
    for kind in [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384] {
        let mut visit = Visit::new(&gateway).await;
        visit.card = gateway.card_of_kind(kind);
        let tokens = visit.tokens().await;
        assert_eq!(visit.claims(&tokens).await["amr"], json!(["sc", "pin", "mfa"]), "{kind:?}");
    }
    assert_eq!(gateway.accounts(MIDORI).await, 3);
}

#[tokio::test]
async fn a_public_service_redeems_its_code_with_pkce_alone() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::of(&gateway, TestService::tosho(MIDORI)).await;
    let tokens = visit.tokens().await;
    assert_eq!(visit.claims(&tokens).await["aud"], "tosho");
}

async fn sub(gateway: &TestGateway, service: TestService, card: TestCard) -> (String, TestCard) {
    let mut visit = Visit::of(gateway, service).await;
    visit.card = card;
    let tokens = visit.tokens().await;
    let claims = visit.claims(&tokens).await;
    (claims["sub"].as_str().expect("text").to_owned(), visit.card)
}

#[tokio::test]
async fn a_sub_tells_services_and_municipalities_nothing_about_each_other() {
    let gateway = TestGateway::new().await;
    let kosodate = |town| TestService::kosodate(&gateway, town);
    let (first, card) = sub(&gateway, kosodate(MIDORI), gateway.card()).await;
    let (again, card) = sub(&gateway, kosodate(MIDORI), card).await;
    assert_eq!(first, again, "same card, same service");
    assert_eq!(gateway.accounts(MIDORI).await, 1);
    let (elsewhere, card) = sub(&gateway, TestService::tosho(MIDORI), card).await;
    assert_eq!(gateway.accounts(MIDORI).await, 1, "one resident");
    let (other_town, _) = sub(&gateway, kosodate(HINATA), card).await;
    let (renewed, _) = sub(&gateway, kosodate(MIDORI), gateway.card()).await;
    assert_eq!(gateway.accounts(MIDORI).await, 2, "a renewed card is a new account");
    let mut all = vec![first, elsewhere, other_town, renewed];
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4);
}

#[tokio::test]
async fn two_sign_ins_have_two_sessions() {
    let gateway = TestGateway::new().await;
    let mut sids = Vec::new();
    for _ in 0..2 {
        let mut visit = Visit::new(&gateway).await;
        let tokens = visit.tokens().await;
        sids.push(visit.claims(&tokens).await["sid"].clone());
    }
    assert_ne!(sids[0], sids[1]);
}

#[tokio::test]
async fn a_registered_query_stays_in_the_redirect_uri() {
    let gateway = TestGateway::new().await;
    let mut service = TestService::kosodate(&gateway, MIDORI);
    service.redirect_uri = "https://kosodate.example/callback?from=mado".to_owned();
    let mut visit = Visit::of(&gateway, service).await;
    visit.press().await;
    visit.claim().await;
    visit.finish().await;
    visit.come_back().await;
    let answer = visit.take_answer().await;
    assert_eq!(answer.location_parameter("from").as_deref(), Some("mado"));
    let code = answer.location_parameter("code").unwrap();
    assert_eq!(visit.service.redeem(&gateway, &code).await.status, 200);
}

/// Another issuing municipality's cards are as good as our own.
#[tokio::test]
async fn a_card_from_another_municipality_signs_in_here() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    visit.card =
        gateway.card_with(CardOptions { municipality: "99202".to_owned(), ..CardOptions::default() });
    visit.tokens().await;
}

#[tokio::test]
async fn without_fetch_metadata_a_browser_is_taken_at_its_word() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let back = visit.browser.get(&gateway, &visit.return_url(), &[]).await;
    assert_eq!(back.status, 303);
    let answer = visit.browser.get(&gateway, &visit.answer_url(), &[]).await;
    assert!(answer.location_parameter("code").is_some());
    let mut other = TestBrowser::new();
    other.get(&gateway, &visit.answer_url(), &[]).await.is_neutral();
}
