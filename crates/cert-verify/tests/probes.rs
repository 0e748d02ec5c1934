//! Encodings that are not canonical, each one change to a good certificate, each refused by the name of its rule. Both
//! x509-parser and rasn accept most of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use madoguchi_cert_verify::{Certificate, der};

use support::{
    AKI, BASIC_CONSTRAINTS, CRLDP, EKU, Ext, KEY_USAGE, POLICIES, Parts, SAN, SKI, World, code, tlv,
};

const SERIAL: usize = 1;
const ALGORITHM: usize = 2;
const ISSUER: usize = 3;
const VALIDITY: usize = 4;
const SUBJECT: usize = 5;
const SPKI: usize = 6;

/// Everything but the length: identifier, these length octets, content.
fn odd_length(tag: u8, length: &[u8], value: &[u8]) -> Vec<u8> {
    [&[tag], length, value].concat()
}

fn attribute(value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(6, &[0x55, 4, 3])[..], value].concat())
}

fn validity(form: u8, from: &str) -> Vec<u8> {
    tlv(0x30, &[tlv(form, from.as_bytes()), tlv(0x17, b"270101000000Z")].concat())
}

fn rsa_spki(key: &[u8], parameters: &[u8]) -> Vec<u8> {
    let algorithm = [&tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1])[..], parameters].concat();
    tlv(0x30, &[tlv(0x30, &algorithm), tlv(3, &[&[0][..], key].concat())].concat())
}

fn rsa_key(after: &[u8]) -> Vec<u8> {
    let mut modulus = vec![0xab; 257];
    modulus[0] = 0;
    tlv(0x30, &[&tlv(2, &modulus)[..], &tlv(2, &[1, 0, 1]), after].concat())
}

/// Probes of one field of the signed part: signed again, so that nothing else is wrong.
fn fields() -> Vec<(&'static str, usize, Vec<u8>, &'static str)> {
    let name = |attribute: &[u8]| tlv(0x30, &tlv(0x31, attribute));
    let serial = |content: &[u8]| tlv(2, content);
    let long_utf8 = attribute(&tlv(0x0c, "市".as_bytes()));
    vec![
        ("a length of 5 in two octets", SERIAL, odd_length(2, &[0x81, 5], &[1; 5]), "der_length_not_minimal"),
        (
            "a length with a zero in front",
            SERIAL,
            odd_length(2, &[0x82, 0, 5], &[1; 5]),
            "der_length_not_minimal",
        ),
        ("an indefinite length", SUBJECT, odd_length(0x30, &[0x80], &[0, 0]), "der_indefinite_length"),
        (
            "a length in five octets",
            SERIAL,
            odd_length(2, &[0x85, 0, 0, 0, 0, 5], &[1; 5]),
            "der_length_too_long",
        ),
        (
            "a length of 4 GiB",
            SERIAL,
            odd_length(2, &[0x84, 0xff, 0xff, 0xff, 0xff], &[1; 5]),
            "der_truncated",
        ),
        ("a reserved length octet", SERIAL, odd_length(2, &[0xff], &[1; 5]), "der_length_too_long"),
        ("an INTEGER with a zero in front", SERIAL, serial(&[0, 0x7f]), "der_integer"),
        ("an INTEGER with ones in front", SERIAL, serial(&[0xff, 0x80]), "der_integer"),
        ("an empty INTEGER", SERIAL, serial(&[]), "der_integer"),
        ("a serial number of 21 octets", SERIAL, serial(&[0x11; 21]), "serial_too_long"),
        ("a constructed INTEGER", SERIAL, tlv(0x22, &serial(&[1])), "der_constructed"),
        (
            "a padded identifier",
            SUBJECT,
            name(&tlv(0x30, &[6, 4, 0x55, 0x80, 4, 3, 0x0c, 1, b'a'])),
            "der_object_identifier",
        ),
        (
            "an unfinished identifier",
            SUBJECT,
            name(&tlv(0x30, &[6, 3, 0x55, 4, 0x83, 0x0c, 1, b'a'])),
            "der_object_identifier",
        ),
        ("an empty identifier", SUBJECT, name(&tlv(0x30, &[6, 0, 0x0c, 1, b'a'])), "der_object_identifier"),
        (
            "a SET that is not in order",
            SUBJECT,
            name(&[attribute(&tlv(0x0c, b"b")), attribute(&tlv(0x0c, b"a"))].concat()),
            "der_set_order",
        ),
        ("an RDN of nothing", SUBJECT, name(&[]), "der_truncated"),
        ("an RDN that is a SEQUENCE", SUBJECT, tlv(0x30, &tlv(0x30, &long_utf8)), "der_unexpected_tag"),
        ("a * in PrintableString", SUBJECT, name(&attribute(&tlv(0x13, b"*"))), "der_string"),
        ("Latin-1 in UTF8String", SUBJECT, name(&attribute(&tlv(0x0c, &[0xe9]))), "der_string"),
        ("an octet above 7F in IA5String", SUBJECT, name(&attribute(&tlv(0x16, &[0x80]))), "der_string"),
        ("half a character in BMPString", SUBJECT, name(&attribute(&tlv(0x1e, &[0, 97, 0]))), "der_string"),
        ("a surrogate in BMPString", SUBJECT, name(&attribute(&tlv(0x1e, &[0xd8, 0]))), "der_string"),
        ("a string in pieces", SUBJECT, name(&attribute(&tlv(0x2c, &tlv(0x0c, b"a")))), "der_constructed"),
        (
            "an attribute with three parts",
            SUBJECT,
            name(&attribute(&[tlv(0x0c, b"a"), vec![5, 0]].concat())),
            "der_trailing_octets",
        ),
        ("a high tag number", SUBJECT, name(&attribute(&[0x1f, 0x81, 1, 0])), "der_unknown_tag"),
    ]
}

