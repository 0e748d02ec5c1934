//! `madoguchi audit`, over the shipped program and its file: what a gateway seals, what is found, and what leaves.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use madoguchi_gateway_server::SystemClock;
use madoguchi_storage::Clock as _;
use madoguchi_test_postgres::TestServer;
use madoguchi_tests::repository;
use rusqlite::Connection;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::world::{MIDORI, World};

const VERIFY: [&str; 4] = ["audit", "verify", "--municipality", MIDORI];

/// Some records, sealed and signed.
fn sealed(records: u32) -> World {
    let world = World::new();
    for number in 0..records {
        world.add(&["--id", &format!("tosho{number}"), "--operator", "tanaka"]);
    }
    assert_eq!(world.json(&["audit", "seal"]), json!({ "sealed": records }));
    world
}

impl World {
    fn execute(&self, sql: &str) {
        let changed = Connection::open(self.database()).expect("the file").execute(sql, ()).expect(sql);
        assert!(changed > 0, "{sql}");
    }

    /// What `audit verify --json` says of one log, and whether the exit code says the same.
    fn verified(&self, more: &[&str]) -> Value {
        let output = self.run(&[&VERIFY[..], &["--json"], more].concat());
        let told: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let whole = told["whole"].as_bool().expect("a verdict");
        assert_eq!(output.status.code(), Some(i32::from(!whole)), "{output:?}");
        assert_eq!(told["municipalities"][0]["whole"], whole);
        told["municipalities"][0].clone()
    }

    fn export(&self, more: &[&str]) -> String {
        self.text(&[&["audit", "export", "--municipality", MIDORI], more].concat())
    }

    /// The other program's verdict.
    fn other_program(&self, export: &str, key: Option<&str>) -> Output {
        let mut command = Command::new("python3");
        command.arg(repository().join("docs/verify_audit_export.py")).arg(self.file("export.jsonl", export));
        command.args(key).output().expect("python3 runs; script/setup test")
    }
}

#[test]
fn a_whole_log_verifies_here_and_by_another_program() {
    let world = sealed(4);
    let found = world.verified(&[]);
    assert_eq!(
        (&found["records"], &found["unsealed"], &found["damage"]),
        (&json!(4), &json!(0), &Value::Null)
    );
    assert_eq!((&found["stored_checkpoints"], &found["last_checkpoint"]["position"]), (&json!(1), &json!(4)));
    assert!(world.text(&["audit", "verify"]).starts_with("midori: whole\n"));
    world.add(&["--id", "late"]);
    assert_eq!(world.verified(&[])["unsealed"], 1);
    assert_eq!(world.json(&["audit", "seal"])["sealed"], 1);

    let export = world.export(&[]);
    let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), &lines[0]["madoguchi_audit_export"]), (9, &json!(1)), "{export}");
    assert_eq!((&lines[1]["kind"], &lines[1]["client_id"]), (&json!("client_added"), &json!("tosho0")));
    assert!(lines[1]["evidence"].as_str().is_some_and(|evidence| evidence.contains("tanaka, as ")));
    let key = world.file("key.jwk", &world.text_of_key());
    for key in [None, Some(&*key)] {
        let output = world.other_program(&export, key);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(told, "midori: whole, positions 1 to 5, 2 checkpoints\n");
    }
    let output = world.other_program(&world.export(&["--after", "4"]), Some(&key));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "midori: whole, positions 5 to 5, 2 checkpoints\n");
    assert!(
        world
            .refusal(1, &["audit", "export", "--municipality", MIDORI, "--after", "9"])
            .contains("no record at 9")
    );
}

impl World {
    fn text_of_key(&self) -> String {
        self.text(&["audit", "key", "--municipality", MIDORI])
    }
}

