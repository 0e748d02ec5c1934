//! `--explain`: the checks in order, on standard error.

use madoguchi_test_pki::{
    CrlBuilder, Extension, IssuingDistributionPoint, Name, OcspStatus, PointName, RevocationReason,
};
use madoguchi_tests::town::random;

use super::world::{DAY, Holder, NOW, World, at};

#[test]
fn every_check_in_order() {
    let world = World::new();
    world.file("list", &world.ca.list(&[]));
    let judged = world.verify(&["--explain", "--crl", "list"]);
    judged.is("accepted", None);
    let lines: Vec<&str> = judged.errors.lines().map(str::trim).collect();
    assert_eq!(lines[0], "path 1");
    assert!(
        lines[1].starts_with("trust anchor: root; serial 01; valid 2026-05-26T09:00:00Z to "),
        "{lines:?}"
    );
    assert!(lines[3].starts_with("target: end; serial 03; "), "{lines:?}");
    let position = |line: &str| lines.iter().position(|found| found.starts_with(line)).expect(line);
    let order = [
        "passed  trust anchor: validity",
        "passed  intermediate 1: signature",
        "passed  intermediate 1: basic constraints",
        "passed  target: signature",
        "passed  target: required policies",
        "unknown intermediate 1: revocation",
        "passed  target: revocation",
    ];
    assert!(order.map(position).is_sorted(), "{lines:?}");
    assert!(!judged.errors.contains("FAILED"));
}

#[test]
fn a_failed_check_with_its_place_and_values() {
    let world = World::new();
    world.file("junk", b"junk");
    let judged =
        world.verify(&["--explain", "--require-revocation", "--crl", "junk", "--intermediate", "junk"]);
    assert!(judged.errors.contains("put aside: intermediate 2: "), "{judged:?}");
    assert!(judged.errors.contains("put aside: revocation list 1: "), "{judged:?}");
    assert!(judged.errors.contains("FAILED  intermediate 1: revocation (6.1.3 a3): "), "{judged:?}");
    let late = world.run(&["--at", "2030-01-01T00:00:00Z", "--anchor", "ca", "--explain", "end"]);
    let failed = "FAILED  trust anchor: validity (6.1.3 a2): anchor_expired (";
    assert!(late.errors.contains(failed) && late.errors.contains("it is 2030-01-01T00:00:00Z"), "{late:?}");
}

/// A name is the CA's text; a terminal must not obey it.
#[test]
fn control_characters_in_names_are_written_out() {
    let world = World::new();
    let rude = Holder::new("\u{1b}[2Jend\nFAILED");
    world.file("end", &world.ca.certify(&rude, 3, false, Vec::new()));
    let judged = world.verify(&["--explain"]);
    judged.is("accepted", None);
    assert!(judged.errors.contains(r"target: \u{1b}[2Jend\nFAILED; serial 03"), "{judged:?}");
}

