//! The fault plan, and the card in process as a transaction.

use madoguchi_iso7816::{CardTransaction as _, CommandApdu, StatusWord};
use madoguchi_mock_card::{CardRemoved, Scenario, Slot};

use crate::common::{card, octets};

const SELECT_JPKI: &str = "00A4040C 0A D392F000260100000001";
const WRONG_PIN: &str = "00200098 04 30303030";

fn slot(scenario: &Scenario) -> Slot {
    Slot::new(card(scenario), scenario)
}

#[test]
fn a_card_goes_out_once_at_the_command_that_was_planned() {
    for (remove_after_execution, tries_left) in [(false, 3), (true, 2)] {
        let scenario = Scenario { remove_at_apdu: Some(2), remove_after_execution, ..Scenario::default() };
        let mut slot = slot(&scenario);
        for _ in 0..2 {
            assert_eq!(slot.exchange(&octets(SELECT_JPKI)), Ok(vec![0x90, 0x00]));
            let answer = slot.exchange(&octets(WRONG_PIN));
            if slot.card().auth_tries_left() == Some(tries_left) && answer == Err(CardRemoved) {
                // Out is out, until somebody puts it in again; then the fault has happened.
                assert_eq!(slot.exchange(&octets(SELECT_JPKI)), Err(CardRemoved));
                slot.insert();
            } else {
                assert_eq!(answer, Ok(vec![0x63, 0xC0 + tries_left - 1]));
            }
        }
        assert_eq!(slot.card().auth_tries_left(), Some(tries_left - 1));
        assert_eq!(slot.commands(), 2);
    }
}

#[test]
fn a_card_that_comes_out_forgets() {
    let mut slot = slot(&Scenario::default());
    slot.exchange(&octets(SELECT_JPKI)).expect("an answer");
    slot.exchange(&octets("00200098 04 34363439")).expect("an answer");
    assert!(slot.card().is_auth_verified());
    slot.remove();
    assert!(!slot.card().is_auth_verified());
}

#[test]
fn a_slot_is_a_transaction() {
    let mut slot = slot(&Scenario::default());
    let command = CommandApdu::new(0x00, 0xA4, 0x04, 0x0C);
    let name = octets("D392F000260100000001");
    let response = slot.transmit(&command.with_data(&name).expect("data")).expect("an answer");
    assert_eq!(response.status(), StatusWord::Ok);
    slot.card_mut().power_off();
    assert!(matches!(slot.transmit(&CommandApdu::new(0x00, 0x20, 0x00, 0x98)), Err(CardRemoved)));
}
