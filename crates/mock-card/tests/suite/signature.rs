//! What the card signs and what it makes up: P1 of the signature, GET CHALLENGE, and the hypothetical next card.

use madoguchi_mock_card::{Card, CardContents, EcdsaForm, MockCardError, Persona, Scenario};
use madoguchi_test_pki::{CardOptions, KeyKind, Options, TestPki};
use num_bigint::BigUint;
use ring::{
    digest::{SHA256, SHA384, digest},
    signature::{
        ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    },
};

use crate::common::{card, check, digits, files, issue, now, octets, random};

const OPEN: [(&str, &str); 3] = [
    ("00A4040C 0A D392F000260100000001", "9000"),
    ("00200098 04 34363439", "9000"),
    ("00A4020C 02 0017", "9000"),
];

fn sign(card: &mut Card, p1: u8, input: &[u8]) -> Vec<u8> {
    let length = u8::try_from(input.len()).expect("a short input");
    let mut answer = card.handle(&[&[0x80, 0x2A, p1, 0x80, length], input, &[0x00]].concat());
    assert_eq!(answer.split_off(answer.len() - 2), [0x90, 0x00], "P1 {p1:02X}");
    answer
}

fn rsa_public_key() -> ring::rsa::KeyPair {
    ring::rsa::KeyPair::from_pkcs8(&files().auth_key).expect("an RSA key")
}

#[test]
fn hashing_signatures_are_there_when_the_scenario_says_so() {
    let mut plain = card(&Scenario::default());
    check(&mut plain, &OPEN);
    for p1 in 1..=6 {
        check(&mut plain, &[(&format!("802A{p1:02X}80 01 AA 00"), "6A86")]);
    }

    let mut hashing = card(&Scenario { hashing_signatures: true, ..Scenario::default() });
    check(&mut hashing, &OPEN);
    let message = b"a message";
    let hash = digest(&SHA256, message);
    let public = rsa_public_key();
    let valid = |algorithm: &'static dyn VerificationAlgorithm, signature: &[u8]| {
        UnparsedPublicKey::new(algorithm, public.public().as_ref()).verify(message, signature).is_ok()
    };
    assert!(valid(&RSA_PKCS1_2048_8192_SHA256, &sign(&mut hashing, 0x02, hash.as_ref())));
    assert!(valid(&RSA_PKCS1_2048_8192_SHA256, &sign(&mut hashing, 0x03, message)));
    for (p1, input) in [(0x04, hash.as_ref()), (0x05, &message[..])] {
        let signature = sign(&mut hashing, p1, input);
        assert!(valid(&RSA_PSS_2048_8192_SHA256, &signature));
        assert_ne!(sign(&mut hashing, p1, input), signature, "the salt is another one");
    }
    // The bare hash, padded.
    let modulus = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(public.public()).n;
    let block = BigUint::from_bytes_be(&sign(&mut hashing, 0x01, message))
        .modpow(&65537_u32.into(), &BigUint::from_bytes_be(&modulus));
    assert!(block.to_bytes_be().ends_with(&[&[0xFF, 0x00], hash.as_ref()].concat()));
    check(
        &mut hashing,
        &[
            ("802A0280 01 AA 00", "6700"),
            ("802A0480 01 AA 00", "6700"),
            ("802A0380 00", "6700"),
            ("802A0680 01 AA 00", "6A86"),
        ],
    );
}

#[test]
fn a_challenge_has_the_length_that_was_asked_for_and_comes_once() {
    let mut first = card(&Scenario::default());
    // Anywhere, the issuer security domain included.
    for (le, length) in [(0x01, 1), (0x10, 16), (0x00, 256)] {
        let challenge = first.handle(&[0x00, 0x84, 0x00, 0x00, le]);
        assert_eq!(challenge.len(), length + 2);
        assert_eq!(challenge[length..], [0x90, 0x00]);
    }
    let challenges = |seed| {
        let mut card = card(&Scenario { challenge_seed: seed, ..Scenario::default() });
        [card.handle(&octets("00840000 10")), card.handle(&octets("00840000 10"))]
    };
    let [one, two] = challenges(1);
    assert_ne!(one, two);
    assert_eq!([one.clone(), two], challenges(1), "the same seed, the same challenges");
    assert_ne!(one, challenges(2)[0]);
    check(
        &mut first,
        &[
            ("00840000", "6700"),
            ("00840100 10", "6A86"),
            ("00840000 01 AA 10", "6700"),
            ("80840000 10", "6E00"),
        ],
    );
}

fn p384() -> CardContents {
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now(), &random()).expect("a PKI");
    issue(&mut pki, &CardOptions { pin: "4649".to_owned(), key: KeyKind::P384, ..CardOptions::default() })
}

#[test]
fn the_hypothetical_next_card_signs_a_hash_by_ecdsa() {
    let contents = p384();
    let message = b"a message";
    let hash = digest(&SHA384, message);
    // subjectPublicKey is the last thing in the PKCS#8 that ring writes.
    let point = &contents.files.auth_key[contents.files.auth_key.len() - 97..];
    for (form, algorithm) in [
        (EcdsaForm::Raw, &ECDSA_P384_SHA384_FIXED as &dyn VerificationAlgorithm),
        (EcdsaForm::Der, &ECDSA_P384_SHA384_ASN1),
    ] {
        let scenario =
            Scenario { persona: Persona::NextGenerationP384, ecdsa_form: form, ..Scenario::default() };
        let mut card = Card::new(&contents, &scenario).expect("a card");
        card.power_on();
        check(&mut card, &OPEN[..1]);
        let token = card.handle(&octets("00B08600 A0"));
        assert!(token.starts_with(b"MADOGUCHI-P384-HYPO "));
        let command = format!("802A0097 30 {} 00", digits(hash.as_ref()));
        check(&mut card, &[(&command, "6982"), OPEN[1], OPEN[2]]);
        let signature = sign(&mut card, 0x00, hash.as_ref());
        let key = UnparsedPublicKey::new(algorithm, point);
        key.verify(message, &signature).expect("the card's signature");
        assert!(key.verify(b"another", &signature).is_err());
        // A DigestInfo, or any other length, is no hash.
        check(&mut card, &[("802A0080 01 AA 00", "6700"), ("802A0280 01 AA 00", "6A86")]);
        check(&mut card, &[(&format!("802A0080 30 {} 40", digits(hash.as_ref())), "6C00")]);
    }
}

#[test]
fn a_persona_wants_keys_of_its_kind() {
    let refused = |contents: &CardContents, persona| {
        let scenario = Scenario { persona, ..Scenario::default() };
        match Card::new(contents, &scenario) {
            Err(error @ MockCardError::Key { key: "user-authentication", .. }) => error.to_string(),
            _ => panic!("{persona} took it"),
        }
    };
    let mut contents = p384();
    let told = refused(&contents, Persona::Adult);
    assert!(told.contains("only persona next-generation-p384"), "{told}");
    // secp384r1, and then a neighbour of it: as many octets, another curve.
    let curve = octets("06052B81040022");
    let key = &mut contents.files.auth_key;
    let at = key.windows(curve.len()).position(|part| part == curve).expect("the curve") + curve.len() - 1;
    key[at] += 1;
    let told = refused(&contents, Persona::NextGenerationP384);
    assert!(told.contains("not a P-384 key"), "{told}");
    let told = refused(crate::common::contents(), Persona::NextGenerationP384);
    assert!(told.contains("`--key p384`"), "{told}");
}