/// The same of dates and keys.
fn dates_and_keys(good: &Parts) -> Vec<(&'static str, usize, Vec<u8>, &'static str)> {
    vec![
        ("UTCTime without Z", VALIDITY, validity(0x17, "260101000000"), "der_time"),
        ("UTCTime with an offset", VALIDITY, validity(0x17, "260101000000+0900"), "der_time"),
        ("UTCTime without seconds", VALIDITY, validity(0x17, "2601010000Z"), "der_time"),
        ("UTCTime on 30 February", VALIDITY, validity(0x17, "260230000000Z"), "der_time"),
        ("GeneralizedTime with a fraction", VALIDITY, validity(0x18, "20260101000000.5Z"), "der_time"),
        ("GeneralizedTime without Z", VALIDITY, validity(0x18, "20260101000000"), "der_time"),
        ("a date of another type", VALIDITY, validity(0x13, "260101000000Z"), "der_unexpected_tag"),
        (
            "three dates",
            VALIDITY,
            tlv(0x30, &[&good.fields[VALIDITY][2..], &tlv(0x17, b"270101000000Z")].concat()),
            "der_trailing_octets",
        ),
        ("NULL with content", SPKI, rsa_spki(&rsa_key(&[]), &[5, 1, 0]), "der_null"),
        ("RSA without NULL", SPKI, rsa_spki(&rsa_key(&[]), &[]), "der_truncated"),
        ("RSA with other parameters", SPKI, rsa_spki(&rsa_key(&[]), &[0x30, 0]), "der_unexpected_tag"),
        (
            "a third number in RSAPublicKey",
            SPKI,
            rsa_spki(&rsa_key(&tlv(2, &[1])), &[5, 0]),
            "der_trailing_octets",
        ),
        (
            "octets behind RSAPublicKey",
            SPKI,
            rsa_spki(&[&rsa_key(&[])[..], &[0]].concat(), &[5, 0]),
            "der_trailing_octets",
        ),
        (
            "octets behind subjectPublicKey",
            SPKI,
            tlv(0x30, &[&good.fields[SPKI][2..], &[5, 0]].concat()),
            "der_trailing_octets",
        ),
        (
            "ECDSA with NULL inside alone",
            ALGORITHM,
            tlv(0x30, &[&good.fields[ALGORITHM][2..], &[5, 0]].concat()),
            "algorithm_mismatch",
        ),
        ("an issuer that is a SET", ISSUER, tlv(0x31, &[]), "der_unexpected_tag"),
    ]
}

#[test]
fn each_field_in_another_encoding() {
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    assert_eq!(code(Certificate::parse(&world.sign(&good))), "accepted");
    for (probe, field, value, expected) in fields().into_iter().chain(dates_and_keys(&good)) {
        let der = world.sign(&good.with_field(field, value));
        assert_eq!(code(Certificate::parse(&der)), expected, "{probe}");
    }
}

