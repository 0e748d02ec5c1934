//! Municipalities of the database.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use madoguchi_storage::AuditKind;

use super::world::{MIDORI, World};

/// The smallest PNG of one transparent pixel.
const LOGO: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=";
const AOI: [&str; 8] =
    ["municipalities", "add", "--id", "aoi", "--origin", "https://mado.aoi.example", "--name", "あおい町"];

#[tokio::test(flavor = "multi_thread")]
async fn a_municipality_is_added_shown_and_given_clients() {
    let world = World::new();
    let added = world.json(&[&AOI[..], &["--name-en", "Aoi Town", "--accent", "#0b4f8a"]].concat());
    assert_eq!(
        (&added["municipality"], &added["issuer"]),
        (&json!("aoi"), &json!("https://mado.aoi.example"))
    );
    let log = world.log("aoi").await;
    assert_eq!((log.len(), log[0].kind), (1, AuditKind::MunicipalityAdded));

    let listed = world.json(&["municipalities", "list"]);
    let places: Vec<_> = listed["municipalities"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|municipality| (municipality["id"].clone(), municipality["registered_in"].clone()))
        .collect();
    assert_eq!(places, [(json!(MIDORI), json!("configuration file")), (json!("aoi"), json!("database"))]);
    let clients = ["clients", "add", "--municipality", "aoi", "--name", "図書館"];
    let client = world.json(&[&clients[..], &["--redirect-uri", "https://tosho.example/"]].concat());
    assert_eq!(client["issuer"], "https://mado.aoi.example");
    let shown = world.json(&["municipalities", "show", "aoi"]);
    assert_eq!((&shown["clients"], &shown["accent"]), (&json!(1), &json!("#0b4f8a")));
    assert_eq!(world.json(&["municipalities", "show", MIDORI])["clients"], 1);
    // Other commands know it too.
    let kept = world.json(&["revocation", "kept", "--municipality", "aoi"]);
    assert_eq!(kept["municipalities"][0]["id"], "aoi");
    for text in [world.text(&["municipalities", "list"]), world.text(&["municipalities", "show", "aoi"])] {
        assert!(text.contains("あおい町") && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn what_cannot_be_added_is_refused_by_name() {
    let world = World::new();
    let (svg, large) =
        (world.file("logo.svg", "<svg><script/></svg>"), world.file("large.png", &"a".repeat(65_537)));
    let (svg, large) = (svg.as_str(), large.as_str());
    let with = |changes: &[(&str, &str)]| -> Vec<String> {
        let mut arguments: Vec<String> = AOI.map(str::to_owned).to_vec();
        for (option, value) in changes {
            match arguments.iter().position(|argument| argument == option) {
                Some(at) => (*value).clone_into(&mut arguments[at + 1]),
                None => arguments.extend([(*option).to_owned(), (*value).to_owned()]),
            }
        }
        arguments
    };
    for (code, changes, says) in [
        (2, &[("--id", "Aoi")][..], "'--id <ID>': 1 to 40 of a-z 0-9 -"),
        (2, &[("--origin", "http://127.0.0.1:24811")], "never serves on a loopback address by number"),
        (2, &[("--accent", "#ffee00")], "choose a darker colour"),
        (2, &[("--accent", "blue")], "write a colour as #rrggbb"),
        (2, &[("--name", "a\u{202e}b")], "'--name <TEXT>': character U+202E may not be shown"),
        (2, &[("--origin", "http://mado.aoi.example")], "--origin"),
        (2, &[("--origin", "https://mado.aoi.example/")], "--origin"),
        (1, &[("--id", MIDORI)], "midori exists already: madoguchi municipalities show midori"),
        (1, &[("--origin", "http://localhost:24810")], "the origin http://localhost:24810 is midori's"),
        (
            1,
            &[("--origin", "https://kosodate.example")],
            "client kosodate has an address on https://kosodate.example",
        ),
        (1, &[("--logo", svg)], "logo.svg: not a PNG"),
        (1, &[("--logo", large)], "large.png: longer than 64 KiB"),
    ] {
        let arguments = with(changes);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let told = world.refusal(code, &arguments);
        assert!(told.contains(says), "{changes:?}: {told}");
    }
    assert!(!world.has_database());
    let unknown = world.refusal(1, &["municipalities", "show", "aoi"]);
    assert!(unknown.contains("no municipality aoi"), "{unknown}");
    world.json(&AOI);
    let twice = world.refusal(1, &AOI);
    assert!(twice.contains("aoi exists already"), "{twice}");
}

/// A slip is mended: name, colour, logo by a change, id and origin by removing it while nobody uses it.
#[tokio::test(flavor = "multi_thread")]
async fn a_municipality_is_changed_disabled_and_removed() {
    let world = World::new();
    let png = world.folder.path().join("logo.png");
    std::fs::write(&png, STANDARD.decode(LOGO).expect("base64")).expect("written");
    let png = png.to_str().expect("UTF-8");
    world.json(&[&AOI[..], &["--name-en", "Aoi Town", "--accent", "#0b4f8a", "--logo", png]].concat());
    let show = || world.json(&["municipalities", "show", "aoi"]);
    assert_eq!((&show()["logo"], &show()["disabled"]), (&json!(true), &json!(false)));
    let change = |more: &[&str]| world.json(&[&["municipalities", "change", "aoi"], more].concat());
    assert_eq!(
        change(&["--name", "あおい市", "--no-logo", "--no-accent"])["changed"],
        json!(["name", "accent", "logo"])
    );
    let shown = show();
    assert_eq!(
        (&shown["name"]["ja"], &shown["accent"], &shown["logo"]),
        (&json!("あおい市"), &Value::Null, &json!(false))
    );
    assert_eq!(shown["name"].get("en").unwrap_or(&Value::Null), &Value::Null, "the names are given together");
    change(&["--accent", "#7a1f00", "--logo", png]);
    assert_eq!((&show()["accent"], &show()["logo"]), (&json!("#7a1f00"), &json!(true)));
    for (code, more, says) in [
        (2, &[][..], "nothing is named that should be changed"),
        (2, &["--name-en", "Aoi"], "--name <TEXT>"),
        (2, &["--logo", png, "--no-logo"], "cannot be used with"),
        (2, &["--origin", "https://b.example"], "unexpected argument '--origin'"),
        (2, &["--accent", "#ffffff"], "choose a darker colour"),
    ] {
        let told = world.refusal(code, &[&["municipalities", "change", "aoi"], more].concat());
        assert!(told.contains(says), "{more:?}: {told}");
    }
    for (command, disabled) in [("disable", true), ("disable", true), ("enable", false)] {
        assert_eq!(world.json(&["municipalities", command, "aoi"])["disabled"], disabled);
        assert_eq!(show()["disabled"], disabled);
        assert_eq!(world.text(&["municipalities", "list"]).contains("DISABLED"), disabled);
    }
    let add = ["clients", "add", "--municipality", "aoi", "--id", "tosho", "--name", "図書館"];
    world.json(&[&add[..], &["--redirect-uri", "https://tosho.example/"]].concat());
    let told = world.refusal(1, &["municipalities", "remove", "aoi"]);
    assert!(told.contains("aoi still has clients"), "{told}");
    world.json(&["clients", "remove", "--municipality", "aoi", "tosho"]);
    assert_eq!(world.json(&["municipalities", "remove", "aoi", "--operator", "suzuki"])["removed"], true);
    let told = world.refusal(1, &["municipalities", "show", "aoi"]);
    assert!(told.contains("no municipality aoi"), "{told}");
    let log = world.log("aoi").await;
    let last = log.last().expect("a record");
    assert_eq!(last.kind, AuditKind::MunicipalityRemoved);
    assert!(last.evidence.as_deref().is_some_and(|who| who.contains("suzuki")), "{last:?}");
    world.json(&AOI);
}

/// The file is the operator's to edit, and an order about nothing makes no database.
#[test]
fn municipalities_of_the_file_are_left_alone() {
    let world = World::new();
    for command in [&["disable"][..], &["enable"], &["remove"], &["change", "--no-logo"]] {
        let told = world.refusal(1, &[&["municipalities"], command, &[MIDORI]].concat());
        assert!(told.contains("midori is in the configuration file; change it there"), "{told}");
        world.refusal(1, &[&["municipalities"], command, &["aoi"]].concat());
    }
    assert!(!world.has_database());
}

/// The exit codes are part of the help that an operator reads.
#[test]
fn the_help_tells_the_exit_codes() {
    let world = World::new();
    for command in [
        &["clients", "add"][..],
        &["clients", "change"],
        &["clients", "show"],
        &["clients", "list"],
        &["clients", "disable"],
        &["clients", "enable"],
        &["clients", "rotate-secret"],
        &["clients", "remove"],
        &["clients", "registration-token", "new"],
        &["municipalities", "add"],
        &["municipalities", "change"],
        &["municipalities", "disable"],
        &["municipalities", "enable"],
        &["municipalities", "remove"],
        &["clients", "jwk"],
        &["keys", "list"],
        &["keys", "new"],
        &["keys", "publish"],
        &["keys", "activate"],
        &["keys", "retire"],
        &["keys", "revoke"],
        &["accounts", "relink", "open"],
        &["accounts", "relink", "confirm"],
        &["accounts", "relink", "list"],
        &["accounts", "relink", "withdraw"],
        &["municipalities", "list"],
        &["municipalities", "show"],
    ] {
        let help = world.text(&[command, &["--help"]].concat());
        let help: Value = json!(help);
        assert!(help.as_str().is_some_and(|help| help.contains("Exit code 0: done.")), "{command:?}: {help}");
    }
}
