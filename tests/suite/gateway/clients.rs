//! Clients and municipalities that operators register while the gateway runs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use madoguchi_gateway::{RegistryConflict, RegistryError};
use madoguchi_oidc::{
    CLIENT_ASSERTION_TYPE, Client, ClientAuthentication, ClientSecret, PATH_PAR, PATH_TOKEN, Profile,
};
use madoguchi_protocol::{ErrorCode, LocalText};
use madoguchi_storage::{
    ClientChange, ClientWrite, Clients as _, Municipalities as _, MunicipalityAdded, MunicipalityChange,
    MunicipalityChanged, NewMunicipality, Registration, SealedSecret, SecretPurpose, Secrets as _,
};
use madoguchi_tests::gateway::{
    Answer, HINATA, KOSODATE, KeyedService, MIDORI, TestBrowser, TestGateway, TestService, Town, Visit, form,
    post, random,
};
use serde_json::json;

fn text(ja: &str) -> LocalText {
    LocalText { ja: ja.to_owned(), ja_x_plain: None, en: None }
}

fn registration(id: &str, authentication: ClientAuthentication) -> Registration {
    let uris = vec![format!("https://{id}.example/callback")];
    Registration {
        client: Client::new(Profile::Standard, id, uris, authentication),
        name: text("あとから"),
        purpose: text("本人確認"),
    }
}

async fn add(gateway: &TestGateway, town: Town, registration: Registration) {
    let written = gateway.store.add_client(town.id, registration, "tanaka").await.expect("a write");
    assert_eq!(written, ClientWrite::Done);
}

/// A service with a secret that is registered now. The gateway is told nothing.
async fn with_secret(gateway: &TestGateway, town: Town, id: &str) -> TestService {
    let secret = ClientSecret::generate(random()).expect("a secret");
    add(gateway, town, registration(id, ClientAuthentication::secret_basic(&secret))).await;
    TestService {
        client_id: id.to_owned(),
        secret: Some(secret.encode().to_string()),
        redirect_uri: format!("https://{id}.example/callback"),
        ..TestService::tosho(town)
    }
}

async fn set_disabled(gateway: &TestGateway, town: Town, id: &str, disabled: bool) {
    let record = gateway.store.client(town.id, id).await.expect("a look").expect("a client");
    let mut to = record.registration;
    to.client.disabled = disabled;
    let change = if disabled { ClientChange::Disabled } else { ClientChange::Enabled };
    let written = gateway.store.change_client(town.id, record.version, to, change, "tanaka").await;
    assert_eq!(written.expect("a write"), ClientWrite::Done);
}

async fn authorize(gateway: &TestGateway, service: &TestService) -> Answer {
    TestBrowser::new().get(gateway, &service.authorize_url(), &[]).await
}

/// Nobody tells the gateway: it asks when it meets a client that it does not know.
#[tokio::test]
async fn a_client_that_was_just_registered_signs_residents_in() {
    let gateway = TestGateway::new().await;
    let mut service = TestService::tosho(MIDORI);
    service.client_id = "atokara".to_owned();
    service.redirect_uri = "https://atokara.example/callback".to_owned();
    authorize(&gateway, &service).await.is_error_page(400, ErrorCode::ClientUnknown);
    let service = with_secret(&gateway, MIDORI, "atokara").await;
    let mut visit = Visit::of(&gateway, service).await;
    let tokens = visit.tokens().await;
    assert_eq!(visit.claims(&tokens).await["aud"], "atokara");
}

