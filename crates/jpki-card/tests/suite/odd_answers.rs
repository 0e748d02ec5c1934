//! The driver against a card that answers from a script: what no card in software does, and what a reader or a
//! hostile card may.

use madoguchi_iso7816::StatusWord;
use madoguchi_jpki_card::{Availability, Command, JpkiCardError, VerifyOutcome};

use crate::script::{LABEL, Torn, octets, pin, select, selected};

#[test]
fn the_first_command_after_power_up_may_fail_once() {
    select(&["6F00", "9000", "9000", "9000", LABEL]).0.expect("a card");
    select(&["6F00", "6F00", "6F00", "9000", "9000", LABEL]).0.expect("a card");
    // The issuer security domain may answer what it likes; the application may fail once and no more.
    select(&["6A82", "9000", "9000", LABEL]).0.expect("a card");
    let (error, commands) = select(&["9000", "6F00", "6F00"]);
    assert!(matches!(
        error.map(|_| ()),
        Err(JpkiCardError::UnexpectedStatus {
            command: Command::SelectJpki,
            status: StatusWord::NoDiagnosis
        })
    ));
    // and the one of leaving
    assert_eq!(commands.borrow().len(), 4);
}

#[test]
fn cards_without_the_application() {
    for status in ["6A82", "6A81", "6A86", "6D00", "6E00"] {
        let error = select(&["9000", status]).0.map(|_| ());
        assert!(matches!(error, Err(JpkiCardError::NotMyNumberCard { .. })), "{status}");
    }
}

#[test]
fn tokens_of_another_kind_are_refused_by_name() {
    for (answer, name) in [
        // an old resident card, a telephone, nothing, and a name that plays with the screen
        ("4A504B49415049434354 4F4B454E 202020202020202020202020202020202020 9000", "JPKIAPICCTOKEN"),
        ("4A504B4941504750534554 4F4B454E 2020202020202020202020202020202020 9000", "JPKIAPGPSETOKEN"),
        ("2020202020202020202020202020202020202020202020202020202020202020 9000", ""),
        (
            "4A504B49415049434354 4F4B454E32 1B5B324A202020202020202020202020E2 9000",
            "JPKIAPICCTOKEN2[2J            ",
        ),
        ("4A504B49415049434354 4F4B454E33 2020202020202020202020202020202020 9000", "JPKIAPICCTOKEN3"),
    ] {
        match select(&["9000", "9000", "9000", answer]).0.map(|_| ()) {
            Err(JpkiCardError::UnsupportedToken { label }) => assert_eq!(label, name),
            other => panic!("{other:?}"),
        }
    }
    let short = select(&["9000", "9000", "9000", "4A50 9000"]).0.map(|_| ());
    assert!(matches!(short, Err(JpkiCardError::UnexpectedLength { octets: 2, expected: 32, .. })));
}

#[test]
fn which_certificates_there_are() {
    for (answers, auth, sign) in [
        (&["9000", "8F8F 9000"][..], true, true),
        (&["9000", "008F 9000"], true, false),
        (&["9000", "8F00 9000"], false, true),
        (&["6A82"], true, true),
    ] {
        let (mut card, _) = selected(answers);
        assert_eq!(card.availability().expect("an answer"), Availability { auth, sign }, "{answers:?}");
    }
    let (mut card, _) = selected(&["6985"]);
    assert!(card.availability().is_err());
}

#[test]
fn a_certificate_is_cut_at_its_end_and_read_whole() {
    let body = "AA".repeat(0xE0);
    let rest = "BB".repeat(0x100 - 0xE0);
    let (mut card, commands) =
        selected(&["9000", "30820100 9000", &format!("{body}9000"), &format!("{rest}9000")]);
    let der = card.read_auth_certificate().expect("a certificate");
    assert_eq!(der, octets(&format!("30820100{body}{rest}")));
    assert_eq!(commands.borrow()[4..], ["00A4020C02000A", "00B0000004", "00B00004E0", "00B000E420"]);
}

