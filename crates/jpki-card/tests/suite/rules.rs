//! The rules of the driver: no login inherited or left, no VERIFY without a look at the counter, none twice.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use madoguchi_iso7816::StatusWord;
use madoguchi_jpki_card::{Command, JpkiCardError, VerifyOutcome};
use madoguchi_mock_card::Scenario;

use crate::in_software::{Loss, Wire, card, pin, select, sign_in};
use crate::script::{self, selected};

#[test]
fn a_login_of_another_program_is_not_inherited() {
    let mut in_software = card(&Scenario::default());
    for command in
        [&b"\x00\xA4\x04\x0C\x0A\xD3\x92\xF0\x00\x26\x01\x00\x00\x00\x01"[..], b"\x00\x20\x00\x98\x044649"]
    {
        assert_eq!(in_software.handle(command), [0x90, 0x00]);
    }
    // With a warm reset in between, too: real cards keep a login over it.
    in_software.reset();
    assert!(in_software.is_auth_verified());
    let mut card = select(Wire::new(&mut in_software)).expect("a My Number card");
    let error = card.sign(&[0; 32]).expect_err("a closed key");
    let JpkiCardError::UnexpectedStatus { command, status } = error else { panic!("{error}") };
    assert_eq!((command, status), (Command::ComputeDigitalSignature, StatusWord::SecurityStatusNotSatisfied));
}

#[test]
fn no_login_is_left_however_the_driver_is_left() {
    for way in ["leave", "drop", "error", "panic"] {
        let mut in_software = card(&Scenario::default());
        let mut verified = false;
        let end = catch_unwind(AssertUnwindSafe(|| {
            let mut card = select(Wire::new(&mut in_software)).expect("a My Number card");
            card.tries_left().expect("a counter");
            verified =
                card.verify_pin(pin("4649"), &mut || true).expect("an answer") == VerifyOutcome::Verified;
            // Verified as the card has it, too.
            card.sign(&[0; 32]).expect("a signature");
            match way {
                "leave" => card.leave(),
                "drop" => Ok(()),
                "error" => card.sign(&[]).map(|_| ()),
                // Without the message on the terminal that `panic!` makes.
                _ => resume_unwind(Box::new("planned")),
            }
        }));
        assert!(verified, "{way}");
        assert!(!in_software.is_auth_verified(), "{way}");
        match (way, end) {
            ("panic", Err(payload)) => assert_eq!(payload.downcast_ref(), Some(&"planned")),
            ("error", Ok(Err(JpkiCardError::DigestLength { .. }))) | ("leave" | "drop", Ok(Ok(()))) => {}
            (way, end) => panic!("{way}: {end:?}"),
        }
    }
}

#[test]
fn no_login_is_left_by_a_card_that_is_not_ours() {
    // The label is not ours: what was selected to find that out is left again.
    let (error, commands) = script::select(&["9000", "9000", "9000", script::OTHER_LABEL]);
    assert!(matches!(error.map(|_| ()), Err(JpkiCardError::UnsupportedToken { .. })));
    assert_eq!(commands.borrow()[4..], ["00A4040C07A0000001510000"]);
}

#[test]
fn leaving_selects_another_application_once_and_tells() {
    let (card, commands) = selected(&["9000"]);
    card.leave().expect("an answer");
    assert_eq!(commands.borrow()[4..], ["00A4040C07A0000001510000"]);
    let (card, commands) = selected(&[]);
    assert!(matches!(card.leave(), Err(JpkiCardError::Transport { .. })));
    assert_eq!(commands.borrow().len(), 5);
    // Refused: once more, and then it is told.
    let (card, commands) = selected(&["6985", "9000"]);
    card.leave().expect("an answer");
    assert_eq!(commands.borrow()[4..], ["00A4040C07A0000001510000"; 2]);
    let (card, commands) = selected(&["6A82", "6A82"]);
    assert!(matches!(card.leave(), Err(JpkiCardError::UnexpectedStatus { .. })));
    assert_eq!(commands.borrow().len(), 6);
    let (card, commands) = selected(&[]);
    drop(card);
    assert_eq!(commands.borrow()[4..], ["00A4040C07A0000001510000"]);
}

#[test]
fn every_verify_needs_a_look_at_the_counter() {
    // None at all; the one of before the last VERIFY; one that failed.
    let none: &[&str] = &[];
    for (answers, verifies) in [(none, 0), (&["9000", "63C3", "9000", "63C3", "63C2"], 1)] {
        let (mut card, commands) = selected(answers);
        if verifies == 1 {
            card.tries_left().expect("a counter");
            card.verify_pin(script::pin(), &mut || true).expect("an answer");
        }
        let error = card.verify_pin(script::pin(), &mut || true).expect_err("no look");
        assert!(matches!(error, JpkiCardError::TriesNotRead), "{error}");
        drop(card);
        assert_eq!(commands.verifies(), verifies);
    }
    let (mut card, commands) = selected(&["9000", "63C3", "9000", "6F00"]);
    assert_eq!(card.tries_left().expect("a counter"), 3);
    assert!(matches!(card.tries_left(), Err(JpkiCardError::UnexpectedStatus { .. })));
    assert!(matches!(card.verify_pin(script::pin(), &mut || true), Err(JpkiCardError::TriesNotRead)));
    drop(card);
    assert_eq!(commands.verifies(), 0);
}

