//! The contract of `script/demo`, on the program that it starts.

use std::collections::BTreeSet;

use madoguchi_demo::{Child, MockCard, Ports, Program};
use madoguchi_tests::town::{Town, Wishes, binaries};
use serde_json::Value;

fn demo(args: &[&str]) -> (Child, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = binaries().path("madoguchi-demo").expect("cargo build --workspace --bins");
    let child = Program::new("demo", program).args(args).spawn(folder.path()).expect("starts");
    (child, folder)
}

/// A free base.
fn base() -> String {
    Ports::unused().expect("ports").gateway.to_string()
}

/// Everything on standard output, and the exit status.
async fn output(mut child: Child) -> (Vec<String>, Option<i32>) {
    let mut lines = Vec::new();
    while let Some(line) = child.line().await {
        lines.push(line);
    }
    (lines, child.wait().await.expect("a status").code())
}

#[tokio::test(flavor = "multi_thread")]
async fn once_prints_one_line_of_claims_and_exits_0() {
    let (child, _folder) = demo(&["--once", "--port-base", &base()]);
    let (lines, status) = output(child).await;
    assert_eq!((lines.len(), status), (1, Some(0)), "{lines:?}");
    let claims: Value = serde_json::from_str(&lines[0]).expect("JSON");
    for claim in ["iss", "aud", "sub", "nonce", "acr", "amr", "auth_time", "exp"] {
        assert!(!claims[claim].is_null(), "{claim}: {claims}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_is_produced_by_the_real_parts() {
    for (answer, error, description) in [
        ("access_denied", "access_denied", "declined"),
        ("pin_wrong", "access_denied", "pin_wrong"),
        ("revoked", "access_denied", "certificate_revoked"),
        ("cannot_check", "temporarily_unavailable", "cannot_check"),
        ("expired", "access_denied", "certificate_expired"),
        ("on_hold", "access_denied", "certificate_on_hold"),
        ("card_removed", "access_denied", "card_removed"),
        ("pin_blocked", "access_denied", "pin_blocked"),
        ("certificate_missing", "access_denied", "certificate_missing"),
        ("not_my_number_card", "access_denied", "not_my_number_card"),
    ] {
        let (child, _folder) = demo(&["--once", "--unattended", "--answer", answer, "--port-base", &base()]);
        let (lines, status) = output(child).await;
        assert_eq!((lines.len(), status), (1, Some(1)), "{answer}: {lines:?}");
        let end: Value = serde_json::from_str(&lines[0]).expect("JSON");
        assert_eq!(
            (end["error"].as_str(), end["error_description"].as_str()),
            (Some(error), Some(description))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_names_everything_and_a_signal_stops_it_all() {
    let (mut child, _folder) = demo(&["--json", "--unattended", "--port-base", &base()]);
    let line = child.wait_for_line(|line| line.starts_with('{')).await.expect("one line");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    let keys: BTreeSet<&str> = ready.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected = [
        "agent_url",
        "gateway_config",
        "issuer",
        "logs_dir",
        "pcsc_socket",
        "pid",
        "pids",
        "pin",
        "pki_dir",
        "service_url",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
    let pids = ready["pids"].as_object().expect("pids");
    let names: BTreeSet<&str> = pids.keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["agent", "gateway", "mock_card", "pcscd", "pki", "service"]));
    let alive = |pid: &Value| std::path::Path::new(&format!("/proc/{pid}")).exists();
    assert!(pids.values().all(alive), "{pids:?}");
    child.terminate();
    assert_eq!(child.wait().await.expect("a status").code(), Some(0));
    assert!(!pids.values().any(alive), "{pids:?}");
    assert!(!std::path::Path::new(ready["gateway_config"].as_str().expect("a path")).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_part_dies_everything_stops_with_exit_1() {
    let (mut child, _folder) = demo(&["--json", "--unattended", "--port-base", &base()]);
    let line = child.wait_for_line(|line| line.starts_with('{')).await.expect("one line");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    let gateway = ready["pids"]["gateway"].to_string();
    let killed = std::process::Command::new("kill").args(["-KILL", &gateway]).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!(child.wait().await.expect("a status").code(), Some(1));
    for pid in ready["pids"].as_object().expect("pids").values() {
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "{pid}");
    }
}

/// A card on any reader of a running pcscd: here the reader and card of another town.
#[tokio::test(flavor = "multi_thread")]
async fn an_external_card_signs_in_with_the_trust_that_was_given() {
    let town = Town::with(Wishes { card: MockCard::default(), ..Wishes::default() }).await;
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = Program::new("demo", town.binary("madoguchi-demo"))
        .args(["--once", "--external-card", "--pin-stdin", "--port-base", &base(), "--anchor"])
        .arg(pki.join("auth-ca.der"))
        .env("PCSCLITE_CSOCK_NAME", town.socket());
    for list in std::fs::read_dir(pki.join("crl")).expect("lists") {
        program = program.arg("--crl").arg(list.expect("a list").path());
    }
    let mut child = program.spawn(folder.path()).expect("starts");
    child.tell(madoguchi_demo::TEST_PIN).await.expect("told");
    let (lines, status) = output(child).await;
    assert_eq!((lines.len(), status), (1, Some(0)), "{lines:?}");
    assert!(lines[0].contains("\"sub\""), "{lines:?}");
    town.stack.stop().await;
}