#[test]
fn damage_is_told_with_its_place_here_and_by_another_program() {
    for (sql, position, number, kind) in [
        ("UPDATE audit SET client_id = 'tosho9' WHERE position = 2", 2, Some(2), "content_changed"),
        ("UPDATE audit SET salt = zeroblob(32) WHERE position = 3", 3, Some(3), "content_changed"),
        ("DELETE FROM audit WHERE position = 2", 2, None, "missing"),
        ("UPDATE audit SET number = 99 WHERE position = 1", 1, Some(99), "link_broken"),
        (
            "UPDATE audit_checkpoints SET signed = substr(signed, 1, length(signed) - 9) || 'AAAAAAAAA'",
            4,
            None,
            "checkpoint_forged",
        ),
    ] {
        let world = sealed(4);
        world.execute(sql);
        let damage = world.verified(&[])["damage"].clone();
        assert_eq!(
            (&damage["position"], &damage["number"], &damage["kind"]),
            (&json!(position), &json!(number), &json!(kind)),
            "{sql}"
        );
        let output = world.run(&["audit", "verify"]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            told.starts_with("midori: DAMAGED\n") && told.contains(&format!("at position {position}")),
            "{told}"
        );
        let output = world.other_program(&world.export(&[]), None);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.starts_with("DAMAGED"), "{sql}: {output:?}");
        if kind != "checkpoint_forged" {
            assert!(told.contains(&format!("position {position}")), "{told}");
        }
    }
}

/// Whoever only has the log stream of a gateway that ran finds what is gone from its database, to the last record.
#[test]
fn a_gateway_seals_and_its_log_finds_what_is_gone() {
    let mut world = World::new();
    world.start();
    world.add(&["--id", "tosho"]);
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge; without an end it would hang")]
    let begin = Instant::now();
    // As an operator looks again.
    while world.verified(&[])["last_checkpoint"].is_null() {
        assert!(begin.elapsed() < PATIENCE, "a gateway seals within a second");
    }
    world.add(&["--id", "library"]);
    world.stop();
    let found = world.verified(&[]);
    let (records, last) = (&found["records"], &found["last_checkpoint"]["position"]);
    assert!(records.as_u64() >= Some(2) && records == last && found["unsealed"] == 0, "{found}");
    let (key, log) = (world.file("key.jwk", &world.text_of_key()), world.log_file());
    let kept = ["--checkpoint", log.to_str().expect("UTF-8")];
    let found = world.verified(&kept);
    assert!(found["kept_checkpoints"].as_u64() >= Some(2) && found["damage"].is_null(), "{found}");

    // Everything is taken away: the key is made anew by whoever seals next, and the file still knows.
    for table in ["audit", "audit_chains", "audit_checkpoints"] {
        world.execute(&format!("DELETE FROM {table}"));
    }
    let with_key = [&kept[..], &["--key", &key]].concat();
    assert_eq!(world.verified(&with_key)["damage"]["kind"], "truncated");
    world.execute("DELETE FROM secrets WHERE purpose = 'audit-key-es256'");
    let found = world.verified(&kept);
    assert_eq!((&found["whole"], &found["key_missing"]), (&json!(false), &json!(true)));
    world.add(&["--id", "third"]);
    world.json(&["audit", "seal"]);
    let found = world.verified(&kept);
    assert_eq!((&found["whole"], &found["damage"]), (&json!(false), &Value::Null));
    assert!(found["foreign_checkpoints"].as_u64() >= Some(2), "{found}");
    // Which of them comes first depends on where the gateway signed first.
    let damage = world.verified(&with_key)["damage"]["kind"].clone();
    assert!(damage == "checkpoint_disagrees" || damage == "checkpoint_forged", "{damage}");
    let nothing = world.file("nothing.log", "no checkpoint here\n");
    assert!(world.refusal(1, &[&VERIFY[..], &["--checkpoint", &nothing]].concat()).contains("no checkpoint"));
}

