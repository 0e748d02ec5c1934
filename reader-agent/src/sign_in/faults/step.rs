//! Which command of a sign-in this is, by what goes over the wire and nothing else.

use std::fmt;

use madoguchi_iso7816::CommandApdu;

/// A step of a sign-in. Its name is the one in `tests/faults.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The first command: SELECT of the issuer security domain, to end what others left.
    Enter,
    SelectJpki,
    SelectEf(u16),
    /// READ BINARY at the start of a file.
    Read(u16),
    /// READ BINARY further on.
    ReadOn(u16),
    /// VERIFY without data.
    Query,
    Verify,
    Sign,
    /// SELECT of the issuer security domain, to leave.
    Leave,
    Other(u8),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enter => f.write_str("enter"),
            Self::SelectJpki => f.write_str("select-jpki"),
            Self::SelectEf(id) => write!(f, "select-{id:04x}"),
            Self::Read(id) => write!(f, "read-{id:04x}"),
            Self::ReadOn(id) => write!(f, "read-on-{id:04x}"),
            Self::Query => f.write_str("query"),
            Self::Verify => f.write_str("verify"),
            Self::Sign => f.write_str("sign"),
            Self::Leave => f.write_str("leave"),
            Self::Other(instruction) => write!(f, "ins-{instruction:02x}"),
        }
    }
}

/// What the commands so far have selected.
#[derive(Default)]
pub(super) struct Selected {
    entered: bool,
    ef: u16,
}

impl Selected {
    /// The step that this command is.
    pub(super) fn step(&mut self, command: &CommandApdu) -> Step {
        match (command.instruction(), command.p1(), command.data()) {
            (0xA4, 0x04, [0xD3, ..]) => {
                self.entered = true;
                Step::SelectJpki
            }
            (0xA4, 0x04, _) if self.entered => Step::Leave,
            (0xA4, 0x04, _) => Step::Enter,
            (0xA4, 0x02, &[high, low]) => {
                self.ef = u16::from_be_bytes([high, low]);
                Step::SelectEf(self.ef)
            }
            (0xB0, 0x00, _) if command.p2() == 0x00 => Step::Read(self.ef),
            (0xB0, ..) => Step::ReadOn(self.ef),
            (0x20, _, []) => Step::Query,
            (0x20, ..) => Step::Verify,
            (0x2A, ..) => Step::Sign,
            (instruction, ..) => Step::Other(instruction),
        }
    }
}
