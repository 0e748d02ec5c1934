//! What `Certificate::parse` refuses: encodings that are not canonical, fields and extensions that are not what
//! RFC 5280 says. Every probe is a good certificate with one thing changed, signed again where that is possible.

mod support;

use madoguchi_cert_verify::{Certificate, KeyKind, SERIAL_MAX_OCTETS};

use support::{AKI, BASIC_CONSTRAINTS, CRLDP, EKU, Ext, KEY_USAGE, POLICIES, Parts, SKI, World, code, tlv};

const VERSION: usize = 0;
const SERIAL: usize = 1;
const ALGORITHM: usize = 2;
const ISSUER: usize = 3;
const VALIDITY: usize = 4;
const SUBJECT: usize = 5;
const SPKI: usize = 6;

fn world() -> (World, Parts) {
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    (world, good)
}

#[test]
fn a_good_certificate_reads_as_issued() {
    let mut world = World::new();
    let card = world.card();
    let certificate = Certificate::parse(&card.auth_certificate).unwrap();
    assert_eq!(certificate.der(), card.auth_certificate);
    assert_eq!(certificate.serial(), &card.auth_serial.to_der()[2..]);
    assert_eq!(certificate.issuer(), world.anchors()[0].name());
    assert_eq!(certificate.not_before(), support::now());
    for der in
        [card.sign_certificate, world.pki.auth_ca().to_vec(), world.pki.responder_certificate().to_vec()]
    {
        assert_eq!(code(Certificate::parse(&der)), "accepted");
    }
}

#[test]
fn each_field() {
    let (world, good) = world();
    let date = |form: u8, text: &str| tlv(form, text.as_bytes());
    let validity = |from: Vec<u8>, to: Vec<u8>| tlv(0x30, &[from, to].concat());
    let utc = || date(0x17, "260101000000Z");
    let long = |length: usize| tlv(2, &[&[0x11][..], &vec![0; length - 1]].concat());
    for (field, value, expected) in [
        (VERSION, tlv(0xa0, &[2, 1, 2]), "accepted"),
        (VERSION, tlv(0xa0, &[2, 1, 1]), "version_unsupported"),
        (VERSION, tlv(0xa0, &[2, 1, 3]), "version_unsupported"),
        (VERSION, tlv(0xa0, &[2, 2, 0, 2]), "der_integer"),
        (VERSION, tlv(0xa0, &[2, 1, 0]), "der_default"),
        (VERSION, Vec::new(), "extensions_in_version_1"),
        (SERIAL, long(SERIAL_MAX_OCTETS), "accepted"),
        (SERIAL, long(SERIAL_MAX_OCTETS + 1), "serial_too_long"),
        (SERIAL, tlv(2, &[0]), "accepted"), // read; the rules of the path judge it
        (SERIAL, tlv(2, &[0x80]), "accepted"),
        (SERIAL, tlv(2, &[0, 0x7f]), "der_integer"),
        (SERIAL, tlv(2, &[]), "der_integer"),
        (ALGORITHM, tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3])), "algorithm_mismatch"),
        (ISSUER, tlv(0x30, &[]), "accepted"), // read; the rules of the path judge it
        (ISSUER, tlv(0x30, &tlv(0x31, &[])), "der_truncated"),
        (VALIDITY, validity(utc(), date(0x18, "20500101000000Z")), "accepted"),
        (VALIDITY, validity(utc(), date(0x18, "20491231235959Z")), "accepted"), // read; not of JPKI
        (VALIDITY, validity(utc(), date(0x17, "260101000000+0900")), "der_time"),
        (VALIDITY, validity(utc(), date(0x17, "2601010000Z")), "der_time"),
        (VALIDITY, validity(utc(), date(0x18, "20500101000000.5Z")), "der_time"),
        (VALIDITY, validity(utc(), date(0x17, "251231235959Z")), "validity_reversed"),
        (VALIDITY, validity(utc(), utc()), "accepted"),
        (VALIDITY, validity(utc(), [utc(), utc()].concat()), "der_trailing_octets"),
        (SUBJECT, tlv(0x30, &tlv(0x31, &[attribute(b'b'), attribute(b'a')].concat())), "der_set_order"),
        (SUBJECT, tlv(0x30, &tlv(0x31, &[attribute(b'a'), attribute(b'b')].concat())), "accepted"),
        (SUBJECT, tlv(0x30, &tlv(0x31, &attribute(b'*'))), "der_string"),
    ] {
        let der = world.sign(&good.with_field(field, value.clone()));
        assert_eq!(code(Certificate::parse(&der)), expected, "field {field}: {value:02x?}");
    }
}

