//! The shipped program by its control socket, its trace and its replay.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixListener, net::UnixStream},
    path::Path,
    time::Duration,
};

use crate::{
    common::octets,
    harness::{ATR, Program, Reader, SELECT_JPKI},
};

struct Connection(BufReader<UnixStream>);

impl Connection {
    fn open(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("a control socket");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
        Self(BufReader::new(stream))
    }

    fn tell(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).expect("a program that listens");
        let mut answer = String::new();
        self.0.read_line(&mut answer).expect("an answer");
        answer.trim_end().to_owned()
    }
}

#[test]
fn it_takes_the_same_lines_from_several_at_once() {
    let mut reader = Reader::listen();
    let mut program = Program::start_with(&reader, &["--control", "control"]);
    program.insert(&mut reader);
    let path = program.path("control");
    assert_eq!(fs::metadata(&path).expect("the socket").permissions().mode() & 0o777, 0o600);
    let (mut one, mut other) = (Connection::open(&path), Connection::open(&path));
    assert_eq!(one.tell("tries 1"), "ok tries 1");
    assert!(other.tell("state").starts_with("ok state auth_tries=1 "));
    assert!(program.tell("state").starts_with("ok state auth_tries=1 "));
    assert!(other.tell("eject").starts_with("error unknown command; there is: insert, "));
    // Who goes away without reading does not stop anybody.
    one.0.get_mut().write_all(b"state\nstate").expect("a program that listens");
    drop(one);
    assert_eq!(other.tell("fault hold@1"), "ok fault hold@1");
    reader.tell(&octets(SELECT_JPKI));
    // Events are for standard output alone.
    assert_eq!(program.line(), "event hold 1");
    assert_eq!(other.tell("go on"), "ok go on");
    reader.hear("9000");
    assert_eq!(other.tell("quit"), "ok quit");
    assert!(program.wait().success());
    assert!(!path.exists(), "the socket goes with the program");
}

#[test]
fn a_line_without_an_end_does_not_fill_the_memory() {
    let mut reader = Reader::listen();
    let mut program = Program::start_with(&reader, &["--control", "control"]);
    program.insert(&mut reader);
    let mut connection = Connection::open(&program.path("control"));
    connection.0.get_mut().write_all(&[b'x'; 5000]).expect("a program that listens");
    let mut answer = String::new();
    connection.0.read_line(&mut answer).expect("an answer");
    assert!(answer.starts_with("error unknown command"));
}

#[test]
fn a_socket_that_is_in_use_is_left_alone_and_a_dead_one_replaced() {
    let mut reader = Reader::listen();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("control");
    let name = path.to_str().expect("a path").to_owned();
    let living = UnixListener::bind(&path).expect("a socket");
    let mut refused = Program::start_with(&reader, &["--control", &name]);
    assert!(!refused.wait().success());
    let errors = refused.errors();
    assert!(errors.contains("cannot make the control socket") && errors.contains("in use"), "{errors}");
    assert!(path.exists());
    drop(living);
    let mut program = Program::start_with(&reader, &["--control", &name]);
    program.insert(&mut reader);
    assert_eq!(Connection::open(&path).tell("tries 2"), "ok tries 2");

    // What is no socket is nobody's to remove.
    let file = folder.path().join("file");
    fs::write(&file, "text").expect("a file");
    let mut refused = Program::start_with(&reader, &["--control", file.to_str().expect("a path")]);
    assert!(!refused.wait().success());
    let errors = refused.errors();
    assert!(errors.contains("this file exists and is no socket"), "{errors}");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "text");
}

#[test]
fn a_trace_is_written_and_answers_in_another_card() {
    let mut reader = Reader::listen();
    let mut program = Program::start_with(&reader, &["--trace", "trace", "--scenario", "/dev/null"]);
    program.insert(&mut reader);
    program.tell("tries 2");
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C2");
    reader.ask(&octets("00200098 04 34363439"), "9000");
    assert_eq!(program.tell("quit"), "ok quit");
    let trace = fs::read_to_string(program.path("trace")).expect("a trace");
    assert!(trace.lines().last().expect("a line").ends_with(r#""event":"power-off"}"#), "{trace}");
    assert!(trace.contains(r#""command":"00200098","lc":4,"status":"9000""#) && !trace.contains("34363439"));

    let file = program.path("trace");
    let mut reader = Reader::listen();
    let mut replaying = Program::start_with(&reader, &["--replay", file.to_str().expect("a path")]);
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(replaying.line(), "ready");
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C2");
    reader.ask(&octets("00200098 04 30303030"), "63C1");
    assert_eq!(replaying.tell("quit"), "ok quit");
    let mut log = String::new();
    log.push_str(&replaying.errors());
    assert!(!log.contains("not in the trace"), "{log}");

    // A trace is never written over.
    let mut again = Program::start_with(&reader, &["--trace", file.to_str().expect("a path")]);
    assert!(!again.wait().success());
    assert!(again.errors().contains("File exists"));
    assert_eq!(fs::read_to_string(&file).expect("the trace"), trace);
}
