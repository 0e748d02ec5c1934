//! What appears in the drop folder and cannot be used: each with its reason, nothing lost.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use madoguchi_test_pki::CrlFault;

use crate::world::{World, at, is_good};

fn reason(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join("rejected").join(format!("{name}.reason"))).expect("a reason");
    let (code, words) = text.split_once('\n').expect("code and words");
    assert!(words.trim().len() > 5, "{words}");
    code.to_owned()
}

#[test]
fn what_cannot_be_used_is_moved_aside_with_its_reason() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    let old = world.lists(world.now - 60).remove(0);
    let lists = world.lists(world.now);
    world.put("good.crl", &lists[0]);
    let mut running = world.start();
    running.look();
    let mut other_number = world.lists(world.now);
    let truncated = other_number.remove(1);
    let bad: Vec<(&str, Vec<u8>, &str)> = vec![
        ("garbage.crl", b"not a list".to_vec(), "not_der_or_pem"),
        ("half.crl", truncated[..truncated.len() / 2].to_vec(), "der_truncated"),
        ("empty.crl", Vec::new(), "file_empty"),
        ("old.crl", old, "crl_older"),
        ("other-issuer.crl", world.faulty(CrlFault::OtherKey), "crl_issuer_unknown"),
        ("tampered.crl", world.faulty(CrlFault::TamperedSignature), "crl_signature_invalid"),
        ("critical.crl", world.faulty(CrlFault::UnknownCriticalExtension), "extension_unknown_critical"),
        ("trailing.crl", world.faulty(CrlFault::TrailingOctet), "der_trailing_octets"),
        ("large.crl", vec![0x30; (1 << 20) + 1], "file_too_large"),
    ];
    for (name, octets, _) in &bad {
        world.put(name, octets);
    }
    world.events();
    let shelf = running.look_later();
    assert!(is_good(world.answer(&shelf, &path)));
    assert_eq!(running.problems(), [], "what lies aside is no problem of today");
    assert_eq!(running.shared.report().rejected, bad.len());
    for (name, octets, code) in &bad {
        assert_eq!(reason(&world.drop_folder(), name), *code, "{name}");
        assert_eq!(
            fs::read(world.drop_folder().join("rejected").join(name)).expect("kept"),
            *octets,
            "{name}"
        );
        assert!(!world.drop_folder().join(name).exists(), "{name}");
        assert!(world.events.0.lock().expect("a lock").contains(&format!("refused: {code}")), "{name}");
    }
    assert!(world.drop_folder().join("good.crl").exists());
    // The same name again does not overwrite what lies there.
    world.put("garbage.crl", b"other garbage");
    running.look_later();
    assert_eq!(reason(&world.drop_folder(), "2-garbage.crl"), "not_der_or_pem");
    assert_eq!(fs::read(world.drop_folder().join("rejected/garbage.crl")).expect("kept"), b"not a list");
}

#[test]
fn a_stale_list_is_taken_and_says_so() {
    let mut world = World::new();
    let list = world.faulty(CrlFault::Stale);
    world.put("stale.crl", &list);
    let mut running = world.start();
    let shelf = running.look_later();
    assert_eq!(shelf.len(), 1, "it still says who is revoked");
    let card = world.card(0);
    assert!(!is_good(world.answer(&shelf, &world.path(&card))));
}

/// One wrong clock at the issuer must not shut a partition until the time that it said.
#[test]
fn a_list_of_a_time_to_come_waits_and_the_one_in_use_stays() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    let first = world.lists(world.now - 60).remove(0);
    let to_come = world.lists(world.now + 3600).remove(0);
    let next = world.lists(world.now).remove(0);
    world.put("1.crl", &first);
    let mut running = world.start();
    running.look();
    let early = world.put("2.crl", &to_come);
    let shelf = running.look_later();
    assert!(is_good(world.answer(&shelf, &path)));
    assert_eq!(running.problems(), [(early.clone(), "crl_not_yet_valid".to_owned())]);
    assert!(early.exists(), "it stays until its time");
    // The next list is of another number, and is taken.
    let after = world.put("3.crl", &next);
    running.look();
    assert_eq!(running.problems(), [(early.clone(), "crl_not_yet_valid".to_owned())]);
    fs::remove_file(&after).expect("removed");
    running.refresher.look(at(world.now + 3600));
    assert_eq!(reason(&world.drop_folder(), "2.crl"), "crl_older");
}

