//! PERFORM SECURITY OPERATION, COMPUTE DIGITAL SIGNATURE (ISO 7816-8) in the card's own form, and GET CHALLENGE.

use madoguchi_iso7816::StatusWord;

use super::Card;
use crate::{application::Content, command::Command};

impl Card {
    /// COMPUTE DIGITAL SIGNATURE: the input is signed without a look at it.
    pub(super) fn compute_digital_signature(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        let last_p1 = if self.scenario.hashing_signatures { 0x05 } else { 0x00 };
        if command.p1 > last_p1 {
            return Err(StatusWord::IncorrectP1P2);
        }
        self.select_reference(command.p2)?;
        let (index, id) = self.current_df.zip(self.current_ef).ok_or(StatusWord::NoCurrentEf)?;
        let application = &self.applications[index];
        let Content::Key { key, after } = &application.file(id)?.content else {
            return Err(StatusWord::WrongFileStructure);
        };
        // What a card without this key answers is not known.
        let key = key.as_ref().ok_or(StatusWord::ReferencedDataNotFound)?;
        if !application.is_verified(*after) {
            return Err(if self.scenario.unverified_signature_is_6985 {
                StatusWord::ConditionsNotSatisfied
            } else {
                StatusWord::SecurityStatusNotSatisfied
            });
        }
        match command.ne {
            None => Err(StatusWord::WrongLength),
            Some(ne) if ne < key.signature_octets() => Err(StatusWord::WrongLe(0x00)),
            Some(_) => key.sign(command.p1, &command.data, &mut self.chance),
        }
    }

    /// GET CHALLENGE: 1 to 256 octets, whatever is selected; not by extended length (measured).
    pub(super) fn challenge(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        match (command.p1, command.p2, command.extended, command.ne) {
            (0x00, 0x00, true, _) => Err(StatusWord::ConditionsNotSatisfied),
            (0x00, 0x00, false, Some(ne)) if command.data.is_empty() => Ok(self.chance.octets(ne)),
            (0x00, 0x00, false, _) => Err(StatusWord::WrongLength),
            _ => Err(StatusWord::IncorrectP1P2),
        }
    }
}
