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
    assert!(lines[1].ends_with(": not listed in the one list that is there"), "{words}");
    // The anchors are those that the folder's writer was told, or others.
    assert_eq!(world.run(&format!("lookup state --serial {serial} --anchor ca.der")).0, Some(0));
    let (code, status, _) = world.run("status state --json");
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!((code, status["partitions"][0]["complete"]["number"].as_str()), (Some(0), Some("02")));
    let words = world.run("status state").1;
    assert!(
        words.contains("the whole issuer:\n  list 02, 20000 entries, ")
            && words.contains(" old,\n  nextUpdate 20"),
        "{words}"
    );
    assert!(
        words.ends_with(" min\n") && words.contains("\n1 partition, none past nextUpdate, oldest "),
        "{words}"
    );
    assert!(words.lines().all(|line| line.chars().count() <= 80), "{words}");
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
    fs::copy(world.file("new.crl"), world.file("open/new.crl")).expect("copied");
    for (arguments, says) in [
        ("index new.crl --anchor none.der --out other", "none.der: "),
        ("index new.crl --anchor new.crl --out other", "new.crl: no anchor that can be used: "),
        ("index --anchor ca.der --out other", "<FILE>"),
        ("index new.crl --anchor ca.der --out open", "open is not a folder made by madoguchi crl index"),
        ("lookup open --serial 1", "open is not a folder made by madoguchi crl index"),
        ("status open", "open is not a folder made by madoguchi crl index"),
        ("lookup none --serial 1", "none: "),
        ("lookup state --serial xyz", "hexadecimal"),
        ("lookup state", "--serial"),
        ("status", "<DIR>"),
        ("status --config none.toml", "none.toml"),
        ("watch none --anchor ca.der --out other", "none: not a folder"),
    ] {
        let (code, output, errors) = world.run(arguments);
        assert_eq!((code, output.as_str()), (Some(2), ""), "{arguments}: {errors}");
        assert!(errors.contains(says) && !errors.contains("chmod"), "{arguments}: {errors}");
        assert!(!errors.contains("open: open"), "{errors}");
    }
}

/// A list of another CA beside it goes on answering.
#[test]
fn what_is_damaged_is_named_and_the_others_answer() {
    let (world, other) = (World::new(), World::new());
    for (from, to) in [("ca.der", "other.der"), ("old.crl", "other.crl")] {
        fs::copy(other.file(from), world.file(to)).expect("copied");
    }
    let index = "index new.crl other.crl --anchor ca.der --anchor other.der --out state";
    assert_eq!(world.run(index).0, Some(0));
    let serial = SERIALS.at(0).to_string();
    let sound = world.run(&format!("lookup state --serial {serial}"));
    assert!(sound.0 == Some(0) && sound.1.contains("listed in list 01"), "{sound:?}");
    let damage = |path: &std::path::Path| {
        let mut octets = fs::read(path).expect("read");
        let middle = octets.len() / 2;
        octets[middle] ^= 1;
        fs::write(path, octets).expect("written");
    };
    // Of the list with number 2.
    let of_new = |kind: &str| {
        let number = |path: &std::path::PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            name.ends_with(kind) && name.split('-').nth(2).is_some_and(|number| number.ends_with('2'))
        };
        lists_of(&world).into_iter().find(number).expect("a file")
    };
    for (kind, code, says) in [
        (".idx", "(index_damaged)", "run madoguchi crl index again on this folder"),
        (".crl", "(list_damaged)", "the private copy of the list is damaged"),
    ] {
        let path = of_new(kind);
        damage(&path);
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        for arguments in [format!("lookup state --serial {serial}"), "status state".to_owned()] {
            let (end, words, errors) = world.run(&arguments);
            assert_eq!((end, errors.as_str()), (Some(1), ""), "{arguments}");
            let (_, told) = words.split_once(name).expect("the file's name");
            let told = told.lines().take(2).collect::<Vec<_>>().join(" ");
            assert!(told.contains(code) && told.contains(says), "{told}");
            assert!(words.contains("list 01"), "the other list answers: {words}");
        }
        let (end, line, _) = world.run(&format!("lookup state --json --serial {serial}"));
        let line: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((end, line["unread"].as_array().map(Vec::len)), (Some(1), Some(1)), "{line}");
        // What the advice says helps.
        assert_eq!(world.run(index).0, Some(0));
        assert_eq!(world.run(&format!("lookup state --serial {serial}")), sound);
    }
}

