//! The finish: what the card signed, judged. Signature, then path, then purpose and policy.

use madoguchi_protocol::{
    ErrorCode, MAX_CERTIFICATE_OCTETS, MAX_SIGNATURE_OCTETS, Octets, Origin, PATH_FINISH, sha256,
};
use madoguchi_storage::{AuditKind, SignInState};
use madoguchi_test_pki::{CardOptions, CertificateFault, KeyKind, Options, TestPki};
use madoguchi_tests::gateway::{HINATA, MIDORI, Statement, TestAgent, TestGateway, Visit, random};
use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

/// The finish was refused with this code, and the sign-in ended in this state; nobody is signed in, and a good finish
/// comes too late.
async fn ended(mut visit: Visit<'_>, state: SignInState) {
    assert_eq!(visit.state().await, state);
    visit.nobody_is_signed_in().await;
    let code = state.stopped_by().expect("it stopped");
    let burned = matches!(state, SignInState::Burned(_));
    let audited = visit.gateway.audit(MIDORI).await;
    assert_eq!(audited.last() == Some(&(AuditKind::SignInBurned, Some(code))), burned);
    let before = visit.gateway.stored();
    let honest = visit.gateway.card();
    assert_eq!(visit.finish_with(&honest).await.json(), json!({ "error": code }), "a second try");
    visit.browser.open(visit.gateway, &visit.return_url()).await.is_error_page(200, code);
    assert_eq!(visit.status().await, json!({ "state": "over" }), "never why");
    assert_eq!(visit.gateway.stored(), before);
}

async fn signature_invalid(visit: Visit<'_>, finish: &Value) {
    let answer = visit.agent.post(visit.gateway, PATH_FINISH, finish).await;
    answer.is_refusal(403, ErrorCode::SignatureInvalid);
    // The same finish again gets the same answer.
    let again = visit.agent.post(visit.gateway, PATH_FINISH, finish).await;
    again.is_refusal(403, ErrorCode::SignatureInvalid);
    ended(visit, SignInState::Burned(ErrorCode::SignatureInvalid)).await;
}

/// The card signs a statement in which one thing is wrong.
async fn wrong_statement(gateway: &TestGateway, wrong: impl FnOnce(&mut Statement)) {
    let visit = Visit::claimed(gateway).await;
    let mut statement = visit.agent.statement(visit.claimed_answer(), &visit.card);
    wrong(&mut statement);
    let signature = visit.card.sign(&statement.build());
    let finish = visit.agent.finish_of(visit.id(), &visit.card.certificate, &signature);
    signature_invalid(visit, &finish).await;
}

/// The gateway builds the statement from its own record, so a signature over any other one is none.
#[tokio::test]
async fn a_statement_about_anything_else_is_no_proof() {
    let gateway = TestGateway::new().await;
    wrong_statement(&gateway, |s| s.origin = Origin::parse("https://evil.example").unwrap()).await;
    wrong_statement(&gateway, |s| s.origin = HINATA.origin()).await;
    wrong_statement(&gateway, |s| s.sign_in_id = Octets([0; 16])).await;
    wrong_statement(&gateway, |s| s.gateway_nonce = Octets([0; 32])).await;
    wrong_statement(&gateway, |s| s.client_id = "tosho".to_owned()).await;
    wrong_statement(&gateway, |s| s.display.push(0)).await;
    wrong_statement(&gateway, |s| s.display = sha256(&s.display).0.to_vec()).await;
    wrong_statement(&gateway, |s| s.return_verifier_hash = Octets([0; 32])).await;
    wrong_statement(&gateway, |s| s.certificate.push(0)).await;
}

/// The card signs what it should, and something happens to the signature on the way.
async fn tampered(gateway: &TestGateway, tamper: impl FnOnce(&mut Vec<u8>)) {
    let visit = Visit::claimed(gateway).await;
    let statement = visit.agent.statement(visit.claimed_answer(), &visit.card);
    let mut signature = visit.card.sign(&statement.build());
    tamper(&mut signature);
    let finish = visit.agent.finish_of(visit.id(), &visit.card.certificate, &signature);
    signature_invalid(visit, &finish).await;
}

#[tokio::test]
async fn a_signature_that_was_tampered_with_is_no_proof() {
    let gateway = TestGateway::new().await;
    tampered(&gateway, |signature| *signature.last_mut().unwrap() ^= 1).await;
    tampered(&gateway, |signature| signature.truncate(signature.len() - 1)).await;
    tampered(&gateway, |signature| signature.push(0)).await;
    tampered(&gateway, Vec::clear).await;
    tampered(&gateway, |signature| signature.fill(0)).await;
}

