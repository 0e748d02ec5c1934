//! Which lists replace each other, which are about a card, and what becomes of those that a CA gave up.

use madoguchi_cert_verify::{Anchor, CrlAnswer, VerifiedPath};
use madoguchi_revocation::{CrlShelf, StateDir};
use madoguchi_test_pki::{
    CRL_SIGN, CertificateBuilder, CrlBuilder, CrlEntry, Extension, IssuingDistributionPoint, KEY_CERT_SIGN,
    Name, ORGANIZATION, PointName, RevocationReason, Serial, reason_flags,
};

use crate::world::{DAY, MISSING, Running, World, at, is_good, is_revoked};

/// A list with a scope of its own.
struct Scoped {
    number: u64,
    this_update: u64,
    scope: IssuingDistributionPoint,
    revoked: Vec<(Serial, RevocationReason)>,
}

impl Scoped {
    fn new(number: u64, this_update: u64, scope: IssuingDistributionPoint) -> Self {
        Self { number, this_update, scope, revoked: Vec::new() }
    }

    fn with(self, serial: Serial, reason: RevocationReason) -> Self {
        Self { revoked: vec![(serial, reason)], ..self }
    }

    fn by(&self, world: &World, issuer: Name) -> Vec<u8> {
        let key = world.pki.auth_ca_key();
        let entry = |(serial, reason): &(Serial, RevocationReason)| CrlEntry {
            serial: *serial,
            revoked_at: at(self.this_update),
            reason: *reason,
            extensions: Vec::new(),
        };
        let list = CrlBuilder {
            version: Some(1),
            issuer,
            this_update: at(self.this_update),
            next_update: Some(at(self.this_update + DAY.as_secs())),
            entries: self.revoked.iter().map(entry).collect(),
            extensions: vec![
                Extension::authority_key_identifier_of_key(key.public_key()),
                Extension::crl_number(self.number),
                Extension::issuing_point(&self.scope),
            ],
        };
        list.sign(key, &world.random).expect("signed")
    }

    fn sign(&self, world: &World) -> Vec<u8> {
        self.by(world, authority("Madoguchi Test Authority"))
    }
}

fn authority(unit: &str) -> Name {
    let name = [
        ("2.5.4.6", "JP"),
        ("2.5.4.10", ORGANIZATION),
        ("2.5.4.11", "JPKI for user authentication"),
        ("2.5.4.11", unit),
    ];
    Name::new(&name).expect("a name")
}

fn only(tags: &[u8]) -> IssuingDistributionPoint {
    IssuingDistributionPoint { only_contains: tags.to_vec(), ..IssuingDistributionPoint::default() }
}

fn find(shelf: &CrlShelf, path: &VerifiedPath) -> bool {
    let points = path.crl_points().map(|point| point.id());
    shelf.find_at(points, path.serial()).expect("sound").is_some()
}

fn codes(running: &Running) -> Vec<String> {
    running.problems().into_iter().map(|(_, code)| code).collect()
}

/// Otherwise a CA that writes its names in another order starts a partition in which nothing is older.
#[test]
fn the_order_of_names_and_a_name_that_stands_there_twice_make_no_other_partition() {
    let world = World::new();
    let uri = |host: &str| [&[0x86, u8::try_from(host.len()).expect("short")], host.as_bytes()].concat();
    let (a, b) = (uri("http://a.example/"), uri("http://b.example/"));
    let named = |number, names: &[&Vec<u8>]| {
        let name = PointName::Full(names.iter().map(|name| (*name).clone()).collect());
        let scope = IssuingDistributionPoint { name, ..IssuingDistributionPoint::default() };
        Scoped::new(number, world.now - 100 + number, scope).sign(&world)
    };
    let mut running = world.start();
    world.put("5.crl", &named(5, &[&a, &b]));
    assert_eq!(running.look().len(), 1);
    world.put("4.crl", &named(4, &[&b, &a]));
    world.put("3.crl", &named(3, &[&a, &b, &b]));
    assert_eq!(running.look().len(), 1);
    assert_eq!(codes(&running), ["crl_older", "crl_older"]);
    world.put("6.crl", &named(6, &[&b, &a, &b]));
    world.put("7.crl", &named(7, &[&a]));
    assert_eq!(running.look().len(), 2, "a name less is another scope");
    assert_eq!(world.kept("crl").len(), 2);
}

