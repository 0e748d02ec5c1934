//! Sessions.

use std::sync::Arc;

use madoguchi_cert_verify::Source;
use madoguchi_protocol::Octets;

use super::Backend;
use super::fixture::{Fixture, RUNNERS, done, race};
use super::party::{CODE_SECONDS, IDLE_SECONDS, Party, SESSION_SECONDS, TOWN};
use crate::{
    ANSWER_SECONDS, AnswerTaken, AuditKind, CODES_OF_A_SESSION, EndedBy, NewAccessToken, NewCode,
    NewPushedRequest, NewSession, Proof, PushedWrite, Redemption, Returned, SessionAnswer, SessionRecord,
    SessionSelection,
};

/// An odd party is no counter.
const HOME: [Party; 3] = [Party::new(1), Party::new(3), Party::new(5)];
const COUNTER: Party = Party::new(2);

/// Proves a sign-in with the card of another.
async fn proven_with_card_of(fixture: &Fixture, party: Party, card: Party) {
    fixture.claimed(party).await;
    let proof = Proof { account_lookup: card.proof().account_lookup, ..party.proof() };
    let proven = fixture
        .store
        .prove(party.town, party.id(), party.claim_secret(), party.finish(), proof, party.cleared())
        .await;
    done(proven.expect("an outcome"));
}

/// Comes back in the browser that holds the session cookie of `before`.
async fn back_after(fixture: &Fixture, party: Party, before: Party) -> SessionRecord {
    let new = NewSession { replaces: Some(before.session_cookie()), ..party.session() };
    let returned =
        fixture.store.complete(party.town, party.id(), party.verifier(), Some(party.browser()), new).await;
    match returned.expect("an outcome") {
        Returned::Completed { session, .. } => *session,
        other => panic!("not completed: {other:?}"),
    }
}

/// One more answer in the browser's session, by its button, with the code of another party whose request was not pushed.
async fn answer_again(fixture: &Fixture, party: Party, mut code: NewCode) -> Option<SessionRecord> {
    code.grant.pushed = None;
    match answer_to(fixture, party, Some(IDLE_SECONDS), code).await {
        SessionAnswer::Answered(session) => Some(*session),
        SessionAnswer::NoSession | SessionAnswer::TooMany => None,
        SessionAnswer::RequestFinished => panic!("nothing was pushed"),
    }
}

async fn answer_to(fixture: &Fixture, party: Party, idle: Option<u64>, code: NewCode) -> SessionAnswer {
    let answered = fixture.store.answer_in_session(party.town, party.session_cookie(), idle, code).await;
    answered.expect("an outcome")
}

async fn services(fixture: &Fixture, party: Party) -> Vec<String> {
    let listed = fixture.store.sessions_of_account(party.town, party.account()).await.expect("a list");
    listed.into_iter().flat_map(|listed| listed.clients).map(|client| client.client_id).collect()
}

/// What the proof said of itself is in the session.
pub async fn a_session_knows_its_evidence(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let proven_at = fixture.now();
    fixture.proven(HOME[0]).await;
    fixture.advance(3);
    let session = fixture.back(HOME[0]).await;
    assert_eq!((session.revocation_source, session.client_id.as_str()), (Source::Ocsp, "service 1"));
    assert_eq!((session.revocation_checked_at, session.auth_time.as_secs()), (session.auth_time, proven_at));
    assert_eq!((session.sign_in, session.browser), (HOME[0].id(), session.sid));
}

/// It is found by the browser's secret until its idle time is over, to the second, and each answer renews that.
pub async fn a_browsers_session_is_idle_to_the_second(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [party, second, third] = HOME;
    let session = fixture.answered(party).await;
    assert_eq!(session.idle_until.expect("an end").as_secs(), fixture.now() + IDLE_SECONDS);
    fixture.advance(IDLE_SECONDS - 1);
    assert_eq!(fixture.browser_session(party).await, Some(session.clone()));
    let renewed = answer_again(&fixture, party, second.code()).await.expect("an answer");
    assert_eq!(renewed.idle_until.expect("an end").as_secs(), fixture.now() + IDLE_SECONDS);
    fixture.advance(IDLE_SECONDS);
    assert_eq!(fixture.browser_session(party).await, None);
    assert_eq!(answer_again(&fixture, party, third.code()).await, None);
    assert_eq!(fixture.code(third).await, None, "no answer, no code");
    assert!(fixture.session(party).await.is_some(), "it is idle, not over");
}