/// A certificate is public; whose key signed is what counts, also when the statement names that certificate.
#[tokio::test]
async fn another_residents_certificate_is_no_proof() {
    let gateway = TestGateway::new().await;
    for named in [false, true] {
        let visit = Visit::claimed(&gateway).await;
        let other = gateway.card();
        let mut statement = visit.agent.statement(visit.claimed_answer(), &visit.card);
        if named {
            statement.certificate.clone_from(&other.certificate);
        }
        let signature = visit.card.sign(&statement.build());
        let finish = visit.agent.finish_of(visit.id(), &other.certificate, &signature);
        signature_invalid(visit, &finish).await;
    }
}

#[tokio::test]
async fn certificates_that_are_not_for_this() {
    let gateway = TestGateway::new().await;
    let burned = SignInState::Burned;
    let cancelled = SignInState::Cancelled;
    for (fault, state) in [
        (CertificateFault::Expired, cancelled(ErrorCode::CertificateExpired)),
        (CertificateFault::NotYetValid, cancelled(ErrorCode::CertificateNotYetValid)),
        (CertificateFault::WrongPolicy, cancelled(ErrorCode::CertificateUnusable)),
        (CertificateFault::WrongKeyUsage, cancelled(ErrorCode::CertificateUnusable)),
        (CertificateFault::MissingExtendedKeyUsage, cancelled(ErrorCode::CertificateUnusable)),
        (CertificateFault::CaFlag, cancelled(ErrorCode::CertificateUnusable)),
        (CertificateFault::SignatureCertificate, cancelled(ErrorCode::CertificateUntrusted)),
        (CertificateFault::OtherCa, cancelled(ErrorCode::CertificateUntrusted)),
        (CertificateFault::TamperedSignature, burned(ErrorCode::CertificateUntrusted)),
        (CertificateFault::DuplicateExtension, burned(ErrorCode::CertificateUnusable)),
        (CertificateFault::UnknownCriticalExtension, burned(ErrorCode::CertificateUnusable)),
    ] {
        let mut visit = Visit::claimed(&gateway).await;
        visit.card = gateway.faulty_card(fault);
        println!("{fault:?}");
        let code = state.stopped_by().unwrap();
        visit.finish_with(&visit.card).await.is_refusal(403, code);
        ended(visit, state).await;
    }
}

/// To the second, by the gateway's clock.
#[tokio::test]
async fn a_certificate_is_valid_from_its_first_second_to_its_last() {
    let gateway = TestGateway::new().await;
    let at = |seconds: u64| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let card = |first: u64, last: u64| {
        let (not_before, not_after) = (Some(at(first)), Some(at(last)));
        gateway.card_with(CardOptions { not_before, not_after, ..CardOptions::default() })
    };
    let now = gateway.now();
    for (card, refused) in [
        (card(now, now), None),
        (card(now - 10, now - 1), Some(ErrorCode::CertificateExpired)),
        (card(now + 1, now + 10), Some(ErrorCode::CertificateNotYetValid)),
    ] {
        let visit = Visit::claimed(&gateway).await;
        let answer = visit.finish_with(&card).await;
        match refused {
            None => assert_eq!(answer.status, 200, "{}", answer.body),
            Some(code) => answer.is_refusal(403, code),
        }
    }
}

/// Not burned: it may be a new generation of the authority that the operator has not configured yet.
#[tokio::test]
async fn a_certificate_of_a_foreign_authority_is_untrusted() {
    let gateway = TestGateway::new().await;
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(gateway.now()));
    for authority_key in [KeyKind::P256, KeyKind::P384] {
        let options = Options { authority_key, ..Options::default() };
        let mut pki = TestPki::create(&options, now, random()).unwrap();
        let options = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
        let files = pki.issue_card(&options, now, random()).unwrap();
        let visit = Visit::claimed(&gateway).await;
        let mut statement = visit.agent.statement(visit.claimed_answer(), &visit.card);
        statement.certificate.clone_from(&files.auth_certificate);
        let key = madoguchi_test_pki::PrivateKey::from_pkcs8(&files.auth_key, random()).unwrap();
        let signature = key.sign(&statement.build().to_der(), random()).unwrap();
        let finish = visit.agent.finish_of(visit.id(), &files.auth_certificate, &signature);
        let answer = visit.agent.post(&gateway, PATH_FINISH, &finish).await;
        answer.is_refusal(403, ErrorCode::CertificateUntrusted);
        ended(visit, SignInState::Cancelled(ErrorCode::CertificateUntrusted)).await;
    }
}