#[test]
fn the_newest_records_are_shown_by_their_names() {
    let world = sealed(4);
    let tail = ["audit", "tail", "--municipality", MIDORI];
    let told = world.text(&[&tail[..], &["--lines", "2"]].concat());
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(
        told.lines().all(|line| line.contains("  service added  tosho")) && told.contains("tosho3"),
        "{told}"
    );
    let told = world.text(&[&tail[..], &["--lines", "1", "--lang", "ja"]].concat());
    assert!(told.contains("  サービスを登録  tosho3"), "{told}");
    assert_eq!(world.json(&[&tail[..], &["--lines", "1"]].concat())["position"], 4);
    let unknown = world.refusal(1, &["audit", "tail", "--municipality", "nowhere"]);
    assert!(unknown.contains("nowhere"), "{unknown}");
}

/// What was retired or erased is gone, the order for it is there, and the rest is whole: here and for another program.
#[test]
fn what_is_retired_or_erased_leaves_a_whole_log() {
    let world = sealed(4);
    let order = ["--municipality", MIDORI, "--reason", "裁判所の決定", "--operator", "suzuki"];
    let erase = |position| [&["audit", "erase", "--position", position], &order[..]].concat();
    assert_eq!(world.json(&erase("2")), json!({ "municipality": MIDORI, "erased": 2 }));
    assert!(world.refusal(2, &erase("2")).contains("erased before"));
    assert!(world.refusal(2, &erase("5")).contains("stays"));
    assert!(world.refusal(1, &erase("77")).contains("no record at 77"));
    let found = world.verified(&[]);
    assert_eq!((&found["records"], &found["erased"], &found["damage"]), (&json!(5), &json!(1), &Value::Null));
    let export = world.export(&[]);
    assert!(!export.contains("tosho1") && export.contains("裁判所の決定") && export.contains("suzuki, as "));
    assert!(world.other_program(&export, None).status.success());

    let kept = world.file("kept.log", &export);
    let now = now();
    let retire = |before| [&["audit", "retire", "--before", before], &order[..]].concat();
    assert_eq!(world.json(&retire("2020-01-01"))["retired"], 0);
    assert!(world.refusal(2, &retire("2999-01-01")).contains("in the future"));
    assert_eq!(world.json(&retire(&now))["retired"], 5);
    let found = world.verified(&["--checkpoint", &kept]);
    let counts = (&found["kept_checkpoints"], &found["kept_before_start"]);
    assert_eq!(counts, (&json!(1), &json!(1)), "the retirement was covered by one: {found}");
    let old = export.lines().find(|line| line.starts_with("{\"checkpoint\"")).expect("the first checkpoint");
    let old = world.verified(&["--checkpoint", &world.file("old.log", old)]);
    assert_eq!((&old["whole"], &old["damage"]), (&json!(false), &Value::Null), "nothing was compared");
    assert_eq!((&found["start"]["position"], &found["records"]), (&json!(5), &json!(1)), "{found}");
    let export = world.export(&[]);
    assert!(!export.contains("client_added") && export.contains("audit_retired"), "{export}");
    let output = world.other_program(&export, None);
    assert!(output.status.success(), "{output:?}");
    assert!(world.refusal(2, &retire("yesterday")).contains("--before"));
}

/// What is damaged is evidence.
#[test]
fn a_damaged_log_is_not_retired() {
    for change in ["evidence = '{}'", BLANK] {
        let world = sealed(4);
        world.execute(&format!("UPDATE audit SET {change} WHERE position = 3"));
        let now = now();
        let retire = ["audit", "retire", "--municipality", MIDORI, "--reason", "r", "--before", &now];
        let told = world.refusal(1, &retire);
        assert!(told.contains("damaged at 3"), "{told}");
        assert_eq!(world.verified(&[])["start"]["position"], 0);
    }
}

