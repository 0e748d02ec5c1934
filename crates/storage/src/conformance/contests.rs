//! One race for each thing that works once: prepared, run by sixty-four threads, and judged by what everybody was told and
//! what is left in the store.

use std::collections::HashSet;
use std::sync::Arc;

use madoguchi_oidc::Profile;
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_protocol::{ErrorCode, Octets};

use super::clients::registration;
use super::fixture::{Fixture, RUNNERS, done, race};
use super::party::{Party, TOWN};
use super::rounds::Artefact;
use crate::{
    AnswerTaken, ClientWrite, NewAccessToken, NewCode, NewPushedRequest, NewRefreshToken,
    NewRegistrationToken, NewRelinkOrder, NewSigningKey, NewTokens, Operator, Proof, PushedWrite, Redemption,
    RefreshUse, Refused, RelinkCards, RelinkOpened, Relinked, ReplayKind, Returned, SealedSecret,
    SecretPurpose, SessionAnswer, SignInState, Transition, Users,
};

/// How many won the race of this round.
pub(super) async fn winners(artefact: Artefact, fixture: &Arc<Fixture>, round: u32) -> usize {
    match artefact {
        Artefact::Account => account(fixture, round).await,
        Artefact::Answer => answer(fixture, round).await,
        Artefact::Claim => claim(fixture, round).await,
        Artefact::ClientId => client_id(fixture, round).await,
        Artefact::Code => code(fixture, round).await,
        Artefact::Delivery => delivery(fixture, round).await,
        Artefact::Finish => finish(fixture, round).await,
        Artefact::FirstKey => first_key(fixture, round).await,
        Artefact::FirstSecret => first_secret(fixture, round).await,
        Artefact::PushedPlace => pushed_place(fixture, round).await,
        Artefact::PushedRequest => pushed_request(fixture, round).await,
        Artefact::RefreshToken => refresh_token(fixture, round).await,
        Artefact::RegistrationToken => registration_token(fixture, round).await,
        Artefact::RelinkCard => relink_card(fixture, round).await,
        Artefact::RelinkOrder => relink_order(fixture, round).await,
        Artefact::Replay => replay(fixture, round).await,
        Artefact::Return => return_leg(fixture, round).await,
        Artefact::SessionEnd => session_end(fixture, round).await,
    }
}

/// Whom a round is about. Odd, so that it is no counter.
const fn subject(round: u32) -> Party {
    Party::new(10 * round + 1)
}

/// Whoever else takes part in a round.
const fn rival(round: u32, number: u32) -> Party {
    Party::new(1_000_000 + 100 * round + number)
}

fn count<T>(outcomes: &[T], is: impl Fn(&T) -> bool) -> usize {
    outcomes.iter().filter(|outcome| is(outcome)).count()
}

/// Whole sign-ins with one card: how many accounts they are.
async fn account(fixture: &Arc<Fixture>, round: u32) -> usize {
    let accounts = race(fixture, move |fixture, number| async move {
        let party = rival(round, number);
        fixture.claimed(party).await;
        let proof = Proof { account_lookup: subject(round).proof().account_lookup, ..party.proof() };
        let store = &fixture.store;
        let (id, secret, cleared) = (party.id(), party.claim_secret(), party.cleared());
        let proven = store.prove(TOWN, id, secret, party.finish(), proof, cleared).await;
        done(proven.expect("an outcome"));
        fixture.back(party).await.account
    })
    .await;
    accounts.into_iter().collect::<HashSet<_>>().len()
}

async fn answer(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    fixture.completed(party).await;
    let outcomes = race(fixture, move |fixture, number| async move {
        let code = NewCode { hash: rival(round, number).code_hash(), ..party.code() };
        let (browser, session) = (party.browser(), party.session_id());
        fixture.store.take_answer(TOWN, party.id(), browser, session, code).await.expect("an outcome")
    })
    .await;
    let mut codes = 0;
    for number in 0..64 {
        codes += usize::from(fixture.code(rival(round, number)).await.is_some());
    }
    assert_eq!(codes, 1, "a code that nobody was given, or none");
    count(&outcomes, |outcome| matches!(outcome, AnswerTaken::Taken(_)))
}

