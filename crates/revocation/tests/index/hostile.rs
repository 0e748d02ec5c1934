//! Lists that somebody made to do harm, signed or not.

use std::cell::RefCell;

use madoguchi_revocation::{IndexKey, IndexedCrl};

use crate::world::{LIMIT, Spec, World, code, entry, tlv};

#[test]
fn one_serial_number_a_hundred_thousand_times() {
    let world = World::new();
    let hold = entry(&[5], 1, Some(6));
    let mut entries = hold.repeat(60_000);
    entries.extend(entry(&[5], 2, Some(1)));
    entries.extend(hold.repeat(60_000));
    let crl = world.index_of("list.crl", &Spec::complete(entries));
    assert_eq!((crl.entry_count(), crl.serial_count()), (120_001, 1));
    let found = crl.find(&[5]).unwrap().unwrap();
    assert_eq!(found.reason, madoguchi_cert_verify::RevocationReason::KeyCompromise);
    assert_eq!(crl.find(&[6]), Ok(None));
}

#[test]
fn one_wrong_entry_anywhere_refuses_the_list() {
    let world = World::new();
    let good: Vec<Vec<u8>> = (1..=40).map(|number| entry(&[number], number, Some(1))).collect();
    let critical = {
        let unknown = tlv(0x30, &[tlv(6, &[0x2a, 3]), vec![1, 1, 0xff], tlv(4, &[5, 0])].concat());
        tlv(0x30, &[tlv(2, &[9]), tlv(0x17, b"260101000000Z"), tlv(0x30, &unknown)].concat())
    };
    let wrong = [
        (entry(&[0, 1], 0, None), "der_integer"),
        (entry(&[], 0, None), "der_integer"),
        (entry(&[1; 21], 0, None), "der_too_long"),
        (entry(&[9], 0, Some(7)), "extension_invalid"),
        (entry(&[9], 0, Some(8)), "crl_remove_in_complete"),
        (tlv(0x30, &[tlv(2, &[9]), tlv(0x17, b"260132000000Z")].concat()), "der_time"),
        (tlv(0x30, &[tlv(2, &[9]), tlv(0x18, b"20260101000000Z")].concat()), "crl_time_form"),
        (tlv(0x31, &[tlv(2, &[9]), tlv(0x17, b"260101000000Z")].concat()), "der_unexpected_tag"),
        (critical, "extension_unknown_critical"),
    ];
    for (wrong, expected) in &wrong {
        for place in [0, 1, 20, 39, 40] {
            let mut entries = good.clone();
            entries.insert(place, wrong.clone());
            let list = world.put("list.crl", &world.list(&Spec::complete(entries.concat())));
            assert_eq!(code(world.build(&list)), *expected, "at {place}");
        }
    }
    let list = world.put("list.crl", &world.list(&Spec::complete(good.concat())));
    assert_eq!(world.build(&list).unwrap().entry_count(), 40);
}

#[test]
fn what_nobody_signed_is_not_looked_into() {
    let world = World::new();
    let stranger = World::new();
    let wrong = entry(&[0, 1], 0, None).repeat(10);
    let list = world.put("list.crl", &stranger.list(&Spec::complete(wrong)));
    assert_eq!(code(world.build(&list)), "crl_issuer_unknown", "and not what is wrong with its entries");
    let mut tampered = world.list(&Spec::complete(entry(&[9], 0, None)));
    let last = tampered.len() - 1;
    tampered[last] ^= 1;
    let list = world.put("list.crl", &tampered);
    assert!(["crl_signature_invalid"].contains(&code(world.build(&list)).as_str()));
}

#[test]
fn a_list_that_is_too_long_is_not_read() {
    let world = World::new();
    let der = world.list(&Spec::complete(entry(&[9], 0, None)));
    let list = world.put("list.crl", &der);
    let octets = u64::try_from(der.len()).unwrap();
    let build = |limit| {
        IndexedCrl::build(&list, &world.anchors(), IndexKey::new([0; 8]), limit, &|_, _| {}).map(|_| ())
    };
    assert_eq!(code(build(octets - 1)), "crl_too_long");
    build(octets).unwrap();
}

#[test]
fn garbage_is_refused() {
    let world = World::new();
    for octets in [&b""[..], b"0", b"not a list", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0; 5000]] {
        let list = world.put("list.crl", octets);
        assert!(code(world.build(&list)).starts_with("der_"), "{octets:02x?}");
    }
}

#[test]
fn progress_is_told_and_ends_with_all() {
    let world = World::new();
    let entries: Vec<u8> = (0..150_000_u32)
        .flat_map(|number| entry(&[&[1], &number.to_be_bytes()[..]].concat(), 0, Some(1)))
        .collect();
    let der = world.list(&Spec::complete(entries));
    let list = world.put("list.crl", &der);
    let told = RefCell::new(Vec::new());
    let progress = |done, all| told.borrow_mut().push((done, all));
    let key = IndexKey::new([3; 8]);
    let crl = IndexedCrl::build(&list, &world.anchors(), key, LIMIT, &progress).unwrap();
    assert_eq!(crl.entry_count(), 150_000);
    let told = told.into_inner();
    let all = u64::try_from(der.len()).unwrap();
    assert!(told.len() >= 5, "each megabyte of five");
    assert!(told.is_sorted() && told.iter().all(|(_, of)| *of == all));
    assert_eq!(told.last(), Some(&(all, all)));
}