/// Whoever writes to the database writes an order to erase too; nobody signed it, whoever sealed it.
#[test]
fn an_order_that_nobody_gave_erases_nothing() {
    let world = sealed(4);
    world.execute(
        "INSERT INTO audit (at, municipality, kind, evidence)
         VALUES (1, 'midori', 'audit_erased', '{\"operator\":\"o\",\"position\":2}')",
    );
    assert_eq!(world.json(&["audit", "seal"])["sealed"], 1);
    world.execute(&format!("UPDATE audit SET {BLANK} WHERE position = 2"));
    let damage = world.verified(&[])["damage"].clone();
    assert_eq!((&damage["position"], &damage["kind"]), (&json!(2), &json!("erased_without_order")));
    let output = world.other_program(&world.export(&[]), None);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("position 2: erased without an order"), "{told}");
}

/// A municipality that is on no list any more has its log all the same, and what was kept of it elsewhere is compared.
#[test]
fn a_log_is_verified_whoever_lists_its_municipality() {
    let world = sealed(1);
    let aoi = [
        "municipalities",
        "add",
        "--id",
        "aoi",
        "--origin",
        "https://mado.aoi.example",
        "--name",
        "あおい町",
    ];
    world.json(&aoi);
    assert_eq!(world.json(&["audit", "seal"])["sealed"], 1);
    let kept = world.file("kept.log", &world.text(&["audit", "export", "--municipality", "aoi"]));
    let of_aoi = |more: &[&str]| {
        let output = world.run(&[&["audit", "verify", "--json"], more].concat());
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(output.status.code(), Some(i32::from(told["whole"] == false)), "{told}");
        let all = told["municipalities"].as_array().expect("a list");
        all.iter().find(|log| log["municipality"] == "aoi").cloned()
    };
    world.execute("DELETE FROM municipalities WHERE id = 'aoi'");
    let found = of_aoi(&[]).expect("its log is there");
    assert_eq!((&found["records"], &found["whole"]), (&json!(1), &json!(true)));
    world.execute("DELETE FROM audit WHERE municipality = 'aoi'");
    assert_eq!(of_aoi(&[]).expect("its chain")["damage"]["kind"], "truncated");
    world.execute("DELETE FROM audit_checkpoints WHERE municipality = 'aoi'");
    assert_eq!(of_aoi(&[]).expect("its chain")["damage"]["kind"], "head_disagrees");
    world.execute("DELETE FROM audit_chains WHERE municipality = 'aoi'");
    assert_eq!(of_aoi(&[]), None, "nothing in the database says so");
    for more in [&["--checkpoint", &*kept][..], &["--checkpoint", &kept, "--municipality", "aoi"]] {
        assert_eq!(of_aoi(more).expect("the file says so")["damage"]["kind"], "truncated");
    }
    world.execute("DELETE FROM secrets WHERE municipality = 'aoi'");
    assert_eq!(of_aoi(&["--checkpoint", &kept]).expect("the file says so")["key_missing"], true);
}

/// The same commands on the other backend.
#[test]
fn a_log_in_postgresql_is_sealed_verified_erased_and_retired() {
    let server = TestServer::start();
    let database = server.database();
    let world = World::new();
    let path = world.folder.path().join("madoguchi.toml");
    let config = std::fs::read_to_string(&path).expect("the configuration");
    std::fs::write(path, config.replace("madoguchi.sqlite3", &database.address())).expect("written");
    for number in 0..4 {
        world.add(&["--id", &format!("tosho{number}")]);
    }
    assert_eq!(world.json(&["audit", "seal"])["sealed"], 4);
    let order = ["--municipality", MIDORI, "--reason", "r", "--operator", "o"];
    world.json(&[&["audit", "erase", "--position", "2"], &order[..]].concat());
    let found = world.verified(&[]);
    assert_eq!((&found["records"], &found["erased"], &found["damage"]), (&json!(5), &json!(1), &Value::Null));
    let tail = world.text(&["audit", "tail", "--municipality", MIDORI]);
    assert!(tail.contains("tosho3") && !tail.contains("tosho1"), "{tail}");
    let export = world.export(&[]);
    assert!(
        world.other_program(&export, Some(&world.file("key.jwk", &world.text_of_key()))).status.success()
    );

    let by_hand = |sql: &str| server.query(&database.name, sql);
    by_hand("CREATE TABLE kept AS TABLE audit");
    by_hand(&format!("UPDATE audit SET {BLANK} WHERE position = 3"));
    let damage = world.verified(&[])["damage"].clone();
    assert_eq!((&damage["position"], &damage["kind"]), (&json!(3), &json!("erased_without_order")));
    let now = now();
    let retire = [&["audit", "retire", "--before", &*now], &order[..]].concat();
    assert!(world.refusal(1, &retire).contains("damaged at 3"));
    by_hand("BEGIN; DELETE FROM audit; INSERT INTO audit OVERRIDING SYSTEM VALUE TABLE kept; COMMIT");
    assert_eq!(world.json(&retire)["retired"], 5);
    let found = world.verified(&["--checkpoint", &world.file("kept.log", &export)]);
    assert_eq!((&found["start"]["position"], &found["kept_checkpoints"]), (&json!(5), &json!(1)), "{found}");
    by_hand("DELETE FROM audit WHERE position = 6");
    assert_eq!(world.verified(&[])["damage"]["kind"], "truncated");
}

