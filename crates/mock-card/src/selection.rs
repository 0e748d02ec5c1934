//! What is selected, as somebody sees it who only listens to commands and status words.
//!
//! Faults that follow a file, and traces that must know what an answer holds, look here: they work whatever card answers.

use crate::issuer_domain::ISSUER_DOMAIN_AID;

/// Which application is selected, and which of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Its name; empty for the issuer security domain, which power selects.
    application: Vec<u8>,
    current_ef: Option<u16>,
}

impl Selection {
    /// Takes note of a command and of how its answer ends.
    pub(crate) fn note(&mut self, command: &[u8], answer: &[u8]) {
        let [.., sw1, sw2] = *answer else { return };
        let happy = (sw1, sw2) == (0x90, 0x00) || sw1 == 0x61;
        match *command {
            [_, 0xA4, 0x02, _, 0x02, high, low, ..] if happy => {
                self.current_ef = Some(u16::from_be_bytes([high, low]));
            }
            // Another application, or the same one again: no file is current.
            [_, 0xA4, 0x04, _, lc, ref name @ ..] if happy => {
                self.application = whole_name(&name[..name.len().min(usize::from(lc))]);
                self.current_ef = None;
            }
            _ => self.current_ef = self.named_by(command),
        }
    }

    /// The file of the JPKI application that this command is about: the current one, or the one that its short EF
    /// identifier names. None in any other application.
    pub(crate) fn file_of(&self, command: &[u8]) -> Option<u16> {
        self.named_by(command).filter(|_| self.application == JPKI_AID)
    }

    /// What of the selection the answer to this command depends on: equal commands with equal answers to this are
    /// the same question.
    pub(crate) fn meant_by(&self, command: &[u8]) -> Self {
        match *command {
            [_, 0xA4, 0x04, ..] => Self::default(),
            [_, 0xA4, ..] => Self { current_ef: None, ..self.clone() },
            _ => Self { current_ef: self.named_by(command), ..self.clone() },
        }
    }

    fn named_by(&self, command: &[u8]) -> Option<u16> {
        match *command {
            [_, 0xB0, p1 @ 0x80..=0x9F, ..] => Some(u16::from(p1 & 0x1F)),
            [_, 0x20 | 0x2A | 0x24, _, p2 @ 0x81..=0x9F, ..] => Some(u16::from(p2 & 0x1F)),
            _ => self.current_ef,
        }
    }

    /// Power gone.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The application that the start of a name selects, as far as it is known here.
fn whole_name(name: &[u8]) -> Vec<u8> {
    match name {
        name if ISSUER_DOMAIN_AID.starts_with(name) => Vec::new(),
        name if JPKI_AID.starts_with(name) => JPKI_AID.to_vec(),
        other => other.to_vec(),
    }
}

/// The offset of a READ BINARY; none for every other command.
pub(crate) fn read_offset(command: &[u8]) -> Option<usize> {
    match *command {
        [_, 0xB0, p1 @ ..=0x7F, p2, ..] => Some(usize::from(u16::from_be_bytes([p1, p2]))),
        [_, 0xB0, _, p2, ..] => Some(usize::from(p2)),
        _ => None,
    }
}

const JPKI_AID: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &[u8] = &[0x90, 0x00];
    const SELECT_JPKI: &[u8] = &[0x00, 0xA4, 0x04, 0x0C, 0x03, 0xD3, 0x92, 0xF0, 0x00];
    const SELECT_OTHER: &[u8] = &[0x00, 0xA4, 0x04, 0x0C, 0x03, 0xD3, 0x92, 0x10];
    const SELECT_FILE: &[u8] = &[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x06];
    const READ: &[u8] = &[0x00, 0xB0, 0x00, 0x00, 0xA0];
    const READ_SHORT: &[u8] = &[0x00, 0xB0, 0x88, 0x00, 0x03];

    #[test]
    fn it_follows_selections_that_succeed() {
        let mut selection = Selection::default();
        selection.note(SELECT_JPKI, OK);
        selection.note(SELECT_FILE, &[0x6A, 0x82]);
        assert_eq!(selection.file_of(READ), None);
        selection.note(SELECT_FILE, OK);
        assert_eq!(selection.file_of(READ), Some(6));
        assert_eq!(selection.file_of(READ_SHORT), Some(8));
        selection.note(READ_SHORT, OK);
        assert_eq!(selection.file_of(READ), Some(8));
        selection.note(&[0x00, 0x20, 0x00, 0x98], &[0x63, 0xC3]);
        assert_eq!(selection.file_of(READ), Some(0x18));
        selection.note(SELECT_OTHER, &[0x6A, 0x82]);
        assert_eq!(selection.file_of(READ), Some(0x18));
        selection.note(SELECT_JPKI, &[0x61, 0x02]);
        assert_eq!(selection.file_of(READ), None);
    }

    #[test]
    fn files_of_other_applications_are_not_meant() {
        let mut selection = Selection::default();
        selection.note(SELECT_OTHER, OK);
        selection.note(SELECT_FILE, OK);
        assert_eq!((selection.file_of(READ), selection.file_of(READ_SHORT)), (None, None));
        selection.note(SELECT_JPKI, OK);
        assert_eq!(selection.file_of(READ_SHORT), Some(8));
        selection.forget();
        assert_eq!(selection.file_of(READ_SHORT), None);
    }

    #[test]
    fn the_same_command_about_something_else_is_another_question() {
        const QUERY: &[u8] = &[0x00, 0x20, 0x00, 0x80];
        const SELECT_ISSUER: &[u8] = &[0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0];
        let after = |commands: &[&[u8]]| {
            let mut selection = Selection::default();
            for command in commands {
                selection.note(command, OK);
            }
            selection
        };
        let (jpki, other) = (after(&[SELECT_JPKI]), after(&[SELECT_OTHER]));
        let file = after(&[SELECT_JPKI, SELECT_FILE]);
        let whole = [&[0x00, 0xA4, 0x04, 0x0C, 0x0A][..], &JPKI_AID].concat();
        assert_eq!(jpki, after(&[&whole]), "the start of a name is the name");
        assert_eq!(Selection::default(), after(&[SELECT_JPKI, SELECT_ISSUER]), "power selects the issuer's");
        assert_ne!(file.meant_by(QUERY), jpki.meant_by(QUERY));
        assert_ne!(file.meant_by(QUERY), after(&[SELECT_OTHER, SELECT_FILE]).meant_by(QUERY));
        // Which file is current does not matter where the command names one, nor the application where it names that.
        assert_eq!(file.meant_by(READ_SHORT), jpki.meant_by(READ_SHORT));
        assert_eq!(file.meant_by(SELECT_FILE), jpki.meant_by(SELECT_FILE));
        assert_ne!(other.meant_by(SELECT_FILE), jpki.meant_by(SELECT_FILE));
        assert_eq!(other.meant_by(SELECT_JPKI), file.meant_by(SELECT_JPKI));
    }

    #[test]
    fn offsets() {
        assert_eq!(read_offset(&[0x00, 0xB0, 0x01, 0x02, 0x00]), Some(0x102));
        assert_eq!(read_offset(&[0x00, 0xB0, 0x8A, 0x02, 0x00]), Some(2));
        assert_eq!(read_offset(&[0x00, 0xA4, 0x00, 0x02, 0x00]), None);
    }
}
