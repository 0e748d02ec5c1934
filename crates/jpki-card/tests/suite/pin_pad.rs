//! A reader with a keypad of its own: the PIN never enters the computer.

use std::time::Duration;

use madoguchi_iso7816::StatusWord;
use madoguchi_jpki_card::{Command, JpkiCardError, PadOutcome};

use crate::script::{selected, selected_without_pad};

const WAIT: Duration = Duration::from_secs(30);

#[test]
fn every_answer_of_reader_and_card() {
    for (answer, outcome) in [
        ("9000", Some(PadOutcome::Verified)),
        ("63C2", Some(PadOutcome::Wrong { tries_left: 2 })),
        ("63C1", Some(PadOutcome::Wrong { tries_left: 1 })),
        ("63C0", Some(PadOutcome::Blocked)),
        ("6983", Some(PadOutcome::Blocked)),
        ("6984", Some(PadOutcome::Blocked)),
        ("6400", Some(PadOutcome::TimedOut)),
        ("6401", Some(PadOutcome::Cancelled)),
        ("6402", Some(PadOutcome::Malformed)),
        ("6403", Some(PadOutcome::Malformed)),
        ("6404", None),
        ("6700", None),
        ("6103", None),
        ("6C04", None),
        ("6F00", None),
    ] {
        let (mut card, sent) = selected(&["9000", "63C3", "9000", "63C3", answer]);
        assert_eq!(card.tries_left().expect("a counter"), 3);
        match (card.verify_pin_on_pad(WAIT, &mut || true), outcome) {
            (Ok(given), Some(expected)) => assert_eq!(given, expected, "{answer}"),
            (Err(JpkiCardError::UnexpectedStatus { command: Command::Verify, status }), None) => {
                assert_eq!(status, StatusWord::from(u16::from_str_radix(answer, 16).expect("a status")));
            }
            (given, _) => panic!("{answer}: {given:?}"),
        }
        drop(card);
        assert_eq!((sent.pads(), sent.verifies()), (1, 0), "{answer}");
        // The header alone, four digits, and the time there is.
        assert_eq!(sent.borrow()[8], "pad 00200080 4-4 30s");
    }
}

#[test]
fn without_an_answer_a_try_may_be_spent() {
    let (mut card, sent) = selected(&["9000", "63C3", "9000", "63C3"]);
    card.tries_left().expect("a counter");
    let error = card.verify_pin_on_pad(WAIT, &mut || true).expect_err("no answer");
    assert!(matches!(error, JpkiCardError::PossiblyConsumed { .. }), "{error}");
    drop(card);
    assert_eq!(sent.pads(), 1);
}

#[test]
fn the_rules_of_verify_hold_on_the_keypad() {
    let (mut card, sent) = selected(&["9000", "63C3", "9000", "63C2"]);
    assert!(matches!(card.verify_pin_on_pad(WAIT, &mut || true), Err(JpkiCardError::TriesNotRead)));
    card.tries_left().expect("a counter");
    assert!(matches!(
        card.verify_pin_on_pad(WAIT, &mut || true),
        Err(JpkiCardError::TriesChanged { told: 3, found: 2 })
    ));
    assert!(matches!(card.verify_pin_on_pad(WAIT, &mut || true), Err(JpkiCardError::TriesNotRead)));
    drop(card);
    assert_eq!(sent.pads(), 0);
    let (mut card, sent) = selected(&["9000", "63C0", "9000", "6984"]);
    card.tries_left().expect("a counter");
    assert_eq!(card.verify_pin_on_pad(WAIT, &mut || true).expect("an answer"), PadOutcome::Blocked);
    drop(card);
    assert_eq!(sent.pads(), 0);
}

#[test]
fn whether_there_is_a_keypad() {
    assert!(selected(&[]).0.has_pin_pad());
    assert!(!selected_without_pad().has_pin_pad());
}