/// Nothing is not whole.
#[test]
fn what_is_not_there_is_not_whole() {
    let world = World::new();
    assert!(world.refusal(1, &["audit", "verify"]).contains("no database yet, and nothing to verify"));
    world.add(&["--id", "tosho"]);
    assert!(world.text(&["audit", "verify"]).starts_with("midori: nothing to verify"));
    world.json(&["audit", "seal"]);
    world.execute("DELETE FROM audit_checkpoints");
    let told = world.text(&["audit", "verify"]);
    assert!(told.contains("could have written them anew"), "{told}");
}

/// The other program believes nothing that this one would not, however Python runs it.
#[test]
fn the_other_program_finds_what_is_forged_in_an_export() {
    let world = sealed(4);
    let order = ["--municipality", MIDORI, "--reason", "r", "--operator", "o"];
    world.json(&[&["audit", "erase", "--position", "2"], &order[..]].concat());
    let export = world.export(&[]);
    let change = |position: u64, field: &str, value: Value| {
        let lines = export.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).expect("JSON");
            if line["position"] == position {
                line[field] = value.clone();
            }
            line.to_string()
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for optimized in [false, true] {
        let verdict = |export: &str| {
            let mut command = Command::new("python3");
            command.args(optimized.then_some("-O")).arg(repository().join("docs/verify_audit_export.py"));
            let output = command.arg(world.file("export.jsonl", export)).output().expect("python3 runs");
            (output.status.success(), format!("{output:?}"))
        };
        let (whole, told) = verdict(&export);
        assert!(whole, "{told}");
        for (position, field, value) in [
            (1, "client_id", json!("another")),
            (1, "salt", json!("AAAA")),
            (1, "network", json!("192.0.2.7")),
            (2, "kind", json!("client_added")),
            (2, "evidence", json!("{}")),
            (2, "client_id", json!("tosho")),
            (2, "at", json!(1)),
        ] {
            let (whole, told) = verdict(&change(position, field, value));
            assert!(!whole && told.contains("DAMAGED"), "{position} {field}: {told}");
        }
        let (whole, told) = verdict(&world.export(&["--after", "3"]));
        assert!(whole && told.contains("; begins unsigned"), "{told}");
    }
}

/// The moment, as `--before` takes it.
fn now() -> String {
    let now = i64::try_from(SystemClock.now().as_secs()).expect("now");
    let now = OffsetDateTime::from_unix_timestamp(now).expect("now");
    now.format(&Rfc3339).expect("a text")
}

/// What somebody does who erases a record by hand.
const BLANK: &str = "at = 0, kind = '', sign_in = NULL, client_id = NULL, code = NULL, evidence = NULL,
                     network = NULL, network_salt = NULL, network_digest = NULL, salt = NULL";
const PATIENCE: Duration = Duration::from_secs(30);
