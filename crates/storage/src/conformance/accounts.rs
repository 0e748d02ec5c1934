//! Accounts are found by the card's keyed hash.

use super::Backend;
use super::fixture::{Fixture, done};
use super::party::{Party, TOWN};
use crate::{NewSession, Proof, Returned};

/// A card that was here before gets the account it had, not the new id.
pub async fn the_same_card_finds_its_account(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (first, second) = (Party::new(1), Party::new(2));
    let session = fixture.completed(first).await;
    assert_eq!(session.account, first.account());
    fixture.claimed(second).await;
    let proof = Proof { account_lookup: first.proof().account_lookup, ..second.proof() };
    let proven = fixture
        .store
        .prove(TOWN, second.id(), second.claim_secret(), second.finish(), proof, second.cleared())
        .await
        .expect("one");
    done(proven);
    assert_eq!(fixture.back(second).await.account, first.account());
    assert_eq!(fixture.sign_in(second).await.expect("one").account, Some(first.account()));
    assert_eq!(fixture.accounts(TOWN).await, 1);
}

/// A card that is new here gets the account id it came with.
pub async fn another_card_gets_another_account(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    assert_eq!(fixture.accounts(TOWN).await, 0);
    fixture.completed(Party::new(1)).await;
    assert_eq!(fixture.completed(Party::new(2)).await.account, Party::new(2).account());
    assert_eq!(fixture.accounts(TOWN).await, 2);
    // The same look-up in another municipality is another account.
    let twin = Party::new(1).twin();
    fixture.proven(twin).await;
    let new = NewSession { account_if_new: Party::new(3).account(), ..twin.session() };
    let browser = Some(twin.browser());
    let returned = fixture.store.complete(twin.town, twin.id(), twin.verifier(), browser, new).await;
    assert!(matches!(returned, Ok(Returned::Completed { .. })), "{returned:?}");
    assert_eq!(fixture.session(twin).await.expect("a session").account, Party::new(3).account());
    assert_eq!((fixture.accounts(TOWN).await, fixture.accounts(twin.town).await), (2, 1));
}