/// Nothing costs a signature check under an algorithm that no anchor may use: a bad signature is not even looked at.
#[tokio::test]
async fn an_algorithm_that_no_anchor_allows_is_refused_before_any_check() {
    let gateway = TestGateway::new().await;
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(gateway.now()));
    let options = Options { authority_key: KeyKind::P384, ..Options::default() };
    let mut pki = TestPki::create(&options, now, random()).unwrap();
    let options = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
    let files = pki.issue_card(&options, now, random()).unwrap();
    let visit = Visit::claimed(&gateway).await;
    let finish = visit.agent.finish_of(visit.id(), &files.auth_certificate, &[0; 64]);
    let answer = visit.agent.post(&gateway, PATH_FINISH, &finish).await;
    answer.is_refusal(403, ErrorCode::CertificateUntrusted);
    ended(visit, SignInState::Cancelled(ErrorCode::CertificateUntrusted)).await;
}

#[tokio::test]
async fn what_is_no_certificate_is_unusable() {
    let gateway = TestGateway::new().await;
    for octets in [&b""[..], b"0", &[0x30, 0x80, 0, 0], &[0x30; 5000], b"-----BEGIN CERTIFICATE-----"] {
        let visit = Visit::claimed(&gateway).await;
        let finish = visit.agent.finish_of(visit.id(), octets, &[0; 64]);
        let answer = visit.agent.post(&gateway, PATH_FINISH, &finish).await;
        answer.is_refusal(403, ErrorCode::CertificateUnusable);
        ended(visit, SignInState::Burned(ErrorCode::CertificateUnusable)).await;
    }
}

#[tokio::test]
async fn the_same_finish_again_gets_the_same_answer_and_no_other_does() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    let statement = visit.agent.statement(visit.claimed_answer(), &visit.card).build();
    let finish = visit.agent.finish_of(visit.id(), &visit.card.certificate, &visit.card.sign(&statement));
    let first = visit.agent.post(&gateway, PATH_FINISH, &finish).await;
    assert_eq!((first.status.as_u16(), first.json()), (200, json!({ "return_within": 60 })));
    let before = gateway.stored();
    assert_eq!(visit.agent.post(&gateway, PATH_FINISH, &finish).await.json(), first.json());
    // ECDSA signs differently each time: as good a proof, but another request.
    visit.finish_with(&visit.card).await.is_refusal(410, ErrorCode::SignInOver);
    visit.finish_with(&gateway.card()).await.is_refusal(410, ErrorCode::SignInOver);
    assert_eq!(gateway.stored(), before);
    visit.come_back().await;
    let before = gateway.stored();
    assert_eq!(visit.agent.post(&gateway, PATH_FINISH, &finish).await.json(), first.json());
    visit.finish_with(&visit.card).await.is_refusal(410, ErrorCode::SignInOver);
    assert_eq!(gateway.stored(), before);
}

/// Also when it ended badly since: the agent learns nothing that it did not learn then.
#[tokio::test]
async fn the_same_finish_gets_the_same_answer_whatever_has_become_of_it() {
    let gateway = TestGateway::new().await;
    for late in [false, true] {
        let mut visit = Visit::claimed(&gateway).await;
        let statement = visit.agent.statement(visit.claimed_answer(), &visit.card).build();
        let finish = visit.agent.finish_of(visit.id(), &visit.card.certificate, &visit.card.sign(&statement));
        let first = visit.agent.post(&gateway, PATH_FINISH, &finish).await;
        if late {
            gateway.wait(60);
        } else {
            visit.browser.forget(&visit.b());
            let url = visit.return_url();
            visit.browser.open(&gateway, &url).await.is_error_page(400, ErrorCode::PossiblePhishing);
        }
        let again = visit.agent.post(&gateway, PATH_FINISH, &finish).await;
        assert_eq!((again.status, again.json()), (first.status, first.json()));
    }
}

