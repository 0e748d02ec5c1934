//! Every answer is that of a hash map that was filled from the same entries.

use std::collections::HashMap;

use madoguchi_revocation::{IndexKey, IndexedCrl};
use proptest::prelude::*;

use crate::world::{LIMIT, Spec, World, entry, reason, revoked_at};

/// One entry as a test wants it.
#[derive(Clone, Debug)]
struct Wanted {
    serial: Vec<u8>,
    minutes: u8,
    reason: Option<u8>,
}

/// What a list says of a serial number: the first of its entries that are final, else the first of all.
type Said = (u8, Option<u8>);

fn reference(entries: &[Wanted]) -> HashMap<&[u8], Said> {
    let mut all: HashMap<&[u8], Said> = HashMap::with_capacity(entries.len());
    for wanted in entries {
        let said = (wanted.minutes, wanted.reason);
        let known = all.entry(&wanted.serial).or_insert(said);
        if known.1 == Some(HOLD) && said.1 != Some(HOLD) {
            *known = said;
        }
    }
    all
}

fn octets(entries: &[Wanted]) -> Vec<u8> {
    entries.iter().flat_map(|wanted| entry(&wanted.serial, wanted.minutes, wanted.reason)).collect()
}

#[track_caller]
fn same(crl: &IndexedCrl, serial: &[u8], expected: Option<&Said>) {
    let found = crl.find(serial).unwrap();
    assert_eq!(found.is_some(), expected.is_some(), "{serial:02x?}");
    if let (Some(found), Some((minutes, number))) = (found, expected) {
        assert_eq!(found.serial, serial);
        assert_eq!((found.revoked_at, found.reason), (revoked_at(*minutes), reason(*number)));
    }
}

/// A serial number like this one that is not it.
fn neighbour(serial: &[u8], which: usize) -> Vec<u8> {
    let changed = |place: usize, bit: usize| {
        let mut changed = serial.to_vec();
        changed[place] ^= 1 << (bit % 8);
        changed
    };
    match which % 5 {
        0 => [&[0], serial].concat(),
        1 => [serial, &[0]].concat(),
        2 => serial[1..].to_vec(),
        3 => changed(0, which / 5),
        _ => changed(serial.len() - 1, which / 5),
    }
}

/// A generator that needs no crate: the same serial numbers in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A positive serial number of so many octets.
    fn serial(&mut self, length: usize) -> Vec<u8> {
        let octets =
            [self.next().to_be_bytes(), self.next().to_be_bytes(), self.next().to_be_bytes()].concat();
        let mut serial = octets[..length].to_vec();
        serial[0] = 1 + serial[0] % 0x7f;
        serial
    }
}

#[test]
fn a_million_entries() {
    let mut numbers = Numbers(1);
    let mut entries: Vec<Wanted> = Vec::with_capacity(1_000_000);
    for number in 0..1_000_000_usize {
        let [minutes, kind, which, ..] = numbers.next().to_le_bytes();
        let reason = [None, Some(1), Some(3), Some(4), Some(5), Some(HOLD)][usize::from(kind) % 6];
        // One in a hundred is there twice, perhaps with another reason.
        let again = number > 0 && which % 100 == 0;
        let serial = if again {
            let earlier = usize::try_from(numbers.next()).unwrap() % number;
            entries[earlier].serial.clone()
        } else {
            let length = [5, 5, 5, 8, 16, 20][usize::from(which) % 6];
            numbers.serial(length)
        };
        entries.push(Wanted { serial, minutes, reason });
    }
    let world = World::new();
    let list = world.put("list.crl", &world.list(&Spec::complete(octets(&entries))));
    let built = world.build(&list).unwrap();
    let expected = reference(&entries);
    assert_eq!((built.entry_count(), built.serial_count()), (entries.len(), expected.len()));
    assert!(expected.len() < 999_000, "some are there twice");
    let index = world.folder.path().join("list.idx");
    built.save(&index).unwrap();
    let opened = IndexedCrl::open(&list, &index, &world.anchors()).unwrap();
    let mut misses = 0;
    for (number, (serial, said)) in expected.iter().enumerate() {
        for crl in [&built, &opened] {
            same(crl, serial, Some(said));
        }
        let neighbour = neighbour(serial, number);
        let known = expected.get(neighbour.as_slice());
        misses += usize::from(known.is_none());
        for crl in [&built, &opened] {
            same(crl, &neighbour, known);
        }
    }
    assert!(misses > 900_000);
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let serial = prop_oneof![
        // Few, so that some are there often.
        (1..40_u8).prop_map(|octet| vec![octet]),
        (1..=20_usize, any::<[u8; 20]>()).prop_map(|(length, mut octets)| {
            octets[0] = 1 + octets[0] % 0x7f;
            octets[..length].to_vec()
        }),
        // Negative and zero-padded ones, which DER has.
        (0x80..=0xfe_u8, any::<u8>()).prop_map(|(first, second)| vec![first, second]),
        (0x80..=0xff_u8).prop_map(|octet| vec![0, octet]),
    ];
    let reason =
        prop_oneof![Just(None), prop::sample::select(vec![0_u8, 1, 2, 3, 4, 5, HOLD, 9, 10]).prop_map(Some)];
    (serial, 0..60_u8, reason).prop_map(|(serial, minutes, reason)| Wanted { serial, minutes, reason })
}

thread_local! {
    static WORLD: World = World::new();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_list(
        entries in prop_oneof![
            prop::collection::vec(wanted(), 0..30),
            prop::collection::vec(wanted(), 0..1_500),
        ],
        others in prop::collection::vec(wanted(), 0..200),
        key in any::<[u8; 8]>(),
    ) {
        WORLD.with(|world| {
            let list = world.put("list.crl", &world.list(&Spec::complete(octets(&entries))));
            let index = world.folder.path().join("list.idx");
            let anchors = world.anchors();
            let built = IndexedCrl::build(&list, &anchors, IndexKey::new(key), LIMIT, &|_, _| {}).unwrap();
            built.save(&index).unwrap();
            let opened = IndexedCrl::open(&list, &index, &anchors).unwrap();
            let expected = reference(&entries);
            for crl in [&built, &opened] {
                prop_assert_eq!((crl.entry_count(), crl.serial_count()), (entries.len(), expected.len()));
                for wanted in entries.iter().chain(&others) {
                    same(crl, &wanted.serial, expected.get(wanted.serial.as_slice()));
                }
                same(crl, &[], None);
            }
            // What is mapped is whole, whatever its name becomes.
            std::fs::remove_file(list).unwrap();
            Ok(())
        })?;
    }
}

const HOLD: u8 = 6;
