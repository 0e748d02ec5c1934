//! Letting go: one certificate, or what one signer gave between two moments; counted first, and audited.

use madoguchi_cert_verify::{RevocationReason, Source};
use madoguchi_storage::AuditKind;
use serde_json::Value;

use super::world::{HINATA, MIDORI, World, said, signer};

const BY: [&str; 4] = ["--operator", "hanako", "--reason", "responder key stolen"];

async fn orders(world: &World) -> Vec<Value> {
    let log = world.log(MIDORI).await.into_iter();
    log.filter(|record| record.kind == AuditKind::RevocationReleased)
        .map(|record| serde_json::from_str(&record.evidence.expect("an order")).expect("JSON"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_certificate_beside_a_gateway_that_runs() {
    let mut world = World::new().await;
    let (card, other) = (world.card("card.der"), world.card("other.der"));
    let last = [Source::Crl, Source::Ocsp].map(|source| said(source, RevocationReason::KeyCompromise));
    for (municipality, card) in [(MIDORI, &card), (MIDORI, &other), (HINATA, &card)] {
        world.keep(municipality, card, &last).await;
    }
    let order = [&["release", "--certificate", card.file(), "--municipality", MIDORI], &BY[..]].concat();
    let dry = world.json(&[&order[..], &["--dry-run"]].concat());
    assert_eq!(dry, serde_json::json!({ "municipality": MIDORI, "would_be_released": 2 }));
    assert_eq!((world.kept(MIDORI, &card).await, orders(&world).await.len()), (2, 0), "nothing went");

    assert_eq!(world.json(&order), serde_json::json!({ "municipality": MIDORI, "released": 2 }));
    assert_eq!(world.kept(MIDORI, &card).await, 0);
    assert_eq!((world.kept(MIDORI, &other).await, world.kept(HINATA, &card).await), (2, 2));
    assert_eq!(world.json(&["explain", card.file()])["municipalities"][0]["verdict"], "not_revoked");
    let orders = orders(&world).await;
    assert_eq!(orders.len(), 1);
    assert_eq!((&orders[0]["operator"], &orders[0]["released"]), (&"hanako".into(), &2.into()));
    assert_eq!(orders[0]["reason"], "responder key stolen");
    let output = world.run(&order);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "midori: 0 kept revocations let go, and written to the audit log\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_signer_gave_between_two_moments() {
    let mut world = World::new().await;
    let card = world.card("card.der");
    let last = [Source::Crl, Source::Ocsp].map(|source| said(source, RevocationReason::KeyCompromise));
    world.keep(MIDORI, &card, &last).await;
    let told = world.json(&["kept", "--municipality", MIDORI]);
    let kept_at = told["municipalities"][0]["kept"][0]["first_kept_at"].as_str().expect("text").to_owned();
    let key = signer(Source::Ocsp).to_hex();
    let order = |from: &str, until: &str, municipality: &str| {
        let what = ["release", "--signer-key", &key, "--from", from, "--until", until];
        world.json(&[&what[..], &["--municipality", municipality], &BY[..]].concat())["released"].clone()
    };
    assert_eq!(order("2020-01-01T00:00:00Z", "2020-12-31T00:00:00Z", MIDORI), 0);
    assert_eq!(order(&kept_at, &kept_at, HINATA), 0);
    assert_eq!(world.kept(MIDORI, &card).await, 2);
    assert_eq!(order(&kept_at, &kept_at, MIDORI), 1);
    assert_eq!(world.kept(MIDORI, &card).await, 1, "the other signer's stays");
    let orders = orders(&world).await;
    assert_eq!(orders.len(), 2);
    assert_eq!((&orders[1]["signer_key"], &orders[1]["from"]), (&key.into(), &orders[1]["until"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_says_what_who_and_why_or_is_none() {
    let mut world = World::new().await;
    let card = world.card("card.der");
    let key = signer(Source::Ocsp).to_hex();
    let (from, until) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    let town = ["--municipality", MIDORI];
    for wrong in [
        [&["release"], &town[..], &BY[..]].concat(),
        [&["release", "--certificate", card.file()], &BY[..]].concat(),
        [&["release", "--certificate", card.file()], &town[..], &BY[..2]].concat(),
        [&["release", "--certificate", card.file()], &town[..], &BY[2..]].concat(),
        [&["release", "--certificate", card.file()], &town[..], &BY[..2], &["--reason", " "]].concat(),
        [&["release", "--certificate", card.file(), "--signer-key", &key], &town[..], &BY[..]].concat(),
        [&["release", "--certificate", card.file(), "--from", from], &town[..], &BY[..]].concat(),
        [&["release", "--signer-key", &key], &town[..], &BY[..]].concat(),
        [&["release", "--signer-key", &key, "--from", from], &town[..], &BY[..]].concat(),
        [&["release", "--signer-key", &key[2..], "--from", from, "--until", until], &town[..], &BY[..]]
            .concat(),
        [&["release", "--signer-key", &key, "--from", "yesterday", "--until", until], &town[..], &BY[..]]
            .concat(),
    ] {
        let output = world.run(&wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {output:?}");
    }
    let nowhere = [&["release", "--certificate", card.file(), "--municipality", "nowhere"], &BY[..]].concat();
    assert_eq!(world.run(&nowhere).status.code(), Some(1));
    assert_eq!(orders(&world).await, [] as [Value; 0]);
}
