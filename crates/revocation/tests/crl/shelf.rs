//! What is on the shelf, and what replaces what.

use std::fs;
use std::time::Duration;

use madoguchi_cert_verify::{CrlAbsence, CrlAnswer, RevocationReason};
use madoguchi_revocation::RevocationHealth;
use madoguchi_test_pki::RevocationReason as Reason;

use crate::world::{DAY, MISSING, World, at, is_good, is_revoked, pem};

#[test]
fn each_certificate_is_looked_up_in_its_own_partition() {
    let mut world = World::new();
    let (midori, hinata, revoked) = (world.card(0), world.card(1), world.card(1));
    world.revoke(&revoked, Reason::Superseded);
    let lists = world.lists(world.now);
    world.put("a.crl", &lists[0]);
    let mut running = world.start();
    let shelf = running.look();
    assert!(is_good(world.answer(&shelf, &world.path(&midori))));
    assert_eq!(world.answer(&shelf, &world.path(&hinata)), MISSING);
    assert_eq!(world.answer(&shelf, &world.path(&revoked)), MISSING);
    world.put("b.crl", &lists[1]);
    let newer = running.look();
    assert_eq!(world.answer(&shelf, &world.path(&hinata)), MISSING, "a shelf never changes");
    assert!(is_good(world.answer(&newer, &world.path(&hinata))));
    let CrlAnswer::Revoked(revocation) = world.answer(&newer, &world.path(&revoked)) else {
        panic!("revoked")
    };
    assert_eq!(revocation.reason, RevocationReason::Superseded);
    assert_eq!(running.problems(), []);
}

/// A session asks with what it keeps: the points' identifiers and the serial.
#[test]
fn a_session_asks_without_the_certificate() {
    let mut world = World::new();
    let (good, revoked, held) = (world.card(1), world.card(1), world.card(0));
    world.revoke(&revoked, Reason::Superseded);
    world.revoke(&held, Reason::CertificateHold);
    for (index, list) in world.lists(world.now).iter().enumerate() {
        world.put(&format!("{index}.crl"), list);
    }
    let shelf = world.start().look();
    for (card, reason) in [
        (&good, None),
        (&revoked, Some(RevocationReason::Superseded)),
        (&held, Some(RevocationReason::CertificateHold)),
    ] {
        let path = world.path(card);
        let points = || path.crl_points().map(|point| point.id());
        let listed = shelf.find_at(points(), path.serial()).expect("sound");
        assert_eq!(listed.map(|listed| listed.reason), reason);
        if let Some(listed) = listed {
            assert_eq!((listed.revoked_at, listed.times.this_update), (at(world.now), at(world.now)));
            assert_eq!(listed.signer_key, path.issuer_key_hash());
        }
    }
    // In the list of another municipality there is no such serial.
    let (elsewhere, path) = (world.path(&held), world.path(&revoked));
    let points = elsewhere.crl_points().map(|point| point.id());
    assert_eq!(shelf.find_at(points, path.serial()).expect("sound"), None);
}

#[test]
fn pem_and_single_files_are_read() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(world.now).remove(0);
    let file = world.put("a.pem", pem(&list).as_bytes());
    let path = world.path(&card);
    assert_eq!(world.answer(&world.start().look(), &path), MISSING, "not a *.crl of the folder");
    world.single = vec![file];
    assert!(is_good(world.answer(&world.start().look(), &path)));
}

#[test]
fn the_newest_list_of_a_partition_stays() {
    let mut world = World::new();
    let card = world.card(0);
    let old = world.lists(world.now - 60).remove(0);
    world.revoke(&card, Reason::Superseded);
    let new = world.lists(world.now - 30).remove(0);
    let path = world.path(&card);
    // Whatever the order of the names.
    for (first, second) in [(&old, &new), (&new, &old)] {
        world.put("1.crl", first);
        world.put("2.crl", second);
        let shelf = world.start().look();
        assert!(is_revoked(world.answer(&shelf, &path)));
        assert_eq!(shelf.len(), 1);
        fs::remove_dir_all(world.state()).expect("a fresh start");
    }
}