/// The clock of whoever signs a list may be a little ahead of ours.
#[test]
fn a_list_of_the_next_minutes_is_taken_and_says_good() {
    for (ahead, taken) in [(300, true), (302, false)] {
        let mut world = World::new();
        let card = world.card(0);
        let path = world.path(&card);
        let list = world.lists(world.now + ahead).remove(0);
        world.put("a.crl", &list);
        let mut running = world.start();
        running.refresher.look(at(world.now));
        assert_eq!(is_good(world.answer(&running.shelf(), &path)), taken, "{ahead}");
        assert_eq!(running.problems().is_empty(), taken, "{ahead}");
    }
}

#[test]
fn a_delta_without_base_is_refused_when_none_came() {
    let mut world = World::new();
    let delta = world.faulty(CrlFault::Delta);
    world.put("delta.crl", &delta);
    let mut running = world.start();
    running.look();
    assert!(world.drop_folder().join("delta.crl").exists());
    running.look_later();
    assert_eq!(reason(&world.drop_folder(), "delta.crl"), "crl_delta_without_base");
}

/// A delta changes the list that it was made for, or a later one, and no earlier one.
#[test]
fn a_delta_of_a_base_that_was_missed_is_refused() {
    let mut world = World::new();
    let first = world.lists(world.now - 60).remove(0);
    let missed = world.lists(world.now - 30).remove(0);
    let delta = world.faulty(CrlFault::Delta);
    world.put("1.crl", &first);
    world.put("3.crl", &delta);
    let mut running = world.start();
    running.look();
    assert_eq!(running.problems()[0].1, "crl_delta_without_base");
    world.put("2.crl", &missed);
    running.look();
    assert_eq!((running.problems(), world.kept("crl").len()), (Vec::new(), 2));
}

/// A slow writer is waited for; a list that is whole is taken at once.
#[test]
fn a_file_that_is_still_written_is_left_alone() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    let list = world.lists(world.now).remove(0);
    let mut running = world.start();
    for length in [0, 1, 10, list.len() / 2, list.len() - 1] {
        let file = world.put("a.crl", &list[..length]);
        let shelf = running.look();
        assert!(!is_good(world.answer(&shelf, &path)), "{length}");
        assert!(file.exists(), "{length}");
        assert_eq!(running.problems().len(), 1, "{length}");
    }
    world.put("a.crl", &list);
    // Just written to since it was last looked at: read when the writer is done.
    running.look();
    let shelf = running.look_later();
    assert!(is_good(world.answer(&shelf, &path)));
    assert_eq!(running.problems(), []);
}

#[test]
fn where_nothing_can_be_moved_it_stays_and_is_named_once() {
    let mut world = World::new();
    let list = world.lists(world.now).remove(0);
    let file = world.put("cut.crl", &list[..list.len() - 1]);
    // Not even root makes a folder where a file is.
    fs::write(world.drop_folder().join("rejected"), b"").expect("written");
    let mut running = world.start();
    for _ in 0..3 {
        running.look_later();
        assert_eq!(running.problems(), [(file.clone(), "der_truncated".to_owned())]);
    }
    assert_eq!(world.events(), ["refused: der_truncated"]);
    // Still named after a restart, and judged again when it changes.
    drop(running);
    let mut running = world.start();
    running.look_later();
    assert_eq!(running.problems(), [(file, "der_truncated".to_owned())]);
    assert_eq!(world.events(), [""; 0]);
    world.put("cut.crl", &list);
    running.look_later();
    assert_eq!((running.problems(), world.events()), (Vec::new(), vec!["taken: 0".to_owned()]));
}

/// A named pipe would keep the reader waiting for ever, and every later list with it.
#[test]
fn what_is_no_file_is_named_and_not_read() {
    let mut world = World::new();
    let card = world.card(0);
    for (index, der) in world.lists(world.now).iter().enumerate() {
        world.put(&format!("{index}.crl"), der);
    }
    let pipe = world.drop_folder().join("pipe.crl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo of coreutils");
    assert!(made.success());
    world.single = vec![world.folder.path().join("absent.crl")];
    let mut running = world.start();
    let shelf = running.look_later();
    let absent = world.single[0].clone();
    let expected = [(absent, "file_unreadable".to_owned()), (pipe, "file_not_regular".to_owned())];
    assert_eq!(running.problems(), expected);
    assert!(is_good(world.answer(&shelf, &world.path(&card))));
    let taken = running.refresher.take(&world.drop_folder().join("pipe.crl"), at(world.now));
    assert_eq!(taken.err().map(|error| error.code()), Some("file_not_regular"));
}

