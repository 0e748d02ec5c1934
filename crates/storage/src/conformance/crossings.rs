//! Different things at once that must not miss each other: what ends something ends also what is being made of it.

use std::collections::HashSet;
use std::sync::Arc;

use super::Backend;
use super::fixture::{Fixture, done, race};
use super::party::{Party, TOWN};
use crate::{
    NewRefreshToken, NewRelinkOrder, NewTokens, Operator, Proof, Redemption, RefreshUse, RelinkCards,
    RelinkOpened, Relinked, Returned, Users,
};

/// Of a test.
const ROUNDS: u32 = 4;

const fn subject(round: u32) -> Party {
    Party::new(10 * round + 1)
}

const fn other(round: u32, number: u32) -> Party {
    Party::new(100_000 + 1000 * round + 2 * number + 1)
}

/// A code that gave refresh token 0.
async fn redeemed(fixture: &Fixture, party: Party) {
    fixture.answered(party).await;
    let refresh = NewRefreshToken { hash: party.hash("refresh token"), key: None };
    let tokens = NewTokens { access: party.token(), refresh: Some(refresh) };
    let redeemed = fixture.store.redeem_code(TOWN, party.code_hash(), Some(tokens)).await;
    assert_eq!(redeemed.expect("an outcome"), Redemption::Done);
}

/// Uses the party's refresh token for the tokens of another.
async fn refresh(fixture: &Fixture, party: Party, next: Party) -> RefreshUse {
    let successor = Some(NewRefreshToken { hash: next.hash("refresh token"), key: None });
    let used =
        fixture.store.use_refresh_token(TOWN, party.hash("refresh token"), next.token(), successor).await;
    used.expect("an outcome")
}

async fn assert_no_token_lives(fixture: &Fixture, party: Party) {
    assert_eq!(fixture.token(party).await, None);
    let found = fixture.store.find_refresh_token(TOWN, party.hash("refresh token")).await;
    assert_eq!(found.expect("a look"), None);
}

/// Whoever comes with the code again revokes the tokens of refreshes at the same moment too.
pub async fn a_reused_code_revokes_what_is_being_refreshed(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    for round in 0..ROUNDS {
        let party = subject(round);
        redeemed(&fixture, party).await;
        race(&fixture, move |fixture, number| async move {
            let next = other(round, number);
            if number == 7 {
                let again =
                    fixture.store.redeem_code(TOWN, party.code_hash(), Some(next.token().into())).await;
                assert_eq!(again.expect("an outcome"), Redemption::UsedBefore);
            } else {
                let _ = refresh(&fixture, party, next).await;
            }
        })
        .await;
        for party in (0..64).map(|number| other(round, number)).chain([party]) {
            assert_no_token_lives(&fixture, party).await;
        }
    }
}

/// A session that ends takes along the tokens of refreshes at the same moment, and its service is told once.
pub async fn a_session_ends_with_what_is_being_refreshed(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    for round in 0..ROUNDS {
        let party = subject(round);
        redeemed(&fixture, party).await;
        let ended = race(&fixture, move |fixture, number| async move {
            if number.is_multiple_of(8) {
                return fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome");
            }
            let _ = refresh(&fixture, party, other(round, number)).await;
            false
        })
        .await;
        assert_eq!(ended.into_iter().filter(|ended| *ended).count(), 1);
        for party in (0..64).map(|number| other(round, number)).chain([party]) {
            assert_no_token_lives(&fixture, party).await;
        }
        assert_eq!(fixture.store.count_deliveries().await.expect("a count"), u64::from(round) + 1);
    }
}

/// While an account is linked to another card, sign-ins with both cards complete. In the end the old card opens nothing of
/// the account, and the new card nothing else.
pub async fn sign_ins_at_once_with_a_relink_miss_nothing(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    for round in 0..ROUNDS {
        let party = subject(round);
        let [old, new] = ["old", "new"].map(|which| party.hash(&format!("{which} card")));
        let with_card = async |fixture: &Fixture, party: Party, card| {
            fixture.claimed(party).await;
            let proof = Proof { account_lookup: card, ..party.proof() };
            let (id, secret, finish) = (party.id(), party.claim_secret(), party.finish());
            done(
                fixture
                    .store
                    .prove(TOWN, id, secret, finish, proof, party.cleared())
                    .await
                    .expect("an outcome"),
            );
        };
        with_card(&fixture, party, old).await;
        let account = fixture.back(party).await.account;
        for number in 1..64 {
            let card = if number % 2 == 0 { old } else { new };
            with_card(&fixture, other(round, number), card).await;
        }
        let operator = |name: &str| Operator { name: name.to_owned(), user: name.to_owned() };
        let (cards, id) =
            (RelinkCards { old, new }, madoguchi_protocol::Octets(u64::from(round).to_be_bytes()));
        let reason = "card renewed".to_owned();
        let order = NewRelinkOrder { id, cards, operator: operator("Sato"), reason, lifetime: 60 };
        let opened = fixture.store.open_relink(TOWN, order).await.expect("an outcome");
        assert_eq!(opened, RelinkOpened::Done);
        race(&fixture, move |fixture, number| async move {
            if number == 0 {
                let suzuki = Operator { name: "Suzuki".to_owned(), user: "Suzuki".to_owned() };
                let confirmed = fixture.store.confirm_relink(TOWN, id, suzuki, Users::Two, cards).await;
                assert!(matches!(confirmed, Ok(Relinked::Done { .. })), "{confirmed:?}");
            } else {
                let back = fixture.complete(other(round, number)).await;
                assert!(matches!(back, Returned::Completed { .. }), "{back:?}");
            }
        })
        .await;
        for number in 1..64 {
            let Some(session) = fixture.session(other(round, number)).await else { continue };
            assert_eq!(session.account == account, number % 2 == 1, "sign-in {number}");
        }
    }
}

/// Sessions end while senders take: every service is told, and of every session once.
pub async fn sign_outs_at_once_with_senders_are_all_told(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let take = async |fixture: &Fixture| {
        let taken = fixture.store.take_deliveries(100, 100, 60).await.expect("deliveries");
        taken.into_iter().map(|delivery| (delivery.number, delivery.sid)).collect::<Vec<_>>()
    };
    for round in 0..ROUNDS {
        // Four services, which others have signed in to before.
        let party = move |number: u32| other(round, number).at_service(number % 4);
        for number in (0..64).filter(|number| number % 2 == 0) {
            fixture.answered(party(number)).await;
        }
        let taken = race(&fixture, move |fixture, number| async move {
            if number.is_multiple_of(2) {
                let ended = fixture.store.end_session(TOWN, party(number).session_id()).await;
                assert!(ended.expect("an outcome"));
                Vec::new()
            } else {
                let taken = fixture.store.take_deliveries(100, 100, 60).await.expect("deliveries");
                taken.into_iter().map(|delivery| (delivery.number, delivery.sid)).collect()
            }
        })
        .await;
        let mut taken: Vec<_> = taken.into_iter().flatten().collect();
        taken.extend(take(&fixture).await);
        let sids: HashSet<_> = taken.iter().map(|(_, sid)| sid.0).collect();
        assert_eq!((taken.len(), sids.len()), (32, 32));
        for (number, _) in taken {
            fixture.store.end_delivery(number).await.expect("ended");
        }
    }
}
