//! READ BINARY, READ RECORD (ISO 7816-4 sections 11.3.3 and 11.4.3), GET DATA.

use madoguchi_iso7816::StatusWord;

use super::Card;
use crate::{application::Content, command::Command};

impl Card {
    /// READ BINARY, even instruction code.
    pub(super) fn read_binary(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        let ne = ne_without_data(command)?;
        let (p1, p2) = (command.p1, command.p2);
        let offset = if p1 & 0x80 == 0 {
            usize::from(u16::from_be_bytes([p1, p2]))
        } else if p1 & 0x60 == 0 {
            self.select_short(p1)?;
            usize::from(p2)
        } else {
            return Err(StatusWord::IncorrectP1P2);
        };
        let (application, id) = self.current()?;
        let Content::Transparent { octets, access } = &application.file(id)?.content else {
            return Err(StatusWord::WrongFileStructure);
        };
        application.check_access(*access)?;
        let rest =
            octets.get(offset..).filter(|rest| !rest.is_empty()).ok_or(StatusWord::OffsetOutsideFile)?;
        // Past the end: what is left, and 9000 (observed; ISO would have 6282).
        Ok(rest[..rest.len().min(ne)].to_vec())
    }

    /// READ RECORD: one, or all from one on.
    pub(super) fn read_record(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        let ne = ne_without_data(command)?;
        match command.p2 >> 3 {
            0x00 => {}
            short @ 0x01..=0x1E => self.select_short(short)?,
            _ => return Err(StatusWord::IncorrectP1P2),
        }
        let (application, id) = self.current()?;
        let Content::Records { records, access } = &application.file(id)?.content else {
            return Err(StatusWord::WrongFileStructure);
        };
        application.check_access(*access)?;
        // Record 0 is the current one, and no command makes one current here.
        let first = usize::from(command.p1).checked_sub(1).ok_or(StatusWord::RecordNotFound)?;
        let from = records.get(first..).filter(|from| !from.is_empty()).ok_or(StatusWord::RecordNotFound)?;
        let mut data = match command.p2 & 0x07 {
            0x04 => from[0].clone(),
            0x05 => from.concat(),
            _ => return Err(StatusWord::IncorrectP1P2),
        };
        data.truncate(ne);
        Ok(data)
    }

    /// GET DATA: objects of the issuer security domain, while it is current (measured).
    pub(super) fn data_object(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        let ne = ne_without_data(command)?;
        let tag = u16::from_be_bytes([command.p1, command.p2]);
        let object = self.data_objects.iter().find(|(named, _)| *named == tag && self.current_df.is_none());
        let (_, value) = object.ok_or(StatusWord::ReferencedDataNotFound)?;
        // A short Le is refused for what is longer, without 6Cxx (measured); one that is too small (inferred), too.
        if value.len() > ne { Err(StatusWord::WrongLength) } else { Ok(value.clone()) }
    }
}

fn ne_without_data(command: &Command) -> Result<usize, StatusWord> {
    command.ne.filter(|_| command.data.is_empty()).ok_or(StatusWord::WrongLength)
}