/// Zitadel CVE-2023-22492, Keycloak GHSA-895x-rfqp-jh5c: everywhere, and for what it holds already.
#[tokio::test]
async fn c14_a_disabled_client_stops_at_every_door() {
    let gateway = TestGateway::new().await;
    let service = with_secret(&gateway, MIDORI, "atokara").await;
    let mut signed_in = Visit::of(&gateway, service.clone()).await;
    let tokens = signed_in.tokens().await;
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(service.userinfo(&gateway, &token).await.status, 200);
    let mut at_start = Visit::of(&gateway, service.clone()).await;
    let mut with_code = Visit::of(&gateway, service.clone()).await;
    with_code.press().await;
    with_code.claim().await;
    with_code.finish().await;
    with_code.come_back().await;
    let code = with_code.code().await;

    set_disabled(&gateway, MIDORI, "atokara", true).await;
    gateway.gateway.refresh().await;
    authorize(&gateway, &service).await.is_error_page(400, ErrorCode::ClientUnknown);
    let sealed = at_start.start.sealed("/sign-in/start");
    at_start.press_with(&[("sealed", &sealed)]).await.is_error_page(400, ErrorCode::ClientUnknown);
    with_code.service.redeem(&gateway, &code).await.is_oauth_error(401, "invalid_client");
    let refused = service.userinfo(&gateway, &token).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("invalid_token"));

    set_disabled(&gateway, MIDORI, "atokara", false).await;
    gateway.gateway.refresh().await;
    assert_eq!(service.userinfo(&gateway, &token).await.status, 200);
    // Its code was not spent meanwhile.
    assert_eq!(with_code.service.redeem(&gateway, &code).await.status, 200);
}

/// What a removed client holds is worth nothing, to it or to anybody else.
#[tokio::test]
async fn c14_a_removed_client_keeps_nothing() {
    let gateway = TestGateway::new().await;
    let service = with_secret(&gateway, MIDORI, "atokara").await;
    let mut visit = Visit::of(&gateway, service.clone()).await;
    let tokens = visit.tokens().await;
    let token = tokens["access_token"].as_str().expect("a token");
    let removed = gateway.store.remove_client(MIDORI.id, "atokara", "tanaka").await.expect("a write");
    assert_eq!(removed, ClientWrite::Done);
    gateway.gateway.refresh().await;
    assert_eq!(service.userinfo(&gateway, token).await.status, 401);
    authorize(&gateway, &service).await.is_error_page(400, ErrorCode::ClientUnknown);
}

/// The old secret works for the overlap that the operator named, by the gateway's clock.
#[tokio::test]
async fn a_rotated_secret_overlaps() {
    let gateway = TestGateway::new().await;
    let old = with_secret(&gateway, MIDORI, "atokara").await;
    let secret = ClientSecret::generate(random()).expect("a secret");
    let record = gateway.store.client(MIDORI.id, "atokara").await.expect("a look").expect("a client");
    let mut to = record.registration;
    let ClientAuthentication::SecretBasic(hashed) = &to.client.authentication else { panic!("no secret") };
    let hashed = hashed.replaced_by(&secret, Some(gateway.now() + 60));
    to.client.authentication = ClientAuthentication::SecretBasic(hashed);
    let change = ClientChange::SecretRotated;
    let written = gateway.store.change_client(MIDORI.id, record.version, to, change, "tanaka").await;
    assert_eq!(written.expect("a write"), ClientWrite::Done);
    gateway.gateway.refresh().await;
    let new = TestService { secret: Some(secret.encode().to_string()), ..old.clone() };
    // Who is authenticated is told that the code is unknown.
    let asks = async |service: &TestService| service.redeem(&gateway, &"A".repeat(43)).await;
    asks(&old).await.is_oauth_error(400, "invalid_grant");
    asks(&new).await.is_oauth_error(400, "invalid_grant");
    gateway.wait(60);
    asks(&old).await.is_oauth_error(401, "invalid_client");
    asks(&new).await.is_oauth_error(400, "invalid_grant");
}

/// The file's is used, an operator is told, and everything else goes on.
#[tokio::test]
async fn a_client_in_two_places_is_a_conflict_that_the_file_wins() {
    let gateway = TestGateway::new().await;
    add(&gateway, MIDORI, registration(KOSODATE.client_id, ClientAuthentication::None)).await;
    let error = gateway.gateway.load_registry().await.expect_err("a conflict");
    let conflict =
        RegistryConflict::Client { municipality: "midori".to_owned(), client_id: "kosodate".to_owned() };
    assert!(matches!(&error, RegistryError::Conflict(told) if *told == conflict), "{error}");
    Visit::of(&gateway, TestService::kosodate(&gateway, MIDORI)).await.tokens().await;
    let other = with_secret(&gateway, MIDORI, "atokara").await;
    assert_eq!(authorize(&gateway, &other).await.status, 200);
    // In another municipality it is no conflict.
    let hinata = TestService::kosodate(&gateway, HINATA);
    Visit::of(&gateway, hinata).await.tokens().await;
}

