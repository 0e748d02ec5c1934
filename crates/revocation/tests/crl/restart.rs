//! What the state folder remembers.

use std::fs;

use madoguchi_cert_verify::Anchor;
use madoguchi_revocation::{CrlShelf, StateDir};
use madoguchi_test_pki::{KeyKind, Options, RevocationReason, TestPki};

use crate::world::{MISSING, World, at, is_good, is_revoked};

#[test]
fn a_restart_needs_no_file_from_elsewhere() {
    let mut world = World::new();
    let card = world.card(0);
    world.revoke(&card, RevocationReason::Superseded);
    let list = world.lists(world.now).remove(0);
    let path = world.path(&card);
    world.put("a.crl", &list);
    // It ends with the line.
    world.start().look();
    assert_eq!(world.events(), ["taken: 1"]);
    let mut running = world.start();
    assert!(is_revoked(world.answer(&running.shelf(), &path)), "before the first look");
    running.look();
    assert_eq!(world.events(), [""; 0], "nothing changed, nothing is read again");
    assert!(running.refresher.verify_one_again());
    assert!(!running.refresher.verify_one_again());
    assert!(is_revoked(world.answer(&running.shelf(), &path)));
}

#[test]
fn an_older_list_is_refused_live_and_after_a_restart() {
    let mut world = World::new();
    let card = world.card(0);
    let old = world.lists(world.now - 60).remove(0);
    world.revoke(&card, RevocationReason::Superseded);
    let new = world.lists(world.now).remove(0);
    let path = world.path(&card);
    world.put("a.crl", &new);
    let mut running = world.start();
    running.look();
    for restart in [false, true] {
        if restart {
            drop(running);
            running = world.start();
        }
        world.put("a.crl", &old);
        let shelf = running.look_later();
        assert!(is_revoked(world.answer(&shelf, &path)), "{restart}");
        assert!(world.events().contains(&"refused: crl_older".to_owned()), "{restart}");
    }
    // Even when the newer one is lost.
    drop(running);
    for kind in ["crl", "idx"] {
        for file in world.kept(kind) {
            fs::write(file, b"damaged").expect("written");
        }
    }
    world.put("a.crl", &old);
    let mut running = world.start();
    assert_eq!(world.answer(&running.look_later(), &path), MISSING);
    assert_eq!(world.events(), ["gone: the private copy is damaged", "refused: crl_older"]);
    // And however often it starts.
    drop(running);
    world.put("a.crl", &old);
    let mut running = world.start();
    assert_eq!(world.answer(&running.look_later(), &path), MISSING);
    assert_eq!(world.events(), ["refused: crl_older"]);
    world.put("a.crl", &new);
    assert!(is_revoked(world.answer(&running.look_later(), &path)));
    assert!(world.kept("gone").is_empty());
}

#[test]
fn damage_is_mended_from_the_copy_or_from_where_it_came() {
    let mut world = World::new();
    let card = world.card(0);
    world.revoke(&card, RevocationReason::Superseded);
    let list = world.lists(world.now).remove(0);
    let path = world.path(&card);
    world.put("a.crl", &list);
    // It ends with the line.
    world.start().look();
    let index = world.kept("idx").remove(0);
    let sound = fs::read(&index).expect("an index");
    for damage in [Vec::new(), sound[..sound.len() - 1].to_vec(), vec![0; sound.len()]] {
        fs::write(&index, &damage).expect("written");
        assert!(is_revoked(world.answer(&world.start().shelf(), &path)), "from the copy");
    }
    fs::remove_file(&index).expect("removed");
    assert!(is_revoked(world.answer(&world.start().shelf(), &path)), "from the copy");
    // The copy is damaged: nothing is answered from it, and the file in the drop folder is read again.
    let copy = world.kept("crl").remove(0);
    let mut octets = list.clone();
    let middle = octets.len() / 2;
    octets[middle] ^= 1;
    fs::write(&copy, octets).expect("written");
    let mut running = world.start();
    assert_eq!(world.answer(&running.shelf(), &path), MISSING);
    assert!(is_revoked(world.answer(&running.look(), &path)));
}

