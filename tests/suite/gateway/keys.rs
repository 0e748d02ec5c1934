//! Signing keys: each client's algorithm, rotation that loses no login, and the end of a key in an emergency.

use std::sync::Arc;

use serde_json::{Value, json};

use madoguchi_gateway::{MunicipalityKeys, OVERLAP_SECONDS, PUBLISH_AHEAD_SECONDS, Sealer, SigningKeySealer};
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{Profile, SigningKey};
use madoguchi_storage::{
    KeyChange, NewSigningKey, SealedSecret, SecretPurpose, Secrets as _, SigningKeyState, SigningKeys as _,
};
use madoguchi_tests::gateway::{HINATA, KeyedService, MIDORI, TestBrowser, TestGateway, Town, Visit, random};

const OPERATOR: &str = "a test";

async fn published(gateway: &TestGateway, town: Town) -> Vec<Value> {
    let answer = TestBrowser::new().get(gateway, &town.url("/jwks"), &[]).await;
    answer.json()["keys"].as_array().expect("keys").clone()
}

async fn kids(gateway: &TestGateway, town: Town) -> Vec<String> {
    let keys = published(gateway, town).await;
    keys.iter().map(|key| key["kid"].as_str().expect("text").to_owned()).collect()
}

async fn fresh(gateway: &TestGateway, town: Town, alg: JwsAlg) -> NewSigningKey {
    let sealer = SigningKeySealer::load(&*gateway.store, &Sealer::new(&[7; 32]), town.id, random()).await;
    sealer.expect("a sealer").generate(alg, random()).expect("a key")
}

/// A key that may be activated.
async fn waiting(gateway: &TestGateway, town: Town, alg: JwsAlg) -> String {
    let new = fresh(gateway, town, alg).await;
    let kid = new.kid.clone();
    let store = &gateway.store;
    assert_eq!(store.add_signing_key(town.id, new, OPERATOR).await.expect("an outcome"), KeyChange::Done);
    assert_eq!(
        store.publish_signing_key(town.id, &kid, OPERATOR).await.expect("an outcome"),
        KeyChange::Done
    );
    kid
}

async fn activate(gateway: &TestGateway, town: Town, kid: &str) -> KeyChange {
    let activated =
        gateway.store.activate_signing_key(town.id, kid, PUBLISH_AHEAD_SECONDS, OVERLAP_SECONDS, OPERATOR);
    activated.await.expect("an outcome")
}

/// The algorithm of a client's ID token, which its services verify with what is published.
async fn alg_of(gateway: &TestGateway, id: &str, profile: Profile, alg: JwsAlg) -> Value {
    let keyed = KeyedService::register_as(gateway, MIDORI, id, |client| {
        (client.profile, client.id_token_alg) = (profile, alg);
    })
    .await;
    let url = keyed.pushed_url(gateway).await;
    let (_, code) = Visit::code_at(gateway, keyed.service.clone(), &url).await;
    let tokens = keyed.redeem(gateway, &code).await.json();
    let (header, _) = keyed.service.verified(gateway, tokens["id_token"].as_str().expect("text")).await;
    assert_eq!(header["typ"], "JWT");
    header["alg"].clone()
}

#[tokio::test]
async fn each_client_has_its_algorithm() {
    let gateway = TestGateway::new().await;
    assert_eq!(alg_of(&gateway, "es", Profile::Standard, JwsAlg::Es256).await, "ES256");
    for (alg, id, profile) in
        [(JwsAlg::Rs256, "rs", Profile::Standard), (JwsAlg::Ps256, "ps", Profile::Fapi2)]
    {
        let new = fresh(&gateway, MIDORI, alg).await;
        gateway.store.signing_key_or_insert(MIDORI.id, new).await.expect("a key");
        gateway.gateway.refresh().await;
        assert_eq!(alg_of(&gateway, id, profile, alg).await, alg.as_str());
    }
    let names: Vec<_> = published(&gateway, MIDORI).await.iter().map(|key| key["alg"].clone()).collect();
    assert_eq!(names, ["ES256", "RS256", "PS256"]);
    for key in published(&gateway, MIDORI).await {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None);
        }
    }
    assert_eq!(published(&gateway, HINATA).await.len(), 1, "another municipality has its own");
}

