//! Every method in every state: the outcome, and that nothing changed unless the outcome says so.

use madoguchi_protocol::{ErrorCode, Octets};

use super::Backend;
use super::fixture::{Fixture, done};
use super::party::{Party, TOWN};
use crate::{AnswerTaken, NewSignIn, Refused, Returned, SignInState, Transition};

/// How a sign-in came to stand where it stands.
#[derive(Clone, Copy, Debug)]
enum Row {
    Started,
    Claimed,
    Proven,
    Completed,
    Answered,
    CancelledByAgent,
    CancelledUnclaimed,
    CancelledProven,
    Refused,
    Replaced,
    Burned,
    ExpiredStarted,
    ExpiredClaimed,
    NeverReturned,
}

/// What is tried on it.
#[derive(Clone, Copy, Debug)]
enum Column {
    ClaimAgain,
    ClaimOther,
    ProveAgain,
    ProveOther,
    RefuseOther,
    Cancel,
    CancelByBrowser,
    Return,
    ReturnElsewhere,
    ReturnWrong,
    Take,
}

/// What it must answer. The second group changes the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Same,
    Conflict(SignInState),
    Expired,
    NotFound,
    Other(SignInState),
    Before,

    Done(SignInState),
    ConflictBurns,
    Completes,
    WrongBrowser,
    Taken,
}

const COLUMNS: [Column; 11] = [
    Column::ClaimAgain,
    Column::ClaimOther,
    Column::ProveAgain,
    Column::ProveOther,
    Column::RefuseOther,
    Column::Cancel,
    Column::CancelByBrowser,
    Column::Return,
    Column::ReturnElsewhere,
    Column::ReturnWrong,
    Column::Take,
];

/// The expected outcomes of one row, in the order of the columns.
fn expected(row: Row) -> [Outcome; 11] {
    use Outcome::{Before, Completes, ConflictBurns, Expired, NotFound, Same, Taken, WrongBrowser};
    let no = Outcome::Conflict;
    let other = Outcome::Other;
    let declined = SignInState::Cancelled(ErrorCode::Declined);
    let claimed = Outcome::Done(SignInState::Claimed);
    let proven = Outcome::Done(SignInState::Proven);
    let refused = Outcome::Done(SignInState::Burned(ErrorCode::CertificateRevoked));
    let cancelled = Outcome::Done(SignInState::Cancelled(ErrorCode::PinWrong));
    let by_browser = Outcome::Done(declined);
    // Stopped after a claim and before a finish; and after a finish.
    let stopped = |at| {
        [no(at), no(at), no(at), no(at), no(at), no(at), no(at), other(at), other(at), NotFound, NotFound]
    };
    let finished =
        |at| [no(at), no(at), Same, no(at), no(at), no(at), no(at), other(at), other(at), NotFound, NotFound];
    match row {
        Row::Started => [
            claimed, claimed, NotFound, NotFound, NotFound, NotFound, by_browser, NotFound, NotFound,
            NotFound, NotFound,
        ],
        Row::Claimed => {
            let at = other(SignInState::Claimed);
            [Same, ConflictBurns, proven, proven, refused, cancelled, by_browser, at, at, NotFound, NotFound]
        }
        Row::Proven => {
            let at = no(SignInState::Proven);
            [Same, ConflictBurns, Same, at, at, at, by_browser, Completes, WrongBrowser, NotFound, NotFound]
        }
        Row::Completed => {
            let (at, told) = (no(SignInState::Completed), other(SignInState::Completed));
            [Same, at, Same, at, at, at, at, Completes, told, NotFound, Taken]
        }
        Row::Answered => {
            let (at, told) = (no(SignInState::Completed), other(SignInState::Completed));
            [Same, at, Same, at, at, at, at, told, told, NotFound, Before]
        }
        Row::CancelledByAgent => stopped(SignInState::Cancelled(ErrorCode::CardRemoved)),
        Row::CancelledUnclaimed => {
            let at = no(declined);
            [at, at, NotFound, NotFound, NotFound, NotFound, Same, NotFound, NotFound, NotFound, NotFound]
        }
        Row::CancelledProven => {
            let (at, told) = (no(declined), other(declined));
            [at, at, Same, at, at, at, Same, told, told, NotFound, NotFound]
        }
        Row::Refused => finished(SignInState::Cancelled(ErrorCode::CertificateExpired)),
        Row::Replaced => stopped(SignInState::Cancelled(ErrorCode::SignInReplaced)),
        Row::Burned => finished(SignInState::Burned(ErrorCode::PossiblePhishing)),
        Row::ExpiredStarted => [
            Expired, Expired, NotFound, NotFound, NotFound, NotFound, Expired, NotFound, NotFound, NotFound,
            NotFound,
        ],
        Row::ExpiredClaimed => {
            let told = other(SignInState::Expired);
            [Expired, Expired, Expired, Expired, Expired, Expired, Expired, told, told, NotFound, NotFound]
        }
        Row::NeverReturned => finished(SignInState::Burned(ErrorCode::SignInExpired)),
    }
}