/// However often it is used, a session ends with its lifetime.
pub async fn a_browsers_session_has_its_end(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = HOME[0];
    fixture.proven(party).await;
    let short = NewSession { lifetime: IDLE_SECONDS - 1, ..party.session() };
    let (id, browser) = (party.id(), Some(party.browser()));
    let _ = fixture.store.complete(TOWN, id, party.verifier(), browser, short).await.expect("an outcome");
    fixture.advance(IDLE_SECONDS - 2);
    assert!(answer_again(&fixture, party, HOME[1].code()).await.is_some());
    fixture.advance(1);
    assert_eq!(fixture.browser_session(party).await, None);
    assert_eq!(answer_again(&fixture, party, HOME[2].code()).await, None);
}

/// A shared computer has no session of the browser, whatever the caller asks for.
pub async fn a_counter_answers_nothing_more(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let session = fixture.answered(COUNTER).await;
    assert!(session.counter);
    assert_eq!(session.idle_until, None);
    assert_eq!(fixture.browser_session(COUNTER).await, None);
    assert_eq!(answer_again(&fixture, COUNTER, HOME[0].code()).await, None);
}

/// An answer in a session is as good as a sign-in's: code, token, and the service is one of the session's.
pub async fn an_answer_in_a_session_gives_a_code(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [party, other, _] = HOME;
    let session = fixture.answered(party).await;
    fixture.advance(2);
    answer_again(&fixture, party, other.code()).await.expect("an answer");
    let code = fixture.code(other).await.expect("a code");
    assert_eq!((code.account, code.sid, code.auth_time), (session.account, session.sid, session.auth_time));
    assert_eq!(code.expires_at.as_secs(), fixture.now() + CODE_SECONDS);
    assert_eq!(fixture.redeem(other).await, Redemption::Done);
    assert_eq!(fixture.token(other).await.expect("a token").sid, session.sid);
    assert_eq!(services(&fixture, party).await, ["service 1", "service 3"]);
    // A second answer to a service changes when it was last, and nothing else.
    answer_again(&fixture, party, NewCode { hash: HOME[2].code_hash(), ..other.code() }).await.expect("one");
    assert_eq!(services(&fixture, party).await, ["service 1", "service 3"]);
    assert_eq!(fixture.browser_session(party.twin()).await, None);
}

/// An answer in which the resident had no hand gives its code, and the idle time runs on.
pub async fn a_silent_answer_renews_nothing(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [party, other, late] = HOME;
    let session = fixture.answered(party).await;
    fixture.advance(IDLE_SECONDS - 1);
    let silent = |party: Party| {
        let mut code = party.code();
        code.grant.pushed = None;
        code
    };
    let answered = answer_to(&fixture, party, None, silent(other)).await;
    assert_eq!(answered, SessionAnswer::Answered(Box::new(session)));
    assert!(fixture.code(other).await.is_some());
    assert_eq!(services(&fixture, party).await, ["service 1", "service 3"]);
    fixture.advance(1);
    assert_eq!(answer_to(&fixture, party, None, silent(late)).await, SessionAnswer::NoSession);
    assert_eq!(fixture.code(late).await, None);
}