#[test]
fn a_certificate_that_is_none() {
    let kind = |answers: &[&str]| {
        let (mut card, _) = selected(answers);
        match card.read_auth_certificate() {
            Err(JpkiCardError::CertificateTooLong { limit: 4096 }) => "too long",
            Err(JpkiCardError::NoCertificate) => "none",
            Err(JpkiCardError::UnexpectedLength { .. }) => "length",
            Err(JpkiCardError::UnexpectedStatus { .. }) => "status",
            other => panic!("{answers:?}: {other:?}"),
        }
    };
    assert_eq!(kind(&["6A82"]), "status");
    // What a telephone says before its PIN.
    assert_eq!(kind(&["9000", "6982"]), "status");
    assert_eq!(kind(&["9000", "FFFFFFFF 9000"]), "none");
    assert_eq!(kind(&["9000", "00000000 9000"]), "none");
    // A length of indefinite form, in one octet, in three; and ones over the limit.
    assert_eq!(kind(&["9000", "30800000 9000"]), "none");
    assert_eq!(kind(&["9000", "30101111 9000"]), "none");
    assert_eq!(kind(&["9000", "30830010 9000"]), "none");
    // A length in more octets than it needs, as no DER has it.
    assert_eq!(kind(&["9000", "308200FF 9000"]), "none");
    assert_eq!(kind(&["9000", "30820FFD 9000"]), "too long");
    assert_eq!(kind(&["9000", "3082FFFF 9000"]), "too long");
    // Less than announced, with 9000 or a warning, or nothing; more than asked for, and that in pieces.
    assert_eq!(kind(&["9000", "30820100 9000", "AAAA 9000"]), "length");
    assert_eq!(kind(&["9000", "30820100 9000", "AAAA 6282"]), "status");
    assert_eq!(kind(&["9000", "30820100 9000", "6B00"]), "status");
    let more = format!("{}9000", "AA".repeat(0xE1));
    assert_eq!(kind(&["9000", "30820100 9000", &more]), "length");
    let pieces = [&format!("{}61FF", "AA".repeat(0xE0)), &format!("{}9000", "AA".repeat(0xFF))];
    assert_eq!(kind(&["9000", "30820100 9000", pieces[0], pieces[1]]), "length");
    let all_at_once = format!("{}9000", "AA".repeat(60_000));
    assert_eq!(kind(&["9000", "30820100 9000", &all_at_once]), "length");
    // 4096 octets are a certificate still.
    let mut answers = vec!["9000".to_owned(), "30820FFC 9000".to_owned()];
    answers.extend(octets_in_blocks(4092));
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let (mut card, _) = selected(&answers);
    assert_eq!(card.read_auth_certificate().expect("a certificate").len(), 4096);
}

#[test]
fn every_answer_to_the_question_for_the_counter() {
    for (answer, tries) in [("63C3", 3), ("63C1", 1), ("63C0", 0), ("6983", 0), ("6984", 0)] {
        let (mut card, _) = selected(&["9000", answer]);
        assert_eq!(card.tries_left().expect("a counter"), tries, "{answer}");
    }
    // 9000 would be "verified", which this card never says here.
    for answer in ["9000", "6300", "6A88", "6103", "6C04"] {
        let (mut card, commands) = selected(&["9000", answer]);
        assert!(card.tries_left().is_err(), "{answer}");
        drop(card);
        // EF, the question once, and leaving.
        assert_eq!(commands.borrow().len(), 7, "{answer}");
    }
    let (mut card, commands) = selected(&["9000", "6700", "63C2"]);
    assert_eq!(card.tries_left().expect("a counter"), 2);
    assert_eq!(commands.borrow()[5..], ["00200080", "0020008000"]);
}