#[tokio::test]
async fn a_client_of_one_municipality_is_unknown_in_another() {
    let gateway = TestGateway::new().await;
    let service = with_secret(&gateway, MIDORI, "atokara").await;
    let elsewhere = TestService { town: HINATA, ..service.clone() };
    authorize(&gateway, &elsewhere).await.is_error_page(400, ErrorCode::ClientUnknown);
    elsewhere.redeem(&gateway, &"A".repeat(43)).await.is_oauth_error(401, "invalid_client");
    // Disabled in one, it goes on in another where it has the same id.
    let twin = with_secret(&gateway, HINATA, "atokara").await;
    set_disabled(&gateway, MIDORI, "atokara", true).await;
    gateway.gateway.refresh().await;
    authorize(&gateway, &service).await.is_error_page(400, ErrorCode::ClientUnknown);
    assert_eq!(authorize(&gateway, &twin).await.status, 200);
    // Each has its own secret.
    let crossed = TestService { secret: service.secret.clone(), ..twin.clone() };
    crossed.redeem(&gateway, &"A".repeat(43)).await.is_oauth_error(401, "invalid_client");
    twin.redeem(&gateway, &"A".repeat(43)).await.is_oauth_error(400, "invalid_grant");
}

async fn token_request(gateway: &TestGateway, keyed: &KeyedService, town: Town, assertion: &str) -> Answer {
    let mut fields = keyed.service.token_form(&"A".repeat(43));
    fields.push(("client_assertion_type", CLIENT_ASSERTION_TYPE.to_owned()));
    fields.push(("client_assertion", assertion.to_owned()));
    post(gateway, town, PATH_TOKEN, &fields, &[]).await
}

/// Hydra CVE-2020-5300. Used at one endpoint, it is used at every other.
#[tokio::test]
async fn c9_an_assertion_authenticates_once() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Standard).await;
    let assertion = keyed.assertion(&gateway);
    token_request(&gateway, &keyed, MIDORI, &assertion).await.is_oauth_error(400, "invalid_grant");
    let again = token_request(&gateway, &keyed, MIDORI, &assertion).await;
    again.is_oauth_error(401, "invalid_client");
    assert_eq!(again.json()["error_description"], "client_assertion: jti was used before");

    let assertion = keyed.assertion(&gateway);
    let mut fields = keyed.service.parameters();
    fields.push(("client_assertion_type", CLIENT_ASSERTION_TYPE.to_owned()));
    fields.push(("client_assertion", assertion.clone()));
    assert_eq!(post(&gateway, MIDORI, PATH_PAR, &fields, &[]).await.status, 201);
    token_request(&gateway, &keyed, MIDORI, &assertion).await.is_oauth_error(401, "invalid_client");
}

/// One that is refused for what it says is not written down: the client may send its `jti` again with what is right.
#[tokio::test]
async fn an_assertion_that_is_wrong_costs_nothing() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Standard).await;
    let before = gateway.stored();
    let now = gateway.now();
    let signed = |aud: &str| {
        let claims = json!({ "iss": "kagi", "sub": "kagi", "aud": aud, "jti": "1", "exp": now + 60 });
        keyed.key.sign(&json!({ "alg": "ES256" }), &claims)
    };
    let refused = token_request(&gateway, &keyed, MIDORI, &signed("https://other.example")).await;
    refused.is_oauth_error(401, "invalid_client");
    assert_eq!(gateway.stored(), before);
    let right = signed(MIDORI.issuer);
    token_request(&gateway, &keyed, MIDORI, &right).await.is_oauth_error(400, "invalid_grant");
}

