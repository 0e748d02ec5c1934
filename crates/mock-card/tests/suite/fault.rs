//! Each fault of the plan, on the wire of a slot in process.

use std::time::Duration;

use madoguchi_mock_card::{Fault, FaultPlan, Scenario, Slot, SlotError};

use crate::common::{card, digits, files, octets};

const SELECT_JPKI: &str = "00A4040C 0A D392F000260100000001";
const QUERY: &str = "00200098";
const RIGHT_PIN: &str = "00200098 04 34363439";
const WRONG_PIN: &str = "00200098 04 30303030";
const READ_LABEL: &str = "00B08600 0F";
const SIGN: &str = "802A0097 01 AA 00";

fn slot(plan: FaultPlan) -> Slot {
    let scenario = Scenario { fault: Some(plan), ..Scenario::default() };
    Slot::new(card(&scenario), &scenario)
}

/// A slot in which the fault comes with the command after the application was selected.
fn second(fault: Fault) -> Slot {
    let mut slot = slot(FaultPlan::new(fault, 2));
    check(&mut slot, SELECT_JPKI, "9000");
    assert!(!slot.fault_happened());
    slot
}

fn check(slot: &mut Slot, command: &str, answer: &str) {
    let given = slot.exchange(&octets(command)).unwrap_or_else(|error| panic!("{command}: {error}"));
    assert_eq!(digits(&given), answer.replace(' ', ""), "{command}");
}

fn fails(slot: &mut Slot, command: &str, error: SlotError) {
    assert_eq!(slot.exchange(&octets(command)), Err(error), "{command}");
    assert!(slot.fault_happened() && slot.fault().is_none());
}

#[test]
fn remove_and_remove_after() {
    for (fault, tries_left) in [(Fault::Remove, 3), (Fault::RemoveAfter, 2)] {
        let mut slot = second(fault);
        fails(&mut slot, WRONG_PIN, SlotError::CardRemoved);
        assert_eq!(slot.card().auth_tries_left(), Some(tries_left));
        // Out is out, until somebody puts it in again; and it happens once.
        fails(&mut slot, SELECT_JPKI, SlotError::CardRemoved);
        slot.insert();
        check(&mut slot, SELECT_JPKI, "9000");
        check(&mut slot, QUERY, &format!("63C{tries_left}"));
    }
}

#[test]
fn unplug() {
    let mut slot = second(Fault::Unplug);
    fails(&mut slot, WRONG_PIN, SlotError::ReaderUnplugged);
    fails(&mut slot, QUERY, SlotError::ReaderUnplugged);
    assert!(!slot.is_inserted());
    slot.insert();
    check(&mut slot, SELECT_JPKI, "9000");
    check(&mut slot, QUERY, "63C3");
}

#[test]
fn warm_reset_keeps_the_login_and_is_told_once() {
    let mut slot = slot(FaultPlan::new(Fault::WarmReset, 3));
    check(&mut slot, SELECT_JPKI, "9000");
    check(&mut slot, RIGHT_PIN, "9000");
    fails(&mut slot, SIGN, SlotError::CardReset);
    assert!(slot.card().is_auth_verified());
    // It was reset: the application is not selected any more.
    check(&mut slot, SIGN, "6A82");
    check(&mut slot, SELECT_JPKI, "9000");
}

#[test]
fn power_loss_ends_the_login_and_nobody_is_told() {
    let mut slot = slot(FaultPlan::new(Fault::PowerLoss, 3));
    check(&mut slot, SELECT_JPKI, "9000");
    check(&mut slot, RIGHT_PIN, "9000");
    check(&mut slot, SIGN, "6A82");
    assert!(!slot.card().is_auth_verified() && slot.is_inserted());
}

#[test]
fn no_diagnosis_and_spurious_6985_come_once_and_without_effect() {
    for (fault, status) in [(Fault::NoDiagnosis, "6F00"), (Fault::Spurious6985, "6985")] {
        let mut slot = second(fault);
        check(&mut slot, WRONG_PIN, status);
        assert_eq!(slot.card().auth_tries_left(), Some(3));
        check(&mut slot, WRONG_PIN, "63C2");
    }
}

#[test]
fn more_data_waits_for_get_response() {
    let mut slot = second(Fault::MoreData);
    check(&mut slot, READ_LABEL, "610F");
    check(&mut slot, "00C00000 04", "4A504B49 610B");
    check(&mut slot, "00C00000 0B", "4150494343544F4B454E32 9000");
    // Fetched is fetched.
    check(&mut slot, "00C00000 0B", "6D00");

    // Who does not fetch at once has lost it.
    let mut slot = second(Fault::MoreData);
    check(&mut slot, READ_LABEL, "610F");
    check(&mut slot, QUERY, "63C3");
    check(&mut slot, "00C00000 0F", "6D00");

    // Nor does it survive a reset.
    let mut slot = second(Fault::MoreData);
    check(&mut slot, READ_LABEL, "610F");
    slot.reset();
    check(&mut slot, "00C00000 0F", "6D00");

    // A VERIFY took effect, whatever its answer looks like.
    let mut slot = second(Fault::MoreData);
    check(&mut slot, RIGHT_PIN, "6102");
    assert!(slot.card().is_auth_verified());
    check(&mut slot, "00C00000 02", "6F00 9000");
}

