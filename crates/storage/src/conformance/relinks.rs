//! Linking an account to another card.

use madoguchi_protocol::Octets;

use super::Backend;
use super::fixture::{Fixture, done};
use super::party::{OTHER_TOWN, Party, TOWN};
use crate::{
    AuditKind, NewRelinkOrder, Operator, Proof, RelinkCards, RelinkOpened, Relinked, SessionRecord, Users,
};

const DAY: u64 = 24 * 60 * 60;
const ID: Octets<8> = Octets([7; 8]);

fn cards(old: Party, new: Party) -> RelinkCards {
    RelinkCards { old: old.proof().account_lookup, new: new.proof().account_lookup }
}

/// Each runs commands as a user of their own.
fn operator(name: &str) -> Operator {
    Operator { name: name.to_owned(), user: format!("user of {name}") }
}

fn order(id: Octets<8>, cards: RelinkCards) -> NewRelinkOrder {
    let (operator, reason) = (operator("Sato"), "card renewed".to_owned());
    NewRelinkOrder { id, cards, operator, reason, lifetime: DAY }
}

async fn open(fixture: &Fixture, id: Octets<8>, cards: RelinkCards) -> RelinkOpened {
    fixture.store.open_relink(TOWN, order(id, cards)).await.expect("an outcome")
}

async fn confirm(fixture: &Fixture, operator: &str, cards: RelinkCards) -> Relinked {
    fixture
        .store
        .confirm_relink(TOWN, ID, self::operator(operator), Users::Two, cards)
        .await
        .expect("an outcome")
}

/// A sign-in with the card of another party.
async fn with_card_of(fixture: &Fixture, party: Party, card: Party) -> SessionRecord {
    fixture.claimed(party).await;
    let proof = Proof { account_lookup: card.proof().account_lookup, ..party.proof() };
    let proven = fixture
        .store
        .prove(party.town, party.id(), party.claim_secret(), party.finish(), proof, party.cleared())
        .await;
    done(proven.expect("an outcome"));
    fixture.back(party).await
}

/// The account stays who it is; the new card finds it, the old one does not, and its sessions are over.
pub async fn a_relinked_account_has_the_new_card(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [old, new, bystander] = [1, 3, 5].map(Party::new);
    let before = fixture.redeemed(old).await;
    fixture.redeemed(bystander).await;
    assert_eq!(open(&fixture, ID, cards(old, new)).await, RelinkOpened::Done);
    let orders = fixture.store.relink_orders(TOWN).await.expect("orders");
    assert_eq!((orders.len(), orders[0].id, orders[0].opened_by.name.as_str()), (1, ID, "Sato"));
    assert_eq!(orders[0].expires_at.as_secs(), fixture.now() + DAY);
    assert!(fixture.session(old).await.is_some(), "an order alone does nothing");
    let outcome = confirm(&fixture, "Suzuki", cards(old, new)).await;
    assert_eq!(outcome, Relinked::Done { sessions: 1, merged: false });
    assert_eq!((fixture.session(old).await, fixture.token(old).await), (None, None));
    assert!(fixture.token(bystander).await.is_some());
    assert_eq!(fixture.store.relink_orders(TOWN).await.expect("orders"), []);
    let now = fixture.now();
    let first = with_card_of(&fixture, Party::new(7), new).await;
    assert_eq!((first.account, first.relinked_at.map(|at| at.as_secs())), (before.account, Some(now)));
    let second = with_card_of(&fixture, Party::new(9), new).await;
    assert_eq!((second.account, second.relinked_at), (before.account, None), "said once");
    for stranger in [11, 13] {
        let stranger = with_card_of(&fixture, Party::new(stranger), old).await;
        assert_ne!(stranger.account, before.account);
        assert_eq!(stranger.moved_at.map(|at| at.as_secs()), Some(now), "whoever has it is told, each time");
    }
    assert_eq!((first.moved_at, second.moved_at), (None, None));
    let log = fixture.log(TOWN).await;
    let last = log.iter().find(|record| record.kind == AuditKind::AccountRelinked).expect("a record");
    let evidence = last.evidence.as_deref().expect("who and why");
    for said in ["Sato, as user of Sato", "Suzuki", "card renewed"] {
        assert!(evidence.contains(said), "{evidence}");
    }
    assert!(log.iter().any(|record| record.kind == AuditKind::RelinkOpened));
}

/// A card that has an account again is no card whose account moved away.
pub async fn an_account_may_move_back(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [old, new] = [1, 3].map(Party::new);
    let account = fixture.redeemed(old).await.account;
    for cards in [cards(old, new), cards(new, old)] {
        let _ = open(&fixture, ID, cards).await;
        assert!(matches!(confirm(&fixture, "Suzuki", cards).await, Relinked::Done { .. }));
        fixture.advance(1);
    }
    let back = with_card_of(&fixture, Party::new(7), old).await;
    assert_eq!((back.account, back.moved_at), (account, None));
    let left = with_card_of(&fixture, Party::new(9), new).await;
    assert_eq!(left.moved_at.map(|at| at.as_secs()), Some(fixture.now() - 1));
}