/// An impatient agent sends it twice at once; two different ones are two stories.
#[tokio::test]
async fn of_finishes_at_once_one_decides() {
    let gateway = TestGateway::new().await;
    let visit = Visit::claimed(&gateway).await;
    let statement = visit.agent.statement(visit.claimed_answer(), &visit.card).build();
    let finish = |signature: &[u8]| visit.agent.finish_of(visit.id(), &visit.card.certificate, signature);
    let (one, two) = (finish(&visit.card.sign(&statement)), finish(&visit.card.sign(&statement)));
    let send = |finish| visit.agent.post(&gateway, PATH_FINISH, finish);
    let (first, same, other) = tokio::join!(send(&one), send(&one), send(&two));
    assert_eq!((first.status, first.json()), (same.status, same.json()));
    assert_ne!(first.status, other.status);
    assert_eq!(visit.state().await, SignInState::Proven);
}

#[tokio::test]
async fn a_finish_needs_its_claim_and_its_secret() {
    let gateway = TestGateway::new().await;
    let claimed = Visit::claimed(&gateway).await;
    let mut started = Visit::started(&gateway).await;
    let before = gateway.stored();
    // Another agent's secret.
    let other = TestAgent::new(MIDORI);
    let refused = other.finish(&gateway, claimed.claimed_answer(), &claimed.card).await;
    refused.is_refusal(404, ErrorCode::SignInUnknown);
    // Before any claim.
    let mut claim = claimed.claimed_answer().clone();
    claim.sign_in_id = started.record().await.unwrap().new.id;
    started.agent.finish(&gateway, &claim, &started.card).await.is_refusal(404, ErrorCode::SignInUnknown);
    // Of no sign-in.
    claim.sign_in_id = Octets([0; 16]);
    claimed.agent.finish(&gateway, &claim, &claimed.card).await.is_refusal(404, ErrorCode::SignInUnknown);
    // At another municipality.
    started.agent.town = HINATA;
    started.agent.finish(&gateway, &claim, &started.card).await.is_refusal(404, ErrorCode::SignInUnknown);
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn a_finish_after_the_end_changes_nothing() {
    let gateway = TestGateway::new().await;
    let cancelled = Visit::claimed(&gateway).await;
    cancelled.agent.cancel(&gateway, cancelled.id(), ErrorCode::NoCard).await;
    let before = gateway.stored();
    cancelled.finish_with(&cancelled.card).await.is_refusal(403, ErrorCode::NoCard);
    assert_eq!(gateway.stored(), before);

    let mut in_time = Visit::claimed(&gateway).await;
    gateway.wait(599);
    in_time.finish().await;
    let late = Visit::claimed(&gateway).await;
    gateway.wait(600);
    let before = gateway.stored();
    late.finish_with(&late.card).await.is_refusal(410, ErrorCode::SignInExpired);
    assert_eq!(gateway.stored(), before);
    assert_eq!(late.state().await, SignInState::Expired);
    late.nobody_is_signed_in().await;
}

/// Refused before anything is read, and the sign-in goes on.
#[tokio::test]
async fn hostile_sizes_and_shapes_change_nothing() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::claimed(&gateway).await;
    let (id, certificate) = (visit.id(), visit.card.certificate.clone());
    let before = gateway.stored();
    let good = visit.agent.finish_of(id, &certificate, &[0; 64]);
    let with = |name: &str, value: Value| {
        let mut finish = good.clone();
        finish[name] = value;
        finish
    };
    for finish in [
        visit.agent.finish_of(id, &vec![0x30; MAX_CERTIFICATE_OCTETS + 1], &[0; 64]),
        visit.agent.finish_of(id, &certificate, &[0; MAX_SIGNATURE_OCTETS + 1]),
        with("certificate", json!("MIIB+/==")),
        with("certificate", json!([48, 130])),
        with("sign_in_id", json!("AAAA")),
        with("statement", json!("anything")),
        with("digest", json!("anything")),
    ] {
        let answer = visit.agent.post(&gateway, PATH_FINISH, &finish).await;
        answer.is_refusal(400, ErrorCode::RequestInvalid);
    }
    let huge = visit.agent.finish_of(id, &vec![0x30; 64 * 1024], &[0; 64]);
    assert_eq!(visit.agent.post(&gateway, PATH_FINISH, &huge).await.status, 413);
    for headers in [
        &[("content-type", "application/json"), ("origin", MIDORI.issuer)][..],
        &[("content-type", "application/json"), ("sec-fetch-mode", "cors")],
        &[("content-type", "text/plain")],
    ] {
        let answer = visit.agent.post_with(&gateway, PATH_FINISH, headers, good.to_string()).await;
        answer.is_refusal(400, ErrorCode::RequestInvalid);
    }
    assert_eq!(gateway.stored(), before);
    visit.finish().await;
}