/// The same client with the same key in two municipalities: what it signs for one is worth nothing in the other.
#[tokio::test]
async fn an_assertion_for_one_municipality_is_none_for_another() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Standard).await;
    let record = gateway.store.client(MIDORI.id, "kagi").await.expect("a look").expect("a client");
    add(&gateway, HINATA, record.registration).await;
    let assertion = keyed.assertion(&gateway);
    token_request(&gateway, &keyed, HINATA, &assertion).await.is_oauth_error(401, "invalid_client");
    token_request(&gateway, &keyed, MIDORI, &assertion).await.is_oauth_error(400, "invalid_grant");
    // The same `jti` for each is two uses.
    let now = gateway.now();
    for town in [MIDORI, HINATA] {
        let claims = json!({ "iss": "kagi", "sub": "kagi", "aud": town.issuer, "jti": "1", "exp": now + 60 });
        let assertion = keyed.key.sign(&json!({ "alg": "ES256" }), &claims);
        token_request(&gateway, &keyed, town, &assertion).await.is_oauth_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_secret_in_the_form_is_for_profile_basic() {
    let gateway = TestGateway::new().await;
    let secret = ClientSecret::generate(random()).expect("a secret");
    let mut basic = registration("kihon", ClientAuthentication::secret_post(&secret));
    basic.client.profile = Profile::Basic;
    basic.client.check().expect("a client");
    add(&gateway, MIDORI, basic).await;
    let secret = secret.encode().to_string();
    let fields = |secret: &str| {
        let mut fields = TestService::tosho(MIDORI).token_form(&"A".repeat(43));
        fields.retain(|(name, _)| *name != "client_id");
        fields.extend([("client_id", "kihon".to_owned()), ("client_secret", secret.to_owned())]);
        fields
    };
    let answer = async |secret: &str| post(&gateway, MIDORI, PATH_TOKEN, &fields(secret), &[]).await;
    answer(&secret).await.is_oauth_error(400, "invalid_grant");
    answer("wrong").await.is_oauth_error(401, "invalid_client");
    let header = format!("Basic {}", STANDARD.encode(format!("kihon:{secret}")));
    let body = form(&TestService::kosodate(&gateway, MIDORI).token_form(&"A".repeat(43)));
    let in_header = TestService::tosho(MIDORI).token(&gateway, Some(&header), &body).await;
    in_header.is_oauth_error(401, "invalid_client");
}

const AOI: Town = Town { id: "aoi", issuer: "https://mado.aoi.example", name: "あおい町" };

fn aoi(accent: Option<&str>) -> NewMunicipality {
    NewMunicipality {
        id: AOI.id.to_owned(),
        origin: AOI.origin(),
        name: text(AOI.name),
        accent: accent.map(str::to_owned),
    }
}

async fn add_aoi(gateway: &TestGateway, accent: Option<&str>) {
    let added = gateway.store.add_municipality(aoi(accent), "tanaka").await.expect("a write");
    assert_eq!(added, MunicipalityAdded::Done);
}

/// With an issuer, keys and clients of its own, from the first request for its host on.
#[tokio::test]
async fn a_municipality_that_was_just_added_is_served() {
    let gateway = TestGateway::new().await;
    let mut browser = TestBrowser::new();
    let discovery = "/.well-known/openid-configuration";
    assert_eq!(browser.get(&gateway, &AOI.url(discovery), &[]).await.status, 421);
    add_aoi(&gateway, None).await;
    let metadata = browser.get(&gateway, &AOI.url(discovery), &[]).await;
    assert_eq!(metadata.json()["issuer"], AOI.issuer);
    assert!(metadata.headers.contains_key("strict-transport-security"));
    let keys = browser.get(&gateway, &AOI.url("/jwks"), &[]).await.json();
    assert_ne!(keys, browser.get(&gateway, &MIDORI.url("/jwks"), &[]).await.json());
    authorize(&gateway, &TestService::kosodate(&gateway, AOI))
        .await
        .is_error_page(400, ErrorCode::ClientUnknown);

    let service = with_secret(&gateway, AOI, "atokara").await;
    let mut visit = Visit::of(&gateway, service).await;
    let tokens = visit.tokens().await;
    assert_eq!(visit.claims(&tokens).await["iss"], AOI.issuer);
    assert_eq!((gateway.accounts(AOI).await, gateway.accounts(MIDORI).await), (1, 0));
    // Its keys stay what they were when something else changes.
    let _ = with_secret(&gateway, AOI, "mou-hitotsu").await;
    gateway.gateway.refresh().await;
    assert_eq!(browser.get(&gateway, &AOI.url("/jwks"), &[]).await.json(), keys);
    assert_eq!(visit.claims(&tokens).await["iss"], AOI.issuer);
}

#[tokio::test]
async fn a_municipality_in_two_places_is_a_conflict() {
    let gateway = TestGateway::new().await;
    let twin = NewMunicipality { origin: MIDORI.origin(), ..aoi(None) };
    let added = gateway.store.add_municipality(twin, "tanaka").await.expect("a write");
    assert_eq!(added, MunicipalityAdded::Done);
    let error = gateway.gateway.load_registry().await.expect_err("a conflict");
    let conflict = RegistryConflict::Municipality { municipality: "aoi".to_owned() };
    assert!(matches!(&error, RegistryError::Conflict(told) if *told == conflict), "{error}");
    let visit = Visit::new(&gateway).await;
    assert!(visit.start.body.contains(MIDORI.name) && !visit.start.body.contains(AOI.name));
}

/// Anybody can ask for a client that does not exist. While something cannot be read, everything is read again for them once
/// a second, not once for each; what an operator changes is seen at once all the same.
#[tokio::test]
async fn strangers_make_nobody_read_everything_again_and_again() {
    let gateway = TestGateway::new().await;
    let sealed = SealedSecret(vec![7; 60]);
    gateway.store.secret_or_insert(AOI.id, SecretPurpose::AccountKey, sealed).await.expect("kept");
    add_aoi(&gateway, None).await;
    let stranger = TestService { client_id: "nobody".to_owned(), ..TestService::tosho(MIDORI) };
    let ask = async || {
        for _ in 0..20 {
            authorize(&gateway, &stranger).await.is_error_page(400, ErrorCode::ClientUnknown);
        }
        gateway.gate.asked("municipalities")
    };
    let first = gateway.gate.asked("municipalities");
    assert_eq!(ask().await, first + 1);
    gateway.wait(1);
    let mut together = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let gateway = gateway.gateway.clone();
        together.spawn(async move { gateway.refresh().await });
    }
    together.join_all().await;
    assert_eq!(ask().await, first + 2);
    let service = with_secret(&gateway, MIDORI, "atokara").await;
    assert_eq!(authorize(&gateway, &service).await.status, 200);
    assert_eq!(ask().await, first + 3);
}