/// Discovery section 3 requires RS256: a running gateway makes the key where there is none, and of two nodes one wins.
#[tokio::test]
async fn a_municipality_without_an_rs256_key_gets_one() {
    let gateway = TestGateway::new().await;
    let node = &gateway.gateway;
    let without = node.without_first_key().await.expect("a look");
    let ids: Vec<&str> = without.iter().map(|municipality| municipality.id.as_str()).collect();
    assert!(ids.contains(&MIDORI.id) && ids.contains(&HINATA.id), "{ids:?}");
    let midori = without.iter().find(|municipality| municipality.id == MIDORI.id).expect("midori");
    let [first, second] =
        [node.make_first_key(midori), node.make_first_key(midori)].map(|made| made.expect("a key"));
    let kid = first.kid.clone();
    assert_ne!(second.kid, kid);
    node.keep_first_key(midori, first).await.expect("kept");
    node.keep_first_key(midori, second).await.expect("thrown away");
    let keys = gateway.store.signing_keys(MIDORI.id).await.expect("keys");
    let of_alg: Vec<_> = keys.iter().filter(|key| key.alg == JwsAlg::Rs256).collect();
    assert_eq!(of_alg.len(), 1);
    assert_eq!((&of_alg[0].kid, of_alg[0].state), (&kid, SigningKeyState::Active));
    let without = node.without_first_key().await.expect("a look");
    assert!(without.iter().all(|municipality| municipality.id != MIDORI.id));
    assert!(without.iter().any(|municipality| municipality.id == HINATA.id), "each has its own");

    let discovery = MIDORI.url("/.well-known/openid-configuration");
    let discovery = TestBrowser::new().get(&gateway, &discovery, &[]).await.json();
    assert_eq!(discovery["id_token_signing_alg_values_supported"], json!(["ES256", "RS256"]));
    assert!(kids(&gateway, MIDORI).await.contains(&kid));
    assert_eq!(alg_of(&gateway, "rs", Profile::Standard, JwsAlg::Rs256).await, "RS256");
}

/// Another node's key, not seen by this one yet, is not made twice.
#[tokio::test]
async fn a_key_of_another_node_is_enough() {
    let gateway = TestGateway::new().await;
    let new = fresh(&gateway, MIDORI, JwsAlg::Rs256).await;
    gateway.store.signing_key_or_insert(MIDORI.id, new).await.expect("a key");
    assert_eq!(kids(&gateway, MIDORI).await.len(), 1, "this node has not looked again");
    let without = gateway.gateway.without_first_key().await.expect("a look");
    assert!(without.iter().all(|municipality| municipality.id != MIDORI.id));
}

/// OpenID Connect Core section 10.1.1: the new key appears, the old one is still there, and then it goes.
#[tokio::test]
async fn server_rotate_keys() {
    let gateway = TestGateway::new().await;
    let [old] = <[String; 1]>::try_from(kids(&gateway, MIDORI).await).expect("one key");
    let new = waiting(&gateway, MIDORI, JwsAlg::Es256).await;
    assert_eq!(kids(&gateway, MIDORI).await, std::slice::from_ref(&old), "before the node read it");
    gateway.gateway.refresh().await;
    assert_eq!(kids(&gateway, MIDORI).await, [old.clone(), new.clone()]);
    let signed_by = async |gateway: &TestGateway| {
        let mut visit = Visit::new(gateway).await;
        let tokens = visit.tokens().await;
        let token = tokens["id_token"].as_str().expect("text").to_owned();
        visit.service.verified(gateway, &token).await.0["kid"].clone()
    };
    assert_eq!(signed_by(&gateway).await, json!(old));
    gateway.wait(PUBLISH_AHEAD_SECONDS - 1);
    assert!(matches!(activate(&gateway, MIDORI, &new).await, KeyChange::TooEarly { .. }));
    gateway.wait(1);
    assert_eq!(activate(&gateway, MIDORI, &new).await, KeyChange::Done);
    gateway.gateway.refresh().await;
    assert_eq!(kids(&gateway, MIDORI).await, [new.clone(), old.clone()]);
    assert_eq!(signed_by(&gateway).await, json!(new));
    gateway.wait(OVERLAP_SECONDS - 1);
    assert_eq!(kids(&gateway, MIDORI).await.len(), 2);
    gateway.wait(1);
    assert_eq!(kids(&gateway, MIDORI).await, [new], "without any refresh");
}

