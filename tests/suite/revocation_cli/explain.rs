//! What each source says, what is kept, and which rule decides.

use madoguchi_cert_verify::{RevocationReason, Source};
use madoguchi_test_pki::{HttpFault, OcspBehaviour, OcspClaim};

use super::world::{HINATA, MIDORI, World, claiming, said};

#[tokio::test(flavor = "multi_thread")]
async fn each_source_and_the_rule_are_named() {
    let mut world = World::new().await;
    let card = world.card("card.der");
    let serial = card.files.auth_serial.to_string();

    let good = world.json(&["explain", card.file()]);
    let [midori, hinata] = &good["municipalities"].as_array().expect("municipalities")[..] else {
        panic!("two: {good}")
    };
    assert_eq!((&midori["id"], &hinata["id"]), (&MIDORI.into(), &HINATA.into()));
    for municipality in [midori, hinata] {
        assert_eq!(municipality["verdict"], "not_revoked", "{good}");
        assert_eq!(municipality["rule"], "ocsp_and_crl_good");
        assert!(municipality["evidence"]["ocsp"]["produced_at"].is_u64(), "{good}");
        assert!(municipality["evidence"]["crl"]["next_update"].is_u64(), "{good}");
        assert_eq!(municipality["kept"], serde_json::json!([]));
    }
    assert_eq!(good["notes"], serde_json::json!([]));
    assert!(!good.to_string().contains(&serial));

    world.switch.set(claiming(OcspClaim::Revoked));
    let revoked = world.json(&["explain", card.file(), "--municipality", MIDORI]);
    assert_eq!(revoked["municipalities"].as_array().map(Vec::len), Some(1));
    assert_eq!(revoked["municipalities"][0]["rule"], "ocsp_revoked");

    // Nobody was signed in or kept out by looking.
    assert_eq!((world.kept(MIDORI, &card).await, world.log(MIDORI).await.len()), (0, 0));

    let before = world.switch.requests();
    let offline = world.json(&["explain", card.file(), "--offline"]);
    assert_eq!(offline["municipalities"][0]["rule"], "crl_good");
    assert_eq!(offline["municipalities"][0]["evidence"]["shortfalls"], serde_json::json!(["ocsp_not_asked"]));
    assert_eq!(offline["municipalities"][0]["evidence"]["ocsp"]["says"], "not_asked");
    let words = String::from_utf8(world.run(&["explain", card.file(), "--offline"]).stdout).expect("UTF-8");
    assert!(words.contains("OCSP  not asked (--offline)\n") && words.contains("wanting: ocsp_not_asked"));
    assert!(!words.contains("unreachable") && !words.contains("unavailable"), "{words}");
    assert_eq!(world.switch.requests(), before, "nobody was asked");
    assert_eq!(offline["notes"], serde_json::json!(["OCSP was not asked (--offline)"]));

    world.switch.set(OcspBehaviour { http: Some(HttpFault::InternalError), ..OcspBehaviour::default() });
    let failing = world.json(&["explain", card.file()]);
    assert_eq!(failing["municipalities"][0]["rule"], "crl_good");
    assert!(
        failing["notes"][0].as_str().is_some_and(|note| note.starts_with("responder http://127.0.0.1:")),
        "{failing}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_decides_in_its_municipality_alone() {
    let mut world = World::new().await;
    let card = world.card("card.der");
    world.keep(MIDORI, &card, &[said(Source::Ocsp, RevocationReason::KeyCompromise)]).await;
    // Beside the gateway, and after it was killed.
    for _ in 0..2 {
        let told = world.json(&["explain", card.file()]);
        let (midori, hinata) = (&told["municipalities"][0], &told["municipalities"][1]);
        assert_eq!((&midori["verdict"], &midori["rule"]), (&"revoked".into(), &"kept_revoked".into()));
        assert_eq!(
            (&midori["sources_disagree"], &midori["kept"][0]["source"]),
            (&true.into(), &"ocsp".into())
        );
        assert_eq!((&hinata["verdict"], &hinata["kept"]), (&"not_revoked".into(), &serde_json::json!([])));
        world.kill();
    }
    let output = world.run(&["explain", card.file()]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for part in [
        "OCSP  good\n      thisUpdate ",
        "CRL   good\n      thisUpdate ",
        "midori: revoked\n  rule kept_revoked: it was revoked before",
        "  kept since ",
        "    on the word of ocsp: revoked at ",
        "(keyCompromise)",
        "ALARM: the sources disagree",
        "wanting: sources_disagree",
        "hinata: not_revoked\n  rule ocsp_and_crl_good: ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains(&card.files.auth_serial.to_string()));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// A hold that is kept, and what ends it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_says_whether_it_is_over() {
    let mut world = World::new().await;
    let card = world.card("card.der");
    world.keep(MIDORI, &card, &[said(Source::Crl, RevocationReason::CertificateHold)]).await;
    let text = |arguments: &[&str]| String::from_utf8(world.run(arguments).stdout).expect("UTF-8");
    let over = text(&["explain", card.file()]);
    assert!(over.contains("the hold that is kept is over"), "{over}");
    assert!(over.contains("midori: not_revoked"), "{over}");
    let silent = text(&["explain", card.file(), "--offline"]);
    assert!(silent.contains("midori: on_hold\n  rule kept_on_hold: "), "{silent}");
    assert_eq!(world.kept(MIDORI, &card).await, 1, "looking ends nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_explained_is_told_so() {
    let mut world = World::new().await;
    let card = world.card("card.der");
    let garbage = world.folder.path().join("garbage.der");
    std::fs::write(&garbage, b"no certificate").expect("written");
    let sign = world.folder.path().join("sign.der");
    std::fs::write(&sign, &card.files.sign_certificate).expect("written");
    let absent = world.folder.path().join("absent.der");
    for (file, says) in [
        (&garbage, "the gateway asks about no such certificate"),
        (&sign, "the gateway asks about no such certificate"),
        (&absent, "absent.der cannot be read"),
    ] {
        let output = world.run(&["explain", file.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(told.contains(says) && output.stdout.is_empty(), "{told}");
    }
    let output = world.run(&["explain", card.file(), "--municipality", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no municipality nowhere"), "{output:?}");
    assert_eq!(world.run(&["explain"]).status.code(), Some(2));

    // Before any gateway ran there is no database; none is made.
    world.kill();
    for name in ["madoguchi.sqlite3", "madoguchi.sqlite3-wal", "madoguchi.sqlite3-shm"] {
        drop(std::fs::remove_file(world.folder.path().join(name)));
    }
    let told = world.json(&["explain", card.file()]);
    assert_eq!(told["municipalities"][0]["rule"], "ocsp_and_crl_good");
    assert!(told["notes"].to_string().contains("there is no database yet"), "{told}");
    assert!(!world.folder.path().join("madoguchi.sqlite3").exists());
}

/// Lists that are configured and cannot be read may say revoked: a verdict without them would be a guess.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_lists_there_is_no_verdict() {
    let mut world = World::new().await;
    let card = world.card("card.der");
    world.kill();
    let state = world.folder.path().join("crl-state");
    let refused = |says: &str| {
        for offline in [&[][..], &["--offline"]] {
            let output = world.run(&[&["explain", card.file()], offline].concat());
            let told = String::from_utf8(output.stderr).expect("UTF-8");
            assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{told}");
            assert!(
                told.contains("no verdict") && told.contains("crl-state") && told.contains(says),
                "{told}"
            );
        }
    };
    let lists = std::fs::read_dir(state.join("lists")).expect("there");
    let index = lists
        .map(|entry| entry.expect("one").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "idx"))
        .expect("an index");
    let whole = std::fs::read(&index).expect("read");
    std::fs::write(&index, b"damaged").expect("written");
    refused("(index_damaged)");
    std::fs::write(&index, whole).expect("written");
    assert_eq!(world.json(&["explain", card.file()])["municipalities"][0]["rule"], "ocsp_and_crl_good");
    std::fs::set_permissions(&state, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    refused("chmod 700");
    std::fs::remove_dir_all(&state).expect("removed");
    refused("has the gateway, or madoguchi crl index, run yet?");
    assert!(!state.exists(), "nothing is made by looking");
}
