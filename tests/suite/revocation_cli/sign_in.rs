//! An operator has a complaint and the id of a sign-in.

use std::fmt::Write as _;
use std::process::{Command, Output};

use madoguchi_tests::revocation::{Lists, Sources};
use madoguchi_tests::verify::program;
use serde_json::{Value, json};

fn run(sources: &Sources, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.arg("revocation").args(arguments).arg("--config");
    command.arg(sources.town.stack.folder().join("gateway.toml")).output().expect("madoguchi runs")
}

fn words(sources: &Sources, arguments: &[&str]) -> String {
    let output = run(sources, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn explained(sources: &Sources, id: &str) -> Value {
    serde_json::from_str(&words(sources, &["explain", "--sign-in", id, "--json"])).expect("JSON")
}

/// The id of the last sign-in that was refused, from where an operator has it.
fn refused(sources: &Sources) -> String {
    let log = std::fs::read_to_string(sources.town.stack.folder().join("gateway.log")).expect("a log");
    let line = log.lines().rfind(|line| line.contains("finish refused")).expect("a refusal");
    let (_, id) = line.split_once("sign_in=").expect("an id");
    id.split(' ').next().expect("an id").to_owned()
}

const BY: [&str; 6] = ["--municipality", "midori", "--operator", "hanako", "--reason", "notice 7"];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_of_a_decision_is_shown_and_what_is_not_is_said() {
    let mut sources = Sources::with(Lists::Good).await;
    let certificate = std::fs::read(sources.town.stack.folder().join("pki/cards/default/auth.der"));
    let certificate =
        madoguchi_cert_verify::Certificate::parse(&certificate.expect("the card's certificate"));
    let mut serial = String::new();
    for octet in certificate.expect("a certificate").serial() {
        let _ = write!(serial, "{octet:02x}");
    }
    let shows_no_serial = |text: &str| {
        assert!(!text.to_lowercase().contains(&serial), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80 || line.starts_with('{')), "{text}");
    };

    // Nothing that is kept: the sign-in has it, for an hour.
    sources.ocsp("status unknown").await;
    sources.sign_in().await;
    let id = refused(&sources);
    let told = explained(&sources, &id);
    assert_eq!((&told["state"], &told["municipality"]), (&json!("cancelled"), &json!("midori")), "{told}");
    let decision = &told["decisions"][0];
    assert_eq!((&decision["what"], &decision["code"]), (&json!("finish_refused"), &json!("ocsp_unknown")));
    assert_eq!(decision["evidence"]["rule"], "ocsp_unknown");
    assert_eq!(told["now"]["crl"], Value::Null, "no list can be asked");
    assert!(told["not_kept"][1].as_str().expect("words").starts_with("which certificate it was"), "{told}");
    let output = run(&sources, &[&["release", "--sign-in", &id][..], &BY].concat());
    assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not kept any more"), "{output:?}");

    // A session lives: lists can be asked, and nobody learns with what.
    sources.ocsp("status good").await;
    sources.sign_in().await;
    let record = sources.town.newest_audit_record().await;
    let in_session = record.sign_in.expect("an id").encode();
    let told = explained(&sources, &in_session);
    assert_eq!((&told["state"], &told["now"]["crl"]["says"]), (&json!("completed"), &json!("not_listed")));
    assert_eq!(told["decisions"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["decisions"][0]["evidence"]["rule"], "ocsp_and_crl_good");
    assert!(told["session_until"].is_string() && told["not_kept"].as_array().map(Vec::len) == Some(1));
    let text = words(&sources, &["explain", "--sign-in", &in_session]);
    for part in [
        "sign_in_completed\n  OCSP  good\n        thisUpdate 20",
        "  rule ocsp_and_crl_good: OCSP and a list both say good\n",
        "  CRL   not listed",
        "  nothing is kept against its certificate\n",
        "note: never kept: the certificate, its serial number",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    shows_no_serial(&text);

    shows_no_serial(&told.to_string());
    // As `hex(sign_in)` of the database.
    let hexadecimal = record.sign_in.expect("an id").to_hex();
    assert_eq!(explained(&sources, &hexadecimal)["sign_in"], told["sign_in"]);

    // Revoked since, by the next list.
    let numbers = |health: &Value| -> Vec<Value> {
        let partitions = health["partitions"].as_array().expect("partitions");
        partitions.iter().map(|partition| partition["complete"]["number"].clone()).collect()
    };
    let before = numbers(&sources.health());
    // A start reads the folder sooner than a running gateway looks again.
    sources.stop_gateway().await;
    sources.put(Lists::Revoked).await;
    sources.start_gateway().await;
    sources
        .health_until(|health| numbers(health).iter().zip(&before).all(|(now, before)| now != before))
        .await;
    let now = explained(&sources, &in_session)["now"].clone();
    assert_eq!((&now["crl"]["says"], &now["crl"]["reason"]), (&json!("revoked"), &json!("keyCompromise")));
    assert_eq!(now["kept"], json!([]), "looking keeps nothing");

    // And refused at the next sign-in, whose hash leads to what it kept.
    sources.sign_in().await;
    let id = refused(&sources);
    let told = explained(&sources, &id);
    assert_eq!(
        (&told["state"], &told["decisions"][0]["what"]),
        (&json!("cancelled"), &json!("revocation_kept"))
    );
    assert_eq!(told["decisions"][0]["code"], "certificate_revoked");
    assert_eq!(told["now"]["kept"][0]["reason"], "keyCompromise");
    let kept = told["now"]["kept"].as_array().expect("a list").len();
    let text = words(&sources, &["explain", "--sign-in", &id]);
    assert!(
        text.contains("revocation_kept: certificate_revoked\n") && text.contains("  kept since 20"),
        "{text}"
    );
    shows_no_serial(&text);

    assert_eq!(explained(&sources, &in_session)["now"]["kept"].as_array().map(Vec::len), Some(kept));
    let order = [&["release", "--sign-in", &id][..], &BY].concat();
    let tried = words(&sources, &[&order[..], &["--dry-run"]].concat());
    assert!(tried.starts_with("midori: 1 certificate (") && tried.contains("would be let go"), "{tried}");
    let done = words(&sources, &order);
    assert!(done.contains("let go, and written to the audit log"), "{done}");
    assert!(done.contains("note: whether a source still says revoked is not known"), "{done}");
    assert_eq!(explained(&sources, &in_session)["now"]["kept"], json!([]));
    assert_eq!(run(&sources, &order).status.code(), Some(1), "there is nothing left");
    // Through the session a list can be asked whether it will be kept again.
    sources.sign_in().await;
    let order = [&["release", "--sign-in", &in_session][..], &BY].concat();
    let done = words(&sources, &order);
    assert!(done.contains("still revoked by crl: it will be kept again"), "{done}");
    sources.town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_nobody_knows_and_one_that_is_none() {
    let world = super::world::World::new().await;
    let output = world.run(&["explain", "--sign-in", "AAAAAAAAAAAAAAAAAAAAAA"]);
    assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{output:?}");
    // One id in 64 begins so.
    let hyphen = world.run(&["explain", "--sign-in", "-AAAAAAAAAAAAAAAAAAAAA"]);
    assert_eq!(hyphen.status.code(), Some(1), "{hyphen:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("nothing is known of sign-in") && told.contains("midori, hinata"), "{told}");
    for wrong in [
        &["explain", "--sign-in", "AAAA"][..],
        &["explain", "--sign-in", "AAAAAAAAAAAAAAAAAAAAAA", "card.der"],
        &["explain", "--sign-in", "AAAAAAAAAAAAAAAAAAAAAA", "--offline"],
        &["release", "--sign-in", "AAAAAAAAAAAAAAAAAAAAAA", "--municipality", "midori"],
    ] {
        assert_eq!(world.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}
