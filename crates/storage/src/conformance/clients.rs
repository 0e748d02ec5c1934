//! Clients, and the tokens by which they register themselves.

use std::sync::Arc;

use madoguchi_oidc::{Client, ClientAuthentication, HashedSecret, Profile};
use madoguchi_protocol::LocalText;

use super::Backend;
use super::fixture::{Fixture, RUNNERS, race};
use super::party::{OTHER_TOWN, Party, TOWN};
use crate::{AuditKind, ClientChange, ClientRecord, ClientWrite, NewRegistrationToken, Registration};

const OPERATOR: &str = "tanaka (uid 1000)";

pub(super) fn registration(id: &str) -> Registration {
    let secret = HashedSecret { sha256: [7; 32], previous: None };
    let uris = vec![format!("https://{id}.example/callback")];
    Registration {
        client: Client::new(Profile::Standard, id, uris, ClientAuthentication::SecretBasic(secret)),
        name: LocalText {
            ja: "子育て \"手続き\"".to_owned(),
            ja_x_plain: None,
            en: Some("Childcare".to_owned()),
        },
        purpose: LocalText { ja: "本人確認".to_owned(), ja_x_plain: None, en: None },
    }
}

fn disabled(id: &str) -> Registration {
    let registration = registration(id);
    Registration { client: Client { disabled: true, ..registration.client }, ..registration }
}

async fn add(fixture: &Fixture, town: &str, id: &str) -> ClientWrite {
    fixture.store.add_client(town, registration(id), OPERATOR).await.expect("an outcome")
}

async fn find(fixture: &Fixture, town: &str, id: &str) -> Option<ClientRecord> {
    fixture.store.client(town, id).await.expect("a look")
}

async fn disable(fixture: &Fixture, town: &str, id: &str, version: u64) -> ClientWrite {
    let change = ClientChange::Disabled;
    fixture.store.change_client(town, version, disabled(id), change, OPERATOR).await.expect("an outcome")
}

async fn version(fixture: &Fixture) -> u64 {
    fixture.store.registry_version().await.expect("a number")
}

/// What was registered is told as it was given, with its dates.
pub async fn a_client_is_kept_whole(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    assert_eq!(find(&fixture, TOWN, "kosodate").await, None);
    let registered_at = crate::Clock::now(&*fixture.clock);
    assert_eq!(add(&fixture, TOWN, "kosodate").await, ClientWrite::Done);
    let record = find(&fixture, TOWN, "kosodate").await.expect("a client");
    assert_eq!(record.registration, registration("kosodate"));
    assert_eq!((record.registered_at, record.changed_at), (registered_at, registered_at));
    fixture.advance(10);
    assert_eq!(disable(&fixture, TOWN, "kosodate", record.version).await, ClientWrite::Done);
    let changed = find(&fixture, TOWN, "kosodate").await.expect("a client");
    assert_eq!(changed.registration, disabled("kosodate"));
    assert_eq!(
        (changed.registered_at, changed.changed_at),
        (registered_at, crate::Clock::now(&*fixture.clock))
    );
    assert!(changed.version > record.version);
}

/// What was given to one client never comes to another: the id of a removed one is gone for good.
pub async fn a_client_id_is_given_once(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    assert_eq!(add(&fixture, TOWN, "kosodate").await, ClientWrite::Done);
    assert_eq!(add(&fixture, TOWN, "kosodate").await, ClientWrite::IdTaken);
    let store = &fixture.store;
    let removed = store.remove_client(TOWN, "kosodate", OPERATOR).await.expect("an outcome");
    assert_eq!(removed, ClientWrite::Done);
    assert_eq!(find(&fixture, TOWN, "kosodate").await, None);
    assert_eq!(store.clients(TOWN).await.expect("a list").clients, []);
    assert_eq!(add(&fixture, TOWN, "kosodate").await, ClientWrite::IdTaken);
    assert_eq!(find(&fixture, TOWN, "kosodate").await, None);
    let again = store.remove_client(TOWN, "kosodate", OPERATOR).await.expect("an outcome");
    assert_eq!(again, ClientWrite::NotFound);
    for version in 0..4 {
        assert_eq!(disable(&fixture, TOWN, "kosodate", version).await, ClientWrite::NotFound);
    }
}