fn attribute(letter: u8) -> Vec<u8> {
    tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(0x13, &[letter])].concat())
}

#[test]
fn keys_that_nobody_may_have() {
    let (world, good) = world();
    let rsa = |modulus: &[u8], exponent: &[u8]| {
        let key = tlv(0x30, &[tlv(2, modulus), tlv(2, exponent)].concat());
        let algorithm = [tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]), vec![5, 0]].concat();
        tlv(0x30, &[tlv(0x30, &algorithm), tlv(3, &[vec![0], key].concat())].concat())
    };
    let modulus = |octets: usize, first: u8, last: u8| {
        let mut number = vec![0xab; octets + 1];
        number[0] = 0;
        number[1] = first;
        number[octets] = last;
        number
    };
    let curve = |oid: &[u8], point: &[u8]| {
        let algorithm = [tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]), tlv(6, oid)].concat();
        tlv(0x30, &[tlv(0x30, &algorithm), tlv(3, &[vec![0], point.to_vec()].concat())].concat())
    };
    let p256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let p521: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x23];
    let e: &[u8] = &[1, 0, 1];
    let point = |first: u8, length: usize| [&[first][..], &vec![7; length]].concat();
    let encoded = |algorithm: &[u8], key: &[u8]| {
        tlv(0x30, &[tlv(0x30, algorithm), tlv(3, &[&[0][..], key].concat())].concat())
    };
    let dsa = tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]);
    let explicit = [tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]), tlv(0x30, &tlv(2, &[1]))].concat();
    let rsa_pss = [tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]), vec![0x30, 0]].concat();
    for (spki, expected) in [
        (rsa(&modulus(256, 0x80, 1), e), "accepted"),
        (rsa(&modulus(512, 0xff, 1), e), "accepted"),
        (rsa(&[&[0x7f][..], &[0xab; 255]].concat(), e), "key_too_short"), // 2047 bits
        (rsa(&modulus(128, 0x80, 1), e), "key_too_short"),
        (rsa(&[&[0, 0x80][..], &[0xab; 512]].concat(), e), "key_too_long"), // 4104 bits
        (rsa(&[&[0x0f][..], &[0xab; 256]].concat(), e), "key_rsa_modulus"), // 2052 bits
        (rsa(&modulus(256, 0x80, 2), e), "key_rsa_modulus"),
        (rsa(&modulus(256, 0x80, 1), &[3]), "key_rsa_exponent"),
        (rsa(&modulus(256, 0x80, 1), &[1, 0, 2]), "key_rsa_exponent"),
        (rsa(&modulus(256, 0x80, 1), &[1, 0, 0, 0, 0, 1]), "key_rsa_exponent"),
        (rsa(&modulus(256, 0x80, 1), &[0, 1, 0, 1]), "der_integer"),
        (rsa(&[&[0x80][..], &[0xab; 255]].concat(), e), "key_rsa_modulus"), // negative
        (curve(p256, &point(4, 64)), "accepted"),
        (curve(p256, &point(2, 32)), "key_point"),
        (curve(p256, &point(4, 96)), "key_point"),
        (curve(p521, &point(4, 132)), "key_curve"),
        (encoded(&tlv(6, &[0x2b, 0x65, 0x70]), &[7; 32]), "accepted"), // Ed25519
        (encoded(&tlv(6, &[0x2b, 0x65, 0x70]), &[7; 31]), "key_point"),
        (encoded(&tlv(6, &[0x2b, 0x65, 0x71]), &[7; 57]), "key_ed448"),
        (encoded(&dsa, &tlv(2, &[1])), "key_dsa"),
        (encoded(&explicit, &point(4, 64)), "key_explicit_curve"),
        (encoded(&rsa_pss, &[7; 32]), "key_unsupported"),
    ] {
        let der = world.sign(&good.with_field(SPKI, spki.clone()));
        let kind = Certificate::parse(&der).map(|certificate| certificate.public_key().kind());
        let found = match kind {
            Ok(KeyKind::Unsupported(reason)) => reason.code(),
            other => code(other),
        };
        assert_eq!(found, expected, "{:02x?}", &spki[..40]);
    }
}

