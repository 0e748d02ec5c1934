//! Letting go: one certificate, or what one signer gave between two moments; counted first, and audited.

use madoguchi_cert_verify::{RevocationReason, Source};
use madoguchi_storage::AuditKind;
use madoguchi_test_pki::OcspClaim;
use serde_json::Value;

use super::world::{HINATA, MIDORI, World, claiming, said, signer};

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
    assert_eq!((&dry["would_be_released"], &dry["released"]), (&2.into(), &Value::Null));
    assert_eq!((world.kept(MIDORI, &card).await, orders(&world).await.len()), (2, 0), "nothing went");

    let done = serde_json::json!({
        "municipality": MIDORI, "released": 2, "still_revoked_by": [], "notes": []
    });
    assert_eq!(world.json(&order), done);
    assert_eq!(world.kept(MIDORI, &card).await, 0);
    assert_eq!((world.kept(MIDORI, &other).await, world.kept(HINATA, &card).await), (2, 2));
    assert_eq!(world.json(&["explain", card.file()])["municipalities"][0]["verdict"], "not_revoked");
    // The same again is about nothing, and no order.
    for again in [order.clone(), [&order[..], &["--dry-run"]].concat()] {
        let output = world.run(&again);
        assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("nothing matches"), "{output:?}");
    }
    let orders = orders(&world).await;
    assert_eq!(orders.len(), 1);
    assert_eq!((&orders[0]["operator"], &orders[0]["released"]), (&"hanako".into(), &2.into()));
    assert_eq!(orders[0]["reason"], "responder key stolen");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_still_calls_revoked_is_told() {
    let mut world = World::new().await;
    let card = world.card("card.der");
    let order = [&["release", "--certificate", card.file(), "--municipality", MIDORI], &BY[..]].concat();
    let last = [Source::Crl, Source::Ocsp].map(|source| said(source, RevocationReason::KeyCompromise));
    world.keep(MIDORI, &card, &last).await;
    world.switch.set(claiming(OcspClaim::Revoked));
    let words =
        |world: &World, arguments: &[&str]| String::from_utf8(world.run(arguments).stdout).expect("UTF-8");
    let told = words(&world, &[&order[..], &["--dry-run"]].concat());
    assert_eq!(
        told,
        "midori: 1 certificate (2 sources) would be let go\n\
         still revoked by ocsp: it will be kept again at the next sign-in\n"
    );
    let before = world.switch.requests();
    let told = words(&world, &[&order[..], &["--dry-run", "--offline"]].concat());
    assert!(!told.contains("still revoked") && told.contains("note: OCSP was not asked"), "{told}");
    assert_eq!(world.switch.requests(), before);
    assert_eq!(world.json(&order)["still_revoked_by"], serde_json::json!(["ocsp"]));
    assert_eq!(world.kept(MIDORI, &card).await, 0);

    // What cannot be asked stops no order, and is told.
    world.keep(MIDORI, &card, &last[..1]).await;
    world.kill();
    std::fs::remove_dir_all(world.folder.path().join("crl-state")).expect("removed");
    let told = words(&world, &order);
    assert!(told.starts_with("midori: 1 certificate (1 source) let go, and written to the audit log\n"));
    assert!(told.contains("note: whether a source still says revoked is not known"), "{told}");
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
    let nothing = |from: &str, until: &str, municipality: &str| {
        let what = ["release", "--signer-key", &key, "--from", from, "--until", until];
        let output = world.run(&[&what[..], &["--municipality", municipality], &BY[..]].concat());
        assert!(String::from_utf8_lossy(&output.stderr).contains("nothing matches"), "{output:?}");
        assert_eq!(output.status.code(), Some(1));
    };
    nothing("2020-01-01T00:00:00Z", "2020-12-31T00:00:00Z", MIDORI);
    nothing(&kept_at, &kept_at, HINATA);
    assert_eq!(world.kept(MIDORI, &card).await, 2);
    assert_eq!(order(&kept_at, &kept_at, MIDORI), 1);
    assert_eq!(world.kept(MIDORI, &card).await, 1, "the other signer's stays");
    let orders = orders(&world).await;
    assert_eq!(orders.len(), 1);
    assert_eq!((&orders[0]["signer_key"], &orders[0]["from"]), (&key.into(), &orders[0]["until"]));
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
        [&["release", "--signer-key", &key, "--from", until, "--until", from], &town[..], &BY[..]].concat(),
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
