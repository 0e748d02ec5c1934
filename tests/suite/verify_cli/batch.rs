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

/// What a sender would take for something else than we do is no case.
#[test]
fn a_key_twice_is_refused() {
    let world = World::new();
    let mut running = Running::start();
    let right = case(&world, &json!({ "id": 1 })).to_string();
    for (twice, id) in [
        (r#""cert":{"der":""}"#, json!(1)),
        (r#""anchor":[]"#, json!(1)),
        (r#""at":null"#, json!(1)),
        (r#""id":2"#, Value::Null),
    ] {
        running.send(format!("{{{twice},{}\n", &right[1..]).as_bytes());
        let answer = running.answer();
        assert_eq!((&answer["error"], &answer["id"]), (&json!("case_invalid"), &id), "{twice}: {answer}");
        assert!(answer["detail"].as_str().is_some_and(|detail| detail.contains("duplicate field")));
    }
    let der = json!({ "id": 3, "cert": "CERT" }).to_string().replace("\"CERT\"", r#"{"der":"","der":""}"#);
    running.send(format!("{der}\n").as_bytes());
    assert_eq!(running.answer()["error"], "case_invalid");
    // What nobody reads may be there as often as it likes.
    running.send(format!("{{\"x\":1,\"x\":2,{}\n", &right[1..]).as_bytes());
    assert_eq!(running.answer()["verdict"], "accepted");
}

/// The id is the sender's: a number is not rounded, and depth is no matter.
#[test]
fn an_id_comes_back_as_it_was_written() {
    let world = World::new();
    let mut running = Running::start();
    let right = case(&world, &json!({})).to_string();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for id in
        ["12345678901234567890123456789", "1.10", "1e400", r#""\u0041\ud800""#, r#"{"b":1,"a":2}"#, &deep]
    {
        running.send(format!("{{\"id\":{id},{}\n", &right[1..]).as_bytes());
        let mut line = String::new();
        running.output.read_line(&mut line).expect("a line");
        assert!(line.starts_with(&format!("{{\"id\":{id},\"verdict\":\"accepted\"")), "{line:.200}");
    }
}

/// Reading one waits for its writer, or takes the batch's own input.
#[test]
fn only_regular_files_are_read() {
    let world = World::new();
    let mut running = Running::start();
    let pipe = world.path("pipe").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let folder = world.path(".").display().to_string();
    for place in [&pipe, &folder, "/dev/stdin", "/dev/zero", ""] {
        for more in [json!({ "cert": place }), json!({ "crl": [place] })] {
            running.send(format!("{}\n", case(&world, &more)).as_bytes());
            let answer = running.answer();
            assert_eq!(
                (&answer["verdict"], &answer["error"]),
                (&json!("error"), &json!("file_unreadable")),
                "{more}: {answer}"
            );
        }
    }
    running.send(format!("{}\n", case(&world, &json!({}))).as_bytes());
    assert_eq!(running.answer()["verdict"], "accepted");
}

/// A file may hold several certificates, with text between and in any form an editor leaves.
#[test]
fn pem_bundles() {
    let world = World::new();
    let pem = |name: &str| {
        let base64 = STANDARD.encode(world.octets(name));
        format!("-----BEGIN CERTIFICATE-----\r\n{base64}\r\n-----END CERTIFICATE-----\r\n")
    };
    let (root, ca, end) = (pem("root"), pem("ca"), pem("end"));
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    world.file("chain", format!("\u{feff}{key}the end:\n{end}\nthe CA:\n{ca}").as_bytes());
    world.file("anchors", format!("{key}{ca}{root}").as_bytes());
    world.file("key", key.as_bytes());
    let path = |name: &str| world.path(name).display().to_string();
    let judge = |more: Value| batch(&[case(&world, &more)]).remove(0);
    let chain = judge(json!({ "cert": path("chain"), "intermediate": [] }));
    assert_eq!(chain["verdict"], "accepted", "{chain}");
    let anchors = judge(json!({ "anchor": [path("anchors")], "intermediate": [] }));
    assert_eq!(anchors["verdict"], "accepted", "{anchors}");
    let inline = judge(json!({ "cert": der(format!("{end}{ca}").as_bytes()), "intermediate": [] }));
    assert_eq!(inline["verdict"], "accepted", "{inline}");
    assert_eq!(judge(json!({ "cert": path("key") }))["error"], "pem_invalid");
    assert_eq!(judge(json!({ "crl": [path("chain")] }))["error"], "pem_invalid");
}

/// Deeper than any stack, in each place where something is read.
#[test]
fn nothing_is_nested_too_deeply() {
    let world = World::new();
    let mut deep = Vec::new();
    for _ in 0..20_000 {
        let length = u32::try_from(deep.len()).expect("short").to_be_bytes();
        let header = match length {
            [0, 0, 0, short @ 0..=0x7f] => vec![0x30, short],
            [0, 0, 0, short] => vec![0x30, 0x81, short],
            [0, 0, high, low] => vec![0x30, 0x82, high, low],
            [0, first, high, low] => vec![0x30, 0x83, first, high, low],
            _ => panic!("too long"),
        };
        // From the inside out: reversed, so that it does not take all day.
        deep.extend(header.iter().rev());
    }
    deep.reverse();
    let mut cases: Vec<Value> = ["anchor", "intermediate", "crl", "ocsp"]
        .iter()
        .map(|key| case(&world, &json!({ *key: [der(&deep)], "require_revocation": true })))
        .collect();
    cases.push(case(&world, &json!({ "cert": der(&deep) })));
    let answers = batch(&cases);
    assert_eq!(answers[4]["error"], "der_depth");
    assert_eq!(answers.len(), 5);
    let nested = |open: &str, close: &str| format!("{}{}\n", open.repeat(100_000), close.repeat(100_000));
    let mut running = Running::start();
    for line in [
        nested("[", "]"),
        nested("{\"cert\":", "}"),
        nested("{\"anchor\":[", "]}"),
        format!("{{\"cert\":{}", nested("[", "]")),
    ] {
        running.send(line.as_bytes());
        assert_eq!(running.answer()["error"], "case_invalid");
    }
    assert_eq!(running.end().1, Some(0));
}

/// What is in a line is not kept many times over, whatever it is.
#[test]
fn memory_stays_near_the_length_of_a_line() {
    let world = World::new();
    let mut running = Running::start();
    let right = case(&world, &json!({ "id": "next" })).to_string();
    let many = |value: &str| [value, ","].concat().repeat(MIB * 16 / (value.len() + 1));
    for (line, code) in [
        (
            format!("{{\"cert\":{{\"der\":\"\"}},\"anchor\":[{}\"\"]}}", many("\"\"")),
            Some("too_many_objects"),
        ),
        (
            format!("{{\"cert\":{{\"der\":\"\"}},\"policy\":[{}\"1.2\"]}}", many("\"1.2\"")),
            Some("too_many_objects"),
        ),
        (format!("{{\"cert\":{{\"der\":\"\",\"x\":[{}0]}}}}", many("0")), Some("der_truncated")),
        (format!("{{\"x\":[{}0],{}", many("[]"), &right[1..]), None),
        (format!("{{\"id\":7,\"cert\":\"{}\"}}", "a".repeat(MIB * 16)), Some("file_unreadable")),
    ] {
        running.send(line.as_bytes());
        running.send(b"\n");
        let answer = running.answer();
        assert_eq!(answer["error"].as_str(), code);
        assert!(answer.to_string().len() < 10_000, "an answer does not repeat what it was sent");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id())).expect("its status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let peak: usize = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(peak < 128 * 1024, "16 MiB a line, {peak} KiB at most");
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
    // Not UTF-8, wherever; blank lines are no cases; the last line needs no end.
    for line in [&b"\xff\n"[..], b"{\"id\":\"\xff\"}\n", b"{\"id\":1,\"sender\":\"\xc3\x28\"}\n"] {
        running.send(line);
        assert_eq!(running.answer()["error"], "case_invalid");
    }
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

const MIB: usize = 1024 * 1024;