#[test]
fn one_pin_is_one_verify_whatever_is_answered() {
    let outcomes = [
        ("9000", Some(VerifyOutcome::Verified)),
        ("63C2", Some(VerifyOutcome::Wrong { tries_left: 2 })),
        ("63C1", Some(VerifyOutcome::Wrong { tries_left: 1 })),
        ("63C0", Some(VerifyOutcome::Blocked)),
        ("6983", Some(VerifyOutcome::Blocked)),
        ("6984", Some(VerifyOutcome::Blocked)),
        ("6C00", None),
        ("6102", None),
        ("6700", None),
        ("6F00", None),
        ("6300", None),
    ];
    for (answer, outcome) in outcomes {
        let (mut card, commands) = selected(&["9000", "63C3", "9000", "63C3", answer]);
        assert_eq!(card.tries_left().expect("a counter"), 3);
        match (card.verify_pin(pin(), &mut || true), outcome) {
            (Ok(given), Some(expected)) => assert_eq!(given, expected, "{answer}"),
            (Err(JpkiCardError::UnexpectedStatus { command: Command::Verify, status }), None) => {
                assert_eq!(status.to_string(), answer);
            }
            (given, _) => panic!("{answer}: {given:?}"),
        }
        drop(card);
        assert_eq!(commands.verifies(), 1, "{answer}");
    }
    // No answer at all.
    let (mut card, commands) = selected(&["9000", "63C3", "9000", "63C3"]);
    card.tries_left().expect("a counter");
    let error = card.verify_pin(pin(), &mut || true).expect_err("no answer");
    assert!(matches!(error, JpkiCardError::PossiblyConsumed { source: Torn }), "{error}");
    drop(card);
    assert_eq!(commands.verifies(), 1);
}

#[test]
fn a_signature_in_pieces() {
    let half = "AA".repeat(128);
    let whole = "AA".repeat(256);
    for answers in [
        &["9000", &format!("{whole}9000")][..],
        &["9000", "6100", &format!("{whole}9000")],
        &["9000", &format!("{half}6180"), &format!("{half}9000")],
        &["9000", &format!("{half}6100"), &format!("{half}6100"), "9000"],
        &["9000", "6C00", &format!("{whole}9000")],
    ] {
        let (mut card, commands) = selected(answers);
        let signature = card.sign(&[0x11; 32]).expect("a signature");
        assert_eq!(signature, octets(&whole), "{answers:?}");
        let expected = format!("802A0080333031300D060960864801650304020105000420{}00", "11".repeat(32));
        assert_eq!(commands.borrow()[5], expected);
    }
    let (mut card, commands) = selected(&["9000", &format!("{half}6180"), &format!("{half}9000")]);
    card.sign(&[0x11; 32]).expect("a signature");
    assert_eq!(commands.borrow()[6], "00C0000080");
}

#[test]
fn a_signature_that_is_none() {
    let short = "AA".repeat(255);
    for answers in [&["9000", &format!("{short}9000")][..], &["9000", "9000"]] {
        let (mut card, _) = selected(answers);
        let error = card.sign(&[0; 32]).expect_err("no signature");
        assert!(matches!(error, JpkiCardError::UnexpectedLength { expected: 256, .. }), "{error}");
    }
    // A card that always has more, and one that never likes the length, come to an end.
    let mut endless = vec!["9000"];
    endless.resize(100, "AA6110");
    let (mut card, _) = selected(&endless);
    let error = card.sign(&[0; 32]).expect_err("no signature");
    assert!(
        matches!(error, JpkiCardError::UnexpectedStatus { status: StatusWord::MoreData(_), .. }),
        "{error}"
    );
    let (mut card, commands) = selected(&["9000", "6C00", "6C00"]);
    let error = card.sign(&[0; 32]).expect_err("no signature");
    assert!(
        matches!(error, JpkiCardError::UnexpectedStatus { status: StatusWord::WrongLe(0), .. }),
        "{error}"
    );
    drop(card);
    assert_eq!(commands.borrow().len(), 8);
}

fn octets_in_blocks(octets: usize) -> Vec<String> {
    let blocks = [0xE0].into_iter().cycle().scan(octets, |left, block| {
        let block = block.min(*left);
        *left -= block;
        (block > 0).then(|| format!("{}9000", "AA".repeat(block)))
    });
    blocks.collect()
}