/// Services keep the key set for as long as its headers say; a key must be in every copy before it signs.
#[tokio::test]
async fn a_key_is_published_longer_than_services_keep_the_set() {
    let gateway = TestGateway::new().await;
    let answer = TestBrowser::new().get(&gateway, &MIDORI.url("/jwks"), &[]).await;
    let age = answer.header("cache-control").strip_prefix("public, max-age=").expect("an age").to_owned();
    assert!(age.parse::<u64>().expect("seconds") + 60 <= PUBLISH_AHEAD_SECONDS);
}

/// Sign-ins of three services while keys change under them: each ends well, and its token verifies with a key set that was
/// fetched before, as services keep it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotation_under_load_loses_no_login() {
    let gateway = Arc::new(TestGateway::new().await);
    let first = kids(&gateway, MIDORI).await;
    let next = waiting(&gateway, MIDORI, JwsAlg::Es256).await;
    gateway.gateway.refresh().await;
    gateway.wait(PUBLISH_AHEAD_SECONDS);
    // What a service fetched before anything changed, and goes by to the end.
    let fetched = kids(&gateway, MIDORI).await;
    assert_eq!(fetched, [first[0].clone(), next.clone()]);
    let signers = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut logins = tokio::task::JoinSet::new();
    let (begun, mut seen) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..6 {
        let (gateway, signers, begun) = (Arc::clone(&gateway), Arc::clone(&signers), begun.clone());
        logins.spawn(async move {
            for _ in 0..4 {
                let mut visit = Visit::new(&gateway).await;
                let tokens = visit.tokens().await;
                let token = tokens["id_token"].as_str().expect("text");
                let (header, _) = visit.service.verified(&gateway, token).await;
                let kid = header["kid"].as_str().expect("text").to_owned();
                signers.lock().expect("a lock").push(kid);
                let _ = begun.send(());
            }
        });
    }
    // In the middle of it.
    for _ in 0..6 {
        seen.recv().await.expect("a login");
    }
    assert_eq!(activate(&gateway, MIDORI, &next).await, KeyChange::Done);
    gateway.gateway.refresh().await;
    while let Some(done) = logins.join_next().await {
        done.expect("every login ended well");
    }
    let signers = signers.lock().expect("a lock").clone();
    assert_eq!(signers.len(), 24);
    assert!(signers.iter().all(|kid| fetched.contains(kid)));
    assert!(signers.contains(&first[0]) && signers.contains(&next), "both signed");
}

/// At once: not published, not signing, and sign-ins go on.
#[tokio::test]
async fn a_revoked_key_is_gone_at_once() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let before = visit.tokens().await;
    let [bad] = <[String; 1]>::try_from(kids(&gateway, MIDORI).await).expect("one key");
    let successor = fresh(&gateway, MIDORI, JwsAlg::Es256).await;
    let good = successor.kid.clone();
    let revoked = gateway.store.revoke_signing_key(MIDORI.id, &bad, Some(successor), OPERATOR).await;
    assert_eq!(revoked.expect("an outcome"), KeyChange::Done);
    gateway.gateway.refresh().await;
    assert_eq!(kids(&gateway, MIDORI).await, std::slice::from_ref(&good));
    let mut again = Visit::new(&gateway).await;
    let tokens = again.tokens().await;
    let token = tokens["id_token"].as_str().expect("text");
    assert_eq!(again.service.verified(&gateway, token).await.0["kid"], json!(good));
    // Nothing is believed on its word: an ID token of before is no hint any more.
    let hint = before["id_token"].as_str().expect("text").to_owned();
    let service = &again.service;
    let url = service.authorize_url_of(
        &service.parameters_but(&[("prompt", Some("none")), ("id_token_hint", Some(&hint))]),
    );
    let answer = TestBrowser::new().open(&gateway, &url).await;
    assert!(answer.location_parameter("error").is_some());
}