/// A pushed request gets one answer of a session, also when it is over by then; the second changes nothing.
pub async fn a_session_answers_a_pushed_request_once(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [party, other, absent] = HOME;
    fixture.answered(party).await;
    let push = |party: Party| NewPushedRequest {
        hash: Octets(party.pushed().0),
        municipality: TOWN.to_owned(),
        request: party.sign_in().request,
        lifetime: 5,
        most: 1,
    };
    assert_eq!(fixture.store.push_request(push(other)).await.expect("an outcome"), PushedWrite::Done);
    fixture.advance(5);
    let answered = answer_to(&fixture, party, Some(IDLE_SECONDS), other.code()).await;
    let SessionAnswer::Answered(session) = answered else { panic!("not answered: {answered:?}") };
    fixture.advance(1);
    let again = NewCode { hash: absent.code_hash(), ..other.code() };
    let again = answer_to(&fixture, party, Some(IDLE_SECONDS), again).await;
    assert_eq!(again, SessionAnswer::RequestFinished);
    assert_eq!(fixture.code(absent).await, None, "no second code");
    assert_eq!(fixture.browser_session(party).await, Some(*session), "and nothing renewed");
    let unknown = answer_to(&fixture, party, Some(IDLE_SECONDS), absent.code()).await;
    assert_eq!(unknown, SessionAnswer::RequestFinished);
    // Without a session the request stays what it is.
    assert_eq!(fixture.store.push_request(push(absent)).await.expect("an outcome"), PushedWrite::Done);
    let nobody = answer_to(&fixture, other, Some(IDLE_SECONDS), absent.code()).await;
    assert_eq!(nobody, SessionAnswer::NoSession);
    let hash = Octets(absent.pushed().0);
    assert!(fixture.store.find_pushed_request(TOWN, hash).await.expect("a look").is_some());
}

/// What asks again and again gets a bounded number of codes, used or not, until they are over.
pub async fn a_session_gives_so_many_codes_at_a_time(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [party, other, _] = HOME;
    fixture.redeemed(party).await;
    fixture.answered(other).await;
    let code = |number| {
        let mut code = NewCode { hash: Party::new(1000 + number).code_hash(), ..party.code() };
        code.grant.pushed = None;
        code
    };
    let most = u32::try_from(CODES_OF_A_SESSION).expect("a few");
    // One was given with the card.
    for number in 1..most {
        let given = answer_to(&fixture, party, None, code(number)).await;
        assert!(matches!(given, SessionAnswer::Answered(_)), "{number}: {given:?}");
    }
    let before = fixture.browser_session(party).await;
    let refused = answer_to(&fixture, party, Some(2 * IDLE_SECONDS), code(most)).await;
    assert_eq!(refused, SessionAnswer::TooMany);
    assert_eq!(fixture.browser_session(party).await, before, "nothing was renewed");
    assert!(answer_again(&fixture, other, code(most)).await.is_some(), "another session has its own");
    fixture.advance(CODE_SECONDS);
    assert!(answer_again(&fixture, party, code(most + 1)).await.is_some(), "they are over");
}

/// Sixty-four presses of its button at once.
pub async fn of_64_answers_to_a_pushed_request_one_is_given(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let [party, other, _] = HOME;
    fixture.answered(party).await;
    let (hash, request) = (Octets(other.pushed().0), other.sign_in().request);
    let new = NewPushedRequest { hash, municipality: TOWN.to_owned(), request, lifetime: 90, most: 1 };
    assert_eq!(fixture.store.push_request(new).await.expect("an outcome"), PushedWrite::Done);
    let outcomes = race(&fixture, |fixture, number| async move {
        let code = NewCode { hash: Party::new(1000 + number).code_hash(), ..other.code() };
        matches!(answer_to(&fixture, party, Some(IDLE_SECONDS), code).await, SessionAnswer::Answered(_))
    })
    .await;
    assert_eq!(outcomes.into_iter().filter(|answered| *answered).count(), 1);
}

/// The code and the renewal are one: a hash that is taken stores neither.
pub async fn an_answer_whose_code_fails_renews_nothing(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = HOME[0];
    let session = fixture.answered(party).await;
    fixture.advance(5);
    let mut code = party.code();
    code.grant.pushed = None;
    let cookie = party.session_cookie();
    let taken = fixture.store.answer_in_session(TOWN, cookie, Some(IDLE_SECONDS), code).await;
    taken.expect_err("the code's hash is taken");
    assert_eq!(fixture.browser_session(party).await, Some(session));
}

