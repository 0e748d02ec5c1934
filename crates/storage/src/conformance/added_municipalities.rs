//! Municipalities that operators add.

use std::sync::Arc;

use madoguchi_protocol::LocalText;

use super::Backend;
use super::fixture::{Fixture, RUNNERS, race};
use super::party::{OTHER_TOWN, TOWN};
use crate::{AuditKind, MunicipalityAdded, NewMunicipality};

fn new(id: &str, origin: &str) -> NewMunicipality {
    NewMunicipality {
        id: id.to_owned(),
        origin: origin.parse().expect("an origin"),
        name: LocalText { ja: "みどり市".to_owned(), ja_x_plain: None, en: Some("Midori".to_owned()) },
        accent: Some("#0b4f8a".to_owned()),
    }
}

async fn add(fixture: &Fixture, id: &str, origin: &str) -> MunicipalityAdded {
    fixture.store.add_municipality(new(id, origin), "tanaka").await.expect("an outcome")
}

/// Id and origin are its own, it is told as it was given, and the nodes and the log hear of it once.
pub async fn an_added_municipality_is_kept_whole(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let store = &fixture.store;
    assert_eq!(store.municipalities().await.expect("a list"), []);
    let before = store.registry_version().await.expect("a number");
    assert_eq!(add(&fixture, TOWN, "https://midori.example").await, MunicipalityAdded::Done);
    let after = store.registry_version().await.expect("a number");
    assert!(after > before);
    assert_eq!(add(&fixture, TOWN, "https://aoi.example").await, MunicipalityAdded::Taken);
    assert_eq!(add(&fixture, OTHER_TOWN, "https://midori.example").await, MunicipalityAdded::Taken);
    assert_eq!(store.registry_version().await.expect("a number"), after);
    assert_eq!(add(&fixture, OTHER_TOWN, "https://aoi.example").await, MunicipalityAdded::Done);
    let all = store.municipalities().await.expect("a list");
    let told: Vec<_> = all.iter().map(|record| record.new.clone()).collect();
    assert_eq!(told, [new(OTHER_TOWN, "https://aoi.example"), new(TOWN, "https://midori.example")]);
    assert_eq!(all[0].added_at.as_secs(), fixture.now());
    for town in [TOWN, OTHER_TOWN] {
        let log = fixture.log(town).await;
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].kind, AuditKind::MunicipalityAdded);
        assert!(log[0].evidence.as_deref().expect("who").contains("tanaka"));
    }
}

/// An origin is one municipality's.
pub async fn of_64_municipalities_of_one_origin_one_is_added(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let outcomes = race(&fixture, |fixture, number| async move {
        add(&fixture, &format!("town{number}"), "https://midori.example").await
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == MunicipalityAdded::Done).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == MunicipalityAdded::Taken).count(), RUNNERS - 1);
}