/// What another node did is seen after the next look, and a node that starts has the same keys.
#[tokio::test]
async fn every_node_has_the_same_keys() {
    let gateway = TestGateway::new().await;
    let kek = Sealer::new(&[7; 32]);
    let other = MunicipalityKeys::load(&*gateway.store, &kek, MIDORI.id, random()).await.expect("keys");
    let names = |keys: &MunicipalityKeys| -> Vec<String> {
        let keys = keys.signing.current();
        keys.all().map(|key| key.kid().to_owned()).collect()
    };
    assert_eq!(names(&other), kids(&gateway, MIDORI).await);
    let next = waiting(&gateway, MIDORI, JwsAlg::Es256).await;
    other.signing.refresh(&*gateway.store, random()).await.expect("keys");
    assert!(names(&other).contains(&next));
    let hinata = MunicipalityKeys::load(&*gateway.store, &kek, HINATA.id, random()).await.expect("keys");
    assert_eq!(names(&hinata).len(), 1);
    assert!(!names(&other).contains(&names(&hinata)[0]));
}

/// Sealed rows of one municipality, algorithm or id open nowhere else, nor under another key-encryption key.
#[tokio::test]
async fn a_sealed_key_stands_for_itself_alone() {
    let gateway = TestGateway::new().await;
    let kek = Sealer::new(&[7; 32]);
    let stolen = gateway.store.signing_keys(MIDORI.id).await.expect("keys").remove(0);
    let sealed = stolen.sealed.clone().expect("sealed");
    for (town, kid, alg) in [
        (HINATA.id, stolen.kid.as_str(), JwsAlg::Es256),
        (MIDORI.id, "another", JwsAlg::Es256),
        (MIDORI.id, "of another algorithm", JwsAlg::Rs256),
    ] {
        let new = NewSigningKey { kid: kid.to_owned(), alg, sealed: sealed.clone() };
        let added = gateway.store.add_signing_key(town, new, OPERATOR).await.expect("an outcome");
        if added == KeyChange::Done {
            let _ = gateway.store.publish_signing_key(town, kid, OPERATOR).await.expect("an outcome");
        }
        assert!(MunicipalityKeys::load(&*gateway.store, &kek, town, random()).await.is_err(), "{town} {kid}");
        let _ = gateway.store.revoke_signing_key(town, kid, None, OPERATOR).await.expect("an outcome");
    }
    let other = Sealer::new(&[8; 32]);
    assert!(MunicipalityKeys::load(&*gateway.store, &other, MIDORI.id, random()).await.is_err());
}

/// A database of the version before: the ES256 key was a secret of its own. Its id, which services know, stays.
#[tokio::test]
async fn the_key_of_an_earlier_version_is_taken_over() {
    let gateway = TestGateway::new().await;
    let (kek, town) = (Sealer::new(&[7; 32]), "earlier");
    let alg = JwsAlg::Es256;
    let pkcs8 = SigningKey::generate(alg, random()).expect("a key");
    let known = SigningKey::from_pkcs8(alg, &pkcs8, random()).expect("a key");
    let sealed = kek.seal(random(), "earlier/signing-key-es256", &pkcs8).expect("sealed");
    let purpose = SecretPurpose::SigningKeyEs256;
    gateway.store.secret_or_insert(town, purpose, SealedSecret(sealed)).await.expect("stored");
    for _ in 0..2 {
        let keys = MunicipalityKeys::load(&*gateway.store, &kek, town, random()).await.expect("keys");
        assert_eq!(keys.signing.current().active(alg).map(SigningKey::kid), Some(known.kid()));
    }
    assert_eq!(gateway.store.secret(town, purpose).await.expect("a look"), None, "it has one place");
    let record = gateway.store.signing_keys(town).await.expect("keys").remove(0);
    assert_eq!((record.kid.as_str(), record.state), (known.kid(), SigningKeyState::Active));
}
