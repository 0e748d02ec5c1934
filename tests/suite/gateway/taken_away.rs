//! A redirect URI that an operator took away gets nothing from that moment on, whatever was under way: it may have been
//! taken away because somebody else has it. The same for a client that was disabled.

use madoguchi_oidc::{Client, ClientAuthentication, ClientSecret, Profile};
use madoguchi_protocol::{ErrorCode, LocalText};
use madoguchi_storage::{ClientChange, ClientWrite, Clients as _, Registration, SignInState};
use madoguchi_tests::gateway::{
    Answer, MIDORI, SignedIn, TestBrowser, TestGateway, TestService, Visit, form, random,
};

const ID: &str = "hikkoshi";
const CALLBACK: &str = "https://hikkoshi.example/callback";

/// A service that may refresh.
async fn service(gateway: &TestGateway) -> TestService {
    let secret = ClientSecret::generate(random()).expect("a secret");
    let authentication = ClientAuthentication::secret_basic(&secret);
    let client = Client::new(Profile::Standard, ID, vec![CALLBACK.to_owned()], authentication);
    let text = |ja: &str| LocalText { ja: ja.to_owned(), ja_x_plain: None, en: None };
    let registration = Registration {
        client: Client { refresh: true, ..client },
        name: text("引っこし"),
        purpose: text("本人確認"),
    };
    let written = gateway.store.add_client(MIDORI.id, registration, "tanaka").await.expect("a write");
    assert_eq!(written, ClientWrite::Done);
    TestService {
        client_id: ID.to_owned(),
        secret: Some(secret.encode().to_string()),
        redirect_uri: CALLBACK.to_owned(),
        ..TestService::tosho(MIDORI)
    }
}

async fn change(gateway: &TestGateway, kind: ClientChange, to: impl FnOnce(&mut Client)) {
    let record = gateway.store.client(MIDORI.id, ID).await.expect("a look").expect("a client");
    let mut registration = record.registration;
    to(&mut registration.client);
    let written = gateway.store.change_client(MIDORI.id, record.version, registration, kind, "tanaka").await;
    assert_eq!(written.expect("a write"), ClientWrite::Done);
    gateway.gateway.refresh().await;
}

/// What an operator does, and what page says so.
#[derive(Clone, Copy, Debug)]
enum Taken {
    Address,
    Client,
}

impl Taken {
    const BOTH: [Self; 2] = [Self::Address, Self::Client];

    async fn away(self, gateway: &TestGateway) {
        match self {
            Self::Address => {
                let elsewhere = |client: &mut Client| client.redirect_uris = vec![format!("{CALLBACK}/new")];
                change(gateway, ClientChange::Changed, elsewhere).await;
            }
            Self::Client => change(gateway, ClientChange::Disabled, |client| client.disabled = true).await,
        }
    }

    async fn back(gateway: &TestGateway) {
        let as_before = |client: &mut Client| {
            client.redirect_uris = vec![CALLBACK.to_owned()];
            client.disabled = false;
        };
        change(gateway, ClientChange::Changed, as_before).await;
    }

    /// A page of ours that leads nowhere.
    fn goes_nowhere(self, answer: &Answer) {
        let code = match self {
            Self::Address => ErrorCode::RedirectUriUnregistered,
            Self::Client => ErrorCode::ClientUnknown,
        };
        answer.is_error_page(400, code);
        leads_nowhere(answer);
    }
}

fn leads_nowhere(answer: &Answer) {
    for header in ["location", "refresh"] {
        assert_eq!(answer.headers.get(header), None, "{header}");
    }
    assert_eq!(answer.back(), None);
    assert!(!answer.body.contains("hikkoshi.example"), "{}", answer.body);
}