/// What is written under the name of a list that was read before does not take that list away.
#[test]
fn a_list_that_is_gone_from_its_folder_stays_until_its_time_is_over() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(world.now).remove(0);
    let path = world.path(&card);
    let file = world.put("a.crl", &list);
    let mut running = world.start();
    running.look();
    world.put("a.crl", &list[..100]);
    assert!(is_good(world.answer(&running.look(), &path)));
    assert_eq!(running.problems(), [(file.clone(), "der_truncated".to_owned())]);
    fs::remove_file(&file).expect("removed");
    let shelf = running.look();
    assert_eq!(running.problems(), []);
    assert!(is_good(world.answer(&shelf, &path)));
    let over = shelf.evidence(&path, at(world.now + 86_401), None).answer();
    assert_eq!(over, CrlAnswer::None(CrlAbsence::Expired));
    let old = shelf.evidence(&path, at(world.now + 61), Some(Duration::from_mins(1))).answer();
    assert_eq!(old, CrlAnswer::None(CrlAbsence::TooOld));
}

#[test]
fn a_delta_changes_its_base_and_waits_for_it() {
    let mut world = World::new();
    let (held, later, good) = (world.card(0), world.card(0), world.card(0));
    world.revoke(&held, Reason::CertificateHold);
    let base = world.lists(world.now - 100).remove(0);
    world.revoke(&later, Reason::Superseded);
    let delta = world.faulty(madoguchi_test_pki::CrlFault::Delta);
    // The name of the delta sorts first.
    world.put("a.crl", &delta);
    let mut running = world.start();
    let shelf = running.look();
    assert_eq!(world.answer(&shelf, &world.path(&good)), MISSING, "a delta is never a base");
    assert_eq!(running.problems()[0].1, "crl_delta_without_base");
    world.put("b.crl", &base);
    let shelf = running.look();
    assert_eq!(running.problems(), []);
    assert!(is_revoked(world.answer(&shelf, &world.path(&later))));
    assert!(is_revoked(world.answer(&shelf, &world.path(&held))));
    let CrlAnswer::Good(times) = world.answer(&shelf, &world.path(&good)) else { panic!("good") };
    assert_eq!(times.this_update, at(world.now), "as of the delta");
    // A restart has both; a complete list that is newer needs the delta no more.
    drop(running);
    let mut running = world.start();
    assert!(is_revoked(world.answer(&running.shelf(), &world.path(&later))));
    assert_eq!(world.kept("crl").len(), 2);
    let complete = world.lists(world.now).remove(0);
    world.put("c.crl", &complete);
    assert!(is_revoked(world.answer(&running.look(), &world.path(&later))));
    assert_eq!(world.kept("crl").len(), 1);
}

#[test]
fn health_tells_age_and_size_of_each_partition() {
    let mut world = World::new();
    let card = world.card(0);
    world.revoke(&card, Reason::Superseded);
    for (index, list) in world.lists(world.now).iter().enumerate() {
        world.put(&format!("{index}.crl"), list);
    }
    let mut running = world.start();
    let shelf = running.look();
    let health = |now| RevocationHealth::new(&shelf, &running.shared.report(), &world.anchors(), at(now));
    let fresh = health(world.now + 7);
    let entries: u64 = fresh.partitions.iter().map(|partition| partition.complete.entries).sum();
    assert_eq!((fresh.partitions.len(), entries, fresh.worst_age_seconds, fresh.expired), (2, 1, Some(7), 0));
    for partition in &fresh.partitions {
        assert_eq!((partition.complete.this_update, partition.age_seconds), (world.now, 7));
        assert_eq!((partition.complete.next_update, partition.expired), (world.now + DAY.as_secs(), false));
        assert_eq!((&*partition.complete.number, partition.complete.build_milliseconds), ("01", Some(0)));
    }
    assert!(fresh.partitions.iter().any(|partition| partition.label.contains("Midori-shi")), "{fresh:?}");
    assert_eq!(health(world.now + 86_401).expired, 2);
    assert_eq!(health(world.now - 7).worst_age_seconds, Some(0));
    let days = fresh.anchors[0].days_left;
    let end = fresh.anchors[0].not_after;
    assert_eq!(days, i64::try_from((end - world.now - 7) / 86_400).expect("days"));
    assert_eq!(health(end + 1).anchors[0].days_left, -1);
}

/// A list of CA certificates is kept beside the list of cards of the same point, and says nothing about a card.
#[test]
fn a_list_of_ca_certificates_decides_nothing_about_a_card() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    let of_cas = world.faulty(madoguchi_test_pki::CrlFault::OnlyCaCertificates);
    world.put("arl.crl", &of_cas);
    let mut running = world.start();
    let shelf = running.look();
    assert_eq!((shelf.len(), world.answer(&shelf, &path)), (1, MISSING));
    let of_cards = world.lists(world.now).remove(0);
    world.put("crl.crl", &of_cards);
    let shelf = running.look();
    assert_eq!(shelf.len(), 2);
    assert!(is_good(world.answer(&shelf, &path)));
}
