//! Handing the service's answer out.

use super::Backend;
use super::fixture::{Fixture, done};
use super::party::{CODE_SECONDS, Party, SESSION_SECONDS, TOWN};
use crate::{AnswerTaken, NewCode, NewSignIn, Returned};

/// The first asker takes it, with its code stored; a second one learns so and stores nothing.
pub async fn the_answer_is_taken_once(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, second) = (Party::new(1), Party::new(2));
    let session = fixture.completed(party).await;
    fixture.advance(10);
    match fixture.take(party).await {
        AnswerTaken::Taken(sign_in) => assert!(sign_in.answered),
        other => panic!("not taken: {other:?}"),
    }
    let code = fixture.code(party).await.expect("the code is stored");
    assert_eq!((code.hash, code.municipality.as_str()), (party.code_hash(), TOWN));
    assert_eq!(code.grant, party.code().grant);
    assert_eq!((code.account, code.sid, code.auth_time), (session.account, session.sid, session.auth_time));
    assert_eq!(code.expires_at.as_secs(), fixture.now() + CODE_SECONDS);
    let again = fixture
        .store
        .take_answer(TOWN, party.id(), party.browser(), party.session_id(), second.code())
        .await
        .expect("an outcome");
    match again {
        AnswerTaken::Before(sign_in) => assert!(sign_in.answered),
        other => panic!("taken twice: {other:?}"),
    }
    assert_eq!(fixture.code(second).await, None);
    assert!(fixture.sign_in(party).await.expect("a sign-in").answered);
}

/// Another browser, another session and a sign-in that is not completed get nothing, before and after the hand-out.
pub async fn the_answer_needs_its_session_and_browser(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other, proven) = (Party::new(1), Party::new(2), Party::new(3));
    fixture.completed(party).await;
    fixture.completed(other).await;
    fixture.proven(proven).await;
    for after in [false, true] {
        let code = Party::new(9);
        for (id, browser, session) in [
            (party.id(), other.browser(), party.session_id()),
            (party.id(), party.browser(), other.session_id()),
            (party.id(), party.browser(), code.session_id()),
            (other.id(), party.browser(), party.session_id()),
            (proven.id(), proven.browser(), party.session_id()),
            (code.id(), party.browser(), party.session_id()),
        ] {
            let outcome =
                fixture.store.take_answer(TOWN, id, browser, session, code.code()).await.expect("an outcome");
            assert!(matches!(outcome, AnswerTaken::NotFound), "{outcome:?}");
            assert_eq!(fixture.code(code).await, None);
        }
        assert_eq!(fixture.sign_in(party).await.expect("a sign-in").answered, after);
        if !after {
            assert!(matches!(fixture.take(party).await, AnswerTaken::Taken(_)));
        }
    }
}

/// Two sign-ins of one browser have an answer each.
pub async fn taking_one_answer_leaves_the_browsers_other_one(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (first, second) = (Party::new(1), Party::new(2));
    fixture.completed(first).await;
    let same_browser = NewSignIn { browser_hash: first.browser(), ..second.sign_in() };
    fixture.store.start(same_browser).await.expect("a start");
    done(fixture.claim(second).await);
    done(fixture.prove(second).await);
    let browser = first.browser();
    let returned =
        fixture.store.complete(TOWN, second.id(), second.verifier(), Some(browser), second.session()).await;
    assert!(matches!(returned, Ok(Returned::Completed { .. })), "{returned:?}");
    let crossed =
        fixture.store.take_answer(TOWN, first.id(), browser, second.session_id(), first.code()).await;
    assert!(matches!(crossed, Ok(AnswerTaken::NotFound)), "{crossed:?}");
    assert!(matches!(fixture.take(first).await, AnswerTaken::Taken(_)));
    // Nor does who has only the other session learn that it was taken.
    let crossed =
        fixture.store.take_answer(TOWN, first.id(), browser, second.session_id(), first.code()).await;
    assert!(matches!(crossed, Ok(AnswerTaken::NotFound)), "{crossed:?}");
    let taken =
        fixture.store.take_answer(TOWN, second.id(), browser, second.session_id(), second.code()).await;
    assert!(matches!(taken, Ok(AnswerTaken::Taken(_))), "{taken:?}");
}

/// A session that ended or ran out takes no answer.
pub async fn the_answer_needs_a_live_session(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [ended, just, late] = [1, 2, 3].map(Party::new);
    for party in [ended, just, late] {
        fixture.completed(party).await;
    }
    assert!(fixture.store.end_session(TOWN, ended.session_id()).await.expect("an end"));
    let outcome = fixture.take(ended).await;
    assert!(matches!(outcome, AnswerTaken::NotFound), "{outcome:?}");
    fixture.advance(SESSION_SECONDS - 1);
    assert!(matches!(fixture.take(just).await, AnswerTaken::Taken(_)));
    fixture.advance(1);
    for party in [just, late] {
        let outcome = fixture.take(party).await;
        assert!(matches!(outcome, AnswerTaken::NotFound), "{outcome:?}");
    }
    assert!(!fixture.sign_in(late).await.expect("a sign-in").answered);
}

/// One transaction: when the code cannot be stored, the answer was not taken.
pub async fn a_taken_answer_whose_code_fails_is_not_taken(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (first, second) = (Party::new(1), Party::new(2));
    fixture.answered(first).await;
    fixture.completed(second).await;
    let taken = NewCode { hash: first.code_hash(), ..second.code() };
    let outcome =
        fixture.store.take_answer(TOWN, second.id(), second.browser(), second.session_id(), taken).await;
    outcome.expect_err("the code's hash is taken");
    assert!(!fixture.sign_in(second).await.expect("a sign-in").answered);
    assert!(matches!(fixture.take(second).await, AnswerTaken::Taken(_)));
}