#[test]
fn extension_values_are_strict() {
    let (world, good) = world();
    let dp = &good.extension(CRLDP).value;
    for (extension, expected) in [
        (Ext::new(KEY_USAGE, true, &[3, 2, 6, 0x80]), "extension_invalid"), // trailing zero bit
        (Ext::new(KEY_USAGE, true, &[3, 2, 7, 0x81]), "der_bit_string"),
        (Ext::new(KEY_USAGE, true, &[3, 1, 0]), "extension_invalid"),
        (Ext::new(KEY_USAGE, true, &[3, 3, 7, 0x80]), "der_truncated"),
        (Ext::new(KEY_USAGE, true, &[3, 2, 7, 0x80, 5, 0]), "der_trailing_octets"),
        (Ext::new(KEY_USAGE, true, &[4, 1, 0x80]), "extension_invalid"),
        (Ext::new(BASIC_CONSTRAINTS, true, &[0x30, 3, 1, 1, 0]), "extension_invalid"), // explicit default
        (Ext::new(BASIC_CONSTRAINTS, true, &[0x30, 3, 1, 1, 1]), "der_boolean"),
        (Ext::new(BASIC_CONSTRAINTS, true, &[0x30, 3, 2, 1, 0]), "extension_invalid"), // path length of no CA
        (Ext::new(EKU, false, &[0x30, 0]), "extension_invalid"),
        (Ext::new(EKU, false, &[0x30, 4, 6, 2, 0x2a, 0x80]), "der_object_identifier"),
        (Ext::new(POLICIES, true, &[0x30, 0]), "extension_invalid"),
        (Ext::new(POLICIES, true, &twice(&tlv(0x30, &tlv(6, &[0x2a, 3])))), "extension_invalid"),
        (
            Ext::new(POLICIES, true, &tlv(0x30, &tlv(0x30, &[tlv(6, &[0x2a]), vec![0x30, 0]].concat()))),
            "extension_invalid",
        ),
        (Ext::new(SKI, false, &[0x30, 0]), "extension_invalid"),
        (Ext::new(AKI, false, &[0x30, 6, 0x80, 1, 7, 0x82, 1, 1]), "extension_invalid"), // serial without issuer
        (Ext::new(AKI, false, &[0x30, 0x80, 0, 0]), "der_indefinite_length"),
        (Ext::new(CRLDP, false, &[0x30, 0]), "extension_invalid"),
        (Ext::new(CRLDP, false, &[0x30, 2, 0x30, 0]), "extension_invalid"),
        (Ext::new(CRLDP, false, &tlv(0x30, &tlv(0x30, &tlv(0xa0, &tlv(0xa0, &[]))))), "extension_invalid"),
        // A general name of a form that does not exist; an address of three octets; a URI that is no ASCII.
        (Ext::new(CRLDP, false, &point(&[0x89, 0])), "extension_invalid"),
        (Ext::new(CRLDP, false, &point(&[0x87, 3, 1, 2, 3])), "extension_invalid"),
        (Ext::new(CRLDP, false, &point(&[0x86, 1, 0xff])), "extension_invalid"),
        (Ext::new(CRLDP, false, &point(&[0xa0, 7, 6, 1, 0x2a, 0xa0, 2, 5, 0])), "accepted"),
        (Ext::new(CRLDP, false, &point(&[0xa0, 9, 6, 1, 0x2a, 0xa0, 4, 5, 0, 5, 0])), "extension_invalid"),
        (Ext::new(CRLDP, false, &point(&[0x86, 1, b'a'])), "accepted"),
        (Ext::new(CRLDP, true, dp), "accepted"),
        (Ext::new(&[0x2a, 3, 4], false, &[5, 0]), "accepted"),
        // What is not known is not looked into; a critical one is refused by the rules of the path.
        (Ext::new(&[0x2a, 3, 4], true, &[5, 0]), "accepted"),
        (Ext::new(&[0x2a, 3, 4], false, &[5, 1, 0]), "accepted"),
        (Ext::new(&[0x2a, 3, 4], false, &[]), "accepted"),
        (Ext::new(&[0x55, 0x1d, 30], true, &[0x30, 0]), "extension_invalid"),
    ] {
        let der = world.sign(&good.with(extension.clone()));
        assert_eq!(
            code(Certificate::parse(&der)),
            expected,
            "{:02x?} {:02x?}",
            extension.oid,
            extension.value
        );
    }
}

fn twice(element: &[u8]) -> Vec<u8> {
    tlv(0x30, &[element, element].concat())
}

fn point(general_name: &[u8]) -> Vec<u8> {
    tlv(0x30, &tlv(0x30, &tlv(0xa0, &tlv(0xa0, general_name))))
}

