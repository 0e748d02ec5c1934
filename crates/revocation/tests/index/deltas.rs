//! A delta over its base, both indexed.

use madoguchi_cert_verify::{CrlAbsence, CrlAnswer, RevocationReason, VerifiedPath};
use madoguchi_revocation::IndexedCrl;

use crate::world::{DAY, NOW, Spec, World, at, code, entry};

fn answer(base: &IndexedCrl, delta: &IndexedCrl, path: &VerifiedPath) -> CrlAnswer {
    base.evidence_with_delta(delta, path, at(NOW), Some(DAY)).unwrap().answer()
}

#[test]
fn a_delta_changes_its_base() {
    let mut world = World::new();
    let card = world.card();
    let path = world.path(&card);
    let this = |reason| entry(path.serial(), 1, Some(reason));
    let other = entry(&[0x55; 9], 0, Some(1));
    let list = |name: &str, number, base, entries: Vec<u8>| {
        world.index_of(name, &Spec { entries: [other.clone(), entries].concat(), number, base })
    };
    let (good, held) = (list("good", 9, None, Vec::new()), list("held", 9, None, this(6)));
    let silent = list("silent", 10, Some(9), Vec::new());
    let revokes = list("revokes", 10, Some(9), this(1));
    let removes = list("removes", 10, Some(9), this(8));
    assert!(matches!(answer(&good, &silent, &path), CrlAnswer::Good(_)));
    assert!(matches!(answer(&held, &silent, &path), CrlAnswer::Revoked(_)));
    assert!(matches!(answer(&held, &removes, &path), CrlAnswer::Good(_)));
    let CrlAnswer::Revoked(revocation) = answer(&good, &revokes, &path) else { panic!("revoked") };
    assert_eq!(revocation.reason, RevocationReason::KeyCompromise);
    // A delta is never a base.
    let alone = silent.evidence(&path, at(NOW), Some(DAY)).unwrap().answer();
    assert_eq!(alone, CrlAnswer::None(CrlAbsence::MissingPartition));
    assert_eq!(answer(&silent, &good, &path), answer(&good, &silent, &path), "in whichever order");
    // Of another base, it takes nothing back.
    let later = list("later", 12, Some(11), this(8));
    assert!(!later.head().changes(held.head()) && removes.head().changes(held.head()));
    assert!(matches!(answer(&held, &later, &path), CrlAnswer::Revoked(_)));
    assert_eq!(silent.head().partition(), good.head().partition());
}

#[test]
fn remove_from_crl_is_for_deltas_and_survives_a_restart() {
    let world = World::new();
    let entries = [entry(&[7], 1, Some(8)), entry(&[7], 2, Some(6)), entry(&[8], 3, Some(8))].concat();
    let complete = world.put("complete.crl", &world.list(&Spec::complete(entries.clone())));
    assert_eq!(code(world.build(&complete)), "crl_remove_in_complete");
    let spec = Spec { entries, number: 10, base: Some(9) };
    let (list, index) = (world.put("delta.crl", &world.list(&spec)), world.folder.path().join("delta.idx"));
    world.build(&list).unwrap().save(&index).unwrap();
    let delta = IndexedCrl::open(&list, &index, &world.anchors()).unwrap();
    let found = |serial: &[u8]| delta.find(serial).unwrap().map(|entry| entry.reason);
    // Whoever holds and takes back in one delta holds.
    assert_eq!(found(&[7]), Some(RevocationReason::CertificateHold));
    assert_eq!(found(&[8]), Some(RevocationReason::RemoveFromCrl));
    assert_eq!(delta.head().base().map(ToString::to_string).as_deref(), Some("09"));
}