/// Serial numbers of attribute certificates are others'; and what a list of some reasons or an indirect one says is not
/// asked by its number alone.
#[test]
fn a_session_asks_no_list_that_is_not_about_cards() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    for scope in [
        only(&[2]),
        only(&[5]),
        IssuingDistributionPoint { only_some_reasons: Some(reason_flags(&[1])), ..only(&[]) },
        IssuingDistributionPoint { indirect: true, ..only(&[]) },
    ] {
        let list = Scoped::new(1, world.now, scope).with(card.auth_serial, RevocationReason::KeyCompromise);
        world.put("a.crl", &list.sign(&world));
        let shelf = world.start().look();
        assert_eq!((shelf.len(), find(&shelf, &path)), (1, false), "{:?}", list.scope);
        assert_eq!(world.answer(&shelf, &path), MISSING);
        std::fs::remove_dir_all(world.state()).expect("a fresh start");
    }
    let of_users = Scoped::new(1, world.now, only(&[1]));
    world.put("a.crl", &of_users.with(card.auth_serial, RevocationReason::KeyCompromise).sign(&world));
    assert!(find(&world.start().look(), &path));
}

/// Two authorities may have one key, and count their certificates each for itself.
#[test]
fn a_session_asks_no_list_of_another_name_with_the_same_key() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    let (key, other) = (world.pki.auth_ca_key(), authority("Another Authority"));
    let certificate = CertificateBuilder {
        serial: card.auth_serial,
        issuer: other.clone(),
        not_before: at(world.now - 1),
        not_after: at(world.now + DAY.as_secs()),
        subject: other.clone(),
        subject_public_key_info: key.subject_public_key_info().expect("a key"),
        extensions: vec![
            Extension::key_usage(KEY_CERT_SIGN | CRL_SIGN),
            Extension::basic_constraints_ca(),
            Extension::subject_key_identifier(key.public_key()),
        ],
    };
    let certificate = certificate.sign(key, &world.random).expect("signed");
    let anchors = vec![world.anchors().remove(0), Anchor::new(&certificate).expect("an anchor")];
    let list = Scoped::new(1, world.now, only(&[1])).with(card.auth_serial, RevocationReason::KeyCompromise);
    world.put("a.crl", &list.by(&world, other));
    let shelf = world.start_with(anchors).expect("a refresher").look();
    assert_eq!((shelf.len(), find(&shelf, &path)), (1, false));
}

/// A CA that adds a flag starts a partition; the last list of the old one is never replaced, and neither is its hold.
#[test]
fn a_hold_of_a_list_that_was_given_up_yields_to_one_that_began_after_its_end() {
    let mut world = World::new();
    let (held, lost) = (world.card(0), world.card(0));
    let [held_path, lost_path] = [&held, &lost].map(|card| world.path(card));
    let long_ago = world.now - 2 * DAY.as_secs();
    let old = Scoped {
        revoked: vec![
            (held.auth_serial, RevocationReason::CertificateHold),
            (lost.auth_serial, RevocationReason::KeyCompromise),
        ],
        ..Scoped::new(9, long_ago, only(&[1]))
    };
    world.put("old.crl", &old.sign(&world));
    let mut running = world.start();
    let shelf = running.look();
    assert!(
        is_revoked(world.answer(&shelf, &held_path)) && find(&shelf, &held_path),
        "nobody said otherwise"
    );
    // A list of the municipality: another scope, of a time at which the old one still counted.
    let earlier = world.lists(long_ago + DAY.as_secs()).remove(0);
    world.put("new.crl", &earlier);
    let shelf = running.look();
    assert!(is_revoked(world.answer(&shelf, &held_path)) && find(&shelf, &held_path));
    let since = world.lists(long_ago + DAY.as_secs() + 1).remove(0);
    world.put("new.crl", &since);
    let shelf = running.look();
    assert!(is_good(shelf.evidence(&held_path, at(world.now), None).answer()));
    assert!(!find(&shelf, &held_path));
    assert!(
        is_revoked(world.answer(&shelf, &lost_path)) && find(&shelf, &lost_path),
        "what is final is final"
    );
    // Nor is a list that is over itself enough.
    let answer = shelf.evidence(&held_path, at(world.now + DAY.as_secs()), None).answer();
    assert!(matches!(answer, CrlAnswer::Revoked(_)), "{answer:?}");
}

/// What an operator does about a partition that a CA gave up.
#[test]
fn a_partition_that_is_forgotten_takes_nothing_older() {
    let world = World::new();
    let list = |number| Scoped::new(number, world.now - 10 + number, only(&[1])).sign(&world);
    let (old, new, newest) = (list(1), list(2), list(3));
    let file = world.put("a.crl", &new);
    let mut running = world.start();
    running.look();
    let partition = world.kept("crl")[0].file_name().expect("a name").to_string_lossy()[..32].to_owned();
    drop(running);
    std::fs::remove_file(file).expect("removed");
    let state = StateDir::open(&world.state()).expect("a folder");
    assert_eq!(state.forget_partition("00").expect("a look"), 0);
    assert_eq!(state.forget_partition(&partition).expect("forgotten"), 1);
    drop(state);
    world.put("old.crl", &old);
    let mut running = world.start();
    assert_eq!(running.look().len(), 0);
    assert_eq!(codes(&running), ["crl_older"]);
    world.put("newest.crl", &newest);
    assert_eq!(running.look().len(), 1);
}
