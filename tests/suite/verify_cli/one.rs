//! One certificate by the command line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::world::{AT, DAY, Holder, World};

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[test]
fn accepted_and_rejected() {
    let world = World::new();
    let accepted = world.verify(&[]);
    accepted.is("accepted", None);
    accepted.says("2 certificates below the anchor");
    assert!(accepted.errors.is_empty(), "{accepted:?}");
    world.run(&["--at", AT, "--anchor", "root", "end"]).is("rejected", Some("issuer_unknown"));
    let expired = world.run(&["--at", "2030-01-01T00:00:00Z", "--anchor", "ca", "end"]);
    expired.is("rejected", Some("anchor_expired"));
    expired.says("trust anchor: ");
    expired.says("expired at 20");
    assert!(expired.errors.contains("ca: the anchor expired at 20"), "{expired:?}");
}

#[test]
fn usage_is_exit_2() {
    let world = World::new();
    for arguments in [
        &[][..],
        &["--anchor", "root"],
        &["--profile", "rfc3280", "end"],
        &["--at", "yesterday", "end"],
        &["--policy", "1.2.", "end"],
        &["--anchor", "absent", "end"],
        &["absent"],
        &["--at", AT, "end"],
        &["end", "ca"],
        &["--batch", "end"],
        &["--batch", "--anchor", "root"],
        &["--batch", "--explain"],
        &["--batch", "--require-revocation"],
        &["--frobnicate", "end"],
    ] {
        let judged = world.run(arguments);
        assert_eq!((judged.exit, judged.answer.is_null()), (2, true), "{arguments:?}: {judged:?}");
        assert!(!judged.errors.is_empty(), "{arguments:?}");
    }
    let judged = world.run(&["--at", AT, "end"]);
    assert!(judged.errors.contains("not provided:\n  --anchor <FILE>"), "{judged:?}");
    let judged = world.run(&["--anchor", "absent", "end"]);
    assert!(judged.errors.contains("absent: No such file"), "{judged:?}");
}

#[test]
fn der_and_pem_are_told_by_content() {
    let world = World::new();
    let (root, ca, end) = (world.octets("root"), world.octets("ca"), world.octets("end"));
    for name in ["root", "ca", "end"] {
        let text = format!("a comment\n{}", pem("CERTIFICATE", &world.octets(name)));
        world.file(&format!("{name}.pem"), text.as_bytes());
    }
    let of_pem = ["--at", AT, "--anchor", "root.pem", "--intermediate", "ca.pem", "end.pem"];
    world.run(&of_pem).is("accepted", None);
    // Several in one file: all anchors, all intermediates; of the certificate's own file the first is judged.
    let other = Holder::new("other");
    let other = other.certify(&other, 9, true, Vec::new());
    world.file("anchors", [pem("CERTIFICATE", &other), pem("CERTIFICATE", &root)].concat().as_bytes());
    world.file("pool", [pem("CERTIFICATE", &other), pem("CERTIFICATE", &ca)].concat().as_bytes());
    world.file("chain", [pem("CERTIFICATE", &end), pem("CERTIFICATE", &ca)].concat().as_bytes());
    world.run(&["--at", AT, "--anchor", "anchors", "--intermediate", "pool", "end"]).is("accepted", None);
    world.run(&["--at", AT, "--anchor", "anchors", "chain"]).is("accepted", None);
    world.file("list.pem", pem("X509 CRL", &world.ca.list(&[])).as_bytes());
    world.verify(&["--crl", "list.pem"]).says("not revoked: target by CRL");
    let good = world.ca.response(3, madoguchi_test_pki::OcspStatus::Good);
    world.file("ocsp.pem", pem("OCSP RESPONSE", &good).as_bytes());
    world.verify(&["--ocsp", "ocsp.pem"]).says("not revoked: target by OCSP");
    // PEM of something else, or broken, is a wrong file; anything else is a certificate that is refused.
    world.file("key", pem("PRIVATE KEY", &[0x30, 0]).as_bytes());
    assert_eq!(world.run(&["--anchor", "root", "key"]).exit, 2);
    world.file("half", &pem("CERTIFICATE", &end).as_bytes()[..200]);
    assert_eq!(world.run(&["--anchor", "root", "half"]).exit, 2);
    world.file("junk", b"junk");
    world.run(&["--at", AT, "--anchor", "root", "junk"]).is("rejected", Some("der_truncated"));
    world.file("empty", b"");
    world.run(&["--at", AT, "--anchor", "root", "empty"]).is("rejected", Some("der_truncated"));
}

