//! Responders with `https`: who they are is asked before anything is sent.

use madoguchi_cert_verify::{OcspAbsence, OcspAnswer};
use madoguchi_revocation::{HttpUrl, HttpsTrust, Responder};

use crate::tls::{MadeOutTo, ServerCa};
use crate::world::{TestClient, TestResponder, is_good, limits, now, responder};

fn asking(url: &str, server: &TestResponder, trust: &HttpsTrust) -> TestClient {
    let responder = Responder { url: HttpUrl::parse(url).expect("a URL"), ..responder(server.address) };
    TestClient::trusting(vec![responder], limits(), trust)
}

#[tokio::test]
async fn a_responder_is_asked_over_tls() {
    let (ca, server) = (ServerCa::new(), TestResponder::start().await);
    for (whose, host) in
        [(MadeOutTo::Dns("localhost"), "localhost"), (MadeOutTo::Ip([127, 0, 0, 1]), "127.0.0.1")]
    {
        let port = ca.in_front_of(server.address, whose).port();
        let client = asking(&format!("https://{host}:{port}/"), &server, &ca.trusted());
        let before = server.requests();
        for card in 0..3 {
            assert!(is_good(client.ask(card, now()).await), "{whose:?}");
        }
        assert_eq!(server.requests() - before, 3);
    }
}

#[tokio::test]
async fn a_server_that_is_another_is_not_asked() {
    let (ca, other, server) = (ServerCa::new(), ServerCa::new(), TestResponder::start().await);
    let localhost = MadeOutTo::Dns("localhost");
    for (which, port, trust) in [
        ("unknown CA", ca.in_front_of(server.address, localhost).port(), other.trusted()),
        (
            "wrong name",
            ca.in_front_of(server.address, MadeOutTo::Dns("ocsp.example.jp")).port(),
            ca.trusted(),
        ),
        ("expired", ca.until(2021, server.address, localhost).port(), ca.trusted()),
        ("plain HTTP", server.address.port(), ca.trusted()),
    ] {
        let client = asking(&format!("https://localhost:{port}/"), &server, &trust);
        assert_eq!(client.ask(0, now()).await, OcspAnswer::None(OcspAbsence::Unreachable), "{which}");
        assert_eq!(client.client.health(now()).responders[0].last_failure, Some("connect"), "{which}");
        assert_eq!(client.raised(), [""; 0], "{which}");
    }
    assert_eq!(server.requests(), 0, "nothing was sent to any of them");
}