/// Or a disabled client would go on because of somebody else's trouble.
#[tokio::test]
async fn what_cannot_be_read_of_one_municipality_hurts_no_other() {
    let gateway = TestGateway::new().await;
    let service = with_secret(&gateway, MIDORI, "atokara").await;
    assert_eq!(authorize(&gateway, &service).await.status, 200);
    // Sealed under another key-encryption key.
    let sealed = SealedSecret(vec![7; 60]);
    let purpose = SecretPurpose::AccountKey;
    gateway.store.secret_or_insert(AOI.id, purpose, sealed).await.expect("kept");
    add_aoi(&gateway, None).await;
    set_disabled(&gateway, MIDORI, "atokara", true).await;
    gateway.gateway.refresh().await;
    authorize(&gateway, &service).await.is_error_page(400, ErrorCode::ClientUnknown);
    let mut browser = TestBrowser::new();
    assert_eq!(browser.get(&gateway, &AOI.url("/jwks"), &[]).await.status, 421);
    Visit::new(&gateway).await.tokens().await;
    gateway.wait(1);
    let error = gateway.gateway.load_registry().await.expect_err("its keys do not open");
    assert!(matches!(error, RegistryError::Key(_)), "{error}");
}

#[tokio::test]
async fn pages_wear_the_municipalitys_colour() {
    let gateway = TestGateway::new().await;
    add_aoi(&gateway, Some("#7a1f00")).await;
    let service = with_secret(&gateway, AOI, "atokara").await;
    let start = authorize(&gateway, &service).await;
    let link = "link[href=\"/static/colours.css\"]";
    assert_eq!(start.attribute(link, "rel").as_deref(), Some("stylesheet"));
    let mut browser = TestBrowser::new();
    let sheet = browser.get(&gateway, &AOI.url("/static/colours.css"), &[]).await;
    assert_eq!((sheet.status.as_u16(), sheet.header("content-type")), (200, "text/css; charset=utf-8"));
    assert_eq!(sheet.header("x-content-type-options"), "nosniff");
    assert!(sheet.body.contains("--accent: #7a1f00;"), "{}", sheet.body);
    // One without a colour has none of another's.
    assert_eq!(Visit::new(&gateway).await.start.attribute(link, "rel"), None);
    assert_eq!(browser.get(&gateway, &MIDORI.url("/static/colours.css"), &[]).await.status, 404);
}

