//! Whatever a stranger sends, the gateway answers, and nothing is stored.

use axum::body::Body;
use http::Request;
use proptest::prelude::*;

use madoguchi_protocol::{PATH_CANCEL, PATH_CLAIM, PATH_FINISH};
use madoguchi_tests::gateway::{Answer, HINATA, MIDORI, TestBrowser, TestGateway, TestService, Visit};

/// Runs `check` on many inputs against one gateway that must stay as it is.
fn holds<S: Strategy>(strategy: S, check: impl Fn(&tokio::runtime::Runtime, &TestGateway, S::Value)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let gateway = runtime.block_on(TestGateway::new());
    let before = gateway.stored();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&strategy, |value| {
        check(&runtime, &gateway, value);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert_eq!(gateway.stored(), before);
}

async fn request(
    gateway: &TestGateway,
    method: &str,
    path: &str,
    headers: &[(&str, &[u8])],
    body: Vec<u8>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost:24810");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.send(request.body(Body::from(body)).expect("a request")).await
}

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

#[test]
fn no_octets_are_a_sealed_form() {
    holds(octets(400), |runtime, gateway, body| {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let sealed = format!("sealed={}", URL_SAFE_NO_PAD.encode(&body)).into_bytes();
        let form: [(&str, &[u8]); 1] = [("content-type", b"application/x-www-form-urlencoded")];
        for body in [body, sealed] {
            for path in ["/sign-in/start", "/sign-in/decline"] {
                let answer = runtime.block_on(request(gateway, "POST", path, &form, body.clone()));
                assert_eq!(answer.status, 400);
            }
        }
    });
}

/// One octet changed anywhere in a sealed form, with the right cookie: no form.
#[test]
fn a_sealed_form_is_whole_or_nothing() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    holds((any::<prop::sample::Index>(), 1..=255_u8), |runtime, gateway, (index, flip)| {
        runtime.block_on(async {
            let mut visit = Visit::new(gateway).await;
            let mut octets = URL_SAFE_NO_PAD.decode(visit.start.sealed("/sign-in/start")).unwrap();
            let position = index.index(octets.len());
            octets[position] ^= flip;
            let changed = URL_SAFE_NO_PAD.encode(octets);
            assert_eq!(visit.press_with(&[("sealed", &changed)]).await.status, 400);
        });
    });
}

/// What a start page seals is the request that it was made of, whatever stands in it, and it opens at its own
/// municipality alone.
#[test]
fn a_sealed_form_brings_its_request_back() {
    holds(("\\PC{1,80}", any::<bool>()), |runtime, gateway, (state, start)| {
        runtime.block_on(async {
            let service = TestService::tosho(MIDORI);
            let parameters = service.parameters_but(&[("state", Some(&state))]);
            let url = service.authorize_url_of(&parameters);
            let mut visit = Visit::at(gateway, service, TestBrowser::new(), &url).await;
            let sealed = visit.start.sealed("/sign-in/decline");
            let elsewhere = HINATA.url(if start { "/sign-in/start" } else { "/sign-in/decline" });
            assert_eq!(visit.browser.submit(gateway, &elsewhere, &[("sealed", &sealed)]).await.status, 400);
            let declined =
                visit.browser.submit(gateway, &MIDORI.url("/sign-in/decline"), &[("sealed", &sealed)]).await;
            let back = url::Url::parse(&declined.back().expect("a way back")).expect("a URL");
            let told =
                back.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
            assert_eq!(told.as_deref(), Some(state.as_str()));
        });
    });
}

