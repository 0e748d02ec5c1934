//! The program's contract: what it writes, prints and answers.

use std::fs;

use madoguchi_test_pki::{AUTH_POLICY, CardFiles, SIGN_POLICY};

use crate::support::{json, openssl, program, write_pem};

#[test]
fn a_whole_life() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let said = json(at, "init --out . --key p256 --ocsp-url http://127.0.0.1:8998 --json");
    assert_eq!(
        (said["auth_policy"].as_str(), said["sign_policy"].as_str()),
        (Some(AUTH_POLICY), Some(SIGN_POLICY))
    );
    write_pem(at);
    let said = json(at, "issue --pki . --name one --municipality 99202 --pin 0427 --key p256 --json");
    let card = CardFiles::load(at, "one").unwrap();
    assert_eq!(said["auth_serial"], card.auth_serial.to_string());
    assert_eq!((card.pin.as_str(), card.municipality.as_str()), ("0427", "99202"));
    let verify = || {
        openssl(
            at,
            "verify -CAfile auth-ca.pem -crl_check -extended_crl -CRLfile crl/99202.crl cards/one/auth.der",
        )
    };
    assert!(verify().0, "{:?}", verify());
    let said = json(at, "revoke --pki . --card one --reason cACompromise --json");
    assert_eq!(
        (said["serial"].as_str(), said["reason"].as_str()),
        (Some(&*card.auth_serial.to_string()), Some("cACompromise"))
    );
    let said = json(at, "crl --pki . --json");
    assert_eq!(said["files"].as_array().unwrap().len(), 2);
    let (accepted, why) = verify();
    assert!(!accepted && why.contains("certificate revoked"), "{why}");
    let (_, text) = openssl(at, "crl -in crl/99202.crl -noout -text");
    assert!(text.contains("CA Compromise") && text.contains("CRL Number: \n                2\n"), "{text}");
}

#[test]
fn a_hold_is_taken_back_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    json(at, "init --out . --key p256 --json");
    json(at, "issue --pki . --name one --key p256 --json");
    let listed = || {
        json(at, "crl --pki . --json");
        !openssl(at, "crl -in crl/99201.crl -noout -text").1.contains("No Revoked Certificates")
    };
    let again = || program(at, "reinstate --pki . --card one").status.code();
    assert_eq!(again(), Some(1), "it is not revoked");
    json(at, "revoke --pki . --card one --reason certificateHold --json");
    assert!(listed());
    json(at, "reinstate --pki . --card one --json");
    assert!(!listed());
    let said = json(at, "revoke --pki . --card one --reason keyCompromise --json");
    assert_eq!(again(), Some(1), "it is final");
    let output = program(at, &format!("reinstate --pki . --serial {}", said["serial"].as_str().unwrap()));
    assert_eq!(output.status.code(), Some(1));
    assert!(listed());
}

#[test]
fn times_are_taken_as_given() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    json(at, "init --out . --key p256 --json");
    json(
        at,
        "issue --pki . --name one --key p256 --not-before 2020-01-02T03:04:05Z --not-after 2050-06-07T08:09:10+09:00 --json",
    );
    let (_, text) = openssl(at, "x509 -in cards/one/auth.der -noout -dates");
    assert_eq!(text, "notBefore=Jan  2 03:04:05 2020 GMT\nnotAfter=Jun  6 23:09:10 2050 GMT\n");
    json(at, "crl --pki . --this-update 2026-01-01T00:00:00Z --next-update-hours 3 --json");
    let (_, text) = openssl(at, "crl -in crl/99201.crl -noout -lastupdate -nextupdate");
    assert_eq!(text, "lastUpdate=Jan  1 00:00:00 2026 GMT\nnextUpdate=Jan  1 03:00:00 2026 GMT\n");
}

#[test]
fn faults_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    json(at, "init --out . --key p256 --json");
    write_pem(at);
    json(at, "issue --pki . --name one --key p256 --fault expired --json");
    let (_, why) = openssl(at, "verify -CAfile auth-ca.pem cards/one/auth.der");
    assert!(why.contains("certificate has expired"), "{why}");
    assert!(json(at, "crl --pki . --fault missing --json")["files"].as_array().unwrap().is_empty());
    assert!(!at.join("crl/99201.crl").exists() && !at.join("crl/99202.crl").exists());
}

#[test]
fn refusals() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let refused = |arguments: &str, code: i32, why: &str| {
        let output = program(at, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(code) && said.contains(why),
            "{arguments}: {:?} {said}",
            output.status
        );
        assert!(output.stdout.is_empty(), "{arguments}");
    };
    fs::create_dir(at.join("empty")).unwrap();
    for arguments in [
        "crl --pki empty",
        "issue --pki empty --name one",
        "revoke --pki empty --card one",
        "serve-ocsp --pki empty --listen 127.0.0.1:0",
    ] {
        refused(arguments, 1, "empty is not a test PKI; make one: madoguchi-test-pki init --out empty");
    }
    assert_eq!(fs::read_dir(at.join("empty")).unwrap().count(), 0, "nothing is left behind");
    refused("crl --pki absent", 1, "absent is not a test PKI");
    json(at, "init --out pki --key p256 --json");
    let anchor = fs::read(at.join("pki/auth-ca.der")).unwrap();
    refused("init --out pki --key p256", 1, "holds another PKI");
    assert_eq!(fs::read(at.join("pki/auth-ca.der")).unwrap(), anchor);
    json(at, "issue --pki pki --name one --key p256 --json");
    refused("issue --pki pki --name one --key p256", 1, "exists already");
    refused("issue --pki pki --name ../one", 2, "no name for a card");
    refused("issue --pki pki --name two --pin 12", 2, "4 digits");
    refused("issue --pki pki --name two --municipality 13221", 2, "no municipality");
    refused("issue --pki pki --name two --not-before yesterday", 2, "--not-before");
    refused("issue --pki pki --name two --fault none", 2, "--fault");
    refused("revoke --pki pki", 2, "--card");
    refused("revoke --pki pki --card one --serial 01", 2, "cannot be used with");
    refused("revoke --pki pki --card one --responder", 2, "cannot be used with");
    refused("revoke --pki pki --serial 7FFFFFFF", 1, "7FFFFFFF");
    refused("revoke --pki pki --serial xyz", 2, "no serial number");
    refused("revoke --pki pki --card two", 1, "two");
    refused("", 2, "Usage");
}

#[test]
fn several_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    json(at, "init --out . --key p256 --json");
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d", "e", "f"] {
            scope.spawn(move || json(at, &format!("issue --pki . --name {name} --key p256 --json")));
        }
    });
    let state: serde_json::Value = serde_json::from_slice(&fs::read(at.join("state.json")).unwrap()).unwrap();
    // Two of each card, and the responder's.
    assert_eq!(state["issued"].as_array().unwrap().len(), 13);
}
