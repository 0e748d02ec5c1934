//! The responder's faults in HTTP, and the control socket that changes them while it runs.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    ocsp::{AUTH, Responder, pki, says},
    support::{openssl, program},
};

/// The control socket of a responder that was started with `--control control`.
struct Control(BufReader<UnixStream>);

impl Control {
    fn of(folder: &Path) -> Self {
        Self(BufReader::new(UnixStream::connect(folder.join("control")).unwrap()))
    }

    #[track_caller]
    fn say(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.0.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

/// What it answers, and how long it takes.
#[expect(clippy::disallowed_methods, reason = "slowness is what is tested")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let answer = work();
    (answer, start.elapsed())
}

fn request(folder: &Path) -> Vec<u8> {
    openssl(folder, &format!("ocsp -issuer auth-ca.der -cert {AUTH} -no_nonce -reqout request.der"));
    fs::read(folder.join("request.der")).unwrap()
}

fn post(request: &[u8], path: &str) -> String {
    let length = request.len();
    format!("POST {path} HTTP/1.1\r\nContent-Type: application/ocsp-request\r\nContent-Length: {length}")
}

#[test]
fn each_claim_is_made_and_taken_back_while_it_runs() {
    let folder = pki();
    let at = folder.path();
    let responder = Responder::start(at, "--control control --status unknown");
    let mut control = Control::of(at);
    let mode = fs::metadata(at.join("control")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    says(&responder.ask(at, AUTH, ""), &["Response verify OK", "auth.der: unknown"]);
    for (line, expected) in [
        ("status revoked", "auth.der: revoked"),
        ("status hold", "Reason: certificateHold"),
        ("status good", "auth.der: good"),
        ("fault try-later", "trylater (3)"),
        ("right", "auth.der: good"),
    ] {
        assert_eq!(control.say(line), "ok");
        says(&responder.ask(at, AUTH, ""), &[expected]);
    }
    crate::support::json(at, "revoke --pki . --card card --json");
    says(&responder.ask(at, AUTH, ""), &["auth.der: revoked"]);
    assert_eq!(control.say("status good"), "ok");
    says(&responder.ask(at, AUTH, ""), &["Response verify OK", "auth.der: good"]);
    assert_eq!(control.say("requests"), "ok 8");
    assert!(control.say("status better").starts_with("error "), "refused");
    says(&responder.ask(at, AUTH, ""), &["auth.der: good"]);
    // Another connection steers the same responder.
    assert_eq!(Control::of(at).say("requests"), "ok 9");
}

#[test]
fn each_fault_in_http_shows() {
    let folder = pki();
    let at = folder.path();
    let responder = Responder::start(at, "--control control");
    let mut control = Control::of(at);
    let request = request(at);
    let mut with = |fault: &str| {
        assert_eq!(control.say(fault), "ok");
        responder.http(&post(&request, "/"), &request)
    };
    let (_, right) = with("right");
    for (fault, line, kind) in [
        ("http internal-error", "HTTP/1.1 500", ""),
        ("http unavailable", "HTTP/1.1 503", ""),
        ("http redirect", "HTTP/1.1 302", "location: /right"),
        ("http garbage", "HTTP/1.1 200", "content-type: application/ocsp-response"),
        ("http wrong-content-type", "HTTP/1.1 200", "content-type: text/html"),
        ("http drip delay-ms 1", "HTTP/1.1 200", "content-type: application/ocsp-response"),
        ("http truncated", "HTTP/1.1 200", "content-length: "),
    ] {
        let ((head, body), time) = timed(|| with(fault));
        says(&head, &[line, kind]);
        // A signature of ECDSA may have a few octets more or less.
        let about = |length: usize| assert!(body.len().abs_diff(length) < 30, "{fault}: {}", body.len());
        let length = right.len();
        match fault {
            "http garbage" => assert_eq!(body, b"no answer"),
            "http wrong-content-type" => about(length),
            "http truncated" => about(length / 2),
            // Each octet is a chunk of its own: length, octet, two line ends.
            "http drip delay-ms 1" => {
                assert!(time > Duration::from_millis(700), "slowly");
                about(6 * length + 5);
            }
            _ => assert!(body.is_empty(), "{fault}"),
        }
    }
    // Where the redirect leads, all is well.
    let (head, body) = responder.http(&post(&request, "/right"), &request);
    says(&head, &["HTTP/1.1 200", "application/ocsp-response"]);
    assert!(body.len().abs_diff(right.len()) < 30);
}

#[test]
fn without_end_and_without_an_answer() {
    let folder = pki();
    let at = folder.path();
    let mut responder = Responder::start(at, "--control control --http endless");
    let mut control = Control::of(at);
    let request = request(at);
    let connect = || {
        let mut stream = TcpStream::connect(responder.address).unwrap();
        let head = format!("{}\r\nHost: localhost\r\n\r\n", post(&request, "/"));
        stream.write_all(&[head.as_bytes(), &request].concat()).unwrap();
        stream
    };
    let mut endless = connect();
    let mut octets = vec![0; 4 * 1024 * 1024];
    endless.read_exact(&mut octets).unwrap();
    assert!(octets.starts_with(b"HTTP/1.1 200"));
    assert_eq!(control.say("http silent"), "ok");
    let mut silent = connect();
    while control.say("requests") != "ok 2" {}
    // Neither keeps it from stopping; and who waited has no answer.
    assert!(responder.stop(Signal::TERM).success());
    assert_eq!(silent.read(&mut octets).unwrap_or(0), 0);
    assert!(!at.join("control").exists(), "the socket goes with it");
}

#[test]
fn a_delay_is_kept() {
    let folder = pki();
    let responder = Responder::start(folder.path(), "--delay-ms 300");
    let (said, time) = timed(|| responder.ask(folder.path(), AUTH, ""));
    says(&said, &["auth.der: good"]);
    assert!(time >= Duration::from_millis(300));
}

#[test]
fn a_control_socket_replaces_nothing_that_lives() {
    let folder = pki();
    let at = folder.path();
    fs::write(at.join("file"), "kept").unwrap();
    let refused = |path: &str| {
        let output = program(at, &format!("serve-ocsp --pki . --listen 127.0.0.1:0 --control {path}"));
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert!(output.stdout.is_empty(), "{path}");
    };
    refused("file");
    assert_eq!(fs::read(at.join("file")).unwrap(), b"kept");
    let mut running = Responder::start(at, "--control control");
    refused("control");
    assert_eq!(Control::of(at).say("right"), "ok");
    // A dead one's is replaced.
    assert!(!running.stop(Signal::KILL).success());
    assert!(at.join("control").exists());
    let _next = Responder::start(at, "--control control");
    assert_eq!(Control::of(at).say("right"), "ok");
    // Others could put a socket of their own in its place.
    fs::create_dir(at.join("open")).unwrap();
    fs::set_permissions(at.join("open"), fs::Permissions::from_mode(0o777)).unwrap();
    refused("open/control");
}
