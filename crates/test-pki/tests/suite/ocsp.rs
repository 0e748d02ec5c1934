//! `openssl ocsp` and bare HTTP against the running responder.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use madoguchi_test_pki::CardFiles;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::{json, openssl, program, write_pem};

/// A PKI with a card, made by the program; `openssl ocsp` judges times by the real clock.
pub(crate) fn pki() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    json(folder.path(), "init --out . --key p256 --json");
    write_pem(folder.path());
    json(folder.path(), "issue --pki . --name card --key p256 --json");
    folder
}

/// The responder, ended when dropped.
pub(crate) struct Responder {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Responder {
    pub(crate) fn start(folder: &Path, fault: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_madoguchi-test-pki"))
            .args("serve-ocsp --pki . --listen 127.0.0.1:0 --json".split(' '))
            .args(fault.split_whitespace())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["ready"], true);
        let address = said["listen"].as_str().unwrap().parse().unwrap();
        Self { child, address }
    }

    pub(crate) fn stop(&mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap()
    }

    /// Asks for the status of a certificate of card `card`.
    pub(crate) fn ask(&self, folder: &Path, certificate: &str, options: &str) -> String {
        let arguments = format!(
            "ocsp {options} -issuer {} -cert {certificate} -url http://{}/ -CAfile auth-ca.pem -resp_text",
            if certificate.ends_with("sign.der") { "sign-ca.der" } else { "auth-ca.der" },
            self.address,
        );
        openssl(folder, &arguments).1
    }

