//! `--explain`: the checks in order, on standard error.

use super::world::{Holder, World};

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
    assert!(late.errors.contains(failed) && late.errors.contains("1893456000"), "{late:?}");
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
