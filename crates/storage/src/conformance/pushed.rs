//! Pushed authorization requests.

use std::sync::Arc;

use madoguchi_protocol::Octets;

use super::Backend;
use super::fixture::{Fixture, race};
use super::party::{OTHER_TOWN, Party, TOWN};
use crate::{NewPushedRequest, PushedRequest, PushedWrite};

const SECONDS: u64 = 90;

impl Fixture {
    async fn push(&self, municipality: &str, party: Party) {
        let new = NewPushedRequest {
            hash: Octets(party.pushed().0),
            municipality: municipality.to_owned(),
            request: party.sign_in().request,
            lifetime: SECONDS,
            most: 2,
        };
        assert_eq!(self.store.push_request(new).await.expect("an outcome"), PushedWrite::Done);
    }

    /// Pushes a request of the client of party 1.
    async fn push_as_one(&self, number: u32, most: u64) -> PushedWrite {
        let new = NewPushedRequest {
            hash: Octets(Party::new(number).pushed().0),
            municipality: TOWN.to_owned(),
            request: Party::new(1).sign_in().request,
            lifetime: SECONDS,
            most,
        };
        self.store.push_request(new).await.expect("an outcome")
    }

    async fn pushed(&self, municipality: &str, party: Party) -> Option<PushedRequest> {
        self.store.find_pushed_request(municipality, Octets(party.pushed().0)).await.expect("a look")
    }

    async fn finish_pushed(&self, municipality: &str, party: Party) -> bool {
        self.store.finish_pushed_request(municipality, Octets(party.pushed().0)).await.expect("an outcome")
    }
}

/// It is told whole, and again: a page can be loaded twice.
pub async fn a_pushed_request_is_found_until_it_expires(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    assert_eq!(fixture.pushed(TOWN, party).await, None);
    fixture.push(TOWN, party).await;
    let end = fixture.now() + SECONDS;
    for seconds in [0, SECONDS - 1] {
        fixture.advance(seconds);
        let found = fixture.pushed(TOWN, party).await.expect("it waits");
        assert_eq!(found.request, party.sign_in().request);
        assert_eq!(found.expires_at.as_secs(), end);
    }
    assert_eq!(fixture.pushed(TOWN, Party::new(2)).await, None);
    fixture.advance(1);
    assert_eq!(fixture.pushed(TOWN, party).await, None);
    assert!(fixture.finish_pushed(TOWN, party).await, "it may have been opened in time");
    assert!(!fixture.finish_pushed(TOWN, party).await);
}

/// Without a code, by whoever says no.
pub async fn a_finished_pushed_request_is_gone(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    fixture.push(TOWN, party).await;
    fixture.push(TOWN, other).await;
    assert!(fixture.finish_pushed(TOWN, party).await);
    assert!(!fixture.finish_pushed(TOWN, party).await);
    assert_eq!(fixture.pushed(TOWN, party).await, None);
    assert!(fixture.pushed(TOWN, other).await.is_some());
    assert!(!fixture.finish_pushed(TOWN, Party::new(3)).await);
}

/// Of one client so many wait; what is finished or over makes room, and other clients and municipalities have their own.
pub async fn a_client_has_so_many_pushed_requests_waiting(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in [11, 12] {
        assert_eq!(fixture.push_as_one(number, 2).await, PushedWrite::Done);
    }
    assert_eq!(fixture.push_as_one(13, 2).await, PushedWrite::TooMany);
    assert_eq!(fixture.pushed(TOWN, Party::new(13)).await, None, "nothing is kept");
    fixture.push(TOWN, Party::new(2)).await;
    fixture.push(OTHER_TOWN, Party::new(1)).await;
    assert!(fixture.finish_pushed(TOWN, Party::new(11)).await);
    assert_eq!(fixture.push_as_one(13, 2).await, PushedWrite::Done);
    assert_eq!(fixture.push_as_one(14, 2).await, PushedWrite::TooMany);
    fixture.advance(SECONDS);
    assert_eq!(fixture.push_as_one(14, 2).await, PushedWrite::Done);
}

/// The code and the end of the request are one transaction.
pub async fn the_code_finishes_its_pushed_request(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    fixture.push(TOWN, party).await;
    fixture.push(TOWN, other).await;
    fixture.completed(party).await;
    assert!(fixture.pushed(TOWN, party).await.is_some(), "nothing was handed out yet");
    fixture.answered(other).await;
    assert_eq!(fixture.pushed(TOWN, other).await, None);
    assert!(fixture.pushed(TOWN, party).await.is_some());
}

/// The same reference in two municipalities is two requests.
pub async fn a_pushed_request_is_its_municipalitys(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.push(TOWN, party).await;
    assert_eq!(fixture.pushed(OTHER_TOWN, party).await, None);
    assert!(!fixture.finish_pushed(OTHER_TOWN, party).await);
    assert!(fixture.pushed(TOWN, party).await.is_some());
    fixture.push(OTHER_TOWN, party).await;
    assert!(fixture.finish_pushed(TOWN, party).await);
    assert!(fixture.pushed(OTHER_TOWN, party).await.is_some());
}

/// An hour after its end it goes.
pub async fn the_sweep_takes_pushed_requests(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    fixture.push(TOWN, Party::new(1)).await;
    fixture.push(TOWN, Party::new(2)).await;
    assert!(fixture.finish_pushed(TOWN, Party::new(2)).await);
    fixture.advance(SECONDS + 60 * 60 - 1);
    assert_eq!(fixture.store.sweep(10).await.expect("a sweep"), 0);
    fixture.advance(1);
    assert_eq!(fixture.store.sweep(1).await.expect("a sweep"), 1);
    assert_eq!(fixture.store.sweep(10).await.expect("a sweep"), 1);
}

/// One conditional write.
pub async fn of_64_ends_of_a_pushed_request_one_ends_it(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let party = Party::new(1);
    fixture.push(TOWN, party).await;
    let ends = race(&fixture, |fixture, _| async move { fixture.finish_pushed(TOWN, party).await }).await;
    assert_eq!(ends.into_iter().filter(|ended| *ended).count(), 1);
}