async fn claim(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    fixture.started(party).await;
    let outcomes =
        race(
            fixture,
            move |fixture, number| async move { fixture.claim_as(party, rival(round, number)).await },
        )
        .await;
    assert_eq!(fixture.state(party).await, SignInState::Burned(ErrorCode::TicketUsed));
    count(&outcomes, |outcome| matches!(outcome, Transition::Done(_)))
}

async fn client_id(fixture: &Arc<Fixture>, round: u32) -> usize {
    let outcomes = race(fixture, move |fixture, number| async move {
        let client = registration(&format!("client{round}"));
        fixture.store.add_client(TOWN, client, &format!("operator {number}")).await.expect("an outcome")
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == ClientWrite::IdTaken), RUNNERS - 1);
    count(&outcomes, |outcome| *outcome == ClientWrite::Done)
}

async fn code(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    fixture.answered(party).await;
    let outcomes = race(fixture, move |fixture, number| async move {
        let token = NewAccessToken { hash: rival(round, number).token_hash(), ..party.token() };
        fixture.store.redeem_code(TOWN, party.code_hash(), Some(token.into())).await.expect("an outcome")
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Redemption::UsedBefore), RUNNERS - 1);
    for number in 0..64 {
        assert_eq!(fixture.token(rival(round, number)).await, None, "a second use revokes");
    }
    count(&outcomes, |outcome| *outcome == Redemption::Done)
}

/// Two deliveries to a service that takes one at a time.
async fn delivery(fixture: &Arc<Fixture>, round: u32) -> usize {
    for number in 0..2 {
        let party = rival(round, number).at_service(round);
        fixture.answered(party).await;
        assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an end"));
    }
    let taken = race(fixture, |fixture, _| async move {
        fixture.store.take_deliveries(100, 1, 60).await.expect("deliveries")
    })
    .await;
    // The other one, when there is a place for it.
    let mut numbers: Vec<_> = taken.iter().flatten().map(|delivery| delivery.number).collect();
    let first = numbers.len();
    for _ in 0..2 {
        for number in numbers.drain(..) {
            fixture.store.end_delivery(number).await.expect("ended");
        }
        let next = fixture.store.take_deliveries(100, 1, 60).await.expect("deliveries");
        numbers.extend(next.into_iter().map(|delivery| delivery.number));
    }
    assert_eq!(fixture.store.count_deliveries().await.expect("a count"), 0);
    first
}

async fn finish(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    fixture.claimed(party).await;
    let outcomes = race(fixture, move |fixture, number| async move {
        let (id, secret, finish) = (party.id(), party.claim_secret(), rival(round, number).finish());
        let store = &fixture.store;
        let outcome = if number.is_multiple_of(2) {
            store.prove(TOWN, id, secret, finish, party.proof(), party.cleared()).await
        } else {
            store.refuse(TOWN, id, secret, finish, Refused::from(ErrorCode::CertificateExpired)).await
        };
        outcome.expect("an outcome")
    })
    .await;
    let state = fixture.state(party).await;
    let told = count(&outcomes, |outcome| match outcome {
        Transition::Done(sign_in) => sign_in.state == state,
        Transition::Conflict(at) => *at == state,
        _ => false,
    });
    assert_eq!(told, RUNNERS, "everybody is told how it ended");
    count(&outcomes, |outcome| matches!(outcome, Transition::Done(_)))
}

/// How many keys the nodes were given.
async fn first_key(fixture: &Arc<Fixture>, round: u32) -> usize {
    let keys = race(fixture, move |fixture, number| async move {
        let offer = NewSigningKey {
            kid: format!("key {number}"),
            alg: JwsAlg::Es256,
            sealed: SealedSecret(number.to_be_bytes().to_vec()),
        };
        let town = format!("town {round}");
        fixture.store.signing_key_or_insert(&town, offer).await.expect("a key").expect("a key").kid
    })
    .await;
    let stored = fixture.store.signing_keys(&format!("town {round}")).await.expect("keys");
    assert_eq!(stored.len(), 1);
    keys.into_iter().collect::<HashSet<_>>().len()
}

