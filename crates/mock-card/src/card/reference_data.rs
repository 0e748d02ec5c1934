//! VERIFY and CHANGE REFERENCE DATA (ISO 7816-4 sections 11.5.6 and 11.5.7).

use madoguchi_iso7816::StatusWord;

use super::Card;
use crate::{command::Command, pin::Pin};

impl Card {
    /// VERIFY: without data, the question for the counter.
    pub(super) fn verify(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        if command.p1 != 0x00 {
            return Err(StatusWord::IncorrectP1P2);
        }
        let scenario = self.scenario.clone();
        let pin = self.referenced_pin(command.p2)?;
        match command.data.as_slice() {
            [] => pin.query(&scenario),
            data => pin.verify(data, &scenario),
        }?;
        Ok(Vec::new())
    }

    /// CHANGE REFERENCE DATA to what the command brings; the old value was verified before.
    pub(super) fn change_reference_data(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        if command.p1 != 0x01 {
            return Err(StatusWord::IncorrectP1P2);
        }
        self.referenced_pin(command.p2)?.change(&command.data)?;
        Ok(Vec::new())
    }

    fn referenced_pin(&mut self, p2: u8) -> Result<&mut Pin, StatusWord> {
        self.select_reference(p2)?;
        let id = self.current()?.1;
        let application = self.application_mut().ok_or(StatusWord::NoCurrentEf)?;
        application.pin_mut(id).ok_or(StatusWord::WrongFileStructure)
    }
}