fn lists_of(world: &World) -> Vec<std::path::PathBuf> {
    let lists = fs::read_dir(world.file("state/lists")).expect("there");
    lists.map(|entry| entry.expect("one").path()).collect()
}

#[test]
fn no_list_and_a_list_past_its_next_update_are_told() {
    let world = World::new();
    fs::write(world.file("garbage"), b"garbage").expect("written");
    assert_eq!(world.run("index garbage --anchor ca.der --out state").0, Some(1));
    let (code, words, _) = world.run("lookup state --serial 1a");
    assert_eq!((code, words.as_str()), (Some(1), "1a: no list, and nothing to say\n"));
    let (code, words, _) = world.run("status state");
    assert!(code == Some(1) && words.contains("\nno list\n"), "{words}");

    // Each list is valid for 240 hours, and this one is 500 hours older than number 0's 100.
    let old = World { now: world.now - 500 * 3600, ..world };
    old.list("past.crl", 3, 0..10);
    assert_eq!(old.run("index past.crl --anchor ca.der --out state").0, Some(0));
    let (code, words, _) = old.run("lookup state --serial 1a");
    assert_eq!(code, Some(0), "an answer is an answer, whatever it says");
    assert!(words.contains("1a: not listed in the one list that is there\nlist 03 of "), "{words}");
    assert!(words.contains(": past nextUpdate since "), "{words}");
    let (_, line, _) = old.run("lookup state --json --serial 1a");
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["expired"].as_array().map(Vec::len), Some(1), "{line}");
    let (code, words, _) = old.run("status state");
    assert!(code == Some(1) && words.contains(" old,\n  past nextUpdate since "), "{words}");
}

#[test]
fn a_partition_that_was_given_up_is_forgotten_and_one_that_is_current_is_not() {
    let world = World::new();
    assert_eq!(world.run("index new.crl --anchor ca.der --out state").0, Some(0));
    let partition = |world: &World| {
        let status: Value = serde_json::from_str(&world.run("status state --json").1).expect("JSON");
        status["partitions"][0]["partition"].as_str().map(str::to_owned)
    };
    let current = partition(&world).expect("a partition");
    let (code, words, _) = world.run(&format!("forget state {current}"));
    assert_eq!(
        (code, words.as_str()),
        (Some(1), "the whole issuer: not forgotten: its list is not past its nextUpdate\n")
    );
    let (code, _, errors) = world.run("forget state 00");
    assert!(code == Some(2) && errors.contains("no list of partition 00"), "{errors}");
    assert_eq!(world.run("forget absent 00").0, Some(2));
    assert!(!world.file("absent").exists());
    fs::remove_dir_all(world.file("state")).expect("removed");

    let old = World { now: world.now - 500 * 3600, ..world };
    old.list("past.crl", 3, 0..10);
    old.list("before.crl", 2, 0..10);
    assert_eq!(old.run("index past.crl --anchor ca.der --out state").0, Some(0));
    let (code, words, _) = old.run(&format!("forget state {current}"));
    assert_eq!(
        (code, words.as_str()),
        (Some(0), "the whole issuer: 1 list forgotten; nothing older is taken again\n")
    );
    assert_eq!(partition(&old), None);
    let (code, words, _) = old.run("index before.crl --anchor ca.der --out state");
    assert!(code == Some(1) && words.contains("(crl_older)"), "{words}");
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
    // The folder goes and comes back with what lay in it, of which nothing is told again.
    fs::rename(world.file("drop"), world.file("away")).expect("renamed");
    assert_eq!(next("folder_lost")["code"], "folder_unreadable");
    fs::rename(world.file("away"), world.file("drop")).expect("renamed");
    next("folder_back");
    let told = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
    assert!(told.success());
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}