/// A change that was made from an older version changes nothing.
pub async fn a_client_is_changed_from_the_version_it_has(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    assert_eq!(disable(&fixture, TOWN, "kosodate", 1).await, ClientWrite::NotFound);
    assert_eq!(add(&fixture, TOWN, "kosodate").await, ClientWrite::Done);
    let first = find(&fixture, TOWN, "kosodate").await.expect("a client");
    assert_eq!(disable(&fixture, TOWN, "kosodate", first.version + 1).await, ClientWrite::Conflict);
    assert_eq!(disable(&fixture, TOWN, "kosodate", first.version).await, ClientWrite::Done);
    let second = find(&fixture, TOWN, "kosodate").await;
    assert_eq!(disable(&fixture, TOWN, "kosodate", first.version).await, ClientWrite::Conflict);
    assert_eq!(find(&fixture, TOWN, "kosodate").await, second);
}

/// Each write is told to the nodes and to the log, with who ordered it; what was not done is told to neither.
pub async fn what_changes_a_client_is_counted_and_audited(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let mut before = version(&fixture).await;
    let mut counted = async |fixture: &Fixture| {
        let now = version(fixture).await;
        let more = now > before;
        before = now;
        more
    };
    assert_eq!(add(&fixture, TOWN, "kosodate").await, ClientWrite::Done);
    assert!(counted(&fixture).await);
    assert_eq!(add(&fixture, TOWN, "kosodate").await, ClientWrite::IdTaken);
    assert_eq!(disable(&fixture, TOWN, "kosodate", 99).await, ClientWrite::Conflict);
    assert!(!counted(&fixture).await);
    let changes =
        [ClientChange::Disabled, ClientChange::Enabled, ClientChange::SecretRotated, ClientChange::Changed];
    for change in changes {
        let version = find(&fixture, TOWN, "kosodate").await.expect("a client").version;
        let to = registration("kosodate");
        let done = fixture.store.change_client(TOWN, version, to, change, OPERATOR).await;
        assert_eq!(done.expect("an outcome"), ClientWrite::Done);
        assert!(counted(&fixture).await, "{change:?}");
    }
    let removed = fixture.store.remove_client(TOWN, "kosodate", OPERATOR).await.expect("an outcome");
    assert_eq!(removed, ClientWrite::Done);
    assert!(counted(&fixture).await);
    let log = fixture.log(TOWN).await;
    let kinds: Vec<_> = log.iter().map(|record| record.kind).collect();
    assert_eq!(
        kinds,
        [
            AuditKind::ClientAdded,
            AuditKind::ClientDisabled,
            AuditKind::ClientEnabled,
            AuditKind::ClientSecretRotated,
            AuditKind::ClientChanged,
            AuditKind::ClientRemoved,
        ]
    );
    for record in log {
        assert_eq!(record.client_id.as_deref(), Some("kosodate"));
        assert!(record.evidence.expect("who").contains(OPERATOR));
    }
}

/// The same id in two municipalities is two clients.
pub async fn clients_are_the_municipalitys_own(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for id in ["tosho", "kosodate"] {
        assert_eq!(add(&fixture, TOWN, id).await, ClientWrite::Done);
    }
    assert_eq!(find(&fixture, OTHER_TOWN, "kosodate").await, None);
    assert_eq!(disable(&fixture, OTHER_TOWN, "kosodate", 1).await, ClientWrite::NotFound);
    let elsewhere = fixture.store.remove_client(OTHER_TOWN, "kosodate", OPERATOR).await.expect("an outcome");
    assert_eq!(elsewhere, ClientWrite::NotFound);
    assert_eq!(add(&fixture, OTHER_TOWN, "kosodate").await, ClientWrite::Done);
    let removed = fixture.store.remove_client(OTHER_TOWN, "kosodate", OPERATOR).await.expect("an outcome");
    assert_eq!(removed, ClientWrite::Done);
    let listed = fixture.store.clients(TOWN).await.expect("a list").clients;
    let ids: Vec<_> = listed.iter().map(|record| record.registration.client.id.as_str()).collect();
    assert_eq!(ids, ["kosodate", "tosho"], "by id");
    assert!(listed.iter().all(|record| record.municipality == TOWN));
    assert_eq!(fixture.log(OTHER_TOWN).await.len(), 2);
}

