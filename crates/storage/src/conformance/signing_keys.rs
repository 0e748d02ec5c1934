//! Signing keys: their states, and that one of each algorithm is active.

use madoguchi_oidc::jose::JwsAlg;

use super::Backend;
use super::fixture::{Fixture, RUNNERS, race};
use super::party::{OTHER_TOWN, TOWN};
use crate::{
    AuditKind, KeyChange, NewSigningKey, SealedSecret, SecretPurpose, SigningKeyRecord, SigningKeyState,
};

const AHEAD: u64 = 600;
const OVERLAP: u64 = 3600;
const OPERATOR: &str = "sato";

fn new(kid: &str) -> NewSigningKey {
    of(kid, JwsAlg::Es256)
}

fn of(kid: &str, alg: JwsAlg) -> NewSigningKey {
    NewSigningKey { kid: kid.to_owned(), alg, sealed: SealedSecret(format!("sealed {kid}").into_bytes()) }
}

async fn keys(fixture: &Fixture, town: &str) -> Vec<SigningKeyRecord> {
    fixture.store.signing_keys(town).await.expect("keys")
}

/// The keys' names and states, oldest first.
async fn states(fixture: &Fixture) -> Vec<(String, SigningKeyState)> {
    keys(fixture, TOWN).await.into_iter().map(|key| (key.kid, key.state)).collect()
}

async fn first(fixture: &Fixture, kid: &str) -> Option<SigningKeyRecord> {
    fixture.store.signing_key_or_insert(TOWN, new(kid)).await.expect("a key")
}

async fn add(fixture: &Fixture, kid: &str) -> KeyChange {
    fixture.store.add_signing_key(TOWN, new(kid), OPERATOR).await.expect("an outcome")
}

async fn publish(fixture: &Fixture, kid: &str) -> KeyChange {
    fixture.store.publish_signing_key(TOWN, kid, OPERATOR).await.expect("an outcome")
}

async fn activate(fixture: &Fixture, kid: &str) -> KeyChange {
    fixture.store.activate_signing_key(TOWN, kid, AHEAD, OVERLAP, OPERATOR).await.expect("an outcome")
}

async fn retire(fixture: &Fixture, kid: &str) -> KeyChange {
    fixture.store.retire_signing_key(TOWN, kid, OVERLAP, OPERATOR).await.expect("an outcome")
}

async fn revoke(fixture: &Fixture, kid: &str, successor: Option<NewSigningKey>) -> KeyChange {
    fixture.store.revoke_signing_key(TOWN, kid, successor, OPERATOR).await.expect("an outcome")
}

/// The first key of an algorithm is active at once, the same for every node, and the secret of an earlier version goes.
pub async fn the_first_signing_key_stays(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    assert!(keys(&fixture, TOWN).await.is_empty());
    for purpose in [SecretPurpose::SigningKeyEs256, SecretPurpose::SubjectSalt] {
        let secret = SealedSecret(b"earlier".to_vec());
        fixture.store.secret_or_insert(TOWN, purpose, secret).await.expect("a secret");
    }
    let record = first(&fixture, "a").await.expect("a key");
    assert_eq!((record.kid.as_str(), record.state), ("a", SigningKeyState::Active));
    assert_eq!(record.sealed, Some(new("a").sealed));
    assert_eq!(
        (record.made_at, record.active_at),
        (record.published_at.expect("published"), Some(record.made_at))
    );
    assert_eq!(first(&fixture, "b").await, Some(record.clone()));
    assert_eq!(keys(&fixture, TOWN).await, [record]);
    let rs256 = of("c", JwsAlg::Rs256);
    let other = fixture.store.signing_key_or_insert(TOWN, rs256).await.expect("a key").expect("a key");
    assert_eq!((other.kid.as_str(), other.alg), ("c", JwsAlg::Rs256));
    let kept = |purpose| fixture.store.secret(TOWN, purpose);
    assert_eq!(kept(SecretPurpose::SigningKeyEs256).await.expect("a look"), None);
    assert!(kept(SecretPurpose::SubjectSalt).await.expect("a look").is_some());
    assert!(keys(&fixture, OTHER_TOWN).await.is_empty());
}