/// Whoever signed in with the new card before had an account of their own: nothing finds it any more.
pub async fn an_account_of_the_new_card_gives_way(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [old, new] = [1, 3].map(Party::new);
    let kept = fixture.redeemed(old).await.account;
    fixture.redeemed(new).await;
    let _ = open(&fixture, ID, cards(old, new)).await;
    let outcome = confirm(&fixture, "Suzuki", cards(old, new)).await;
    assert_eq!(outcome, Relinked::Done { sessions: 2, merged: true });
    assert_eq!((fixture.session(new).await, fixture.token(new).await), (None, None));
    assert_eq!(with_card_of(&fixture, Party::new(7), new).await.account, kept);
    assert_eq!(fixture.accounts(TOWN).await, 1);
}

/// One operator alone, another card than ordered, another order or municipality: nothing happens.
pub async fn an_order_needs_another_operator_and_the_same_cards(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [old, new, other] = [1, 3, 5].map(Party::new);
    fixture.redeemed(old).await;
    fixture.redeemed(old.twin()).await;
    assert_eq!(confirm(&fixture, "Suzuki", cards(old, new)).await, Relinked::NotFound);
    let _ = open(&fixture, ID, cards(old, new)).await;
    for name in ["Sato", "sato", " SATO ", "Sato.", "Ｓａｔｏ", "Sa\u{200b}to"] {
        assert_eq!(confirm(&fixture, name, cards(old, new)).await, Relinked::SameOperator);
    }
    // Another name typed by the same user of the operating system, here with a letter of another script.
    let again = Operator { name: "S\u{430}to".to_owned(), ..operator("Sato") };
    let one_user = |users| fixture.store.confirm_relink(TOWN, ID, again.clone(), users, cards(old, other));
    assert_eq!(one_user(Users::Two).await.expect("an outcome"), Relinked::SameUser);
    assert_eq!(one_user(Users::Any).await.expect("an outcome"), Relinked::OtherCards, "as the office has it");
    for wrong in [cards(old, other), cards(other, new), cards(new, old)] {
        assert_eq!(confirm(&fixture, "Suzuki", wrong).await, Relinked::OtherCards);
    }
    let both = cards(old, new);
    let elsewhere = fixture.store.confirm_relink(OTHER_TOWN, ID, operator("Suzuki"), Users::Two, both).await;
    assert_eq!(elsewhere.expect("an outcome"), Relinked::NotFound);
    assert!(fixture.token(old).await.is_some() && fixture.token(old.twin()).await.is_some());
    assert!(matches!(confirm(&fixture, "Suzuki", cards(old, new)).await, Relinked::Done { .. }));
    assert_eq!(confirm(&fixture, "Suzuki", cards(old, new)).await, Relinked::NotFound, "once");
    assert!(fixture.token(old.twin()).await.is_some());
}

/// About an account that is there, two cards, and one order at a time.
pub async fn what_cannot_be_ordered(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [old, new, other] = [1, 3, 5].map(Party::new);
    assert_eq!(open(&fixture, ID, cards(old, new)).await, RelinkOpened::NoAccount);
    fixture.completed(old).await;
    fixture.completed(other).await;
    assert_eq!(open(&fixture, ID, cards(old, old)).await, RelinkOpened::OneCard);
    assert_eq!(open(&fixture, ID, cards(old, new)).await, RelinkOpened::Done);
    for again in [cards(old, other), cards(other, new), cards(other, old)] {
        assert_eq!(open(&fixture, Octets([8; 8]), again).await, RelinkOpened::OpenAlready);
    }
    assert_eq!(fixture.log(TOWN).await.len(), 3, "two sign-ins and one order");
}

/// An order is over after its time, to the second, or when it is withdrawn; then there may be another.
pub async fn an_order_ends(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [old, new] = [1, 3].map(Party::new);
    fixture.completed(old).await;
    let _ = open(&fixture, ID, cards(old, new)).await;
    fixture.advance(DAY);
    assert_eq!(fixture.store.relink_orders(TOWN).await.expect("orders"), []);
    assert_eq!(confirm(&fixture, "Suzuki", cards(old, new)).await, Relinked::NotFound);
    let withdraw =
        async || fixture.store.withdraw_relink(TOWN, ID, operator("Suzuki")).await.expect("an outcome");
    assert!(!withdraw().await);
    fixture.advance(DAY);
    assert_eq!(fixture.store.sweep(1000).await.expect("a sweep"), 3, "sign-in, session and order");
    assert_eq!(open(&fixture, ID, cards(old, new)).await, RelinkOpened::Done);
    assert!(withdraw().await);
    assert_eq!(confirm(&fixture, "Suzuki", cards(old, new)).await, Relinked::NotFound);
    assert_eq!(fixture.log(TOWN).await.last().expect("a record").kind, AuditKind::RelinkWithdrawn);
}