/// Of changes from one version one is done; the others are told of it.
pub async fn of_64_changes_of_a_client_one_is_done(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    assert_eq!(add(&fixture, TOWN, "kosodate").await, ClientWrite::Done);
    let outcomes =
        race(&fixture, |fixture, _| async move { disable(&fixture, TOWN, "kosodate", 1).await }).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == ClientWrite::Done).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == ClientWrite::Conflict).count(), RUNNERS - 1);
    assert_eq!(fixture.log(TOWN).await.len(), 2);
}

async fn token(fixture: &Fixture, town: &str, party: Party) {
    let token =
        NewRegistrationToken { hash: party.hash("registration"), profile: Profile::Fapi2, lifetime: 60 };
    fixture.store.add_registration_token(town, token, OPERATOR).await.expect("kept");
}

async fn profile(fixture: &Fixture, town: &str, party: Party) -> Option<Profile> {
    fixture.store.registration_token(town, party.hash("registration")).await.expect("a look")
}

async fn register(fixture: &Fixture, town: &str, party: Party, id: &str) -> ClientWrite {
    let hash = party.hash("registration");
    fixture.store.register_client(town, hash, registration(id)).await.expect("an outcome")
}

/// One token, one client. An id that is taken does not cost the token.
pub async fn a_registration_token_registers_one_client(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    assert_eq!(register(&fixture, TOWN, party, "kosodate").await, ClientWrite::NotFound);
    token(&fixture, TOWN, party).await;
    assert_eq!(profile(&fixture, TOWN, party).await, Some(Profile::Fapi2));
    assert_eq!(profile(&fixture, OTHER_TOWN, party).await, None);
    assert_eq!(register(&fixture, OTHER_TOWN, party, "kosodate").await, ClientWrite::NotFound);
    assert_eq!(add(&fixture, TOWN, "tosho").await, ClientWrite::Done);
    assert_eq!(register(&fixture, TOWN, party, "tosho").await, ClientWrite::IdTaken);
    assert_eq!(register(&fixture, TOWN, party, "kosodate").await, ClientWrite::Done);
    assert!(find(&fixture, TOWN, "kosodate").await.is_some());
    assert_eq!(profile(&fixture, TOWN, party).await, None);
    assert_eq!(register(&fixture, TOWN, party, "another").await, ClientWrite::NotFound);
    assert_eq!(find(&fixture, TOWN, "another").await, None);
    let kinds: Vec<_> = fixture.log(TOWN).await.iter().map(|record| record.kind).collect();
    let added = AuditKind::ClientAdded;
    assert_eq!(kinds, [AuditKind::RegistrationTokenMade, added, added]);
}

/// In its last second, not in the next.
pub async fn a_registration_token_expires_to_the_second(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [used, late] = [1, 2].map(Party::new);
    token(&fixture, TOWN, used).await;
    token(&fixture, TOWN, late).await;
    fixture.advance(59);
    assert_eq!(register(&fixture, TOWN, used, "kosodate").await, ClientWrite::Done);
    fixture.advance(1);
    assert_eq!(profile(&fixture, TOWN, late).await, None);
    assert_eq!(register(&fixture, TOWN, late, "tosho").await, ClientWrite::NotFound);
}

/// One registers.
pub async fn of_64_registrations_by_one_token_one_is_done(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    token(&fixture, TOWN, Party::new(1)).await;
    let outcomes = race(&fixture, |fixture, number| async move {
        register(&fixture, TOWN, Party::new(1), &format!("client{number}")).await
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == ClientWrite::Done).count(), 1);
    assert_eq!(fixture.store.clients(TOWN).await.expect("a list").clients.len(), 1);
}
