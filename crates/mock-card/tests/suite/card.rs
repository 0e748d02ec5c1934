//! The card by its wire: commands as hexadecimal digits, whole answers.

use madoguchi_mock_card::{BlockedQuery, Card, InstalledApplication, Scenario};
use num_bigint::BigUint;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use crate::common::{SIGN_PASSWORD, auth_ca, card, check, digits, files, octets, sign_ca, verify};

const SELECT_JPKI: (&str, &str) = ("00A4040C 0A D392F000260100000001", "9000");
const SELECT_ISD: (&str, &str) = ("00A4040C 07 A0000001510000", "9000");
const SELECT_AUTH_PIN: (&str, &str) = ("00A4020C 02 0018", "9000");
const SELECT_AUTH_KEY: (&str, &str) = ("00A4020C 02 0017", "9000");
const VERIFY_RIGHT: (&str, &str) = ("00200080 04 34363439", "9000");
const VERIFY_WRONG: &str = "00200080 04 30303030";
const SIGN_ONE_OCTET: &str = "802A0080 01 AA 00";

/// A healthy card with the JPKI application selected.
fn jpki() -> Card {
    let mut card = card(&Scenario::default());
    check(&mut card, &[SELECT_JPKI]);
    card
}

fn signature(card: &mut Card, command: &str) -> Vec<u8> {
    let mut answer = card.handle(&octets(command));
    assert_eq!(answer.split_off(answer.len() - 2), [0x90, 0x00], "{command}");
    answer
}

fn assert_locked(card: &mut Card) {
    check(card, &[SELECT_JPKI, SELECT_AUTH_KEY, (SIGN_ONE_OCTET, "6982")]);
}

fn assert_open(card: &mut Card) {
    check(card, &[SELECT_JPKI, SELECT_AUTH_KEY]);
    assert_eq!(signature(card, SIGN_ONE_OCTET).len(), 256);
}

#[test]
fn select_by_name() {
    check(
        &mut card(&Scenario::default()),
        &[
            // The issuer security domain is current at power-on: no files, no MF.
            ("00A4020C 02 000A", "6A82"),
            ("00A40000", "6A86"),
            ("00B00000 00", "6986"),
            SELECT_JPKI,
            ("00A4020C 02 000A", "9000"),
            // unknown name: nothing changes
            ("00A4040C 05 D392100099", "6A82"),
            ("00A4020C 02 000A", "9000"),
            SELECT_ISD,
            ("00A4020C 02 000A", "6A82"),
            // the start of a name
            ("00A4040C 03 D392F0", "9000"),
            ("00A4020C 02 000A", "9000"),
            ("00A40400 0A D392F000260100000001 00", "6F0C 840A D392F000260100000001 9000"),
            // no name at all is the issuer security domain's
            ("00A4040C", "9000"),
            ("00A4020C 02 000A", "6A82"),
            // more than the name
            ("00A4040C 0B D392F00026010000000100", "6A82"),
        ],
    );
}

#[test]
fn select_mf_has_no_effect() {
    check(
        &mut jpki(),
        &[
            ("00A4020C 02 0018", "9000"),
            ("00A40000", "9000"),
            ("00200080", "63C3"),
            ("00A4000C 02 3F00", "6A82"),
        ],
    );
}

#[test]
fn what_is_not_understood_has_its_status_word() {
    check(
        &mut jpki(),
        &[
            ("00", "6700"),
            ("00A4040C 02 01", "6700"),
            ("00A4020C 01 00", "6A87"),
            ("00A4080C 02 000A", "6A86"),
            ("00A4020C 02 0003", "6A82"),
            ("01A4020C 02 000A", "6881"),
            ("81A4020C 02 000A", "6881"),
            ("0CA4020C 02 000A", "6882"),
            ("04A4020C 02 000A", "6882"),
            ("08A4020C 02 000A", "69FC"),
            ("03A4020C 02 000A", "6881"),
            ("40A4020C 02 000A", "6881"),
            ("80A4020C 02 000A", "6E00"),
            ("002A0080 01 AA 00", "6E00"),
            ("A0A4020C 02 000A", "6E00"),
            ("80200080", "6E00"),
            ("80B00000 00", "6E00"),
            ("00FF0000", "6D00"),
            ("80FF0000", "6D00"),
            ("00200180", "6A86"),
            ("00200000", "6A86"),
        ],
    );
}

#[test]
fn a_card_without_power_answers_nothing() {
    let mut card = jpki();
    card.power_off();
    check(&mut card, &[(SELECT_JPKI.0, "")]);
}

