//! `--batch`: JSON lines in, one answer a line out.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_test_pki::RevocationReason;
use madoguchi_tests::verify::{batch, program};
use serde_json::{Value, json};

use super::world::{AT, World};

/// The right case, with these members instead.
fn case(world: &World, more: &Value) -> Value {
    let file = |name: &str| world.path(name).display().to_string();
    let mut case = json!({
        "at": AT, "cert": file("end"), "anchor": [file("root")], "intermediate": [file("ca")],
    });
    for (key, value) in more.as_object().expect("an object") {
        case[key] = value.clone();
    }
    case
}

fn der(octets: &[u8]) -> Value {
    json!({ "der": STANDARD.encode(octets) })
}

#[test]
fn answers_in_order_with_their_ids() {
    let world = World::new();
    let ids = [json!("a"), json!(7), json!(-1.5), json!(null), json!({"any": ["thing"]}), json!(true)];
    let cases: Vec<Value> = ids.iter().map(|id| case(&world, &json!({ "id": id }))).collect();
    let answers = batch(&cases);
    let found: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(found, ids.iter().collect::<Vec<_>>());
    let keys: Vec<&String> = answers[0].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["detail", "error", "id", "verdict"]);
    assert!(answers.iter().all(|answer| answer["verdict"] == "accepted" && answer["error"].is_null()));
}

#[test]
fn every_member_counts() {
    let world = World::new();
    world.file("revoked", &world.ca.list(&[(3, RevocationReason::KeyCompromise)]));
    let revoked = world.path("revoked").display().to_string();
    let inline = json!({
        "cert": der(&world.octets("end")), "anchor": [der(&world.octets("root"))],
        "intermediate": [der(&world.octets("ca"))], "crl": [], "ocsp": null, "policy": [],
    });
    let expected = [
        (json!({}), "accepted", None),
        (inline, "accepted", None),
        (json!({ "profile": "rfc5280", "sender": "ignored" }), "accepted", None),
        (json!({ "profile": "jpki-auth" }), "rejected", Some("not_for_client_auth")),
        (json!({ "at": "2030-01-01T00:00:00Z" }), "rejected", Some("anchor_expired")),
        (json!({ "anchor": [] }), "rejected", Some("issuer_unknown")),
        (json!({ "intermediate": null }), "rejected", Some("issuer_unknown")),
        (json!({ "crl": [revoked] }), "rejected", Some("revoked")),
        (json!({ "crl": [der(&world.octets("revoked"))] }), "rejected", Some("revoked")),
        (json!({ "require_revocation": true }), "undetermined", Some("crl_missing")),
        (
            json!({ "require_revocation": true, "ocsp": [der(&[0x30, 3, 0x0a, 1, 3])] }),
            "undetermined",
            Some("ocsp_try_later"),
        ),
        (json!({ "explicit_policy": true }), "rejected", Some("policy_required")),
        (json!({ "explicit_policy": true, "policy": ["1.2.3"] }), "rejected", Some("policy_required")),
        (json!({ "inhibit_mapping": true, "inhibit_any": true }), "accepted", None),
        (json!({ "cert": der(b"junk") }), "rejected", Some("der_truncated")),
    ];
    let cases: Vec<Value> = expected.iter().map(|(more, ..)| case(&world, more)).collect();
    for ((more, verdict, error), answer) in expected.iter().zip(batch(&cases)) {
        assert_eq!(
            (answer["verdict"].as_str(), answer["error"].as_str()),
            (Some(*verdict), *error),
            "{more}: {answer}"
        );
    }
}

/// A running batch.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start() -> Self {
        let mut child = Command::new(program())
            .args(["verify", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("madoguchi starts; cargo build --workspace --bins");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("its output"));
        Self { child, input, output: BufReader::new(output) }
    }

    fn send(&mut self, octets: &[u8]) {
        self.input.as_mut().expect("open").write_all(octets).expect("written");
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Closes its input; answers what is left of its output, and how it ended.
    fn end(mut self) -> (String, Option<i32>) {
        drop(self.input.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("text");
        (rest, self.child.wait().expect("an end").code())
    }
}

/// Each answer comes before the next case is sent, so that it was flushed; what cannot be read answers `error`.
#[test]
fn a_case_that_cannot_be_read_does_not_stop_the_next() {
    let world = World::new();
    let mut running = Running::start();
    let absent = world.path("absent").display().to_string();
    for (line, id, code) in [
        ("{".to_owned(), Value::Null, "case_invalid"),
        ("[]".to_owned(), Value::Null, "case_invalid"),
        ("7".to_owned(), Value::Null, "case_invalid"),
        (case(&world, &json!({ "id": 1, "anchor": "root" })).to_string(), json!(1), "case_invalid"),
        (case(&world, &json!({ "id": 2, "cert": 7 })).to_string(), json!(2), "case_invalid"),
        (case(&world, &json!({ "id": 3, "cert": null })).to_string(), json!(3), "value_invalid"),
        (case(&world, &json!({ "id": 4, "profile": "x" })).to_string(), json!(4), "value_invalid"),
        (case(&world, &json!({ "id": 5, "at": "x" })).to_string(), json!(5), "value_invalid"),
        (case(&world, &json!({ "id": 6, "policy": ["x"] })).to_string(), json!(6), "value_invalid"),
        (case(&world, &json!({ "id": 7, "crl": [{ "der": "?" }] })).to_string(), json!(7), "value_invalid"),
        (case(&world, &json!({ "id": 8, "cert": absent })).to_string(), json!(8), "file_unreadable"),
        (
            case(&world, &json!({ "id": 9, "crl": [der(b"-----BEGIN X509 CRL-----")] })).to_string(),
            json!(9),
            "pem_invalid",
        ),
    ] {
        running.send(format!("{line}\n").as_bytes());
        let answer = running.answer();
        assert_eq!(
            (&answer["verdict"], &answer["error"]),
            (&json!("error"), &json!(code)),
            "{line}: {answer}"
        );
        assert_eq!(answer["id"], id, "{line}");
        running.send(format!("{}\n", case(&world, &json!({ "id": "next" }))).as_bytes());
        let next = running.answer();
        assert_eq!((&next["id"], &next["verdict"]), (&json!("next"), &json!("accepted")));
    }
    // Not UTF-8; blank lines are no cases; the last line needs no end.
    running.send(b"\xff\n");
    assert_eq!(running.answer()["error"], "case_invalid");
    running.send(format!("\n  \r\n{}", case(&world, &json!({ "id": "last" }))).as_bytes());
    let (rest, code) = running.end();
    assert_eq!((rest.lines().count(), code), (1, Some(0)), "{rest}");
    assert!(rest.contains("\"last\""));
}

#[test]
fn a_line_has_at_most_64_mib() {
    let world = World::new();
    let mut running = Running::start();
    let limit = 64 * 1024 * 1024;
    let right = case(&world, &json!({ "id": "padded" })).to_string();
    for (length, verdict) in [(limit, "accepted"), (limit + 1, "error"), (2 * limit + 5, "error")] {
        let mut line = right.clone().into_bytes();
        line.resize(length, b' ');
        line.push(b'\n');
        running.send(&line);
        let answer = running.answer();
        assert_eq!(answer["verdict"], verdict, "{length}: {answer}");
        assert!(verdict == "accepted" || answer["error"] == "line_too_long");
    }
    running.send(format!("{right}\n").as_bytes());
    assert_eq!(running.answer()["verdict"], "accepted");
    assert_eq!(running.end(), (String::new(), Some(0)));
}

#[test]
fn nothing_in_nothing_out() {
    assert_eq!(Running::start().end(), (String::new(), Some(0)));
}