#[tokio::test]
async fn the_offer_goes_nowhere() {
    for taken in Taken::BOTH {
        let gateway = TestGateway::new().await;
        let service = service(&gateway).await;
        let mut resident = SignedIn::new(&gateway, TestService::kosodate(&gateway, MIDORI)).await;
        let offer = resident.offered(&service).await;
        taken.away(&gateway).await;
        let before = gateway.stored();
        for button in ["continue", "other", "decline"] {
            taken.goes_nowhere(&resident.press(&offer, button).await);
        }
        assert_eq!(gateway.stored(), before);
        Taken::back(&gateway).await;
        assert!(resident.press(&offer, "continue").await.onward().expect("a way").starts_with(CALLBACK));
    }
}

/// The sign-in does not begin; whoever says no ends what they began, and stays here.
#[tokio::test]
async fn the_start_page_goes_nowhere() {
    for taken in Taken::BOTH {
        let gateway = TestGateway::new().await;
        let service = service(&gateway).await;
        let mut visit = Visit::of(&gateway, service).await;
        visit.press().await;
        taken.away(&gateway).await;
        let before = gateway.stored();
        let sealed = visit.start.sealed("/sign-in/start");
        taken.goes_nowhere(&visit.press_with(&[("sealed", &sealed)]).await);
        assert_eq!(gateway.stored(), before);
        let url = MIDORI.url("/sign-in/decline");
        let declined = visit.browser.submit(&gateway, &url, &[("sealed", &sealed)]).await;
        assert_eq!(declined.status, 200);
        leads_nowhere(&declined);
        assert_eq!(visit.state().await, SignInState::Cancelled(ErrorCode::Declined));
    }
}

/// Neither with a code nor with an error, also after a card.
#[tokio::test]
async fn the_answer_goes_nowhere() {
    for taken in Taken::BOTH {
        let gateway = TestGateway::new().await;
        let service = service(&gateway).await;
        let mut visit = Visit::of(&gateway, service).await;
        visit.press().await;
        visit.claim().await;
        visit.finish().await;
        visit.come_back().await;
        taken.away(&gateway).await;
        let before = gateway.stored();
        taken.goes_nowhere(&visit.take_answer().await);
        assert_eq!(gateway.stored(), before, "nothing was handed out");
        Taken::back(&gateway).await;
        let code = visit.code().await;
        assert_eq!(visit.service.redeem(&gateway, &code).await.status, 200);
    }
}

#[tokio::test]
async fn the_page_of_a_stopped_sign_in_has_no_way_back() {
    for taken in Taken::BOTH {
        let gateway = TestGateway::new().await;
        let service = service(&gateway).await;
        let mut visit = Visit::of(&gateway, service).await;
        visit.press().await;
        visit.claim().await;
        visit.agent.cancel(&gateway, visit.id(), ErrorCode::PinWrong).await;
        assert!(visit.stopped().await.back().expect("a way back").starts_with(CALLBACK));
        taken.away(&gateway).await;
        let stopped = visit.stopped().await;
        stopped.is_error_page(200, ErrorCode::PinWrong);
        leads_nowhere(&stopped);
    }
}

/// What came through the address is worth nothing any more: a code, and what it gave for longer. A client that is
/// disabled cannot even say who it is (`c14_a_disabled_client_stops_at_every_door`).
#[tokio::test]
async fn codes_and_refresh_tokens_of_the_address_give_nothing() {
    let gateway = TestGateway::new().await;
    let service = service(&gateway).await;
    let url = service.authorize_url_of(&service.parameters_but(&[("scope", Some("openid offline_access"))]));
    let mut visit = Visit::at(&gateway, service.clone(), TestBrowser::new(), &url).await;
    let tokens = visit.tokens().await;
    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    let refresh = form(&refresh);
    let authorization = service.authorization();
    let authorization = authorization.as_deref();
    assert_eq!(service.token(&gateway, authorization, &refresh).await.status, 200);
    let (_, code) = Visit::code_at(&gateway, service.clone(), &url).await;

    Taken::Address.away(&gateway).await;
    service.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
    service.token(&gateway, authorization, &refresh).await.is_oauth_error(400, "invalid_grant");
    Taken::back(&gateway).await;
    assert_eq!(service.token(&gateway, authorization, &refresh).await.status, 200, "it was not spent");
    service.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
}
