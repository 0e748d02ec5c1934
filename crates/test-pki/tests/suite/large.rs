//! Large lists read back entry by entry, by `x509-parser` and by `openssl`.

use std::{collections::HashMap, fs};

use madoguchi_test_pki::{
    BulkEntries, BulkOrder, BulkReasons, BulkSerials, CardOptions, KeyKind, Municipality, PrivateKey,
    RevocationReason, SerialLength,
};
use x509_parser::{
    extensions::ParsedExtension, prelude::FromDer, revocation_list::CertificateRevocationList,
};

use crate::support::{Folder, HOUR, NOW, json, now, program, random};

fn bulk(length: SerialLength, reasons: BulkReasons) -> BulkEntries {
    let serials = BulkSerials { length, seed: 42 };
    BulkEntries { serials, revoked: 100..1_100, removed: 0..0, reasons, order: BulkOrder::Random }
}

/// Serial number, date and reason of each entry.
fn entries(der: &[u8]) -> Vec<(Vec<u8>, i64, u8)> {
    let (rest, list) = CertificateRevocationList::from_der(der).unwrap();
    assert!(rest.is_empty());
    list.iter_revoked_certificates()
        .map(|entry| {
            let reason = entry.reason_code().map_or(0, |(_, reason)| reason.0);
            (entry.raw_serial().to_vec(), entry.revocation_date.timestamp(), reason)
        })
        .collect()
}

fn made(
    folder: &Folder,
    municipality: Option<&str>,
    bulk: BulkEntries,
    numbers: (u64, Option<u64>),
) -> Vec<u8> {
    let list = folder.pki.large_crl(municipality, bulk, numbers, now(), HOUR).unwrap();
    let mut der = Vec::new();
    list.write(folder.pki.auth_ca_key(), &random(), &mut der).unwrap();
    fs::write(folder.path().join("large.crl"), &der).unwrap();
    der
}

#[test]
fn every_entry_is_the_one_that_was_promised() {
    let folder = Folder::new(KeyKind::P256);
    for length in [SerialLength::Five, SerialLength::Eight, SerialLength::Twenty] {
        for reasons in [BulkReasons::Mixed, BulkReasons::MixedHold, BulkReasons::None] {
            let bulk = bulk(length, reasons);
            let found = entries(&made(&folder, None, bulk.clone(), (7, None)));
            assert_eq!(found.len(), 1_000);
            for (index, (serial, at, reason)) in (100..).zip(&found) {
                let (expected, revoked_at) = bulk.revocation(index, now());
                assert_eq!(serial, bulk.serial(index).octets());
                assert_eq!(*reason, expected.code());
                assert_eq!(*at, i64::try_from(revoked_at.as_secs()).unwrap());
                assert!(revoked_at < now(), "revoked in the future");
            }
            let holds = found.iter().filter(|(_, _, reason)| *reason == 6).count();
            assert_eq!(holds > 0, reasons == BulkReasons::MixedHold, "{holds} holds");
            let told = found.iter().filter(|(_, _, reason)| *reason != 0).count();
            assert_eq!(told, if reasons == BulkReasons::None { 0 } else { 1_000 });
        }
    }
}

#[test]
fn the_order_changes_nothing_but_the_order() {
    let folder = Folder::new(KeyKind::P256);
    for length in [SerialLength::Five, SerialLength::Twenty] {
        let random = bulk(length, BulkReasons::Mixed);
        let sorted = BulkEntries { order: BulkOrder::Sorted, ..random.clone() };
        let mut one = entries(&made(&folder, None, random, (7, None)));
        let other = entries(&made(&folder, None, sorted, (7, None)));
        assert!(!one.is_sorted() && other.is_sorted());
        one.sort();
        assert_eq!(one, other);
    }
}

#[test]
fn cards_are_beside_the_made_up_and_openssl_agrees() {
    for kind in [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384] {
        let mut folder = Folder::new(kind);
        let card = |name: &str, municipality: &str| CardOptions {
            name: name.to_owned(),
            municipality: municipality.to_owned(),
            key: KeyKind::P256,
            ..CardOptions::default()
        };
        let revoked = folder.issue(&card("revoked", "90007"));
        folder.issue(&card("good", "90007"));
        let elsewhere = folder.issue(&card("elsewhere", "90008"));
        folder.pki.revoke(revoked.auth_serial, RevocationReason::Superseded, now()).unwrap();
        folder.pki.revoke(elsewhere.auth_serial, RevocationReason::Superseded, now()).unwrap();
        made(&folder, Some("90007"), bulk(SerialLength::Five, BulkReasons::Mixed), (7, None));
        let verify = |card: &str| {
            folder.openssl(&format!(
                "verify -x509_strict -attime {} -CAfile auth-ca.pem -crl_check -extended_crl -CRLfile large.crl \
                 cards/{card}/auth.der",
                NOW + 60
            ))
        };
        assert!(verify("good").0, "{kind:?}: {:?}", verify("good"));
        for (card, why) in [("revoked", "certificate revoked"), ("elsewhere", "different CRL scope")] {
            let (accepted, said) = verify(card);
            assert!(!accepted && said.contains(why), "{kind:?} {card}: {said}");
        }
        let (_, said) = folder.openssl("crl -in large.crl -noout -crlnumber -CAfile auth-ca.pem");
        assert!(said.contains("verify OK") && said.contains("crlNumber=0x07"), "{said}");
    }
}