#[test]
fn extensions_appear_once_and_are_not_endless() {
    let (world, good) = world();
    let mut parts = good.clone();
    parts.extensions.push(good.extension(SKI).clone());
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "extension_twice");
    let mut parts = good.clone();
    parts.extensions.extend((0..100).map(|arc| Ext::new(&[0x2a, 3, arc], false, &[5, 0])));
    assert!(Certificate::parse(&world.sign(&parts)).is_ok(), "a hundred");
    for branch in 4..6 {
        parts.extensions.extend((0..100).map(|arc| Ext::new(&[0x2a, branch, arc], false, &[5, 0])));
    }
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "der_too_long");
}

#[test]
fn an_explicit_critical_false_is_refused() {
    let (world, good) = world();
    let ski = good.extension(SKI);
    let mut parts = good.clone();
    parts.extensions.clear();
    let extension = tlv(0x30, &[tlv(6, &ski.oid), vec![1, 1, 0], tlv(4, &ski.value)].concat());
    parts.fields.push(tlv(0xa3, &tlv(0x30, &extension)));
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "der_default");
}

#[test]
fn unique_identifiers_are_read_and_empty_extensions_refused() {
    let (world, good) = world();
    let mut parts = good.clone();
    parts.fields.push(tlv(0x81, &[0, 7]));
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "accepted");
    parts.fields.push(tlv(0x81, &[0, 7]));
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "der_trailing_octets");
    let mut parts = good.clone();
    parts.fields.push(tlv(0x82, &[1, 7]));
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "der_bit_string");
    let mut parts = good.clone();
    parts.extensions.clear();
    parts.fields.push(tlv(0xa3, &tlv(0x30, &[])));
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "der_truncated");
}

#[test]
fn algorithms_that_nobody_may_use() {
    let (world, good) = world();
    let rsa = |last: u8| [tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last]), vec![5, 0]].concat();
    for (algorithm, expected) in [
        (tlv(0x30, &rsa(11)), "accepted"), // read, and no anchor of this world may use it
        (tlv(0x30, &rsa(2)), "algorithm_md2"),
        (tlv(0x30, &rsa(4)), "algorithm_md5"),
        (tlv(0x30, &rsa(5)), "algorithm_sha1"),
        (tlv(0x30, &rsa(10)), "algorithm_pss"),
        (tlv(0x30, &rsa(14)), "algorithm_unsupported"), // SHA-224
        (tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3])), "algorithm_dsa"),
        (tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1])), "algorithm_sha1"), // ECDSA
        // RSA without its NULL (RFC 4055 section 5), with something else, ECDSA with one.
        (tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11])), "accepted"),
        (
            tlv(0x30, &[tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), vec![4, 0]].concat()),
            "der_trailing_octets",
        ),
        (
            tlv(0x30, &[tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]), vec![5, 0]].concat()),
            "der_trailing_octets",
        ),
    ] {
        let mut parts = good.with_field(ALGORITHM, algorithm.clone());
        parts.outer_algorithm.clone_from(&algorithm);
        let found = Certificate::parse(&world.sign(&parts)).and_then(|certificate| certificate.algorithm());
        assert_eq!(code(found), expected, "{algorithm:02x?}");
    }
    let mut parts = good.clone();
    parts.outer_algorithm = tlv(0x30, &rsa(11));
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "algorithm_mismatch");
}

#[test]
fn the_whole_object() {
    let (world, good) = world();
    let der = world.sign(&good);
    assert_eq!(code(Certificate::parse(&[&der[..], &[0]].concat())), "der_trailing_octets");
    assert_eq!(code(Certificate::parse(&der[..der.len() - 1])), "der_truncated");
    assert_eq!(code(Certificate::parse(&[])), "der_truncated");
    assert_eq!(code(Certificate::parse(&vec![0x30; 16 * 1024 + 1])), "certificate_too_long");
    assert_eq!(code(Certificate::parse(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff])), "der_truncated");
    // The signature's unused bits.
    let (tbs, algorithm) = (good.tbs(), &good.outer_algorithm);
    let odd = tlv(0x30, &[tbs, algorithm.clone(), tlv(3, &[1, 0xfe])].concat());
    assert_eq!(code(Certificate::parse(&odd)), "der_bit_string");
    // A length that is not minimal, around everything.
    let inner = &der[der.len() - usize::from(u16::from_be_bytes([der[2], der[3]]))..];
    let padded = [&[0x30, 0x83, 0, der[2], der[3]][..], inner].concat();
    assert_eq!(code(Certificate::parse(&padded)), "der_length_not_minimal");
}