/// Walks the table. Outside the outcomes that say so, nothing that can be seen of the sign-in changes; and never
/// anything of its twin in another municipality, or of another sign-in that stands where it stands.
pub async fn every_method_in_every_state(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let mut number = 0;
    for row in [
        Row::Started,
        Row::Claimed,
        Row::Proven,
        Row::Completed,
        Row::Answered,
        Row::CancelledByAgent,
        Row::CancelledUnclaimed,
        Row::CancelledProven,
        Row::Refused,
        Row::Replaced,
        Row::Burned,
        Row::ExpiredStarted,
        Row::ExpiredClaimed,
        Row::NeverReturned,
    ] {
        for (column, outcome) in COLUMNS.into_iter().zip(expected(row)) {
            number += 1;
            let party = Party::new(number);
            let bystanders = [party.twin(), Party::new(number + 50_000).with_agent_of(party)];
            for party in [party, bystanders[0], bystanders[1]] {
                reach(&fixture, party, row).await;
            }
            let before = fixture.snapshot(party).await;
            let beside = [fixture.visible(bystanders[0]).await, fixture.visible(bystanders[1]).await];
            let got = attempt(&fixture, party, column).await;
            assert_eq!(got, outcome, "{row:?} × {column:?}");
            for (bystander, before) in bystanders.into_iter().zip(beside) {
                assert_eq!(fixture.visible(bystander).await, before, "{row:?} × {column:?}: {bystander:?}");
            }
            let after = fixture.snapshot(party).await;
            let state = after.sign_in.as_ref().expect("a sign-in").state;
            match outcome {
                Outcome::Done(done) => assert_eq!(state, done, "{row:?} × {column:?}"),
                Outcome::ConflictBurns => assert_eq!(state, SignInState::Burned(ErrorCode::TicketUsed)),
                Outcome::Completes => assert_eq!(state, SignInState::Completed),
                Outcome::WrongBrowser => assert_eq!(state, SignInState::Burned(ErrorCode::PossiblePhishing)),
                Outcome::Taken => assert!(after.code.is_some()),
                _ => assert_eq!(after, before, "{row:?} × {column:?}"),
            }
        }
    }
}

