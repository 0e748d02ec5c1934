//! The card in process as a transaction.

use madoguchi_iso7816::{CardTransaction as _, CommandApdu, StatusWord};
use madoguchi_mock_card::{Scenario, Slot, SlotError};

use crate::common::{card, octets};

fn slot() -> Slot {
    let scenario = Scenario::default();
    Slot::new(card(&scenario), &scenario)
}

#[test]
fn a_card_that_comes_out_forgets() {
    let mut slot = slot();
    slot.exchange(&octets("00A4040C 0A D392F000260100000001")).expect("an answer");
    slot.exchange(&octets("00200098 04 34363439")).expect("an answer");
    assert!(slot.card().is_auth_verified());
    slot.remove();
    assert!(!slot.card().is_auth_verified() && !slot.is_inserted());
    assert_eq!(slot.exchange(&octets("00200098")), Err(SlotError::CardRemoved));
    slot.insert();
    assert_eq!(slot.commands(), 0);
    assert_eq!(slot.verifies(), 1, "counted over insertions");
}

#[test]
fn a_slot_is_a_transaction() {
    let mut slot = slot();
    let command = CommandApdu::new(0x00, 0xA4, 0x04, 0x0C);
    let name = octets("D392F000260100000001");
    let response = slot.transmit(&command.with_data(&name).expect("data")).expect("an answer");
    assert_eq!(response.status(), StatusWord::Ok);
    slot.power_off();
    assert!(matches!(slot.transmit(&CommandApdu::new(0x00, 0x20, 0x00, 0x98)), Err(SlotError::CardRemoved)));
}