    /// One HTTP exchange: status line with headers, and body.
    pub(crate) fn http(&self, head: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .write_all(format!("{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
            .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const AUTH: &str = "cards/card/auth.der";

#[track_caller]
pub(crate) fn says(said: &str, expected: &[&str]) {
    for expected in expected {
        assert!(said.contains(expected), "{expected:?} is not in {said}");
    }
}

#[test]
fn good_then_revoked_while_it_runs() {
    let folder = pki();
    let responder = Responder::start(folder.path(), "");
    for hash in ["", "-sha256"] {
        let said = responder.ask(folder.path(), AUTH, hash);
        says(&said, &["Response verify OK", "cards/card/auth.der: good", "OCSP Nonce"]);
        assert!(!said.contains("WARNING"), "{said}");
    }
    json(folder.path(), "revoke --pki . --card card --reason keyCompromise --json");
    for hash in ["", "-sha256"] {
        let said = responder.ask(folder.path(), AUTH, hash);
        says(&said, &["Response verify OK", "cards/card/auth.der: revoked", "Reason: keyCompromise"]);
    }
}

#[test]
fn rsa_too() {
    let folder = tempfile::tempdir().unwrap();
    json(folder.path(), "init --out . --json");
    write_pem(folder.path());
    json(folder.path(), "issue --pki . --name card --json");
    let responder = Responder::start(folder.path(), "");
    says(&responder.ask(folder.path(), AUTH, ""), &["Response verify OK", "cards/card/auth.der: good"]);
}

#[test]
fn unknown_for_whatever_the_authority_did_not_issue() {
    let folder = pki();
    let responder = Responder::start(folder.path(), "");
    // Of another authority, whose serial numbers come from the same counter.
    let said = responder.ask(folder.path(), "cards/card/sign.der", "-noverify");
    says(&said, &["cards/card/sign.der: unknown"]);
    let arguments = |hash: &str| {
        format!(
            "ocsp {hash} -issuer auth-ca.der -serial 0x7FFFFFFF -url http://{}/ -CAfile auth-ca.pem",
            responder.address
        )
    };
    says(&openssl(folder.path(), &arguments("")).1, &["Response verify OK", "0x7FFFFFFF: unknown"]);
    // One authority's number under the other authority's name and key.
    for (issuer, name) in [("sign", "auth"), ("auth", "sign")] {
        let card = CardFiles::load(folder.path(), "card").unwrap();
        let serial = if name == "auth" { card.auth_serial } else { card.sign_serial };
        let url = format!("http://{}/", responder.address);
        let arguments = format!("ocsp -issuer {issuer}-ca.der -serial 0x{serial} -url {url} -noverify");
        let said = openssl(folder.path(), &arguments).1;
        says(&said, &[&format!("0x{serial}: unknown")]);
    }
    // A hash that the responder does not know.
    let said = responder.ask(folder.path(), AUTH, "-sha512");
    says(&said, &["Response verify OK", "cards/card/auth.der: unknown"]);
}

#[test]
fn the_responder_is_delegated_for_this_alone() {
    let folder = pki();
    let (_, said) = openssl(folder.path(), "x509 -in ocsp/responder.der -noout -text");
    says(
        &said,
        &["OCSP Signing", "OCSP No Check", "Digital Signature", "CN = Madoguchi Test OCSP Responder"],
    );
}

#[test]
fn answers_are_good_for_ten_minutes() {
    let folder = pki();
    let responder = Responder::start(folder.path(), "");
    let said = responder.ask(folder.path(), AUTH, "");
    let minutes = |name: &str| -> u32 {
        let time = said.split(name).nth(1).unwrap().split_whitespace().nth(2).unwrap();
        let mut parts = time.split(':').map(|part| part.parse::<u32>().unwrap());
        parts.next().unwrap() * 60 + parts.next().unwrap()
    };
    assert_eq!((minutes("Next Update:") + 24 * 60 - minutes("This Update:")) % (24 * 60), 10, "{said}");
}

#[test]
fn each_fault_shows() {
    let folder = pki();
    for (fault, expected) in [
        ("other-responder", "Response Verify Failure"),
        ("stale", "WARNING: Status times invalid."),
        ("tampered-signature", "Response Verify Failure"),
        ("try-later", "Responder Error: trylater (3)"),
    ] {
        let responder = Responder::start(folder.path(), &format!("--fault {fault}"));
        let said = responder.ask(folder.path(), AUTH, "");
        assert!(said.contains(expected), "{fault}: {said}");
    }
}

#[test]
fn get_and_post_get_the_same_kind_of_answer() {
    let folder = pki();
    let responder = Responder::start(folder.path(), "");
    let make = format!("ocsp -issuer auth-ca.der -cert {AUTH} -no_nonce -reqout request.der");
    openssl(folder.path(), &make);
    let request = std::fs::read(folder.path().join("request.der")).unwrap();
    let encoded = STANDARD.encode(&request);
    let escaped = encoded.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let length = request.len();
    for (head, body) in [
        (format!("GET /{escaped} HTTP/1.1"), &[][..]),
        (format!("GET /{encoded} HTTP/1.1"), &[][..]),
        (
            format!("POST / HTTP/1.1\r\nContent-Type: application/ocsp-request\r\nContent-Length: {length}"),
            &request,
        ),
    ] {
        let (headers, answer) = responder.http(&head, body);
        says(&headers, &["HTTP/1.1 200", "content-type: application/ocsp-response"]);
        std::fs::write(folder.path().join("answer.der"), answer).unwrap();
        let read = format!("ocsp -issuer auth-ca.der -cert {AUTH} -respin answer.der -CAfile auth-ca.pem");
        says(&openssl(folder.path(), &read).1, &["Response verify OK", "cards/card/auth.der: good"]);
    }
}

#[test]
fn malformed_requests_are_told_so() {
    let folder = pki();
    let responder = Responder::start(folder.path(), "");
    // OCSPResponse of responseStatus malformedRequest (1) alone.
    let malformed = [0x30, 0x03, 0x0a, 0x01, 0x01];
    let post = "POST / HTTP/1.1\r\nContent-Type: application/ocsp-request\r\nContent-Length: 3";
    assert_eq!(responder.http(post, b"abc").1, malformed);
    assert_eq!(responder.http("GET /%25%25 HTTP/1.1", &[]).1, malformed);
    let post = "POST / HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 3";
    says(&responder.http(post, b"abc").0, &["HTTP/1.1 415"]);
    // One octet too many.
    let long = vec![0x30; 16 * 1024 + 1];
    let post = format!(
        "POST / HTTP/1.1\r\nContent-Type: application/ocsp-request\r\nContent-Length: {}",
        long.len()
    );
    says(&responder.http(&post, &long).0, &["HTTP/1.1 413"]);
    assert_eq!(responder.http(&post.replace("385", "384"), &long[1..]).1, malformed);
}

#[test]
fn stops_when_told() {
    let folder = pki();
    for signal in [Signal::TERM, Signal::INT] {
        assert!(Responder::start(folder.path(), "").stop(signal).success());
    }
}

#[test]
fn listens_on_loopback_only() {
    let folder = pki();
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let output = program(folder.path(), &format!("serve-ocsp --pki . --listen {address}"));
        assert_eq!(output.status.code(), Some(2));
        says(&String::from_utf8_lossy(&output.stderr), &["loopback only"]);
    }
}