/// What each list and response does for each certificate: those that count, and why the others do not.
#[test]
fn sources_of_revocation_with_what_they_do() {
    let world = World::new();
    let (ca, root) = (&world.ca, &world.root);
    let sign = |name: &str, list: &CrlBuilder| {
        world.file(name, &list.sign(&ca.key, random()).expect("signed"));
    };
    world.file("of-root", &root.list(&[]));
    sign("new", &numbered(ca.list_of(NOW - DAY, NOW + DAY, &[]), 7));
    sign("old", &numbered(ca.list_of(NOW - 2 * DAY, NOW + DAY, &[]), 6));
    let elsewhere = Name::new(&[("2.5.4.3", "else\u{7}where")]).expect("a name");
    let point = IssuingDistributionPoint { name: PointName::of(&elsewhere), ..Default::default() };
    let mut other = ca.list_of(NOW - DAY, NOW + DAY, &[]);
    other.extensions.push(Extension::issuing_point(&point));
    sign("other", &other);
    world.file("junk", b"junk");
    world.file("good", &ca.response(3, OcspStatus::Good));
    world.file("busy", &[0x30, 3, 0x0a, 1, 3]);
    let mut arguments = vec!["--explain", "--require-revocation"];
    arguments.extend(["of-root", "new", "old", "other", "junk"].iter().flat_map(|file| ["--crl", *file]));
    arguments.extend(["--ocsp", "good", "--ocsp", "busy"]);
    let judged = world.verify(&arguments);
    judged.is("accepted", None);
    let lines: Vec<&str> = judged.errors.lines().map(str::trim).collect();
    for (place, number, what) in [
        (
            "intermediate 1: revocation list",
            1,
            " of root, 2026-11-21T09:00:00Z to 2026-11-28T09:00:00Z: covers it, and does not have it (decides)",
        ),
        (
            "intermediate 1: revocation list",
            2,
            " of CA, 2026-11-21T09:00:00Z to 2026-11-23T09:00:00Z: of another issuer",
        ),
        ("intermediate 1: revocation list", 5, ": does not count: der_unexpected_tag ("),
        ("intermediate 1: OCSP response", 1, ": about other certificates"),
        ("intermediate 1: OCSP response", 2, ": does not count: ocsp_try_later ("),
        (
            "target: revocation list",
            1,
            " of root, 2026-11-21T09:00:00Z to 2026-11-28T09:00:00Z: of another issuer",
        ),
        ("target: revocation list", 2, ": covers it, and does not have it (decides)"),
        (
            "target: revocation list",
            3,
            ": does not count: a newer one of the same issuer, key and scope is there",
        ),
        (
            "target: revocation list",
            4,
            r", distribution point else\u{7}where: does not count: crl_other_distribution_point (",
        ),
        ("target: OCSP response", 1, ": good, as of 2026-11-22T08:59:00Z"),
    ] {
        let start = format!("source  {place} {number}");
        let line = lines
            .iter()
            .find(|line| line.starts_with(&start))
            .unwrap_or_else(|| panic!("{start}: {lines:#?}"));
        assert!(line.contains(what), "{what}: {line}");
    }
    // Before the verdict about the certificate that they are about.
    let position = |start: &str| lines.iter().position(|line| line.starts_with(start)).expect(start);
    let order = [
        "source  intermediate 1: revocation list 1",
        "source  intermediate 1: OCSP response 2",
        "passed  intermediate 1: revocation",
        "source  target: revocation list 1",
        "passed  target: revocation",
    ];
    assert!(order.map(position).is_sorted(), "{lines:#?}");
}

#[test]
fn who_says_that_it_is_revoked() {
    let world = World::new();
    let ca = &world.ca;
    let sign = |name: &str, list: CrlBuilder, number: u64| {
        world.file(name, &numbered(list, number).sign(&ca.key, random()).expect("signed"));
    };
    let hold = RevocationReason::CertificateHold;
    sign("base", ca.list_of(NOW - DAY, NOW + DAY, &[(3, hold)]), 1);
    let mut delta = ca.list_of(NOW - DAY, NOW + DAY, &[(3, RevocationReason::Unspecified)]);
    // removeFromCRL, which only a delta may say.
    delta.entries[0].extensions = vec![Extension::crl_reason(8)];
    delta.extensions.push(Extension::delta_crl_indicator(1));
    sign("delta", delta, 2);
    sign("stolen", ca.list_of(NOW - DAY, NOW + DAY, &[(3, RevocationReason::KeyCompromise)]), 3);
    let revoked = OcspStatus::Revoked { at: at(NOW - DAY), reason: Some(4) };
    world.file("response", &ca.response(3, revoked));
    let explained = |files: &[&str]| world.verify(&[&["--explain"], files].concat());
    for (files, lines) in [
        (
            &["--crl", "base"][..],
            &[
                "list 1 of CA, 2026-11-21T09:00:00Z to 2026-11-23T09:00:00Z: has it: certificateHold since 2026-11-20T09:00:00Z (decides)",
            ][..],
        ),
        (
            &["--crl", "base", "--crl", "delta"],
            &[
                ": has it on hold, which a delta takes back (decides)",
                ", delta: changes a list that covers it, and does not call it revoked (decides)",
            ],
        ),
        (&["--crl", "delta"], &[", delta: does not count: it changes no list that is there"]),
        (
            &["--crl", "base", "--crl", "stolen"],
            &["list 1 of CA, ", ": has it: keyCompromise since 2026-11-20T09:00:00Z (decides)"],
        ),
        (&["--ocsp", "response"], &["OCSP response 1: revoked since 2026-11-21T09:00:00Z: superseded"]),
    ] {
        let judged = explained(files);
        for line in lines {
            let found =
                judged.errors.lines().any(|found| found.contains("source  target: ") && found.contains(line));
            assert!(found, "{line}: {}", judged.errors);
        }
    }
}

fn numbered(mut list: CrlBuilder, number: u64) -> CrlBuilder {
    list.extensions[1] = Extension::crl_number(number);
    list
}