#[test]
fn certificates_are_padded_and_read_in_blocks() {
    for filler in [0xFF, 0x00] {
        let mut card = card(&Scenario { filler, ..Scenario::default() });
        check(&mut card, &[SELECT_JPKI]);
        for (id, der) in [(0x0A, files().auth_certificate.as_slice()), (0x0B, auth_ca()), (0x02, sign_ca())] {
            check(&mut card, &[(&format!("00A4020C 02 00{id:02X}"), "9000")]);
            let mut file = Vec::new();
            for block in 0..8 {
                let answer = card.handle(&[0x00, 0xB0, block, 0x00, 0x00]);
                assert_eq!(answer[256..], [0x90, 0x00]);
                file.extend_from_slice(&answer[..256]);
            }
            assert_eq!(&file[..der.len()], der);
            assert!(file[der.len()..].iter().all(|octet| *octet == filler));
            // Around the end: what is left, then no more.
            let tail = format!("{filler:02X}9000");
            check(&mut card, &[("00B007FF 00", &tail), ("00B00800 00", "6B00"), ("00B07FFF 01", "6B00")]);
            // By short EF identifier, from anywhere; it becomes the current EF.
            check(&mut card, &[("00A4020C 02 0006", "9000")]);
            let first = format!("{:02X}{:02X}9000", der[0], der[1]);
            check(&mut card, &[(&format!("00B0{:02X}00 02", 0x80 | id), &first), ("00B00000 02", &first)]);
        }
    }
}

#[test]
fn small_files() {
    let mut card = jpki();
    check(&mut card, &[("00A4020C 02 0008", "9000"), ("00B00000 03", "8F8F00 9000")]);
    let token = card.handle(&octets("00B08600 A0"));
    assert_eq!(token.len(), 162);
    assert!(token.starts_with(b"JPKIAPICCTOKEN2  "));
}

#[test]
fn what_cannot_be_read() {
    check(
        &mut jpki(),
        &[
            ("00B00000 00", "6986"),
            ("00B09700 00", "6981"),
            ("00B09800 00", "6981"),
            ("00B09A00 00", "6981"),
            ("00B09B00 00", "6981"),
            ("00B08100 04", "6982"),
            ("00B08300 04", "6A82"),
            ("00B0C000 04", "6A86"),
            ("00B08A00", "6700"),
            ("00B08A00 01 00", "6700"),
            ("00B08A00 01 00 04", "6700"),
        ],
    );
}

#[test]
fn the_counter_counts_down_and_the_key_blocks() {
    let mut card = jpki();
    check(
        &mut card,
        &[
            ("00200080", "6986"),
            SELECT_AUTH_PIN,
            ("00200080", "63C3"),
            ("00200080 00", "63C3"),
            ("00200098", "63C3"),
            (VERIFY_WRONG, "63C2"),
            ("00200080", "63C2"),
            // a right one gives all tries back, and the question still tells the counter
            VERIFY_RIGHT,
            ("00200080", "63C3"),
            // a wrong length is a wrong value, more than 16 octets is no value at all
            ("00200080 05 3436343930", "63C2"),
            ("00200080 11 3030303030303030303030303030303030", "6700"),
            (VERIFY_WRONG, "63C1"),
            (VERIFY_WRONG, "63C0"),
            (VERIFY_RIGHT.0, "6984"),
            ("00200080", "63C0"),
        ],
    );
    // Blocked for good: neither power nor reset gives tries back, only the town office.
    card.power_off();
    card.power_on();
    check(&mut card, &[SELECT_JPKI, SELECT_AUTH_PIN, (VERIFY_RIGHT.0, "6984")]);
    assert_eq!(card.auth_tries_left(), Some(0));
    card.set_auth_tries_left(3);
    check(&mut card, &[VERIFY_RIGHT]);
}

#[test]
fn the_scenario_sets_tries_and_the_blocked_answer() {
    let blocked_query = BlockedQuery::ReferenceDataNotUsable;
    let mut card = card(&Scenario { auth_tries: 0, sign_tries: 2, blocked_query, ..Scenario::default() });
    check(&mut card, &[SELECT_JPKI, ("00200098", "6984"), ("0020009B", "63C2")]);
}

#[test]
fn a_wrong_pin_ends_an_earlier_success() {
    let mut card = jpki();
    check(&mut card, &[SELECT_AUTH_PIN, VERIFY_RIGHT]);
    assert!(card.is_auth_verified());
    check(&mut card, &[(VERIFY_WRONG, "63C2")]);
    assert!(!card.is_auth_verified());
    assert_locked(&mut card);
}

#[test]
fn verify_is_for_pins_and_signing_is_for_keys() {
    check(
        &mut jpki(),
        &[
            ("00200097", "6981"),
            ("0020008A 04 34363439", "6981"),
            ("00200083", "6A82"),
            ("802A0098 01 AA 00", "6981"),
            ("802A0083 01 AA 00", "6A82"),
        ],
    );
}