async fn change_aoi(gateway: &TestGateway, change: MunicipalityChange) {
    let changed = gateway.store.change_municipality(AOI.id, vec![change], "tanaka").await;
    assert_eq!(changed.expect("a write"), MunicipalityChanged::Done);
    gateway.gateway.refresh().await;
}

/// The smallest PNG of one transparent pixel.
const LOGO: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=";

#[tokio::test]
async fn pages_show_the_municipalitys_logo() {
    let gateway = TestGateway::new().await;
    let png = STANDARD.decode(LOGO).expect("base64");
    add_aoi(&gateway, None).await;
    let service = with_secret(&gateway, AOI, "atokara").await;
    let image = "header img";
    assert_eq!(authorize(&gateway, &service).await.attribute(image, "src"), None);
    let mut browser = TestBrowser::new();
    assert_eq!(browser.get(&gateway, &AOI.url("/static/logo.png"), &[]).await.status, 404);

    change_aoi(&gateway, MunicipalityChange::Logo(Some(png))).await;
    let start = authorize(&gateway, &service).await;
    let source = start.attribute(image, "src").expect("a logo");
    assert!(source.starts_with("/static/logo.png?v="), "{source}");
    // Its name stands beside it as text, so whoever does not see it misses nothing.
    assert_eq!(start.attribute(image, "alt").as_deref(), Some(""));
    assert_eq!(start.text_of("header").as_deref(), Some(AOI.name));
    assert!(start.header("content-security-policy").contains("img-src 'self'"));
    let logo = browser.get(&gateway, &AOI.url(&source), &[]).await;
    assert_eq!((logo.status.as_u16(), logo.header("content-type")), (200, "image/png"));
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert_eq!(logo.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(logo.header("cache-control"), "public, max-age=300");
    assert_eq!(logo.header("cross-origin-resource-policy"), "same-origin");
    // Another municipality has none of it.
    assert_eq!(Visit::new(&gateway).await.start.attribute(image, "src"), None);
    assert_eq!(browser.get(&gateway, &MIDORI.url("/static/logo.png"), &[]).await.status, 404);

    // What cannot be one, by whatever way it came there, is not shown.
    change_aoi(&gateway, MunicipalityChange::Logo(Some(b"<svg onload='alert(1)'/>".to_vec()))).await;
    assert_eq!(authorize(&gateway, &service).await.attribute(image, "src"), None);
    assert_eq!(browser.get(&gateway, &AOI.url("/static/logo.png"), &[]).await.status, 404);
}

/// At every door, for what its services hold too; nothing is lost, and nobody else notices.
#[tokio::test]
async fn a_disabled_municipality_is_as_if_it_were_not_there() {
    let gateway = TestGateway::new().await;
    add_aoi(&gateway, None).await;
    let service = with_secret(&gateway, AOI, "atokara").await;
    let mut visit = Visit::of(&gateway, service.clone()).await;
    let tokens = visit.tokens().await;
    let token = tokens["access_token"].as_str().expect("a token");
    let claims = visit.claims(&tokens).await;
    change_aoi(&gateway, MunicipalityChange::Disabled(true)).await;
    let mut browser = TestBrowser::new();
    for path in ["/.well-known/openid-configuration", "/jwks", "/sessions", "/no-such-page"] {
        assert_eq!(browser.get(&gateway, &AOI.url(path), &[]).await.status, 421, "{path}");
    }
    assert_eq!(authorize(&gateway, &service).await.status, 421);
    assert_eq!(service.userinfo(&gateway, token).await.status, 421);
    Visit::new(&gateway).await.tokens().await;
    change_aoi(&gateway, MunicipalityChange::Disabled(false)).await;
    assert_eq!(service.userinfo(&gateway, token).await.status, 200);
    assert_eq!(visit.claims(&tokens).await, claims, "its keys are the same");
}
