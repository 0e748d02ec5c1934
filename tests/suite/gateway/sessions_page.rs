//! The page where residents see and end their sessions.

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::AuditKind;
use madoguchi_tests::gateway::{
    Answer, MIDORI, SignedIn, TestBrowser, TestGateway, TestService, asks_for_the_card,
};
use scraper::{Html, Selector};

async fn page(resident: &mut SignedIn<'_>) -> Answer {
    resident.browser.open(resident.gateway, &MIDORI.url("/sessions")).await
}

/// The forms of the page in their order.
fn forms(page: &Answer) -> Vec<String> {
    let selector = Selector::parse("form[action=\"/sessions/end\"] input[name=sealed]").expect("it is there");
    let found = Html::parse_document(&page.body);
    found
        .select(&selector)
        .map(|input| input.value().attr("value").expect("it is there").to_owned())
        .collect()
}

async fn end(resident: &mut SignedIn<'_>, sealed: &str) -> Answer {
    resident.browser.submit(resident.gateway, &MIDORI.url("/sessions/end"), &[("sealed", sealed)]).await
}

async fn signed_in(gateway: &TestGateway) -> SignedIn<'_> {
    SignedIn::new(gateway, TestService::kosodate(gateway, MIDORI)).await
}

/// In another browser, with the card of this resident.
async fn elsewhere<'g>(gateway: &'g TestGateway, resident: &SignedIn<'_>) -> SignedIn<'g> {
    let service = TestService::kosodate(gateway, MIDORI);
    SignedIn::with_card(gateway, service, TestBrowser::new(), resident.card.twin()).await
}

#[tokio::test]
async fn nobody_sees_nobodys_sessions() {
    let gateway = TestGateway::new().await;
    signed_in(&gateway).await;
    let page = TestBrowser::new().open(&gateway, &MIDORI.url("/sessions")).await;
    assert_eq!(page.status, 200);
    assert!(page.text_of(".lead").unwrap().contains("どなたもサインインしていません"));
    assert!(forms(&page).is_empty() && !page.body.contains("子育て手続き"));
}

/// Which services, when, until when; one entry for a browser, this one first; and one form for all when there are several.
#[tokio::test]
async fn residents_see_their_own_sessions() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    signed_in(&gateway).await;
    gateway.wait(600);
    resident.goes_on(&TestService::tosho(MIDORI)).await;
    let one = page(&mut resident).await;
    assert_eq!(forms(&one).len(), 1, "its own button is enough");
    gateway.wait(60);
    let mut other = elsewhere(&gateway, &resident).await;
    let both = page(&mut resident).await;
    let headings: Vec<String> = Html::parse_document(&both.body)
        .select(&Selector::parse("h2").unwrap())
        .map(|heading| heading.text().collect())
        .collect();
    assert_eq!(headings, ["1. このブラウザ", "2. ほかのブラウザ"]);
    assert_eq!(forms(&both).len(), 3);
    let text = both.text_of("section").unwrap();
    for said in ["11月22日 9時00分", "11月22日 21時00分", "子育て手続き", "図書館", "11月22日 9時10分"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    let theirs = page(&mut other).await;
    let first = theirs.text_of("section").unwrap();
    assert!(first.contains("このブラウザ") && first.contains("9時11分"), "{first}");
    assert!(!first.contains("図書館"), "{first}");
}

#[tokio::test]
async fn a_resident_ends_the_session_of_another_browser() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let mut other = elsewhere(&gateway, &resident).await;
    let forms = forms(&page(&mut resident).await);
    let answer = end(&mut resident, &forms[1]).await;
    assert_eq!(answer.location(), "/sessions");
    assert!(answer.set_cookies().is_empty(), "this browser goes on");
    let tosho = TestService::tosho(MIDORI);
    assert!(asks_for_the_card(&other.asks(&tosho, &[]).await));
    let token = other.tokens["access_token"].as_str().unwrap();
    assert_eq!(other.service.userinfo(&gateway, token).await.status, 401);
    resident.goes_on(&tosho).await;
    // Again, it ends nothing.
    end(&mut resident, &forms[1]).await;
    let ended = gateway.audit(MIDORI).await.into_iter().filter(|(kind, _)| *kind == AuditKind::SessionEnded);
    assert_eq!(ended.count(), 1);
}

#[tokio::test]
async fn a_resident_ends_this_one_and_all() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let mut other = elsewhere(&gateway, &resident).await;
    let own = forms(&page(&mut resident).await)[0].clone();
    let answer = end(&mut resident, &own).await;
    assert_eq!(answer.set_cookies(), ["__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    assert!(forms(&page(&mut resident).await).is_empty());

    let mut third = elsewhere(&gateway, &other).await;
    let all = forms(&page(&mut other).await).last().unwrap().clone();
    end(&mut other, &all).await;
    let tosho = TestService::tosho(MIDORI);
    for browser in [&mut other, &mut third] {
        assert!(asks_for_the_card(&browser.asks(&tosho, &[]).await));
    }
}

/// Another site, another resident, an old page: none of their forms ends anything.
#[tokio::test]
async fn a_form_without_its_cookie_ends_nothing() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    let mut stranger = signed_in(&gateway).await;
    let (own, theirs) = (forms(&page(&mut resident).await), forms(&page(&mut stranger).await));
    let before = gateway.stored();
    end(&mut resident, &theirs[0]).await.is_error_page(400, ErrorCode::FormExpired);
    let url = MIDORI.url("/sessions/end");
    let bare = TestBrowser::new().submit(&gateway, &url, &[("sealed", &own[0])]).await;
    bare.is_error_page(400, ErrorCode::FormExpired);
    gateway.wait(1801);
    end(&mut resident, &own[0]).await.is_error_page(400, ErrorCode::FormExpired);
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn the_page_speaks_three_languages_and_needs_no_script() {
    let gateway = TestGateway::new().await;
    let mut resident = signed_in(&gateway).await;
    for (lang, title) in [
        ("ja", "サインインの状態"),
        ("ja-x-plain", "サインインの 状態(じょうたい)"),
        ("en", "Where you are signed in"),
    ] {
        let url = MIDORI.url("/sessions");
        let page = resident.browser.get(&gateway, &url, &[("accept-language", lang)]).await;
        assert_eq!(page.text_of("h1").as_deref(), Some(title));
        assert!(!page.body.contains("<script"));
        assert_eq!(page.header("vary"), "Accept-Language, Cookie");
        // Each section has its name, each button says what it is about.
        assert_eq!(page.attribute("section", "aria-labelledby").as_deref(), Some("session-1"));
        assert_eq!(page.attribute("section button", "aria-describedby").as_deref(), Some("session-1"));
    }
}