#[test]
fn a_delta_takes_back_and_adds() {
    let folder = Folder::new(KeyKind::P256);
    let bulk = BulkEntries { removed: 0..10, ..bulk(SerialLength::Five, BulkReasons::Mixed) };
    let der = made(&folder, Some("99202"), bulk.clone(), (8, Some(7)));
    let found: HashMap<_, _> =
        entries(&der).into_iter().map(|(serial, _, reason)| (serial, reason)).collect();
    assert_eq!(found.len(), 1_010);
    for index in 0..10 {
        assert_eq!(found[bulk.serial(index).octets()], 8);
    }
    assert!(found.values().filter(|reason| **reason == 8).count() == 10);
    let (_, list) = CertificateRevocationList::from_der(&der).unwrap();
    let delta = list.extensions().iter().find(|one| one.oid.to_id_string() == "2.5.29.27").unwrap();
    assert!(delta.critical && delta.value == [2, 1, 7]);
    assert!(list.extensions().iter().any(|one| {
        matches!(one.parsed_extension(), ParsedExtension::IssuingDistributionPoint(point) if point.distribution_point.is_some())
    }));
}

#[test]
fn certificates_of_made_up_numbers_are_revoked_by_the_list() {
    let folder = Folder::new(KeyKind::P256);
    let bulk = bulk(SerialLength::Five, BulkReasons::Mixed);
    made(&folder, Some("90007"), bulk.clone(), (7, None));
    let key = PrivateKey::generate(KeyKind::P256, &random()).unwrap();
    for (index, expected) in
        [(99, "OK"), (100, "certificate revoked"), (1_099, "certificate revoked"), (1_100, "OK")]
    {
        let serial = bulk.serial(index).serial().unwrap();
        let certificate = folder.pki.auth_certificate_of(serial, "90007", &key, now(), &random()).unwrap();
        fs::write(folder.path().join("made-up.der"), certificate).unwrap();
        let (_, said) = folder.openssl(&format!(
            "verify -attime {} -CAfile auth-ca.pem -crl_check -extended_crl -CRLfile large.crl made-up.der",
            NOW + 60
        ));
        assert!(said.contains(expected), "{index}: {said}");
    }
}

#[test]
fn a_list_without_entries_has_no_field_for_them() {
    let folder = Folder::new(KeyKind::P256);
    let none = BulkEntries { revoked: 5..5, ..bulk(SerialLength::Five, BulkReasons::Mixed) };
    assert!(entries(&made(&folder, None, none, (7, None))).is_empty());
    let (_, said) = folder.openssl("crl -in large.crl -noout -text -CAfile auth-ca.pem");
    assert!(said.contains("verify OK") && said.contains("No Revoked Certificates"), "{said}");
}

#[test]
fn the_program_makes_one_or_a_list_for_each_municipality() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    json(at, "init --out . --key p256 --json");
    let said = json(at, "crl --pki . --size 3000 --serial-octets 20 --reasons none --out one.crl --json");
    assert_eq!((said["number"].as_u64(), said["entries"].as_u64()), (Some(2), Some(3000)));
    let found = entries(&fs::read(at.join("one.crl")).unwrap());
    assert_eq!(found.len(), 3000);
    let hex = |serial: &[u8]| serial.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().concat();
    assert_eq!(said["listed"][4], hex(&found[4].0));
    for miss in said["not_listed"].as_array().unwrap() {
        assert!(found.iter().all(|(serial, _, _)| hex(serial) != *miss), "{miss}");
    }
    // The same seed gives the same list, all but numbers and signature.
    json(at, "crl --pki . --size 3000 --serial-octets 20 --reasons none --out two.crl --json");
    assert_eq!(found, entries(&fs::read(at.join("two.crl")).unwrap()));

    let said = json(at, "crl --pki . --size 1000 --partitions 30 --out many --json");
    let files = said["files"].as_array().unwrap();
    assert_eq!(files.len(), 30);
    let mut all = Vec::new();
    for (municipality, file) in Municipality::all().zip(files) {
        let path = at.join(file.as_str().unwrap());
        assert_eq!(path.file_stem().unwrap(), municipality.code);
        let der = fs::read(path).unwrap();
        let name = format!("{} CRLDP", municipality.name);
        assert!(der.windows(name.len()).any(|window| window == name.as_bytes()), "{name}");
        all.extend(entries(&der).into_iter().map(|(serial, _, _)| serial));
    }
    assert_eq!(all.len(), 1000);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 1000, "a serial number is in two lists");
}

#[test]
fn half_a_wish_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    json(at, "init --out . --key p256 --json");
    for (arguments, why) in [
        ("--size 5", "--out"),
        ("--out x", "--size"),
        ("--seed 5", "--size"),
        ("--size 5 --out x --fault stale", "cannot be used with"),
        ("--size 5 --out x --removed 1", "--delta-base"),
        ("--size 5 --out x --partitions 1742", "1741"),
        ("--size 5 --out x --municipality 13101", "no municipality"),
        ("--size 5 --out x --serial-octets 21", "--serial-octets"),
    ] {
        let output = program(at, &format!("crl --pki . {arguments}"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(why), "{arguments}: {said}");
        assert!(!at.join("x").exists());
    }
}