#[test]
fn each_extension_in_another_encoding() {
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    let key_id = tlv(0x30, &tlv(0x80, &[7; 20]));
    let behind = |value: &[u8]| [value, &[0]].concat();
    for (probe, oid, value, expected) in [
        ("TRUE that is 01", BASIC_CONSTRAINTS, vec![0x30, 3, 1, 1, 1], "der_boolean"),
        ("TRUE of two octets", BASIC_CONSTRAINTS, vec![0x30, 4, 1, 2, 0xff, 0xff], "der_boolean"),
        ("FALSE written out", BASIC_CONSTRAINTS, vec![0x30, 3, 1, 1, 0], "extension_invalid"),
        (
            "a negative path length",
            BASIC_CONSTRAINTS,
            vec![0x30, 6, 1, 1, 0xff, 2, 1, 0xff],
            "extension_invalid",
        ),
        ("a path length of no CA", BASIC_CONSTRAINTS, vec![0x30, 3, 2, 1, 0], "extension_invalid"),
        ("unused bits that are set", KEY_USAGE, vec![3, 2, 7, 0x81], "der_bit_string"),
        ("nine unused bits", KEY_USAGE, vec![3, 2, 9, 0x80], "der_bit_string"),
        ("unused bits of nothing", KEY_USAGE, vec![3, 1, 7], "der_bit_string"),
        ("a BIT STRING without its first octet", KEY_USAGE, vec![3, 0], "der_bit_string"),
        ("named bits with zeros behind", KEY_USAGE, vec![3, 2, 6, 0x80], "extension_invalid"),
        ("no bit at all", KEY_USAGE, vec![3, 1, 0], "extension_invalid"),
        ("an OCTET STRING for bits", KEY_USAGE, vec![4, 1, 0x80], "extension_invalid"),
        ("octets behind keyUsage", KEY_USAGE, behind(&[3, 2, 7, 0x80]), "der_trailing_octets"),
        ("no purpose", EKU, vec![0x30, 0], "extension_invalid"),
        ("no policy", POLICIES, vec![0x30, 0], "extension_invalid"),
        (
            "a policy without qualifiers in an empty list",
            POLICIES,
            tlv(0x30, &tlv(0x30, &[6, 1, 0x2a, 0x30, 0])),
            "extension_invalid",
        ),
        ("no name", SAN, vec![0x30, 0], "extension_invalid"),
        ("a name of an unknown form", SAN, vec![0x30, 2, 0x89, 0], "extension_invalid"),
        ("an address of three octets", SAN, vec![0x30, 5, 0x87, 3, 1, 2, 3], "extension_invalid"),
        ("a host name that is no ASCII", SAN, vec![0x30, 3, 0x82, 1, 0x80], "extension_invalid"),
        ("no distribution point", CRLDP, vec![0x30, 0], "extension_invalid"),
        ("a distribution point of nothing", CRLDP, vec![0x30, 2, 0x30, 0], "extension_invalid"),
        ("a key identifier in a SEQUENCE", SKI, vec![0x30, 0], "extension_invalid"),
        ("octets behind a key identifier", SKI, behind(&tlv(4, &[7; 20])), "der_trailing_octets"),
        ("an issuer without its number", AKI, tlv(0x30, &tlv(0xa1, &tlv(0x82, b"a"))), "extension_invalid"),
        ("octets behind an authority key", AKI, behind(&key_id), "der_trailing_octets"),
        (
            "parts in another order",
            AKI,
            tlv(0x30, &[&tlv(0x82, &[1])[..], &key_id[2..]].concat()),
            "extension_invalid",
        ),
    ] {
        let der = world.sign(&good.with(Ext::new(oid, false, &value)));
        assert_eq!(code(Certificate::parse(&der)), expected, "{probe}");
    }
}

