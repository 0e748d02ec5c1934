//! What services have yet to be told about sessions that ended.

use std::sync::Arc;

use super::Backend;
use super::fixture::{Fixture, race};
use super::party::{Party, SESSION_SECONDS, TOWN};
use crate::{LogoutDelivery, PutOff, SessionRecord};

const HOLD: u64 = 60;
/// Of one service.
const PLACES: u32 = 2;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

async fn take(fixture: &Fixture) -> Vec<LogoutDelivery> {
    fixture.store.take_deliveries(100, PLACES, HOLD).await.expect("deliveries")
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
    fixture.store.put_off_delivery(number, 10 * HOLD, PutOff::Delivery).await.expect("put off");
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
    let first = fixture.store.take_deliveries(2, PLACES, HOLD).await.expect("two");
    let rest = fixture.store.take_deliveries(2, PLACES, HOLD).await.expect("one");
    assert_eq!(
        (services(&first), services(&rest)),
        (vec!["service 1".into(), "service 2".into()], vec!["service 3".into()])
    );
}

/// A service with many deliveries has its places and no more; the others come beside it, and its own go on as places get free.
pub async fn a_service_has_its_places_and_no_more(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in 1..=5 {
        ended(&fixture, Party::new(number).at_service(1)).await;
    }
    ended(&fixture, Party::new(6).at_service(2)).await;
    let first = take(&fixture).await;
    assert_eq!(services(&first), ["service 1", "service 1", "service 2"]);
    assert_eq!(take(&fixture).await, [], "its places are taken");
    fixture.store.end_delivery(first[0].number).await.expect("ended");
    let next = take(&fixture).await;
    assert_eq!(services(&next), ["service 1"]);
    fixture.store.put_off_delivery(first[1].number, HOLD, PutOff::Delivery).await.expect("put off");
    assert_eq!(services(&take(&fixture).await), ["service 1"], "one that failed has given its place back");
    fixture.advance(HOLD);
    let mut again = services(&take(&fixture).await);
    again.sort_unstable();
    assert_eq!(again, ["service 1", "service 1", "service 2"], "whoever took them died over them");
}

/// Where nobody answers, nobody is asked until it is time; the others are told.
pub async fn a_service_that_does_not_answer_is_left_alone(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in 1..=3 {
        ended(&fixture, Party::new(number).at_service(1)).await;
    }
    let first = take(&fixture).await;
    for delivery in &first {
        fixture.store.put_off_delivery(delivery.number, HOLD, PutOff::Service).await.expect("put off");
    }
    ended(&fixture, Party::new(4).at_service(1)).await;
    ended(&fixture, Party::new(5).at_service(2)).await;
    assert_eq!(services(&take(&fixture).await), ["service 2"]);
    fixture.advance(HOLD - 1);
    assert_eq!(services(&take(&fixture).await), Vec::<String>::new());
    fixture.advance(1);
    let again = take(&fixture).await;
    assert_eq!(services(&again), ["service 1", "service 1", "service 2"]);
    assert_eq!(waiting(&fixture).await, 5);
}

/// With too few places in all, services take turns.
pub async fn services_take_turns(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in 1..=6 {
        ended(&fixture, Party::new(number).at_service(number.div_ceil(3))).await;
    }
    let mut turns = Vec::new();
    for _ in 0..4 {
        let taken = fixture.store.take_deliveries(1, PLACES, HOLD).await.expect("one");
        turns.extend(services(&taken));
        fixture.store.end_delivery(taken[0].number).await.expect("ended");
        fixture.advance(1);
    }
    assert_eq!(turns, ["service 1", "service 2", "service 1", "service 2"]);
}

fn services(taken: &[LogoutDelivery]) -> Vec<String> {
    taken.iter().map(|delivery| delivery.client_id.clone()).collect()
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
