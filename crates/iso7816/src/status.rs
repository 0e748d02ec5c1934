//! Status words SW1-SW2 (ISO 7816-4 section 5.1.3, and what My Number cards make of them).

use std::fmt;

/// How a command ended. Every value of SW1-SW2 is exactly one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusWord {
    /// 9000: done.
    Ok,
    /// 61xx: done, and this many octets wait for GET RESPONSE (00 means 256 or more).
    MoreData(u8),
    /// 6281: the data may be corrupt.
    DataMayBeCorrupt,
    /// 6282: the file ended before Ne octets were read.
    EndOfFile,
    /// 6283: the selected file is deactivated.
    FileDeactivated,
    /// 6300: the reference data did not match, and tries are not counted.
    VerifyFailed,
    /// 63Cx: the reference data did not match (or was only asked about), and this many tries are left, 0 to 15.
    TriesLeft(u8),
    /// 6400: execution error.
    ExecutionError,
    /// 6581: memory failure.
    MemoryFailure,
    /// 6700: wrong length.
    WrongLength,
    /// 6881: logical channel not supported.
    ChannelNotSupported,
    /// 6882: secure messaging not supported.
    SecureMessagingNotSupported,
    /// 6981: command incompatible with the file's structure.
    WrongFileStructure,
    /// 6982: security status not satisfied; a PIN must be verified first.
    SecurityStatusNotSatisfied,
    /// 6983: authentication method blocked.
    AuthenticationMethodBlocked,
    /// 6984: reference data not usable; what My Number cards answer when a PIN is blocked.
    ReferenceDataNotUsable,
    /// 6985: conditions of use not satisfied.
    ConditionsNotSatisfied,
    /// 6986: command not allowed, no current EF.
    NoCurrentEf,
    /// 6987: secure messaging data objects missing.
    SecureMessagingMissing,
    /// 6988: secure messaging data objects incorrect.
    SecureMessagingIncorrect,
    /// 6A80: incorrect parameters in the data field.
    IncorrectData,
    /// 6A81: function not supported.
    FunctionNotSupported,
    /// 6A82: file or application not found.
    NotFound,
    /// 6A83: record not found.
    RecordNotFound,
    /// 6A86: incorrect P1 P2.
    IncorrectP1P2,
    /// 6A87: Lc inconsistent with P1 P2.
    LcInconsistent,
    /// 6A88: referenced data not found.
    ReferencedDataNotFound,
    /// 6B00: wrong parameters; an offset outside the file.
    OffsetOutsideFile,
    /// 6Cxx: wrong Le; the same command with this Le would be answered (00 means 256).
    WrongLe(u8),
    /// 6D00: instruction not supported.
    InstructionNotSupported,
    /// 6E00: class not supported.
    ClassNotSupported,
    /// 6F00: no precise diagnosis.
    NoDiagnosis,
    /// Any value that has no variant of its own. Made by [`StatusWord::from`] only.
    Other(u16),
}

impl StatusWord {
    /// SW1-SW2.
    pub fn to_u16(self) -> u16 {
        match self {
            Self::MoreData(octets) => 0x6100 | u16::from(octets),
            Self::TriesLeft(tries) => 0x63C0 | u16::from(tries & 0x0F),
            Self::WrongLe(le) => 0x6C00 | u16::from(le),
            Self::Other(value) => value,
            named => NAMED.iter().find(|(_, status)| *status == named).map_or(0x6F00, |(value, _)| *value),
        }
    }
}

impl From<u16> for StatusWord {
    fn from(value: u16) -> Self {
        if let Some((_, status)) = NAMED.iter().find(|(named, _)| *named == value) {
            return *status;
        }
        let [sw1, sw2] = value.to_be_bytes();
        match (sw1, sw2 >> 4) {
            (0x61, _) => Self::MoreData(sw2),
            (0x63, 0x0C) => Self::TriesLeft(sw2 & 0x0F),
            (0x6C, _) => Self::WrongLe(sw2),
            _ => Self::Other(value),
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.to_u16())
    }
}

const NAMED: [(u16, StatusWord); 29] = [
    (0x9000, StatusWord::Ok),
    (0x6281, StatusWord::DataMayBeCorrupt),
    (0x6282, StatusWord::EndOfFile),
    (0x6283, StatusWord::FileDeactivated),
    (0x6300, StatusWord::VerifyFailed),
    (0x6400, StatusWord::ExecutionError),
    (0x6581, StatusWord::MemoryFailure),
    (0x6700, StatusWord::WrongLength),
    (0x6881, StatusWord::ChannelNotSupported),
    (0x6882, StatusWord::SecureMessagingNotSupported),
    (0x6981, StatusWord::WrongFileStructure),
    (0x6982, StatusWord::SecurityStatusNotSatisfied),
    (0x6983, StatusWord::AuthenticationMethodBlocked),
    (0x6984, StatusWord::ReferenceDataNotUsable),
    (0x6985, StatusWord::ConditionsNotSatisfied),
    (0x6986, StatusWord::NoCurrentEf),
    (0x6987, StatusWord::SecureMessagingMissing),
    (0x6988, StatusWord::SecureMessagingIncorrect),
    (0x6A80, StatusWord::IncorrectData),
    (0x6A81, StatusWord::FunctionNotSupported),
    (0x6A82, StatusWord::NotFound),
    (0x6A83, StatusWord::RecordNotFound),
    (0x6A86, StatusWord::IncorrectP1P2),
    (0x6A87, StatusWord::LcInconsistent),
    (0x6A88, StatusWord::ReferencedDataNotFound),
    (0x6B00, StatusWord::OffsetOutsideFile),
    (0x6D00, StatusWord::InstructionNotSupported),
    (0x6E00, StatusWord::ClassNotSupported),
    (0x6F00, StatusWord::NoDiagnosis),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back() {
        for value in 0..=u16::MAX {
            assert_eq!(StatusWord::from(value).to_u16(), value);
        }
    }

    #[test]
    fn the_values_that_carry_a_number() {
        assert_eq!(StatusWord::from(0x63C3), StatusWord::TriesLeft(3));
        assert_eq!(StatusWord::from(0x63C0), StatusWord::TriesLeft(0));
        assert_eq!(StatusWord::from(0x6110), StatusWord::MoreData(0x10));
        assert_eq!(StatusWord::from(0x6C00), StatusWord::WrongLe(0));
        assert_eq!(StatusWord::from(0x6984), StatusWord::ReferenceDataNotUsable);
        assert_eq!(StatusWord::from(0x69FC), StatusWord::Other(0x69FC));
        assert_eq!(StatusWord::from(0x6A82).to_string(), "6A82");
    }
}