/// Made, published, active, retired, gone: each step once, at its time and no second sooner.
pub async fn a_rotation_step_by_step(backend: &dyn Backend) {
    use SigningKeyState::{Active, New, Published, Retired};
    let fixture = Fixture::open(backend).await;
    first(&fixture, "a").await;
    assert_eq!(add(&fixture, "b").await, KeyChange::Done);
    assert_eq!(add(&fixture, "b").await, KeyChange::Conflict(New));
    assert_eq!(add(&fixture, "a").await, KeyChange::Conflict(Active));
    assert_eq!(activate(&fixture, "b").await, KeyChange::Conflict(New));
    assert_eq!(publish(&fixture, "b").await, KeyChange::Done);
    assert_eq!(publish(&fixture, "b").await, KeyChange::Conflict(Published));
    fixture.advance(AHEAD - 1);
    let too_early = activate(&fixture, "b").await;
    assert!(
        matches!(too_early, KeyChange::TooEarly { from } if from.as_secs() == fixture.now() + 1),
        "{too_early:?}"
    );
    assert_eq!(states(&fixture).await, [("a".to_owned(), Active), ("b".to_owned(), Published)]);
    fixture.advance(1);
    assert_eq!(activate(&fixture, "b").await, KeyChange::Done);
    assert_eq!(activate(&fixture, "b").await, KeyChange::Conflict(Active));
    assert_eq!(states(&fixture).await, [("a".to_owned(), Retired), ("b".to_owned(), Active)]);
    let retired = keys(&fixture, TOWN).await.remove(0);
    assert_eq!(retired.published_until.map(|until| until.as_secs()), Some(fixture.now() + OVERLAP));
    assert_eq!(activate(&fixture, "a").await, KeyChange::Conflict(Retired));
    fixture.advance(OVERLAP - 1);
    assert_eq!(states(&fixture).await.len(), 2);
    fixture.advance(1);
    assert_eq!(states(&fixture).await, [("b".to_owned(), Active)]);
    for change in
        [activate(&fixture, "a").await, retire(&fixture, "a").await, revoke(&fixture, "a", None).await]
    {
        assert_eq!(change, KeyChange::NotFound);
    }
    for change in [activate(&fixture, "x").await, publish(&fixture, "x").await, retire(&fixture, "x").await] {
        assert_eq!(change, KeyChange::NotFound);
    }
    assert_eq!(add(&fixture, "a").await, KeyChange::Done, "what is gone may be imported again");
    let kinds: Vec<AuditKind> = fixture.log(TOWN).await.into_iter().map(|record| record.kind).collect();
    assert_eq!(
        kinds,
        [
            AuditKind::SigningKeyMade,
            AuditKind::SigningKeyPublished,
            AuditKind::SigningKeyRetired,
            AuditKind::SigningKeyActivated,
            AuditKind::SigningKeyMade,
        ]
    );
    let evidence = fixture.log(TOWN).await.remove(0).evidence.expect("evidence");
    assert!(evidence.contains(OPERATOR) && evidence.contains("\"b\""), "{evidence}");
}

/// Where nothing signs, nobody waits; and what never signed goes at once.
pub async fn a_key_without_predecessor_need_not_wait(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let _ = add(&fixture, "a").await;
    let _ = publish(&fixture, "a").await;
    assert_eq!(activate(&fixture, "a").await, KeyChange::Done);
    for kid in ["b", "c"] {
        let _ = add(&fixture, kid).await;
    }
    let _ = publish(&fixture, "c").await;
    assert_eq!(retire(&fixture, "b").await, KeyChange::Done);
    assert_eq!(retire(&fixture, "c").await, KeyChange::Done);
    assert_eq!(states(&fixture).await, [("a".to_owned(), SigningKeyState::Active)]);
    assert_eq!(retire(&fixture, "a").await, KeyChange::Done);
    assert_eq!(states(&fixture).await, [("a".to_owned(), SigningKeyState::Retired)]);
    assert_eq!(retire(&fixture, "a").await, KeyChange::Conflict(SigningKeyState::Retired));
}