#[test]
fn a_pin_goes_to_nothing_that_does_not_count_as_told() {
    // Told 3, and right before VERIFY: fewer, more, an answer of another file, no answer, no such file.
    for answers in [
        &["9000", "63C2"][..],
        &["9000", "63C4"],
        &["9000", "9000"],
        &["9000", "6A88"],
        &["9000", "6103"],
        &["9000", "6C04"],
        &["9000"],
        &["6A82"],
        &[],
    ] {
        let (mut card, commands) = selected(&[&["9000", "63C3"], answers].concat());
        assert_eq!(card.tries_left().expect("a counter"), 3);
        let error = card.verify_pin(script::pin(), &mut || true).expect_err("another counter");
        let expected = match answers.last() {
            Some(&("63C2" | "63C4")) => matches!(error, JpkiCardError::TriesChanged { told: 3, .. }),
            None | Some(&"9000") if answers.len() < 2 => matches!(error, JpkiCardError::Transport { .. }),
            _ => matches!(error, JpkiCardError::UnexpectedStatus { .. }),
        };
        assert!(expected, "{answers:?}: {error}");
        drop(card);
        assert_eq!(commands.verifies(), 0, "{answers:?}");
    }
}

#[test]
fn a_blocked_pin_is_not_tried() {
    for answer in ["63C0", "6983", "6984"] {
        // And whatever was told before.
        for (told, tries) in [(answer, 0), ("63C3", 3)] {
            let (mut card, commands) = selected(&["9000", told, "9000", answer]);
            assert_eq!(card.tries_left().expect("a counter"), tries);
            let outcome = card.verify_pin(script::pin(), &mut || true);
            assert_eq!(outcome.expect("an answer"), VerifyOutcome::Blocked);
            drop(card);
            assert_eq!(commands.verifies(), 0, "{told} and then {answer}");
        }
    }
}

/// The last question comes after everything that the card may take its time over.
#[test]
fn a_pin_that_is_no_longer_wanted_is_not_sent() {
    for on_pad in [false, true] {
        let (mut card, commands) = selected(&["9000", "63C3", "9000", "63C3"]);
        card.tries_left().expect("a counter");
        let mut asked_after = Vec::new();
        let mut wanted = || {
            asked_after.push(commands.borrow().len());
            false
        };
        let error = if on_pad {
            card.verify_pin_on_pad(Duration::from_secs(30), &mut wanted).map(|_| ())
        } else {
            card.verify_pin(script::pin(), &mut wanted).map(|_| ())
        };
        assert!(matches!(error, Err(JpkiCardError::NotWanted)), "{error:?}");
        assert_eq!(asked_after, [8], "once, after four commands of selection and two looks at the counter");
        assert!(matches!(card.verify_pin(script::pin(), &mut || true), Err(JpkiCardError::TriesNotRead)));
        drop(card);
        assert_eq!((commands.verifies(), commands.pads()), (0, 0));
    }
}

/// Every command of a sign-in, with the card gone at it: before it takes effect and after.
#[test]
fn a_card_pulled_out_at_any_command() {
    let mut healthy = card(&Scenario::default());
    let mut wire = Wire::new(&mut healthy);
    sign_in(&mut wire, "4649").expect("a signature");
    let commands = wire.commands;
    let mut possibly_consumed = 0;
    for at in 1..=commands {
        for loss in [Loss::Card, Loss::CardAfter] {
            let mut in_software = card(&Scenario::default());
            let error = sign_in(Wire::losing(&mut in_software, at, loss), "4649").expect_err("no card");
            match error {
                JpkiCardError::Transport { .. } => {}
                JpkiCardError::PossiblyConsumed { .. } => possibly_consumed += 1,
                error => panic!("at command {at}: {error}"),
            }
            assert!(!in_software.is_auth_verified());
            assert_eq!(in_software.auth_tries_left(), Some(3));
        }
    }
    assert_eq!(possibly_consumed, 2, "VERIFY before and after it takes effect, and nothing else");
}

/// The same with the answer lost and the card where it was: nothing is sent twice, and no login stays.
#[test]
fn an_answer_lost_at_any_command() {
    let mut healthy = card(&Scenario::default());
    let mut wire = Wire::new(&mut healthy);
    sign_in(&mut wire, "4649").expect("a signature");
    let commands = wire.commands;
    let mut cost = 0;
    // All but the last: when the answer to leaving is lost, power is what is left to take.
    for at in 1..commands {
        for digits in ["4649", "0000"] {
            let mut in_software = card(&Scenario::default());
            sign_in(Wire::losing(&mut in_software, at, Loss::Answer), digits).expect_err("no answer");
            assert!(!in_software.is_auth_verified(), "at command {at}");
            cost += 3 - in_software.auth_tries_left().expect("a counter");
        }
    }
    // The wrong PIN was sent in the runs that lost the answer to VERIFY or a later one: VERIFY, SELECT, signature.
    assert_eq!(cost, 3, "one VERIFY in each run that came to it");
}

#[test]
fn after_a_lost_answer_the_counter_tells() {
    for (digits, tries_left) in [("0000", 2), ("4649", 3)] {
        let mut in_software = card(&Scenario::default());
        // ISD, JPKI, EF 0006, READ BINARY, EF 0018, counter, EF 0018, counter, VERIFY
        let mut card = select(Wire::losing(&mut in_software, 9, Loss::Answer)).expect("a My Number card");
        card.tries_left().expect("a counter");
        let error = card.verify_pin(pin(digits), &mut || true).expect_err("no answer");
        assert!(matches!(error, JpkiCardError::PossiblyConsumed { .. }), "{error}");
        drop(card);
        let mut card = select(Wire::new(&mut in_software)).expect("a My Number card");
        assert_eq!(card.tries_left().expect("a counter"), tries_left);
        // A right PIN was verified, and is no more: the resident was told that it failed.
        assert!(card.sign(&[0; 32]).is_err());
        drop(card);
        assert_eq!(in_software.auth_tries_left(), Some(tries_left));
    }
}