#[test]
fn wrong_le_names_the_right_one() {
    let mut slot = second(Fault::WrongLe);
    check(&mut slot, "00B08800 08", "6C03");
    check(&mut slot, "00B08800 03", "8F8F00 9000");
    let mut slot = second(Fault::WrongLe);
    check(&mut slot, WRONG_PIN, "6C00");
    assert_eq!(slot.card().auth_tries_left(), Some(3), "without effect");
}

#[test]
fn short_read() {
    let mut slot = second(Fault::ShortRead);
    check(&mut slot, READ_LABEL, "4A504B49415049 9000");
    check(&mut slot, READ_LABEL, "4A504B494150494343544F4B454E32 9000");
}

#[test]
fn lying_length() {
    let header = digits(&files().auth_certificate[..4]);
    let lie = format!("{}{:02X}{}", &header[..4], files().auth_certificate[2] + 1, &header[6..]);
    let mut slot = second(Fault::LyingLength);
    check(&mut slot, "00B08A00 04", &format!("{lie} 9000"));
    check(&mut slot, "00B08A00 04", &format!("{header} 9000"));
    let mut slot = second(Fault::LyingLength);
    check(&mut slot, "00B08800 03", "00 8F8F00 9000");
}

#[test]
fn garbage_is_made_from_its_seed() {
    let read = |seed| {
        let mut slot = slot(FaultPlan::new(Fault::Garbage, 2).with_seed(seed));
        check(&mut slot, SELECT_JPKI, "9000");
        slot.exchange(&octets("00B08A00 00")).expect("an answer")
    };
    assert_eq!(read(1), read(1));
    assert_ne!(read(1), read(2));
    assert_ne!(&read(1)[..256], &files().auth_certificate[..256]);
    assert_eq!(read(1)[256..], [0x90, 0x00]);
}

#[test]
fn a_slow_answer_is_the_right_one_and_nobody_waits_in_process() {
    let patience = Duration::from_hours(1);
    let mut slot = slot(FaultPlan::new(Fault::SlowAnswer, 2).with_delay(patience));
    check(&mut slot, SELECT_JPKI, "9000");
    assert_eq!(slot.delayed(), Duration::ZERO);
    check(&mut slot, QUERY, "63C3");
    assert_eq!(slot.delayed(), patience);
}

#[test]
fn the_label_stays_wrong_and_nothing_else_does() {
    let mut slot = second(Fault::WrongLabel);
    check(&mut slot, "00A4020C 02 0006", "9000");
    for _ in 0..2 {
        check(&mut slot, "00B00000 0F", "4A504B4941504E4F53554348544F4B 9000");
        check(&mut slot, "00B00006 04", "4E4F5355 9000");
    }
    check(&mut slot, "00B08800 03", "8F8F00 9000");
    slot.set_fault(None);
    check(&mut slot, READ_LABEL, "4A504B494150494343544F4B454E32 9000");
}

#[test]
fn a_blocked_pin_stays_blocked() {
    let mut slot = second(Fault::BlockedPin);
    check(&mut slot, QUERY, "63C0");
    check(&mut slot, RIGHT_PIN, "6984");
    slot.insert();
    check(&mut slot, SELECT_JPKI, "9000");
    check(&mut slot, QUERY, "63C0");
}

#[test]
fn hold() {
    let mut slot = second(Fault::Hold);
    fails(&mut slot, WRONG_PIN, SlotError::HeldByAnother);
    check(&mut slot, QUERY, "63C3");
}

#[test]
fn every_fault_can_be_noticed_at_a_read() {
    for fault in Fault::ALL {
        let mut slot = second(fault);
        let before = digits(&octets("4A504B494150494343544F4B454E32 9000"));
        let answer = slot.exchange(&octets(READ_LABEL)).map(|answer| digits(&answer));
        let same = answer.as_deref() == Ok(before.as_str());
        let late = slot.delayed() > Duration::ZERO;
        let blocked = slot.card().auth_tries_left() == Some(0);
        assert!(!same || late || blocked, "{fault} changed nothing");
        assert!(slot.fault_happened());
    }
}

#[test]
fn a_plan_that_comes_later_counts_from_then() {
    let mut slot = second(Fault::NoDiagnosis);
    slot.set_fault(Some(FaultPlan::new(Fault::Spurious6985, 2)));
    check(&mut slot, QUERY, "63C3");
    check(&mut slot, QUERY, "6985");
    assert_eq!(slot.commands(), 3);
    // Put in again, the count starts again.
    slot.set_fault(Some(FaultPlan::new(Fault::Spurious6985, 2)));
    check(&mut slot, QUERY, "63C3");
    slot.insert();
    check(&mut slot, SELECT_JPKI, "9000");
    check(&mut slot, QUERY, "6985");
}
