//! `madoguchi keys`, beside a gateway and without one.

use std::os::unix::fs::PermissionsExt as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use madoguchi_oidc::SigningKey;
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_storage::AuditKind;
use madoguchi_tests::gateway::random;
use madoguchi_tests::http::get;
use serde_json::{Value, json};

use super::world::{MIDORI, World};

const OF: [&str; 2] = ["--municipality", MIDORI];

fn new(world: &World, alg: &str, more: &[&str]) -> Value {
    world.json(&[&["keys", "new", "--alg", alg], &OF[..], more].concat())
}

fn kid(key: &Value) -> String {
    key["kid"].as_str().expect("text").to_owned()
}

fn listed(world: &World) -> Vec<Value> {
    let all = world.json(&["keys", "list"]);
    all["municipalities"][0]["keys"].as_array().expect("keys").clone()
}

fn pem(alg: JwsAlg) -> (String, String) {
    let pkcs8 = SigningKey::generate(alg, random()).expect("a key");
    let key = SigningKey::from_pkcs8(alg, &pkcs8, random()).expect("a key");
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(&*pkcs8));
    (pem, key.kid().to_owned())
}

/// The first of an algorithm signs at once; the next waits until services have it.
#[test]
fn keys_go_through_their_states() {
    let world = World::new();
    assert!(world.text(&["keys", "list"]).contains("none yet"));
    assert!(!world.has_database(), "looking makes none");
    for alg in ["ES256", "RS256", "PS256"] {
        let first = new(&world, alg, &[]);
        assert_eq!((&first["alg"], &first["state"]), (&json!(alg), &json!("active")));
    }
    let second = new(&world, "RS256", &[]);
    assert_eq!(second["state"], "new");
    let id = kid(&second);
    let published = world.json(&[&["keys", "publish", "--kid", &id], &OF[..]].concat());
    assert_eq!(published["state"], "published");
    let told = world.refusal(1, &[&["keys", "activate", "--kid", &id], &OF[..]].concat());
    assert!(told.contains("published too short a time") && told.contains('Z'), "{told}");
    let told = world.refusal(1, &[&["keys", "publish", "--kid", &id], &OF[..]].concat());
    assert!(told.contains("is published; services fetch it; next: madoguchi keys activate"), "{told}");
    let third = kid(&new(&world, "PS256", &[]));
    let told = world.refusal(1, &[&["keys", "activate", "--kid", &third], &OF[..]].concat());
    assert!(told.contains("is new; no service has seen it; next: madoguchi keys publish"), "{told}");
    world.json(&[&["keys", "retire", "--kid", &third], &OF[..]].concat());
    let gone = world.json(&[&["keys", "retire", "--kid", &id], &OF[..]].concat());
    assert_eq!(gone["state"], "gone");
    let told = world.refusal(1, &[&["keys", "publish", "--kid", &id], &OF[..]].concat());
    assert!(told.contains("midori has no key"), "{told}");
    assert_eq!(listed(&world).len(), 3);
    let text = world.text(&["keys", "list"]);
    world.json(&[&["keys", "publish", "--kid", &kid(&new(&world, "RS256", &[]))], &OF[..]].concat());
    let text = text + &world.text(&["keys", "list"]);
    assert!(text.contains("madoguchi keys activate"), "{text}");
    assert!(text.contains("signs since") && text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// As much of an id as is its alone; and what does not fit is told.
#[test]
fn orders_that_make_no_sense_are_refused() {
    let world = World::new();
    let first = kid(&new(&world, "ES256", &[]));
    for (code, arguments) in [
        (2, vec!["keys", "new", "--alg", "HS256"]),
        (2, vec!["keys", "activate", "--kid", "unknown", "--overlap-minutes", "1"]),
        (1, vec!["keys", "revoke", "--kid", "unknown"]),
        // A variable of a script that is empty, or cut short, means no key, least of all the only one.
        (2, vec!["keys", "revoke", "--kid", ""]),
        (2, vec!["keys", "revoke", "--kid="]),
        (2, vec!["keys", "retire", "--kid", &first[..5]]),
        (2, vec!["keys", "publish", "--kid", "not a kid"]),
    ] {
        world.refusal(code, &[&arguments[..], &OF].concat());
    }
    let elsewhere = world.refusal(1, &["keys", "revoke", "--kid", &first, "--municipality", "aoi"]);
    assert!(elsewhere.contains("no municipality aoi"), "{elsewhere}");
    assert_eq!(listed(&world)[0]["state"], "active");
    let begun = world.json(&[&["keys", "revoke", "--kid", &first[..6]], &OF[..]].concat());
    assert_eq!(kid(&begun), first);
    let told = world.refusal(1, &[&["keys", "revoke", "--kid", &first], &OF[..]].concat());
    assert!(told.contains("is revoked; it never comes back; nothing was done"), "{told}");
}

/// The one key that services still need is not ended by a slip; what nobody needs is.
#[test]
fn a_key_that_services_need_is_not_retired() {
    let world = World::new();
    let es256 = kid(&new(&world, "ES256", &[]));
    let ps256 = kid(&new(&world, "PS256", &[]));
    let retire = |kid: &str| {
        [&["keys", "retire", "--kid", kid], &OF[..]]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let words = |order: &[String], more: &[&'static str]| -> Vec<String> {
        order.iter().cloned().chain(more.iter().map(|word| (*word).to_owned())).collect()
    };
    let refusal = |order: &[String]| world.refusal(1, &order.iter().map(String::as_str).collect::<Vec<_>>());
    let done = |order: &[String]| world.json(&order.iter().map(String::as_str).collect::<Vec<_>>());
    let told = refusal(&retire(&es256));
    assert!(told.contains("midori: service kosodate still gets ES256"), "{told}");
    assert!(
        told.contains("--danger-clients-lose-tokens") && told.contains("keys new, publish, activate"),
        "{told}"
    );
    let added: Vec<_> =
        (0..5).map(|_| world.add(&[])["client_id"].as_str().expect("text").to_owned()).collect();
    let told = refusal(&retire(&es256));
    assert!(
        told.contains("6 services (kosodate, ") && told.contains(" and others) still get ES256"),
        "{told}"
    );
    // Disabled ones need nothing.
    for id in &added[1..] {
        world.json(&["clients", "disable", "--municipality", MIDORI, id]);
    }
    let told = refusal(&retire(&es256));
    assert!(told.contains(&format!("2 services (kosodate, {})", added[0])), "{told}");
    assert_eq!(listed(&world)[0]["state"], "active");
    assert_eq!(done(&retire(&ps256))["state"], "retired", "nobody uses it");
    let all_the_same = words(&retire(&es256), &["--danger-clients-lose-tokens"]);
    assert_eq!(done(&all_the_same)["state"], "retired");
    let told = refusal(&retire(&es256));
    assert!(told.contains("is retired; it signs no more"), "{told}");
}

/// Who signs now, and what is next.
#[test]
fn a_revocation_says_what_goes_on() {
    let world = World::new();
    let first = kid(&new(&world, "ES256", &[]));
    let told = world.json(&[&["keys", "revoke", "--kid", &first], &OF[..]].concat());
    let second = told["signs"].as_str().expect("a key").to_owned();
    assert_ne!(second, first);
    let text = world.text(&[&["keys", "revoke", "--kid", &second], &OF[..]].concat());
    let signs = kid(&listed(&world)[2]);
    assert!(
        text.contains(&format!("{signs} ES256 is active")) && text.contains("tell the services"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// Only a private file, only PKCS#8, only the right kind of key; and its octets are in no output.
#[test]
fn a_key_is_imported_from_a_private_file() {
    let world = World::new();
    let (text, id) = pem(JwsAlg::Rs256);
    let file = world.file("key.pem", &text);
    let import = [&["keys", "new", "--import", &file, "--alg"], &OF[..]].concat();
    let with = |alg: &'static str| {
        let mut arguments = import.clone();
        arguments.insert(5, alg);
        arguments
    };
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    let told = world.refusal(1, &with("RS256"));
    assert!(told.contains("chmod 600"), "{told}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let told = world.refusal(1, &with("ES256"));
    assert!(
        told.contains("key.pem: ES256 needs a key on P-256, as PKCS#8") && !told.contains("BEGIN"),
        "{told}"
    );
    let output = world.run(&[&with("RS256")[..], &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    let key: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((kid(&key), &key["state"]), (id, &json!("active")));
    let secret: String = text.lines().nth(1).expect("base64").chars().skip(600).take(40).collect();
    assert!(!told.contains(&secret));
    // One key has one algorithm.
    let told = world.refusal(1, &with("PS256"));
    assert!(told.contains("is active"), "{told}");
    let wrong = world.file("wrong.pem", "no key");
    std::fs::set_permissions(&wrong, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let told = world.refusal(1, &[&["keys", "new", "--alg", "RS256", "--import", &wrong], &OF[..]].concat());
    assert!(told.contains("PRIVATE KEY"), "{told}");
}

/// One id in 64 begins with a hyphen.
#[test]
fn an_id_that_looks_like_an_option_is_an_id() {
    let world = World::new();
    let (text, id) = std::iter::repeat_with(|| pem(JwsAlg::Es256))
        .find(|(_, id)| id.starts_with('-'))
        .expect("there is no end of keys");
    let file = world.file("key.pem", &text);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    new(&world, "ES256", &["--import", &file]);
    let revoked = world.json(&[&["keys", "revoke", "--kid", &id], &OF[..]].concat());
    assert_eq!((kid(&revoked), &revoked["state"]), (id, &json!("revoked")));
}

/// Beside a gateway that runs: it follows within seconds, and the order is in the log with whoever gave it.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_follows_an_emergency() {
    let mut world = World::new();
    let address = world.start();
    let published = || {
        let mut answer = get(&format!("{address}/jwks"), &[("host", "localhost:24810")]);
        let text = answer.body_mut().read_to_string().expect("a body");
        let keys: Value = serde_json::from_str(&text).expect("JSON");
        // One of RS256 comes meanwhile.
        let keys = keys["keys"].as_array().expect("keys").iter().filter(|key| key["alg"] == "ES256");
        keys.map(kid).collect::<Vec<_>>()
    };
    let [bad] = <[String; 1]>::try_from(published()).expect("one key");
    world.json(&[&["keys", "revoke", "--kid", &bad[..8], "--operator", "suzuki"], &OF[..]].concat());
    let listed = listed(&world);
    let of_alg = listed.iter().filter(|key| key["alg"] == "ES256");
    assert_eq!(of_alg.map(|key| &key["state"]).collect::<Vec<_>>(), ["revoked", "active"]);
    // Asks again and again, as services do, until the gateway knows.
    let mut asked = (0..100_000).map(|_| published());
    assert!(asked.any(|kids| !kids.contains(&bad)), "a revoked key goes on");
    assert_eq!(published().len(), 1);
    let log = world.log(MIDORI).await;
    let last = log.last().expect("a record");
    assert_eq!(last.kind, AuditKind::SigningKeyRevoked);
    let evidence = last.evidence.as_deref().unwrap_or_default();
    assert!(evidence.contains("suzuki") && evidence.contains(&bad), "{evidence}");
}