/// The same resident's next sign-in in the browser follows: the old secret is worth nothing, and both end together.
pub async fn the_same_account_goes_on_in_the_browser(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [first, second, elsewhere] = HOME;
    let old = fixture.answered(first).await;
    proven_with_card_of(&fixture, second, first).await;
    let new = back_after(&fixture, second, first).await;
    assert_eq!((new.account, new.browser), (old.account, old.sid));
    assert_eq!(fixture.browser_session(first).await, None, "a planted cookie of before signs nobody in");
    assert_eq!(fixture.browser_session(second).await, Some(new.clone()));
    assert!(fixture.session(first).await.is_some(), "its tokens live on");
    proven_with_card_of(&fixture, elsewhere, first).await;
    let apart = fixture.back(elsewhere).await;
    assert_eq!((apart.account, apart.browser), (old.account, apart.sid));
    // Idle or not.
    fixture.advance(IDLE_SECONDS);
    let cookie = |party: Party| SessionSelection::Cookie(party.session_cookie());
    let before = fixture.store.end_sessions(TOWN, cookie(first), EndedBy::Resident).await;
    assert_eq!(before.expect("an outcome"), 0, "the cookie of before names nothing");
    let selection = cookie(second);
    let ended = fixture.store.end_sessions(TOWN, selection, EndedBy::Resident).await;
    assert_eq!(ended.expect("an outcome"), 2);
    assert_eq!((fixture.session(first).await, fixture.session(second).await), (None, None));
    assert_eq!(fixture.session(elsewhere).await, Some(apart), "another browser goes on");
}

