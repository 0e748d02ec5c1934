//! What is selected, as somebody sees it who only listens to commands and status words.
//!
//! Faults that follow a file, and traces that must know what an answer holds, look here: they work whatever card answers.

/// Whether the JPKI application is selected, and which of its files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    jpki: bool,
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
                self.jpki = JPKI_AID.starts_with(&name[..name.len().min(usize::from(lc))]);
                self.current_ef = None;
            }
            _ => self.current_ef = self.named_by(command),
        }
    }

    /// The file of the JPKI application that this command is about: the current one, or the one that its short EF
    /// identifier names. None in any other application.
    pub(crate) fn file_of(&self, command: &[u8]) -> Option<u16> {
        self.named_by(command).filter(|_| self.jpki)
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
    fn offsets() {
        assert_eq!(read_offset(&[0x00, 0xB0, 0x01, 0x02, 0x00]), Some(0x102));
        assert_eq!(read_offset(&[0x00, 0xB0, 0x8A, 0x02, 0x00]), Some(2));
        assert_eq!(read_offset(&[0x00, 0xA4, 0x00, 0x02, 0x00]), None);
    }
}