/// How many secrets the nodes were given.
async fn first_secret(fixture: &Arc<Fixture>, round: u32) -> usize {
    let secrets = race(fixture, move |fixture, number| async move {
        let offer = SealedSecret(number.to_be_bytes().to_vec());
        let (town, purpose) = (format!("town {round}"), SecretPurpose::AccountKey);
        fixture.store.secret_or_insert(&town, purpose, offer).await.expect("a secret").0
    })
    .await;
    secrets.into_iter().collect::<HashSet<_>>().len()
}

/// Four of the client wait already, and five may.
async fn pushed_place(fixture: &Arc<Fixture>, round: u32) -> usize {
    let push = move |fixture: Arc<Fixture>, number| async move {
        let new = NewPushedRequest {
            hash: rival(round, number).hash("pushed request"),
            municipality: TOWN.to_owned(),
            request: subject(round).sign_in().request,
            lifetime: 60,
            most: 5,
        };
        fixture.store.push_request(new).await.expect("an outcome")
    };
    for number in 64..68 {
        assert_eq!(push(Arc::clone(fixture), number).await, PushedWrite::Done);
    }
    let outcomes = race(fixture, push).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == PushedWrite::TooMany), RUNNERS - 1);
    count(&outcomes, |outcome| *outcome == PushedWrite::Done)
}

async fn pushed_request(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    let pushed = Octets(party.pushed().0);
    fixture.completed(party).await;
    let request = party.sign_in().request;
    let new =
        NewPushedRequest { hash: pushed, municipality: TOWN.to_owned(), request, lifetime: 60, most: 64 };
    assert_eq!(fixture.store.push_request(new).await.expect("an outcome"), crate::PushedWrite::Done);
    let ends = race(fixture, move |fixture, number| async move {
        let store = &fixture.store;
        if number.is_multiple_of(2) {
            return store.finish_pushed_request(TOWN, pushed).await.expect("an outcome");
        }
        let code = NewCode { hash: rival(round, number).code_hash(), ..party.code() };
        let answer = store.answer_in_session(TOWN, party.session_cookie(), None, code).await;
        let answered = match answer.expect("an outcome") {
            SessionAnswer::Answered(_) => true,
            SessionAnswer::RequestFinished => false,
            SessionAnswer::NoSession | SessionAnswer::TooMany => panic!("the session lives, and is not full"),
        };
        assert_eq!(fixture.code(rival(round, number)).await.is_some(), answered);
        answered
    })
    .await;
    count(&ends, |ended| *ended)
}

/// How many successors can be used in the end. All are told that it is done: but for the last one, each of them may have
/// missed the answer.
async fn refresh_token(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    fixture.answered(party).await;
    let first = party.hash("refresh token");
    let tokens =
        NewTokens { access: party.token(), refresh: Some(NewRefreshToken { hash: first, key: None }) };
    let redeemed = fixture.store.redeem_code(TOWN, party.code_hash(), Some(tokens)).await;
    assert_eq!(redeemed.expect("an outcome"), Redemption::Done);
    let successor = move |number| rival(round, number).hash("refresh token");
    let outcomes = race(fixture, move |fixture, number| async move {
        let access = rival(round, number).token();
        let next = Some(NewRefreshToken { hash: successor(number), key: None });
        fixture.store.use_refresh_token(TOWN, first, access, next).await.expect("an outcome")
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == RefreshUse::Done), RUNNERS);
    let mut left = 0;
    for number in 0..64 {
        let found = fixture.store.find_refresh_token(TOWN, successor(number)).await.expect("a look");
        left += usize::from(!found.expect("it is kept").used);
    }
    left
}

async fn registration_token(fixture: &Arc<Fixture>, round: u32) -> usize {
    let hash = subject(round).hash("registration token");
    let token = NewRegistrationToken { hash, profile: Profile::Standard, lifetime: 60 };
    fixture.store.add_registration_token(TOWN, token, "tanaka").await.expect("kept");
    let outcomes = race(fixture, move |fixture, number| async move {
        let client = registration(&format!("client{round}x{number}"));
        fixture.store.register_client(TOWN, hash, client).await.expect("an outcome")
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == ClientWrite::NotFound), RUNNERS - 1);
    count(&outcomes, |outcome| *outcome == ClientWrite::Done)
}

