//! `madoguchi backup`, `restore` and `database check`.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;

use super::drain::{Running, furnish, read};
use super::world::{NEWEST, World, make};

#[test]
fn a_backup_says_what_it_is_worth_and_comes_back() {
    let world = World::today(NEWEST);
    let output = world.run(&["backup", "--out", "copy.sqlite3"]);
    let told = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("copy.sqlite3: ") && told.contains("whole"), "{told}");
    assert!(told.contains("without ") && told.contains("kek, which is not in it, it is useless"), "{told}");
    let told = world.refused(&["backup", "--out", "copy.sqlite3"]);
    assert!(told.contains("there is such a file already"), "{told}");
    let told = world.refused(&["restore", "--from", "copy.sqlite3"]);
    assert!(told.contains("m.sqlite3: there is such a file already"), "{told}");
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(world.path(&format!("m.sqlite3{end}")));
    }
    let restored = world.json(&["restore", "--from", "copy.sqlite3"]);
    assert_eq!(restored["sessions_ended"], 0, "{restored}");
}

/// Found out when it is restored, and not by the first resident.
#[test]
fn a_backup_of_another_key_is_refused_and_leaves_nothing() {
    let world = World::new(1);
    make(&world.path("old.sqlite3"), NEWEST);
    let told = world.refused(&["restore", "--from", "old.sqlite3"]);
    assert!(
        told.contains("does not open with the key of") && told.contains("nothing was restored"),
        "{told}"
    );
    let left: Vec<_> = fs::read_dir(&world.folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name.starts_with("m.sqlite3"))
        .collect();
    assert_eq!(left, ["m.sqlite3.lock"]);
}

#[test]
fn damage_is_told_and_not_served() {
    let world = World::of(NEWEST);
    furnish(&world);
    let mut octets = fs::read(world.database()).expect("the file");
    let middle = octets.len() / 2 / 4096 * 4096;
    octets[middle..middle + 64].fill(0xa5);
    world.write("m.sqlite3", &octets);
    let told = world.refused(&["serve"]);
    assert!(told.contains("m.sqlite3: the database is damaged"), "{told}");
}

#[test]
fn nothing_is_made_where_nothing_is() {
    let world = World::new(NEWEST);
    let told = world.refused(&["database", "check"]);
    assert!(told.contains("there is no database yet"), "{told}");
    world.refused(&["backup", "--out", "copy.sqlite3"]);
    assert!(!world.database().exists());
}

/// An operator who forgot to stop the gateway: it answers nothing that the file at its path does not have.
#[test]
fn nothing_is_restored_under_a_gateway_and_one_whose_file_is_gone_answers_nothing() {
    let world = World::today(NEWEST);
    furnish(&world);
    let running = Running::start(&world);
    let status = || {
        let mut stream = TcpStream::connect(running.address).expect("it listens");
        let token = "A".repeat(43);
        let head = format!("Host: localhost:26810\r\nAuthorization: Bearer {token}");
        write!(stream, "GET /userinfo HTTP/1.1\r\n{head}\r\n\r\n").expect("sent");
        read(&mut stream).expect("an answer").lines().next().expect("a line").to_owned()
    };
    assert!(status().contains(" 401 "), "{}", status());
    let told = world.refused(&["restore", "--from", "old.sqlite3"]);
    assert!(told.contains("m.sqlite3: a gateway or another command has this database open"), "{told}");
    for end in ["", "-wal", "-shm"] {
        let _ = fs::rename(world.path(&format!("m.sqlite3{end}")), world.path(&format!("away.sqlite3{end}")));
    }
    let told = world.refused(&["restore", "--from", "old.sqlite3"]);
    assert!(told.contains("m.sqlite3: a gateway or another command has this database open"), "{told}");
    assert!(status().contains(" 503 "), "{}", status());
    running.tell_to_end();
    running.wait();
    world.json(&["restore", "--from", "old.sqlite3"]);
    let running = Running::start(&world);
    running.tell_to_end();
    running.wait();
}