#[test]
fn signatures_need_the_pin_and_verify_under_the_certificate() {
    let mut card = jpki();
    assert_locked(&mut card);
    check(&mut card, &[SELECT_AUTH_PIN, VERIFY_RIGHT]);
    check(&mut card, &[SELECT_AUTH_KEY, ("802A0980 01 AA 00", "6A86"), ("802A0080 01 AA", "6700")]);
    check(&mut card, &[("802A0080 01 AA 80", "6C00"), ("802A0080 00", "6700")]);

    let digest = ring::digest::digest(&ring::digest::SHA256, b"a message");
    let digest_info = format!("3031300D060960864801650304020105000420{}", digits(digest.as_ref()));
    let key = public_key(&files().auth_key);
    for command in [format!("802A0080 33 {digest_info} 00"), format!("802A0097 33 {digest_info} 00")] {
        let signature = signature(&mut card, &command);
        key.verify(b"a message", &signature).expect("the card's signature");
        assert!(key.verify(b"another", &signature).is_err());
    }
    // One VERIFY, many signatures; the other key stays closed.
    check(&mut card, &[(&format!("802A009A 33 {digest_info} 00"), "6982")]);

    check(&mut card, &[("00A4020C 02 001B", "9000")]);
    assert_eq!(card.handle(&verify(SIGN_PASSWORD)), [0x90, 0x00]);
    let signature = signature(&mut card, &format!("802A009A 33 {digest_info} 00"));
    public_key(&files().sign_key).verify(b"a message", &signature).expect("the other key's signature");
}

#[test]
fn any_1_to_245_octets_are_padded_and_signed() {
    let mut card = jpki();
    check(&mut card, &[SELECT_AUTH_PIN, VERIFY_RIGHT, SELECT_AUTH_KEY]);
    for length in [1_u8, 100, 245] {
        let input = vec![0x5A; usize::from(length)];
        let command = [&[0x80, 0x2A, 0x00, 0x80, length], input.as_slice(), &[0x00]].concat();
        let answer = card.handle(&command);
        assert_eq!(answer[256..], [0x90, 0x00]);
        // The public operation gives the padded block back.
        let modulus = BigUint::from_bytes_be(&modulus(&files().auth_key));
        let block = BigUint::from_bytes_be(&answer[..256]).modpow(&65537_u32.into(), &modulus);
        let padding = vec![0xFF; 253 - input.len()];
        assert_eq!(block.to_bytes_be(), [&[0x01], padding.as_slice(), &[0x00], &input].concat());
    }
    for length in [246_u8, 255] {
        let command =
            [&[0x80, 0x2A, 0x00, 0x80, length], vec![0x5A; usize::from(length)].as_slice(), &[0x00]].concat();
        assert_eq!(card.handle(&command), [0x67, 0x00]);
    }
}

#[test]
fn the_signature_certificate_is_behind_its_password() {
    let mut card = jpki();
    // The PIN of the other key does not open it.
    check(&mut card, &[SELECT_AUTH_PIN, VERIFY_RIGHT, ("00B08100 04", "6982"), ("0020009B", "63C5")]);
    let mut folded = verify(&SIGN_PASSWORD.to_lowercase());
    folded[3] = 0x9B;
    assert_eq!(card.handle(&folded), [0x63, 0xC4]);
    let mut right = verify(SIGN_PASSWORD);
    right[3] = 0x9B;
    assert_eq!(card.handle(&right), [0x90, 0x00]);
    let answer = card.handle(&octets("00B08100 00"));
    assert_eq!(answer[..256], files().sign_certificate[..256]);
}

#[test]
fn how_long_a_verified_pin_lives() {
    let verified = || {
        let mut card = jpki();
        check(&mut card, &[SELECT_AUTH_PIN, VERIFY_RIGHT]);
        card
    };
    // survives: another EF, MF, the same application again, an unknown name, a warm reset
    for command in
        [("00A4020C 02 000A", "9000"), ("00A40000", "9000"), SELECT_JPKI, ("00A4040C 02 FFFF", "6A82")]
    {
        let mut card = verified();
        check(&mut card, &[command]);
        assert_open(&mut card);
    }
    let mut card = verified();
    card.reset();
    check(&mut card, &[("00A4020C 02 0017", "6A82")]);
    assert!(card.is_auth_verified());
    assert_open(&mut card);
    // ends: another application, also when a warm reset selected it before, and power
    let mut card = verified();
    check(&mut card, &[SELECT_ISD]);
    assert!(!card.is_auth_verified());
    assert_locked(&mut card);
    let mut card = verified();
    card.reset();
    check(&mut card, &[SELECT_ISD]);
    assert_locked(&mut card);
    let mut card = verified();
    card.power_off();
    card.power_on();
    assert_locked(&mut card);
}

#[test]
fn some_other_card() {
    let mut other = card(&Scenario { application: InstalledApplication::None, ..Scenario::default() });
    check(&mut other, &[SELECT_ISD, (SELECT_JPKI.0, "6A82")]);
    assert_ne!(other.atr(), card(&Scenario::default()).atr());
    assert_eq!(other.auth_tries_left(), None);
    assert!(!other.is_auth_verified());
}

fn pair(pkcs8: &[u8]) -> ring::rsa::KeyPair {
    ring::rsa::KeyPair::from_pkcs8(pkcs8).expect("an RSA key")
}

fn modulus(pkcs8: &[u8]) -> Vec<u8> {
    ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair(pkcs8).public()).n
}

fn public_key(pkcs8: &[u8]) -> UnparsedPublicKey<Vec<u8>> {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair(pkcs8).public().as_ref().to_vec())
}
