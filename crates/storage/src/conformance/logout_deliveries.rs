//! What services have yet to be told about sessions that ended.

use std::sync::Arc;

use super::Backend;
use super::fixture::{Fixture, race};
use super::party::{Party, SESSION_SECONDS, TOWN};
use crate::{LogoutDelivery, SessionRecord};

const HOLD: u64 = 60;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

async fn take(fixture: &Fixture) -> Vec<LogoutDelivery> {
    fixture.store.take_deliveries(100, HOLD).await.expect("deliveries")
}

async fn waiting(fixture: &Fixture) -> u64 {
    fixture.store.count_deliveries().await.expect("a count")
}

async fn ended(fixture: &Fixture, party: Party) -> SessionRecord {
    let session = fixture.redeemed(party).await;
    assert!(fixture.store.end_session(party.town, party.session_id()).await.expect("an end"));
    session
}

/// Each service of an ended session has one, which says all that the service is told.
pub async fn the_services_of_an_ended_session_are_told(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, twin) = (Party::new(1), Party::new(1).twin());
    fixture.completed(Party::new(3)).await;
    assert!(fixture.store.end_session(TOWN, Party::new(3).session_id()).await.expect("an end"));
    assert_eq!(take(&fixture).await, [], "no service was answered in it");
    let session = ended(&fixture, party).await;
    ended(&fixture, twin).await;
    assert_eq!(waiting(&fixture).await, 2);
    let told = take(&fixture).await;
    let expected = LogoutDelivery {
        number: told[0].number,
        municipality: TOWN.to_owned(),
        client_id: "service 1".to_owned(),
        account: session.account,
        sid: session.sid,
        tries: 1,
    };
    assert_eq!((told.len(), &told[0]), (2, &expected));
    assert_eq!(told[1].municipality, twin.town);
}

/// Ending it again, or after its time, tells nobody.
pub async fn a_session_that_ran_out_tells_nobody(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.redeemed(party).await;
    fixture.advance(SESSION_SECONDS);
    assert!(!fixture.store.end_session(TOWN, party.session_id()).await.expect("an end"));
    assert_eq!(waiting(&fixture).await, 0);
}

/// One that was taken is held; it comes again by itself, put off as long as its taker said, and ends when it is ended.
pub async fn a_delivery_comes_again_until_it_ends(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    ended(&fixture, Party::new(1)).await;
    let number = take(&fixture).await[0].number;
    fixture.advance(HOLD - 1);
    assert_eq!(take(&fixture).await, []);
    fixture.advance(1);
    assert_eq!(take(&fixture).await[0].tries, 2, "whoever took it died over it");
    fixture.store.put_off_delivery(number, 10 * HOLD).await.expect("put off");
    fixture.advance(10 * HOLD - 1);
    assert_eq!(take(&fixture).await, []);
    fixture.advance(1);
    assert_eq!(take(&fixture).await[0].tries, 3);
    fixture.store.end_delivery(number).await.expect("ended");
    fixture.advance(HOLD);
    assert_eq!((take(&fixture).await, waiting(&fixture).await), (vec![], 0));
}

/// The longest due come first, as many as were asked for.
pub async fn deliveries_are_taken_in_their_order(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in 1..=3 {
        ended(&fixture, Party::new(number)).await;
        fixture.advance(1);
    }
    let first = fixture.store.take_deliveries(2, HOLD).await.expect("two");
    let rest = fixture.store.take_deliveries(2, HOLD).await.expect("one");
    let names = |taken: &[LogoutDelivery]| taken.iter().map(|one| one.client_id.clone()).collect::<Vec<_>>();
    assert_eq!(
        (names(&first), names(&rest)),
        (vec!["service 1".into(), "service 2".into()], vec!["service 3".into()])
    );
}

/// After a day nobody is told any more, and an hour later the row is swept.
pub async fn a_delivery_has_its_day(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    ended(&fixture, Party::new(1)).await;
    fixture.advance(DAY - 1);
    assert_eq!(waiting(&fixture).await, 1);
    fixture.advance(1);
    assert_eq!((take(&fixture).await, waiting(&fixture).await), (vec![], 0));
    let sweep = async || fixture.store.sweep(1000).await.expect("a sweep");
    // Sign-in, code and token of the ended session went before; what is left is the delivery.
    sweep().await;
    fixture.advance(HOUR - 1);
    assert_eq!(sweep().await, 0);
    fixture.advance(1);
    assert_eq!(sweep().await, 1);
}

/// Of sixty-four senders one gets it.
pub async fn of_64_senders_one_takes_a_delivery(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    ended(&fixture, Party::new(1)).await;
    let taken = race(&fixture, |fixture, _| async move { take(&fixture).await.len() }).await;
    assert_eq!(taken.into_iter().sum::<usize>(), 1);
}