#[test]
fn the_list_of_extensions_in_another_encoding() {
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    let mut bare = good.clone();
    bare.extensions.clear();
    let explicit = |content: &[u8]| {
        let mut parts = bare.clone();
        parts.fields.push(tlv(0xa3, content));
        parts
    };
    let ski = good.extension(SKI).encode();
    let false_written = [&[6, 3][..], SKI, &[1, 1, 0], &tlv(4, &[4, 1, 7])].concat();
    let mut twice = good.clone();
    twice.extensions.push(good.extension(SKI).clone());
    let mut endless = good.clone();
    for branch in 3..6 {
        endless.extensions.extend((0..100).map(|arc| Ext::new(&[0x2a, branch, arc], false, &[5, 0])));
    }
    let mut version_1 = good.clone();
    version_1.fields.remove(0);
    let version = |octets: &[u8]| good.with_field(0, octets.to_vec());
    for (probe, parts, expected) in [
        ("an extension twice", twice, "extension_twice"),
        ("three hundred more", endless, "der_too_long"),
        ("an empty list", explicit(&[0x30, 0]), "der_truncated"),
        ("a list in a SET", explicit(&tlv(0x31, &ski)), "der_unexpected_tag"),
        ("octets behind the list", explicit(&[tlv(0x30, &ski), vec![5, 0]].concat()), "der_trailing_octets"),
        ("critical FALSE written out", explicit(&tlv(0x30, &tlv(0x30, &false_written))), "der_default"),
        ("version 1 with extensions", version_1, "extensions_in_version_1"),
        ("version 1 written out", version(&[0xa0, 3, 2, 1, 0]), "der_default"),
        ("version 2", version(&[0xa0, 3, 2, 1, 1]), "version_unsupported"),
        ("version 4", version(&[0xa0, 3, 2, 1, 3]), "version_unsupported"),
        ("a version with something behind", version(&[0xa0, 5, 2, 1, 2, 5, 0]), "der_trailing_octets"),
    ] {
        assert_eq!(code(Certificate::parse(&world.sign(&parts))), expected, "{probe}");
    }
    // A field behind the extensions.
    let mut tbs = good.tbs();
    let tail = tbs.split_off(4);
    let tbs = tlv(0x30, &[&tail[..], &[5, 0]].concat());
    let der = support::sign_tbs(&tbs, &good.outer_algorithm, world.pki.auth_ca_key(), &world.random);
    assert_eq!(code(Certificate::parse(&der)), "der_trailing_octets", "octets behind the extensions");
}

#[test]
fn the_whole_in_another_encoding() {
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    let der = world.sign(&good);
    let outer =
        |tbs: &[u8], algorithm: &[u8], signature: &[u8]| tlv(0x30, &[tbs, algorithm, signature].concat());
    let (tbs, algorithm) = (good.tbs(), &good.outer_algorithm);
    let signature = tlv(3, &[0, 1, 2, 3]);
    let sha384 = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]));
    for (probe, octets, expected) in [
        ("nothing", Vec::new(), "der_truncated"),
        ("an octet too many", [&der[..], &[0]].concat(), "der_trailing_octets"),
        ("an octet too few", der[..der.len() - 1].to_vec(), "der_truncated"),
        (
            "a SET",
            outer(&tbs, algorithm, &signature)
                .iter()
                .enumerate()
                .map(|(at, o)| if at == 0 { 0x31 } else { *o })
                .collect(),
            "der_set_order",
        ),
        ("another algorithm outside", outer(&tbs, &sha384, &signature), "algorithm_mismatch"),
        ("a signature with unused bits", outer(&tbs, algorithm, &tlv(3, &[1, 0xfe])), "der_bit_string"),
        ("a signature in an OCTET STRING", outer(&tbs, algorithm, &tlv(4, &[1])), "der_unexpected_tag"),
        ("a signature in pieces", outer(&tbs, algorithm, &tlv(0x23, &signature)), "der_constructed"),
        ("a fourth part", outer(&tbs, algorithm, &[&signature[..], &[5, 0]].concat()), "der_trailing_octets"),
        ("4 GiB", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30], "der_truncated"),
        (
            "a length that is not minimal",
            [&[0x30, 0x83, 0][..], &der[2..]].concat(),
            "der_length_not_minimal",
        ),
        ("too long for a card", tlv(4, &vec![0; 16 * 1024]), "certificate_too_long"),
    ] {
        assert_eq!(code(Certificate::parse(&octets)), expected, "{probe}");
    }
    assert_eq!(code(Certificate::parse_from_anywhere(&tlv(4, &vec![0; 256 * 1024]))), "certificate_too_long");
}

#[test]
fn d2_nested_twenty_thousand_times() {
    let deep = nested(20_000);
    assert_eq!(code(Certificate::parse_from_anywhere(&deep)), "der_depth");
    assert_eq!(der::check(&deep, usize::MAX), Err(der::DerError::Depth));
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    let parts = good.with(Ext::new(SAN, false, &nested(30)));
    assert_eq!(code(Certificate::parse(&world.sign(&parts))), "der_depth");
}

/// A NULL inside so many SEQUENCEs, each with its right length.
fn nested(levels: usize) -> Vec<u8> {
    let mut backwards = vec![0x00, 0x05];
    for _ in 0..levels {
        let length = u32::try_from(backwards.len()).unwrap();
        let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
        backwards.extend(digits.iter().rev());
        if length >= 0x80 {
            backwards.push(0x80 | u8::try_from(digits.len()).unwrap());
        }
        backwards.push(0x30);
    }
    backwards.reverse();
    backwards
}
