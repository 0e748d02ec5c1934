//! Municipalities that operators add.

use std::sync::Arc;

use madoguchi_oidc::Profile;
use madoguchi_protocol::{LocalText, Octets, sha256};

use super::Backend;
use super::clients::registration;
use super::fixture::{Fixture, RUNNERS, race};
use super::party::{OTHER_TOWN, Party, TOWN};
use crate::{
    AuditKind, ClientWrite, MunicipalityAdded, MunicipalityChange, MunicipalityChanged, MunicipalityRecord,
    MunicipalityRemoved, NewMunicipality, NewRegistrationToken,
};

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

async fn change(fixture: &Fixture, id: &str, changes: &[MunicipalityChange]) -> MunicipalityChanged {
    fixture.store.change_municipality(id, changes.to_vec(), "suzuki").await.expect("an outcome")
}

async fn remove(fixture: &Fixture, id: &str) -> MunicipalityRemoved {
    fixture.store.remove_municipality(id, "suzuki").await.expect("an outcome")
}

async fn record(fixture: &Fixture, id: &str) -> MunicipalityRecord {
    let all = fixture.store.municipalities().await.expect("a list");
    all.into_iter().find(|record| record.new.id == id).expect("the municipality")
}

async fn kinds(fixture: &Fixture) -> Vec<AuditKind> {
    fixture.log(TOWN).await.iter().map(|record| record.kind).collect()
}

/// What is named changes and the rest stays; nodes and log hear of it, and of a municipality that is not there nobody does.
pub async fn a_municipality_is_changed_in_what_is_named(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let store = &fixture.store;
    assert_eq!(add(&fixture, TOWN, "https://midori.example").await, MunicipalityAdded::Done);
    assert_eq!(add(&fixture, OTHER_TOWN, "https://aoi.example").await, MunicipalityAdded::Done);
    let (before, other) = (record(&fixture, TOWN).await, record(&fixture, OTHER_TOWN).await);
    assert_eq!((before.logo, before.disabled), (None, false));
    let number = store.registry_version().await.expect("a number");
    let logo = vec![7; 65_536];
    let name = LocalText { ja: "緑市".to_owned(), ja_x_plain: None, en: None };
    let changes = [MunicipalityChange::Name(name.clone()), MunicipalityChange::Logo(Some(logo.clone()))];
    assert_eq!(change(&fixture, TOWN, &changes).await, MunicipalityChanged::Done);
    assert!(store.registry_version().await.expect("a number") > number);
    let new = NewMunicipality { name, ..before.new.clone() };
    let with_logo = MunicipalityRecord { new, logo: Some(sha256(&logo)), ..before.clone() };
    assert_eq!(record(&fixture, TOWN).await, with_logo);
    assert_eq!(store.municipality_logo(TOWN).await.expect("a look"), Some(logo));
    assert_eq!(store.municipality_logo(OTHER_TOWN).await.expect("a look"), None);
    let last = fixture.log(TOWN).await.pop().expect("a record");
    let evidence = last.evidence.expect("who");
    assert!(
        evidence.contains("suzuki") && evidence.contains("name") && evidence.contains("logo"),
        "{evidence}"
    );

    let changes = [MunicipalityChange::Accent(None), MunicipalityChange::Logo(None)];
    assert_eq!(change(&fixture, TOWN, &changes).await, MunicipalityChanged::Done);
    let plain = record(&fixture, TOWN).await;
    assert_eq!((plain.new.accent, plain.logo), (None, None));
    assert_eq!(store.municipality_logo(TOWN).await.expect("a look"), None);
    for disabled in [true, false] {
        let changes = [MunicipalityChange::Disabled(disabled)];
        assert_eq!(change(&fixture, TOWN, &changes).await, MunicipalityChanged::Done);
        assert_eq!(record(&fixture, TOWN).await.disabled, disabled);
    }
    assert_eq!(
        kinds(&fixture).await,
        [
            AuditKind::MunicipalityAdded,
            AuditKind::MunicipalityChanged,
            AuditKind::MunicipalityChanged,
            AuditKind::MunicipalityDisabled,
            AuditKind::MunicipalityEnabled,
        ]
    );
    assert_eq!(record(&fixture, OTHER_TOWN).await, other);

    let number = store.registry_version().await.expect("a number");
    let changes = [MunicipalityChange::Disabled(true)];
    assert_eq!(change(&fixture, "kawa", &changes).await, MunicipalityChanged::NotFound);
    assert_eq!(store.registry_version().await.expect("a number"), number);
    assert_eq!(fixture.log("kawa").await, []);
    assert_eq!(store.municipality_logo("kawa").await.expect("a look"), None);
}

/// One that has a client or an account stays, and so does its log when it goes.
pub async fn a_municipality_is_removed_when_nobody_needs_it(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let store = &fixture.store;
    let origin = "https://midori.example";
    assert_eq!(remove(&fixture, TOWN).await, MunicipalityRemoved::NotFound);
    assert_eq!(add(&fixture, TOWN, origin).await, MunicipalityAdded::Done);
    let added = store.add_client(TOWN, registration("tosho"), "tanaka").await.expect("an outcome");
    assert_eq!(added, ClientWrite::Done);
    let before = store.registry_version().await.expect("a number");
    assert_eq!(remove(&fixture, TOWN).await, MunicipalityRemoved::HasClients);
    assert_eq!(store.registry_version().await.expect("a number"), before);
    let removed = store.remove_client(TOWN, "tosho", "tanaka").await.expect("an outcome");
    assert_eq!(removed, ClientWrite::Done);
    let token = NewRegistrationToken { hash: Octets([7; 32]), profile: Profile::Fapi2, lifetime: 60 };
    store.add_registration_token(TOWN, token, "tanaka").await.expect("kept");

    assert_eq!(remove(&fixture, TOWN).await, MunicipalityRemoved::Done);
    assert!(store.registry_version().await.expect("a number") > before);
    assert_eq!(store.municipalities().await.expect("a list"), []);
    assert_eq!(kinds(&fixture).await.last(), Some(&AuditKind::MunicipalityRemoved));
    assert_eq!(remove(&fixture, TOWN).await, MunicipalityRemoved::NotFound);
    // Nobody registers with whoever has the id next.
    assert_eq!(add(&fixture, TOWN, "https://other.example").await, MunicipalityAdded::Done);
    assert_eq!(store.registration_token(TOWN, Octets([7; 32])).await.expect("a look"), None);
    // The origin is free again, too.
    assert_eq!(add(&fixture, OTHER_TOWN, origin).await, MunicipalityAdded::Done);

    fixture.completed(Party::new(1)).await;
    assert_eq!(remove(&fixture, TOWN).await, MunicipalityRemoved::HasAccounts);
    assert_eq!(remove(&fixture, OTHER_TOWN).await, MunicipalityRemoved::Done, "the account is another's");
    assert_eq!(record(&fixture, TOWN).await.new.id, TOWN);
}
