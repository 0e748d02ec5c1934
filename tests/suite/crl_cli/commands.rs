//! What the commands say and how they end.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::world::{NEW, SERIALS, SHARED, World};

#[test]
fn lists_are_indexed_and_looked_up() {
    let world = World::new();
    let (code, lines, errors) = world.run("index new.crl --anchor ca.der --out state --json");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        (lines[0]["event"].as_str(), lines[0]["entries"].as_u64()),
        (Some("taken"), Some(NEW - SHARED))
    );
    assert_eq!(lines[1]["partitions"], 1);
    let serial = SERIALS.at(SHARED).to_string();
    let (code, words, _) = world.run(&format!("lookup state --serial {serial} --serial {}", SERIALS.at(NEW)));
    assert_eq!(code, Some(0), "an answer is an answer, whatever it says");
    let lines: Vec<&str> = words.lines().collect();
    assert!(lines[0].starts_with(&format!("{}: listed in list 02 of ", serial.to_lowercase())), "{words}");
    assert!(lines[1].ends_with(": not listed in 1 lists"), "{words}");
    // The anchors are those that the folder's writer was told, or others.
    assert_eq!(world.run(&format!("lookup state --serial {serial} --anchor ca.der")).0, Some(0));
    let (code, status, _) = world.run("status state --json");
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!((code, status["partitions"][0]["complete"]["number"].as_str()), (Some(0), Some("02")));
    assert!(world.run("status state").1.contains("the whole issuer: list 02, 20000 entries"));
}

#[test]
fn what_is_refused_is_named_and_ends_in_1() {
    let world = World::new();
    fs::write(world.file("garbage"), b"garbage").expect("written");
    let (code, words, _) = world.run("index new.crl garbage old.crl --anchor ca.der --out state");
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = words.lines().collect();
    assert!(lines[0].contains("new.crl: list 02 of the whole issuer, 20000 entries"), "{words}");
    assert!(lines[1].starts_with("garbage: refused: ") && lines[1].ends_with("(not_der_or_pem)"), "{words}");
    assert!(lines[2].starts_with("old.crl: refused: ") && lines[2].ends_with("(crl_older)"), "{words}");
    let (code, words, _) = world.run("index new.crl --anchor ca.der --out state");
    assert_eq!((code, words.as_str()), (Some(0), "new.crl: is there already\n"));
}

#[test]
fn what_cannot_be_used_ends_in_2() {
    let world = World::new();
    assert_eq!(world.run("index new.crl --anchor ca.der --out state").0, Some(0));
    fs::create_dir(world.file("open")).expect("a folder");
    for (arguments, says) in [
        ("index new.crl --anchor none.der --out other", "none.der: "),
        ("index new.crl --anchor new.crl --out other", "new.crl: "),
        ("index --anchor ca.der --out other", "<FILE>"),
        ("index new.crl --anchor ca.der --out open", "chmod 700"),
        ("lookup none --serial 1", "none: "),
        ("lookup state --serial xyz", "hexadecimal"),
        ("lookup state", "--serial"),
        ("status", "<DIR>"),
        ("status --config none.toml", "none.toml"),
        ("watch none --anchor ca.der --out other", "none: not a folder"),
    ] {
        let (code, output, errors) = world.run(arguments);
        assert_eq!((code, output.as_str()), (Some(2), ""), "{arguments}: {errors}");
        assert!(errors.contains(says), "{arguments}: {errors}");
    }
}

#[test]
fn a_watcher_tells_what_happens_and_ends_when_told_to() {
    let world = World::new();
    fs::create_dir(world.file("drop")).expect("a folder");
    let mut command = world.command("watch drop --anchor ca.der --out state");
    let mut child = command.stdout(Stdio::piped()).spawn().expect("runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = |wanted: &str| loop {
        let line: Value = serde_json::from_str(&lines.next().expect("a line").expect("UTF-8")).expect("JSON");
        match line["event"].as_str() {
            Some("building") if wanted != "building" => {}
            event => {
                assert_eq!(event, Some(wanted), "{line}");
                break line;
            }
        }
    };
    next("ready");
    // Two writers at once would spoil the folder.
    let (code, _, errors) = world.run("index new.crl --anchor ca.der --out state");
    assert!(code == Some(2) && errors.contains("in use by another process"), "{errors}");
    fs::copy(world.file("new.crl"), world.file("part")).expect("copied");
    fs::rename(world.file("part"), world.file("drop/a.crl")).expect("renamed");
    assert_eq!(next("taken")["number"], "02");
    fs::copy(world.file("old.crl"), world.file("drop/b.crl")).expect("copied");
    let refused = next("refused");
    assert_eq!(refused["code"], "crl_older");
    assert!(refused["moved_to"].as_str().expect("a file").ends_with("drop/rejected/b.crl"));
    let told = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
    assert!(told.success());
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}
