//! Certificates and lists that do not let anybody in.

use madoguchi_demo::{Answer, MockCard};
use madoguchi_tests::town::{Town, Wishes, shown_code};

async fn answers(card: MockCard, code: &str, oauth: &str) {
    let mut town = Town::with(Wishes { card, ..Wishes::default() }).await;
    let stopped = town.sign_in();
    assert_eq!(shown_code(&stopped), code, "{}", stopped.text());
    let answer = town.back_at_service(&stopped);
    assert_eq!(answer["error"], oauth);
    assert_eq!(answer["error_description"], code);
    assert_eq!(town.accounts().await, 0);
    // Nothing of this is the PIN's fault.
    assert_eq!(town.tries_left().await, 3);
    town.stack.stop().await;
}

fn outcome(answer: Answer) -> MockCard {
    MockCard { answer: Some(answer), ..MockCard::default() }
}

fn fault(name: &str) -> MockCard {
    MockCard { issue_args: vec!["--fault".to_owned(), name.to_owned()], ..MockCard::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_stops_before_the_pin() {
    answers(outcome(Answer::Expired), "certificate_expired", "access_denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_valid_yet_stops_before_the_pin() {
    answers(fault("not-yet-valid"), "certificate_not_yet_valid", "access_denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_refused() {
    answers(outcome(Answer::Revoked), "certificate_revoked", "access_denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_list_is_not_called_revoked() {
    answers(outcome(Answer::CannotCheck), "cannot_check", "temporarily_unavailable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_certificate_does_not_authenticate() {
    answers(fault("signature-certificate"), "certificate_unusable", "access_denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_a_namesake_authority_meets_no_test_pin() {
    answers(fault("other-ca"), "test_card_only", "access_denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_with_another_policy_is_refused_by_the_gateway() {
    answers(fault("wrong-policy"), "certificate_unusable", "access_denied").await;
}
