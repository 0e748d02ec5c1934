//! Before a proven card a stranger can make us keep a row, and not many.

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::SignInState;
use madoguchi_tests::gateway::{HINATA, TestGateway, TestService, Visit};

/// One sign-in from the first address, and the 200 that a network may have open from the second.
async fn crowded_out<'g>(gateway: &'g TestGateway, first: &str, second: &str) -> Visit<'g> {
    gateway.move_to(first);
    let visit = Visit::started(gateway).await;
    gateway.move_to(second);
    for _ in 0..200 {
        Visit::started(gateway).await;
    }
    visit
}

#[tokio::test]
async fn the_oldest_of_a_full_network_gives_way() {
    let gateway = TestGateway::new().await;
    let mut elsewhere = Visit::of(&gateway, TestService::tosho(HINATA)).await;
    elsewhere.press().await;
    let first = crowded_out(&gateway, "127.0.0.1", "127.0.0.1").await;
    first.agent.claim(&gateway, &first.ticket).await.is_refusal(404, ErrorCode::SignInUnknown);
    assert_eq!(elsewhere.state().await, SignInState::Started, "each municipality has bounds of its own");
}

#[tokio::test]
async fn another_network_is_left_alone() {
    for (first, second) in [
        ("192.0.2.1", "192.0.2.2"),
        ("2001:db8:0:ff00::1", "2001:db8:0:fe00::1"),
        ("2001:db8:0:ff00::1", "2001:db8:1:ff00::1"),
    ] {
        let gateway = TestGateway::new().await;
        let mut visit = crowded_out(&gateway, first, second).await;
        visit.claim().await;
    }
}

/// 56 bits are what one home gets, and an IPv4 address is the same however it is written.
#[tokio::test]
async fn a_home_is_one_network() {
    for (first, second) in
        [("2001:db8:0:ff00::1", "2001:db8:0:ffff:1:2:3:4"), ("192.0.2.1", "::ffff:192.0.2.1")]
    {
        let gateway = TestGateway::new().await;
        let visit = crowded_out(&gateway, first, second).await;
        visit.agent.claim(&gateway, &visit.ticket).await.is_refusal(404, ErrorCode::SignInUnknown);
    }
}

/// The network is stored under a name that tells nothing about it, and another one in each municipality.
#[tokio::test]
async fn no_address_is_stored() {
    let gateway = TestGateway::new().await;
    gateway.move_to("192.0.2.1");
    let one = Visit::started(&gateway).await.record().await.unwrap().new.network;
    let again = Visit::started(&gateway).await.record().await.unwrap().new.network;
    let mut elsewhere = Visit::of(&gateway, TestService::tosho(HINATA)).await;
    elsewhere.press().await;
    let other = elsewhere.record().await.unwrap().new.network;
    assert_eq!((one.len(), &one), (43, &again));
    assert_ne!(one, other);
}