/// Nothing of it is left but that it was; its successor signs in the same moment.
pub async fn a_revoked_key_never_comes_back(backend: &dyn Backend) {
    use SigningKeyState::{Active, Revoked};
    let fixture = Fixture::open(backend).await;
    first(&fixture, "a").await;
    let version = fixture.store.registry_version().await.expect("a number");
    assert_eq!(revoke(&fixture, "a", Some(new("b"))).await, KeyChange::Done);
    assert!(fixture.store.registry_version().await.expect("a number") > version);
    assert_eq!(states(&fixture).await, [("a".to_owned(), Revoked), ("b".to_owned(), Active)]);
    assert_eq!(keys(&fixture, TOWN).await[0].sealed, None);
    assert_eq!(revoke(&fixture, "a", None).await, KeyChange::Conflict(Revoked));
    assert_eq!(add(&fixture, "a").await, KeyChange::Conflict(Revoked));
    for change in [publish(&fixture, "a").await, activate(&fixture, "a").await, retire(&fixture, "a").await] {
        assert_eq!(change, KeyChange::Conflict(Revoked));
    }
    // A successor that waits takes over, published or not; one for a key that signs nothing does not.
    let _ = add(&fixture, "c").await;
    assert_eq!(revoke(&fixture, "b", Some(new("c"))).await, KeyChange::Done);
    let _ = add(&fixture, "d").await;
    assert_eq!(revoke(&fixture, "d", Some(new("e"))).await, KeyChange::Done);
    let after = [("a", Revoked), ("b", Revoked), ("c", Active), ("d", Revoked)];
    assert_eq!(states(&fixture).await, after.map(|(kid, state)| (kid.to_owned(), state)));
    // Without one there is none, until one is offered that never ended.
    assert_eq!(revoke(&fixture, "c", None).await, KeyChange::Done);
    assert_eq!(first(&fixture, "a").await, None);
    assert_eq!(first(&fixture, "f").await.map(|key| key.kid), Some("f".to_owned()));
    fixture.advance(365 * 24 * 3600);
    fixture.store.sweep(1000).await.expect("a sweep");
    assert_eq!(states(&fixture).await.len(), 5, "what was revoked is remembered");
}

/// A key, its states and its orders are the municipality's own.
pub async fn signing_keys_are_the_municipalitys_own(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    first(&fixture, "a").await;
    let store = &fixture.store;
    let before = keys(&fixture, TOWN).await;
    assert_eq!(
        store.publish_signing_key(OTHER_TOWN, "a", OPERATOR).await.expect("an outcome"),
        KeyChange::NotFound
    );
    let activated = store.activate_signing_key(OTHER_TOWN, "a", 0, OVERLAP, OPERATOR).await;
    assert_eq!(activated.expect("an outcome"), KeyChange::NotFound);
    let retired = store.retire_signing_key(OTHER_TOWN, "a", OVERLAP, OPERATOR).await;
    assert_eq!(retired.expect("an outcome"), KeyChange::NotFound);
    let revoked = store.revoke_signing_key(OTHER_TOWN, "a", None, OPERATOR).await;
    assert_eq!(revoked.expect("an outcome"), KeyChange::NotFound);
    let twin = store.signing_key_or_insert(OTHER_TOWN, new("a")).await.expect("a key").expect("a key");
    assert_eq!(twin.state, SigningKeyState::Active);
    assert_eq!(keys(&fixture, TOWN).await, before);
}

/// Sixty-four orders to activate keys of their own: one becomes active, and exactly one key ever is.
pub async fn of_64_activations_one_key_signs(backend: &dyn Backend) {
    let fixture = std::sync::Arc::new(Fixture::open(backend).await);
    first(&fixture, "first").await;
    for number in 0..64 {
        let _ = add(&fixture, &number.to_string()).await;
        let _ = publish(&fixture, &number.to_string()).await;
    }
    fixture.advance(AHEAD);
    let outcomes =
        race(&fixture, |fixture, number| async move { activate(&fixture, &number.to_string()).await }).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == KeyChange::Done).count(), RUNNERS);
    let active = |states: &[(String, SigningKeyState)]| {
        states.iter().filter(|(_, state)| *state == SigningKeyState::Active).count()
    };
    assert_eq!(active(&states(&fixture).await), 1);
    let again = race(&fixture, |fixture, _| async move { activate(&fixture, "0").await }).await;
    assert_eq!(again.iter().filter(|outcome| **outcome == KeyChange::Done).count(), 0, "a key signs once");
    let offered = race(&fixture, |fixture, number| async move {
        let offer = of(&format!("rs {number}"), JwsAlg::Rs256);
        fixture.store.signing_key_or_insert(TOWN, offer).await.expect("a key").map(|key| key.kid)
    })
    .await;
    assert!(offered.iter().all(|kid| kid.is_some() && *kid == offered[0]), "every node gets the same");
}