/// A list under the name of another one is not taken for it.
#[test]
fn names_are_not_believed() {
    let mut world = World::new();
    let (midori, hinata) = (world.card(0), world.card(1));
    for (index, list) in world.lists(world.now).iter().enumerate() {
        world.put(&format!("{index}.crl"), list);
    }
    // It ends with the line.
    world.start().look();
    for kind in ["crl", "idx"] {
        let mut files = world.kept(kind);
        files.sort();
        fs::rename(&files[0], &files[1]).expect("renamed");
    }
    fs::remove_dir_all(world.drop_folder()).expect("removed");
    let shelf = world.start().shelf();
    let answers = [&midori, &hinata].map(|card| world.answer(&shelf, &world.path(card)));
    assert!(answers.iter().all(|answer| *answer == MISSING), "{answers:?}");
}

#[test]
fn a_list_whose_anchor_left_the_configuration_goes() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(world.now).remove(0);
    let path = world.path(&card);
    world.put("a.crl", &list);
    // It ends with the line.
    world.start().look();
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let other = TestPki::create(&options, at(world.now), &world.random).expect("a PKI");
    let anchors = vec![Anchor::new(other.auth_ca()).expect("an anchor")];
    world.events();
    let mut running = world.start_with(anchors).expect("a refresher");
    assert!(running.shelf().is_empty());
    running.look();
    assert_eq!(running.problems()[0].1, "crl_issuer_unknown", "the file is judged again");
    drop(running);
    assert!(world.kept("crl").is_empty());
    // The anchor comes back, and with it the same list.
    let mut running = world.start();
    assert!(is_good(world.answer(&running.look(), &path)));
}

#[test]
fn another_writer_is_refused_and_readers_see_what_is_there() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(world.now).remove(0);
    world.put("a.crl", &list);
    let mut running = world.start();
    running.look();
    assert_eq!(world.start_with(world.anchors()).err().map(|error| error.code()), Some("state_busy"));
    let state = StateDir::open_to_read(&world.state()).expect("readable");
    let (shelf, unread) = CrlShelf::read(&state, &state.anchors().expect("anchors")).expect("a shelf");
    assert!(is_good(world.answer(&shelf, &world.path(&card))) && unread.is_empty());
}

/// A disk that changes under a mapping: the checksums held at the start, the signature does not any more.
#[test]
fn a_signature_that_does_not_hold_any_more_takes_the_list_away() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(world.now).remove(0);
    let path = world.path(&card);
    world.put("a.crl", &list);
    // It ends with the line.
    world.start().look();
    let mut running = world.start();
    assert!(is_good(world.answer(&running.shelf(), &path)));
    let copy = world.kept("crl").remove(0);
    let file = fs::OpenOptions::new().write(true).open(&copy).expect("the copy");
    let (octets, place) = ([list[list.len() - 1] ^ 1], u64::try_from(list.len() - 1).expect("short"));
    std::os::unix::fs::FileExt::write_all_at(&file, &octets, place).expect("written");
    world.events();
    assert!(running.refresher.verify_one_again());
    assert_eq!(world.answer(&running.shelf(), &path), MISSING);
    assert_eq!(world.events(), ["gone: its signature does not verify any more"]);
    assert!(is_good(world.answer(&running.look(), &path)), "read again from where it came");
}

#[test]
fn of_two_lists_with_one_number_the_first_stays() {
    let mut world = World::new();
    let (card, other) = (world.card(0), world.card(0));
    let path = world.path(&card);
    let mut fork = TestPki::load(&saved(&world), &world.random).expect("a PKI");
    let first = world.lists(world.now).remove(0);
    fork.revoke(other.auth_serial, RevocationReason::Superseded, at(world.now)).expect("revoked");
    let second = fork.crls(at(world.now), crate::world::DAY, &world.random).expect("lists").remove(0).1;
    world.put("a.crl", &first);
    let mut running = world.start();
    running.look();
    world.put("b.crl", &second);
    let shelf = running.look_later();
    assert!(is_good(world.answer(&shelf, &path)));
    assert!(is_good(world.answer(&shelf, &world.path(&other))));
    assert!(world.events().contains(&"refused: crl_same_number".to_owned()));
}

fn saved(world: &World) -> std::path::PathBuf {
    let folder = world.folder.path().join("pki");
    world.pki.save(&folder).expect("saved");
    folder
}