#[test]
fn a_flag_is_repeated_for_each_value() {
    let world = World::new();
    let other = Holder::new("other");
    world.file("other", &other.certify(&other, 9, true, Vec::new()));
    world.file("list-1", &world.root.list(&[]));
    world.file("list-2", &world.ca.list(&[]));
    let judged = world.run(&[
        "--at",
        AT,
        "--anchor",
        "other",
        "--anchor",
        "root",
        "--intermediate",
        "other",
        "--intermediate",
        "ca",
        "--crl",
        "list-1",
        "--crl",
        "list-2",
        "--require-revocation",
        "end",
    ]);
    judged.is("accepted", None);
    judged.says("not revoked: intermediate 1 by CRL, target by CRL");
    assert_eq!(world.run(&["--at", AT, "--anchor", "other", "root", "end"]).exit, 2);
}

#[test]
fn what_cannot_be_used_is_put_aside() {
    let world = World::new();
    let mut broken = world.octets("ca");
    broken.push(0);
    world.file("broken", &broken);
    world.verify(&["--anchor", "broken", "--intermediate", "broken"]).is("accepted", None);
    // When nothing is left, it is the reason.
    let no_anchor = world.run(&["--at", AT, "--anchor", "broken", "end"]);
    no_anchor.is("rejected", Some("der_trailing_octets"));
    no_anchor.says("trust anchor: ");
    assert!(
        no_anchor.errors.starts_with("madoguchi verify: broken: no anchor that can be used: "),
        "{no_anchor:?}"
    );
    let another = world.run(&["--at", AT, "--anchor", "root", "--anchor", "broken", "end"]);
    another.is("rejected", Some("issuer_unknown"));
    let no_path = world.run(&["--at", AT, "--anchor", "root", "--intermediate", "broken", "end"]);
    no_path.is("rejected", Some("der_trailing_octets"));
    no_path.says("an intermediate that was put aside");
}

/// `--at` defaults to now, and a refusal has the moment in its words.
#[test]
fn now_is_the_moment_unless_given() {
    let world = World::new();
    let past = world.run(&["--at", "1971-01-01T00:00:00Z", "--anchor", "ca", "end"]);
    past.is("rejected", Some("anchor_not_yet_valid"));
    past.says("it is 1971-01-01T00:00:00Z");
    let early = Holder::new("early");
    world.file("early", &early.certify_until(366 * DAY));
    let moment = madoguchi_tests::town::now;
    let before = moment();
    let now = world.run(&["--anchor", "early", "early"]);
    let after = moment();
    now.is("rejected", Some("anchor_expired"));
    let detail = now.answer["detail"].as_str().expect("a detail");
    let (_, told) = detail.split_once("it is ").expect("the moment");
    // Of one form, moments are in the order of their texts.
    let text = |moment: time::OffsetDateTime| {
        let seconds = time::OffsetDateTime::from_unix_timestamp(moment.unix_timestamp()).expect("a moment");
        seconds.format(&time::format_description::well_known::Rfc3339).expect("a text")
    };
    assert!((text(before)..=text(after)).contains(&told.to_owned()), "{detail}");
}

#[test]
fn policies_and_their_flags() {
    let world = World::new();
    let (root, ca, end) = (&world.root, &world.ca, &world.end);
    let policy = |oid: &str| {
        madoguchi_test_pki::Extension::certificate_policies(oid, "https://test.invalid/").expect("a policy")
    };
    world.file("ca", &root.certify(ca, 2, true, vec![policy("1.2.3")]));
    world.file("end", &ca.certify(end, 3, false, vec![policy("1.2.3")]));
    world.verify(&[]).says("policies: 1.2.3");
    world.verify(&["--explicit-policy", "--policy", "1.2.4", "--policy", "1.2.3"]).is("accepted", None);
    world.verify(&["--policy", "1.2.4"]).says("policies: none");
    world.verify(&["--explicit-policy", "--policy", "1.2.4"]).is("rejected", Some("policy_not_asked_for"));
    // anyPolicy in the CA's certificate stands for the policy below, unless inhibited.
    world.file("ca", &root.certify(ca, 2, true, vec![policy("2.5.29.32.0")]));
    world.verify(&["--explicit-policy"]).is("accepted", None);
    world.verify(&["--explicit-policy", "--inhibit-any"]).is("rejected", Some("policy_required"));
    // 1.2.5 of the CA is 1.2.3 below it, unless mappings do not count.
    let mapping = [0x30, 10, 0x30, 8, 6, 2, 0x2a, 5, 6, 2, 0x2a, 3];
    let mapping = madoguchi_test_pki::Extension::new("2.5.29.33", true, mapping.to_vec());
    world.file("ca", &root.certify(ca, 2, true, vec![policy("1.2.5"), mapping]));
    world.verify(&["--explicit-policy", "--policy", "1.2.5"]).is("accepted", None);
    let inhibited = world.verify(&["--explicit-policy", "--policy", "1.2.5", "--inhibit-mapping"]);
    inhibited.is("rejected", Some("policy_required"));
}
