//! What works once.

use std::sync::Arc;

use super::Backend;
use super::fixture::{Fixture, RUNNERS, race};
use super::party::{OTHER_TOWN, Party, TOWN};
use crate::ReplayKind;

const KIND: ReplayKind = ReplayKind::ClientAssertion;

async fn first(fixture: &Fixture, town: &str, kind: ReplayKind, number: u32, until: u64) -> bool {
    fixture.store.use_once(town, kind, Party::new(number).hash("jti"), until).await.expect("an outcome")
}

/// Once until the moment that was named, whatever moment the next one names. In it the key is free again, for whoever
/// still accepts it.
pub async fn a_key_is_used_once_until_its_time(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let until = fixture.now() + 60;
    assert!(first(&fixture, TOWN, KIND, 1, until).await);
    assert!(!first(&fixture, TOWN, KIND, 1, until).await);
    assert!(!first(&fixture, TOWN, KIND, 1, until + 60).await);
    assert!(first(&fixture, TOWN, KIND, 2, until).await);
    fixture.advance(59);
    assert!(!first(&fixture, TOWN, KIND, 1, until + 60).await);
    fixture.advance(1);
    assert!(first(&fixture, TOWN, KIND, 1, until + 60).await);
    assert!(!first(&fixture, TOWN, KIND, 1, until + 60).await);
}

/// Nothing that is over already can be used: there would be no time in which a second use is seen.
pub async fn what_is_over_cannot_be_used(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for until in [0, fixture.now() - 1, fixture.now()] {
        assert!(!first(&fixture, TOWN, KIND, 1, until).await);
    }
    assert!(first(&fixture, TOWN, KIND, 1, fixture.now() + 1).await);
}

/// A key of one kind and municipality says nothing of the same octets elsewhere.
pub async fn a_key_is_its_kinds_and_municipalitys_own(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let until = fixture.now() + 60;
    for town in [TOWN, OTHER_TOWN] {
        for kind in ReplayKind::ALL {
            assert!(first(&fixture, town, kind, 1, until).await, "{town} {kind:?}");
        }
    }
    for town in [TOWN, OTHER_TOWN] {
        for kind in ReplayKind::ALL {
            assert!(!first(&fixture, town, kind, 1, until).await, "{town} {kind:?}");
        }
    }
}

/// Swept an hour after its time, and not before.
pub async fn used_keys_are_swept(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    assert!(first(&fixture, TOWN, KIND, 1, fixture.now() + 60).await);
    assert!(first(&fixture, TOWN, KIND, 2, fixture.now() + 61).await);
    fixture.advance(60 + 60 * 60 - 1);
    assert_eq!(fixture.store.sweep(10).await.expect("a sweep"), 0);
    fixture.advance(1);
    assert_eq!(fixture.store.sweep(10).await.expect("a sweep"), 1);
}

/// One is first.
pub async fn of_64_uses_one_is_first(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let until = fixture.now() + 60;
    for round in 0..4 {
        let outcomes = race(&fixture, move |fixture, number| async move {
            // Whatever end each of them names.
            first(&fixture, TOWN, KIND, round, until + u64::from(number)).await
        })
        .await;
        assert_eq!(outcomes.len(), RUNNERS);
        assert_eq!(outcomes.into_iter().filter(|first| *first).count(), 1);
    }
}
