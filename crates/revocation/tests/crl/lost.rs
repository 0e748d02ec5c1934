//! What was in use and is lost: nothing older takes its place, nobody becomes good by it, and nothing else suffers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use madoguchi_test_pki::{CrlFault, RevocationReason};

use crate::world::{MISSING, Running, World, is_good, is_revoked};

fn codes(running: &Running) -> Vec<String> {
    running.problems().into_iter().map(|(_, code)| code).collect()
}

/// Without its delta a complete list would say good of whom only the delta revoked.
#[test]
fn a_lost_delta_leaves_nobody_good() {
    for is_damaged in [true, false] {
        let mut world = World::new();
        let (before, since, never) = (world.card(0), world.card(0), world.card(0));
        world.revoke(&before, RevocationReason::Superseded);
        let complete = world.lists(world.now - 60).remove(0);
        world.revoke(&since, RevocationReason::KeyCompromise);
        let delta = world.faulty(CrlFault::Delta);
        let file = world.put("complete.crl", &complete);
        let delta_file = world.put("delta.crl", &delta);
        let mut running = world.start();
        let shelf = running.look();
        let [before, since, never] = [before, since, never].map(|card| world.path(&card));
        assert!(is_revoked(world.answer(&shelf, &since)) && is_good(world.answer(&shelf, &never)));
        drop(running);
        for file in [file, delta_file] {
            fs::remove_file(file).expect("removed");
        }

        let mut kept = world.kept("crl");
        kept.retain(|path| path.to_string_lossy().contains("-delta-"));
        let lose = if is_damaged { fs::write(&kept[0], b"damaged") } else { fs::remove_file(&kept[0]) };
        lose.expect("lost");
        let mut running = world.start();
        for _ in 0..2 {
            let shelf = running.look_later();
            assert_eq!(world.answer(&shelf, &since), MISSING);
            assert_eq!(world.answer(&shelf, &never), MISSING);
            assert!(is_revoked(world.answer(&shelf, &before)), "half of it is enough for a revocation");
            assert!(codes(&running).contains(&"crl_delta_lost".to_owned()), "{:?}", running.problems());
            drop(running);
            running = world.start();
        }
        // The next complete list knows.
        let next = world.lists(world.now).remove(0);
        world.put("next.crl", &next);
        let shelf = running.look_later();
        assert!(is_revoked(world.answer(&shelf, &since)) && is_good(world.answer(&shelf, &never)));
        drop(running);
        let mut running = world.start();
        assert!(is_good(world.answer(&running.look_later(), &never)));
        assert_eq!((running.problems(), world.kept("gone").len()), (Vec::new(), 0));
    }
}

/// A backup that came back with other modes, or by hard links.
#[test]
fn a_list_that_cannot_be_read_keeps_no_other_from_being_used() {
    for link in [false, true] {
        let mut world = World::new();
        let (midori, hinata) = (world.card(0), world.card(1));
        let paths = [midori, hinata].map(|card| world.path(&card));
        let lists = world.lists(world.now);
        let files: Vec<_> =
            lists.iter().enumerate().map(|(at, list)| world.put(&format!("{at}.crl"), list)).collect();
        world.start().look();
        for file in &files {
            fs::remove_file(file).expect("removed");
        }
        let odd = world
            .kept("crl")
            .into_iter()
            .find(|path| fs::read(path).expect("a list") == lists[0])
            .expect("the first list");
        if link {
            fs::hard_link(&odd, world.folder.path().join("snapshot")).expect("a link");
        } else {
            fs::set_permissions(&odd, fs::Permissions::from_mode(0o644)).expect("a mode");
        }
        fs::create_dir(world.state().join("incoming/odd")).expect("a folder where none belongs");

        let mut running = world.start();
        let shelf = running.look_later();
        assert_eq!(world.answer(&shelf, &paths[0]), MISSING);
        assert!(is_good(world.answer(&shelf, &paths[1])));
        assert_eq!(running.problems().len(), 1);
        assert_eq!(running.problems()[0].0, odd, "it is named");
        assert!(odd.exists(), "and left for its owner");
        // The same list from where it came takes its place.
        world.put("0.crl", &lists[0]);
        assert!(is_good(world.answer(&running.look_later(), &paths[0])));
        assert_eq!(running.problems(), []);
        drop(running);
        assert!(is_good(world.answer(&world.start().shelf(), &paths[0])));
    }
}

/// What somebody took away from the state folder is read again from where it came, and nothing older.
#[test]
fn a_list_whose_files_are_gone_is_read_again() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    let old = world.lists(world.now - 60).remove(0);
    let list = world.lists(world.now).remove(0);
    for kinds in [&["crl"][..], &["crl", "idx"]] {
        world.put("a.crl", &list);
        world.start().look_later();
        let remove = || {
            for kind in kinds {
                for file in world.kept(kind) {
                    fs::remove_file(file).expect("removed");
                }
            }
        };
        remove();
        let mut running = world.start();
        assert!(is_good(world.answer(&running.look_later(), &path)), "{kinds:?}");
        assert_eq!(running.problems(), []);
        drop(running);
        remove();
        world.put("a.crl", &old);
        for _ in 0..2 {
            let mut running = world.start();
            assert_eq!(world.answer(&running.look_later(), &path), MISSING, "{kinds:?}");
            assert_eq!(codes(&running), ["crl_lost"], "{kinds:?}");
        }
    }
}