/// Orders that all name one card, as the old one or the new one.
async fn relink_card(fixture: &Arc<Fixture>, round: u32) -> usize {
    let [one, other] = [0, 1].map(|number| rival(round, number));
    fixture.completed(one).await;
    fixture.completed(other).await;
    let outcomes = race(fixture, move |fixture, number| async move {
        let card = one.proof().account_lookup;
        let cards = if number.is_multiple_of(2) {
            RelinkCards { old: card, new: rival(round, number).hash("new card") }
        } else {
            RelinkCards { old: other.proof().account_lookup, new: card }
        };
        open_order(&fixture, round, number, cards).await
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == RelinkOpened::OpenAlready), RUNNERS - 1);
    count(&outcomes, |outcome| *outcome == RelinkOpened::Done)
}

async fn relink_order(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    fixture.completed(party).await;
    let cards = RelinkCards { old: party.proof().account_lookup, new: party.hash("new card") };
    assert_eq!(open_order(fixture, round, 0, cards).await, RelinkOpened::Done);
    let outcomes = race(fixture, move |fixture, number| async move {
        let (store, operator) = (&fixture.store, operator(number + 1));
        if number.is_multiple_of(2) {
            let confirmed = store.confirm_relink(TOWN, order_id(round, 0), operator, Users::Two, cards).await;
            confirmed.expect("an outcome") == (Relinked::Done { sessions: 1, merged: false })
        } else {
            store.withdraw_relink(TOWN, order_id(round, 0), operator).await.expect("an outcome")
        }
    })
    .await;
    count(&outcomes, |done| *done)
}

async fn open_order(fixture: &Fixture, round: u32, number: u32, cards: RelinkCards) -> RelinkOpened {
    let order = NewRelinkOrder {
        id: order_id(round, number),
        cards,
        operator: operator(number),
        reason: "card renewed".to_owned(),
        lifetime: 60,
    };
    fixture.store.open_relink(TOWN, order).await.expect("an outcome")
}

fn order_id(round: u32, number: u32) -> Octets<8> {
    Octets((u64::from(round) << 32 | u64::from(number)).to_be_bytes())
}

fn operator(number: u32) -> Operator {
    Operator { name: format!("operator {number}"), user: format!("user {number}") }
}

async fn replay(fixture: &Arc<Fixture>, round: u32) -> usize {
    let (key, until) = (subject(round).hash("jti"), fixture.now() + 60);
    let outcomes = race(fixture, move |fixture, number| async move {
        // Whatever end each of them names.
        let (kind, until) = (ReplayKind::ClientAssertion, until + u64::from(number));
        fixture.store.use_once(TOWN, kind, key, until).await.expect("an outcome")
    })
    .await;
    count(&outcomes, |first| *first)
}

/// The browser's own returns are one winner together: they share one session, of which one id is worth something.
async fn return_leg(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    fixture.proven(party).await;
    let outcomes = race(fixture, move |fixture, number| async move {
        let other = rival(round, number);
        let browser = if number.is_multiple_of(2) { party.browser() } else { other.browser() };
        let (id, verifier, session) = (party.id(), party.verifier(), other.session());
        fixture.store.complete(TOWN, id, verifier, Some(browser), session).await.expect("an outcome")
    })
    .await;
    let completed = count(&outcomes, |outcome| matches!(outcome, Returned::Completed { .. }));
    let burned = count(&outcomes, |outcome| matches!(outcome, Returned::WrongBrowser(_)));
    let mut live = 0;
    for number in 0..64 {
        live += usize::from(fixture.session(rival(round, number)).await.is_some());
    }
    assert_eq!((completed, live), if burned == 0 { (RUNNERS / 2, 1) } else { (0, 0) });
    live + burned
}

async fn session_end(fixture: &Arc<Fixture>, round: u32) -> usize {
    let party = subject(round);
    fixture.completed(party).await;
    let outcomes = race(fixture, move |fixture, _| async move {
        fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome")
    })
    .await;
    count(&outcomes, |ended| *ended)
}