async fn reach(fixture: &Fixture, party: Party, row: Row) {
    match row {
        Row::Started | Row::ExpiredStarted | Row::CancelledUnclaimed => drop(fixture.started(party).await),
        Row::Claimed | Row::ExpiredClaimed | Row::CancelledByAgent | Row::Refused | Row::Replaced => {
            drop(fixture.claimed(party).await);
        }
        Row::Proven | Row::CancelledProven | Row::Burned | Row::NeverReturned => {
            drop(fixture.proven(party).await);
        }
        Row::Completed => drop(fixture.completed(party).await),
        Row::Answered => drop(fixture.answered(party).await),
    }
    match row {
        Row::Started | Row::Claimed | Row::Proven | Row::Completed | Row::Answered => {}
        Row::CancelledByAgent => drop(done(fixture.cancel(party, ErrorCode::CardRemoved).await)),
        Row::CancelledUnclaimed | Row::CancelledProven => drop(done(fixture.cancel_by_browser(party).await)),
        Row::Refused => drop(done(fixture.refuse(party, ErrorCode::CertificateExpired, false).await)),
        Row::Replaced => {
            let id = party.hash("replacement");
            let mut short = [0; 16];
            short.copy_from_slice(&id.0[..16]);
            let next = NewSignIn { id: Octets(short), ticket_hash: id, ..party.sign_in() };
            fixture.store.start(next).await.expect("a start");
        }
        Row::Burned => {
            let returned =
                fixture.store.complete(party.town, party.id(), party.verifier(), None, party.session()).await;
            assert!(matches!(returned, Ok(Returned::WrongBrowser(_))), "{returned:?}");
        }
        Row::ExpiredStarted => fixture.advance(fixture.limits.started_seconds),
        Row::ExpiredClaimed => fixture.advance(fixture.limits.claimed_seconds),
        Row::NeverReturned => fixture.advance(fixture.limits.proven_seconds),
    }
}

async fn attempt(fixture: &Fixture, party: Party, column: Column) -> Outcome {
    let other = Party::new(100_000);
    let store = &fixture.store;
    let (id, secret) = (party.id(), party.claim_secret());
    match column {
        Column::ClaimAgain => transition(fixture.claim(party).await),
        Column::ClaimOther => {
            let before = fixture.state(party).await;
            match transition(fixture.claim_as(party, other).await) {
                Outcome::Conflict(told) if told != before => Outcome::ConflictBurns,
                outcome => outcome,
            }
        }
        Column::ProveAgain => transition(fixture.prove(party).await),
        Column::ProveOther => transition(
            store
                .prove(TOWN, id, secret, other.finish(), other.proof(), other.cleared())
                .await
                .expect("an outcome"),
        ),
        Column::RefuseOther => {
            let refused = Refused { burn: true, ..ErrorCode::CertificateRevoked.into() };
            transition(store.refuse(TOWN, id, secret, other.finish(), refused).await.expect("an outcome"))
        }
        Column::Cancel => transition(fixture.cancel(party, ErrorCode::PinWrong).await),
        Column::CancelByBrowser => transition(fixture.cancel_by_browser(party).await),
        Column::Return => returned(fixture.complete(party).await),
        Column::ReturnElsewhere => {
            let browser = Some(other.browser());
            returned(
                store
                    .complete(TOWN, id, party.verifier(), browser, other.session())
                    .await
                    .expect("an outcome"),
            )
        }
        Column::ReturnWrong => {
            let browser = Some(party.browser());
            returned(
                store
                    .complete(TOWN, id, other.verifier(), browser, other.session())
                    .await
                    .expect("an outcome"),
            )
        }
        Column::Take => match fixture.take(party).await {
            AnswerTaken::Taken(_) => Outcome::Taken,
            AnswerTaken::Before(_) => Outcome::Before,
            AnswerTaken::NotFound => Outcome::NotFound,
        },
    }
}

fn transition(transition: Transition) -> Outcome {
    match transition {
        Transition::Done(sign_in) => Outcome::Done(sign_in.state),
        Transition::Same(_) => Outcome::Same,
        Transition::Conflict(state) => Outcome::Conflict(state),
        Transition::Expired => Outcome::Expired,
        Transition::NotFound => Outcome::NotFound,
    }
}

fn returned(returned: Returned) -> Outcome {
    match returned {
        Returned::Completed { .. } => Outcome::Completes,
        Returned::WrongBrowser(_) => Outcome::WrongBrowser,
        Returned::Other(sign_in) => Outcome::Other(sign_in.state),
        Returned::NotFound => Outcome::NotFound,
    }
}