#[test]
fn a_missing_folder_is_named() {
    let world = World::new();
    fs::remove_dir(world.drop_folder()).expect("removed");
    let mut running = world.start();
    running.look();
    assert_eq!(running.problems(), [(world.drop_folder(), "folder_unreadable".to_owned())]);
}

/// The private copy is what counts, whatever its writer does to the file afterwards.
#[test]
fn the_copy_is_private_and_complete() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(world.now).remove(0);
    let file = world.put("a.crl", &list);
    let mut running = world.start();
    let shelf = running.look();
    fs::write(&file, vec![0; list.len()]).expect("overwritten in place");
    assert!(is_good(world.answer(&shelf, &world.path(&card))));
    let kept = world.kept("crl");
    assert_eq!(fs::read(&kept[0]).expect("kept"), list);
    assert_eq!(fs::metadata(&kept[0]).expect("kept").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_drop_folder_that_goes_is_told_once_as_a_folder_and_once_when_it_is_back() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    let lists = world.lists(world.now);
    world.put("good.crl", &lists[0]);
    world.put("other.crl", &lists[1]);
    let mut running = world.start();
    running.look_later();
    world.events();
    let (folder, away) = (world.drop_folder(), world.folder.path().join("away"));
    fs::rename(&folder, &away).expect("renamed");
    for _ in 0..3 {
        let shelf = running.look_later();
        assert!(is_good(world.answer(&shelf, &path)), "the lists in use stay in use");
        assert_eq!(running.problems(), [(folder.clone(), "folder_unreadable".to_owned())]);
    }
    assert_eq!(world.events(), ["folder lost: folder_unreadable"]);
    fs::rename(&away, &folder).expect("renamed");
    running.look_later();
    running.look_later();
    assert_eq!(world.events(), ["folder back"], "files that are as they were are not read again");
    assert_eq!(running.problems(), []);
}

/// Whoever writes the drop folder writes neither into the log nor on the operator's terminal.
#[test]
fn names_of_files_are_told_without_what_commands_a_terminal() {
    let world = World::new();
    world.put("\u{1b}[31mred\u{1b}]0;owned\u{7}\r\nINFO all good.crl", b"garbage");
    let mut running = world.start();
    running.look();
    let report = running.shared.report();
    assert_eq!(report.problems.len(), 1);
    let told = format!("{}{}", report.problems[0].place, report.problems[0].message);
    assert!(told.contains("red") && !told.contains(char::is_control), "{told:?}");
    running.look_later();
    assert_eq!(world.events(), ["refused: not_der_or_pem"]);
}

#[test]
fn a_name_that_is_no_text_is_one_name() {
    use std::os::unix::ffi::OsStrExt as _;

    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(world.now).remove(0);
    let at = |name: &[u8]| world.drop_folder().join(std::ffi::OsStr::from_bytes(name));
    fs::write(at(b"\xff.crl"), b"garbage").expect("written");
    fs::write(at(b"\xfe.crl"), &list).expect("written");
    let mut running = world.start();
    assert!(is_good(world.answer(&running.look_later(), &world.path(&card))));
    assert!(world.drop_folder().join("rejected").join(std::ffi::OsStr::from_bytes(b"\xff.crl")).exists());
    assert!(world.readings() > 0);
    world.events();
    running.look_later();
    assert_eq!((world.readings(), world.events()), (0, Vec::new()), "read once");
}

/// A thousand names for a list that is in use cost a comparison each.
#[test]
fn a_list_that_is_there_is_not_verified_again_under_another_name() {
    let mut world = World::new();
    let lists = world.lists(world.now);
    let file = world.put("a.crl", &lists[0]);
    world.put("b.crl", &lists[1]);
    let mut running = world.start();
    running.look();
    assert!(world.readings() >= 2);
    for number in 0..20 {
        fs::hard_link(&file, world.drop_folder().join(format!("0{number}.crl"))).expect("a link");
    }
    world.put("c.crl", &[lists[1].as_slice(), &[0]].concat());
    world.events();
    running.look();
    let events = world.events();
    // The links changed the inode of the first file as well.
    assert_eq!(events.iter().filter(|event| *event == "unchanged").count(), 21, "{events:?}");
    assert_eq!(world.readings(), 0);
}