/// Another resident's sign-in in the browser ends the session that it had; so does one at a counter.
pub async fn another_account_ends_the_browsers_session(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [first, second, bystander] = HOME;
    fixture.redeemed(first).await;
    fixture.answered(bystander).await;
    fixture.proven(second).await;
    let new = back_after(&fixture, second, first).await;
    assert_eq!(new.browser, new.sid);
    assert_eq!((fixture.session(first).await, fixture.token(first).await), (None, None));
    let log = fixture.log(TOWN).await;
    let ended: Vec<_> = log.iter().filter(|record| record.kind == AuditKind::SessionEnded).collect();
    assert_eq!((ended.len(), ended[0].sign_in), (1, Some(first.id())));
    assert_eq!(ended[0].evidence.as_deref(), Some(r#"{"by":"another_sign_in"}"#));
    assert_eq!(deliveries(&fixture).await, ["service 1"]);
    // A counter's, even of the same card.
    assert!(matches!(fixture.take(second).await, AnswerTaken::Taken(_)));
    proven_with_card_of(&fixture, COUNTER, second).await;
    back_after(&fixture, COUNTER, second).await;
    assert_eq!(fixture.session(second).await, None);
    assert!(fixture.session(bystander).await.is_some());
    // One whose answer was not handed out yet serves that, and no more.
    let [waiting, next] = [7, 9].map(Party::new);
    fixture.completed(waiting).await;
    fixture.proven(next).await;
    back_after(&fixture, next, waiting).await;
    assert_eq!(fixture.browser_session(waiting).await, None);
    assert!(matches!(fixture.take(waiting).await, AnswerTaken::Taken(_)));
    // A cookie of another municipality names nothing.
    fixture.proven(bystander.twin()).await;
    back_after(&fixture, bystander.twin(), bystander).await;
    assert!(fixture.browser_session(bystander).await.is_some());
}

async fn deliveries(fixture: &Fixture) -> Vec<String> {
    let taken = fixture.store.take_deliveries(100, 100, 60).await.expect("deliveries");
    taken.into_iter().map(|delivery| delivery.client_id).collect()
}

/// All of an account, and nothing of another or of another municipality.
pub async fn all_sessions_of_an_account_end(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [first, second, other] = HOME;
    fixture.redeemed(first).await;
    proven_with_card_of(&fixture, second, first).await;
    fixture.back(second).await;
    fixture.redeemed(other).await;
    fixture.redeemed(first.twin()).await;
    let listed = fixture.store.sessions_of_account(TOWN, first.account()).await.expect("a list");
    assert_eq!(
        listed.iter().map(|listed| listed.session.sid).collect::<Vec<_>>(),
        [second.sid(), first.sid()]
    );
    let selection = SessionSelection::Account(first.account());
    let end = async || fixture.store.end_sessions(TOWN, selection, EndedBy::Relink).await.expect("a number");
    assert_eq!(end().await, 2);
    assert_eq!(end().await, 0);
    assert_eq!((fixture.session(first).await, fixture.token(first).await), (None, None));
    assert!(fixture.session(other).await.is_some() && fixture.token(other).await.is_some());
    assert!(fixture.session(first.twin()).await.is_some());
    let kinds = fixture.log(TOWN).await.into_iter().filter(|record| record.kind == AuditKind::SessionEnded);
    assert_eq!(kinds.count(), 2);
    assert!(fixture.store.sessions_of_account(TOWN, first.account()).await.expect("a list").is_empty());
}

/// Whoever comes for the answer after an hour comes too late, though the session lives.
pub async fn an_answer_waits_an_hour(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [party, late, _] = HOME;
    for party in [party, late] {
        fixture.proven(party).await;
        let new = NewSession { lifetime: 10 * ANSWER_SECONDS, ..party.session() };
        let (id, browser) = (party.id(), Some(party.browser()));
        let returned = fixture.store.complete(TOWN, id, party.verifier(), browser, new).await;
        assert!(matches!(returned, Ok(Returned::Completed { .. })), "{returned:?}");
    }
    fixture.advance(ANSWER_SECONDS - 1);
    assert!(matches!(fixture.take(party).await, AnswerTaken::Taken(_)));
    fixture.advance(1);
    assert!(matches!(fixture.take(late).await, AnswerTaken::NotFound));
    assert!(fixture.session(late).await.is_some());
}

/// Sixty-four answers in one session at once, each with its code.
pub async fn of_64_answers_in_a_session_each_has_its_code(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let party = HOME[0];
    fixture.answered(party).await;
    let outcomes = race(&fixture, |fixture, number| async move {
        let code = Party::new(1000 + number).code();
        answer_again(&fixture, party, code).await.is_some()
    })
    .await;
    assert_eq!(outcomes.into_iter().filter(|answered| *answered).count(), RUNNERS);
    assert_eq!(services(&fixture, party).await.len(), 1 + RUNNERS);
}

/// Found in its last second, not in the next; an expired one was not live when it is ended.
pub async fn a_session_is_found_while_it_lives(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    assert_eq!(fixture.session(party).await, None);
    let session = fixture.completed(party).await;
    fixture.advance(SESSION_SECONDS - 1);
    assert_eq!(fixture.session(party).await, Some(session));
    fixture.advance(1);
    assert_eq!(fixture.session(party).await, None);
    assert!(!fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
}

/// Ending answers whether it was live, and ends no other.
pub async fn an_ended_session_is_gone(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    fixture.completed(party).await;
    fixture.completed(other).await;
    assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    assert_eq!(fixture.session(party).await, None);
    assert!(!fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    assert!(fixture.session(other).await.is_some());
    assert!(!fixture.store.end_session(TOWN, Party::new(9).session_id()).await.expect("an outcome"));
}

/// A token dies when its session ends or expires, and one that a code gives later is born dead.
pub async fn tokens_die_with_their_session(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [ended, expiring, late, other] = [1, 2, 3, 4].map(Party::new);
    fixture.redeemed(ended).await;
    fixture.answered(late).await;
    fixture.redeemed(other).await;
    for party in [ended, late] {
        assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    }
    assert_eq!(fixture.token(ended).await, None);
    assert_eq!(fixture.redeem(late).await, Redemption::Done);
    assert_eq!(fixture.token(late).await, None);
    assert!(fixture.token(other).await.is_some(), "another session's token lives");
    fixture.answered(expiring).await;
    let token = NewAccessToken { lifetime: 10 * SESSION_SECONDS, ..expiring.token() };
    let outcome =
        fixture.store.redeem_code(TOWN, expiring.code_hash(), Some(token.into())).await.expect("an outcome");
    assert_eq!(outcome, Redemption::Done);
    fixture.advance(SESSION_SECONDS - 1);
    assert!(fixture.token(expiring).await.is_some());
    fixture.advance(1);
    assert_eq!(fixture.token(expiring).await, None);
}
