//! Municipalities of the database.

use serde_json::{Value, json};

use madoguchi_storage::AuditKind;

use super::world::{MIDORI, World};

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
        (1, &[("--id", "Aoi")][..], "id: 1 to 40 of a-z 0-9 -"),
        (1, &[("--id", MIDORI)], "is another municipality's"),
        (1, &[("--origin", "http://localhost:24810")], "is another municipality's"),
        (1, &[("--origin", "http://127.0.0.1:24811")], "never serves on a loopback address by number"),
        (1, &[("--accent", "#ffee00")], "choose a darker colour"),
        (1, &[("--accent", "blue")], "write a colour as #rrggbb"),
        (1, &[("--name", "a\u{202e}b")], "cannot be shown"),
        (2, &[("--origin", "http://mado.aoi.example")], "--origin"),
        (2, &[("--origin", "https://mado.aoi.example/")], "--origin"),
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
    assert!(twice.contains("is another municipality's"), "{twice}");
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
        &["municipalities", "list"],
        &["municipalities", "show"],
    ] {
        let help = world.text(&[command, &["--help"]].concat());
        let help: Value = json!(help);
        assert!(help.as_str().is_some_and(|help| help.contains("Exit code 0: done.")), "{command:?}: {help}");
    }
}