#[test]
fn no_cookie_header_confuses_anything() {
    let printable = "[ -~]{0,200}";
    let nearly = "(__Host-[bs]-[a-z0-9]{5,7}=[A-Za-z0-9_=-]{42,44}(; ?)?){0,20}";
    let any_header =
        octets(200).prop_filter("a header's octets", |octets| http::HeaderValue::from_bytes(octets).is_ok());
    let cookies =
        prop_oneof![printable.prop_map(String::into_bytes), nearly.prop_map(String::into_bytes), any_header];
    holds(cookies, |runtime, gateway, cookie| {
        let cookie = [("cookie", cookie.as_slice())];
        for (path, status) in [
            ("/sign-in/status/aaaaaa", 200),
            ("/sign-in/AAAAAAAAAAAAAAAAAAAAAA/stopped", 404),
            ("/sign-in/AAAAAAAAAAAAAAAAAAAAAA/done", 404),
            ("/sign-in/AAAAAAAAAAAAAAAAAAAAAA/answer", 404),
            ("/authorize?client_id=tosho", 400),
        ] {
            let answer = runtime.block_on(request(gateway, "GET", path, &cookie, Vec::new()));
            assert_eq!(answer.status, status, "{path}");
        }
    });
}

#[test]
fn no_cookie_header_stops_the_start_page() {
    let nearly = "(__Host-[bs]-[a-z0-9]{5,7}=[A-Za-z0-9_-]{43}; ){0,20}";
    holds(nearly, |runtime, gateway, cookie| {
        let service = TestService::tosho(MIDORI);
        let headers = [("cookie", cookie.as_str())];
        let url = service.authorize_url();
        let page = runtime.block_on(TestBrowser::new().get(gateway, &url, &headers));
        assert_eq!(page.status, 200);
        let set = page.set_cookies();
        assert_eq!(set.iter().filter(|cookie| cookie.contains("Max-Age=5520")).count(), 1);
    });
}

#[test]
fn no_path_of_a_sign_in_confuses_anything() {
    let segment = "[A-Za-z0-9_.~%2fF-]{0,30}"
        .prop_filter("a path", |text| format!("/{text}").parse::<http::Uri>().is_ok());
    holds((segment, "[A-Za-z0-9_-]{0,50}"), |runtime, gateway, (id, v)| {
        for path in [
            format!("/sign-in/status/{id}"),
            format!("/sign-in/{id}/return?v={v}"),
            format!("/sign-in/{id}/stopped"),
            format!("/sign-in/{id}/done"),
            format!("/sign-in/{id}/answer"),
        ] {
            let answer = runtime.block_on(request(gateway, "GET", &path, &[], Vec::new()));
            let status = answer.status.as_u16();
            let is_tag = path.contains("/status/") && id.len() == 6;
            // What does not decode is a malformed request.
            assert!(matches!(status, 400 | 404) || (is_tag && status == 200), "{status} {path}");
        }
    });
}

#[test]
fn no_message_confuses_the_agents_endpoints() {
    let nearly = "\\{(\"(ticket|sign_in_id|claim_secret|reason|version|x)\":(\"[A-Za-z0-9_-]{0,44}\"|[0-9]{1,3}|null|\\[\\]),?){0,6}\\}";
    let bodies = prop_oneof![octets(300), nearly.prop_map(String::into_bytes)];
    holds(bodies, |runtime, gateway, body| {
        let json: [(&str, &[u8]); 1] = [("content-type", b"application/json")];
        for path in [PATH_CLAIM, PATH_FINISH, PATH_CANCEL] {
            let answer = runtime.block_on(request(gateway, "POST", path, &json, body.clone()));
            assert_eq!(answer.status, 400);
        }
    });
}

#[test]
fn no_form_confuses_the_services_endpoints() {
    holds(octets(300), |runtime, gateway, body| {
        let form: [(&str, &[u8]); 1] = [("content-type", b"application/x-www-form-urlencoded")];
        for path in ["/token", "/userinfo", "/authorize", "/par", "/introspect", "/revoke"] {
            let answer = runtime.block_on(request(gateway, "POST", path, &form, body.clone()));
            assert!(matches!(answer.status.as_u16(), 400 | 401), "{path}");
        }
    });
}
