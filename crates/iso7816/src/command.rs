//! Command APDUs (ISO 7816-4 section 5.1), short form, cases 1 to 4.

use std::fmt;

use zeroize::Zeroizing;

use crate::Iso7816Error;

/// Most octets in the data field of a short command APDU.
pub const MAX_COMMAND_DATA: usize = 255;

/// Most octets in the data field of the answer to a short command APDU.
pub const MAX_RESPONSE_DATA: usize = 256;

/// A short command APDU. Its data may be a PIN: the buffer is wiped when dropped, and `Debug` shows the header
/// and Lc only.
#[derive(PartialEq, Eq)]
pub struct CommandApdu {
    class: u8,
    instruction: u8,
    p1: u8,
    p2: u8,
    data: Zeroizing<Vec<u8>>,
    le: Option<u8>,
}

impl CommandApdu {
    /// A command without data that expects no data: case 1.
    pub fn new(class: u8, instruction: u8, p1: u8, p2: u8) -> Self {
        Self { class, instruction, p1, p2, data: Zeroizing::new(Vec::new()), le: None }
    }

    /// The same with a data field of 1 to 255 octets: case 3, or 4 with Le.
    pub fn with_data(mut self, data: &[u8]) -> Result<Self, Iso7816Error> {
        if data.is_empty() || data.len() > MAX_COMMAND_DATA {
            return Err(Iso7816Error::DataLength { octets: data.len() });
        }
        // One allocation of the right size: a growing buffer would leave copies behind.
        self.data = Zeroizing::new(data.to_vec());
        Ok(self)
    }

    /// The same with an Le field: case 2, or 4 with data. As encoded: 00 asks for up to 256 octets.
    pub fn with_le(mut self, le: u8) -> Self {
        self.le = Some(le);
        self
    }

    /// Reads a short command APDU.
    pub fn parse(octets: &[u8]) -> Result<Self, Iso7816Error> {
        let wrong = Iso7816Error::CommandLength { octets: octets.len() };
        let Some((&[class, instruction, p1, p2], body)) = octets.split_first_chunk::<4>() else {
            return Err(wrong);
        };
        let command = Self::new(class, instruction, p1, p2);
        let (&lc, rest) = match body {
            [] => return Ok(command),
            [le] => return Ok(command.with_le(*le)),
            [lc, rest @ ..] => (lc, rest),
        };
        // An Lc of 00 here starts an extended length field.
        let Some((data, after)) = rest.split_at_checked(usize::from(lc)).filter(|(data, _)| !data.is_empty())
        else {
            return Err(wrong);
        };
        let command = command.with_data(data)?;
        match after {
            [] => Ok(command),
            [le] => Ok(command.with_le(*le)),
            _ => Err(wrong),
        }
    }

    /// The octets that go to the card.
    pub fn to_octets(&self) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(self.data.len() + 6));
        octets.extend_from_slice(&[self.class, self.instruction, self.p1, self.p2]);
        // Holds for every value: `with_data` takes at most 255 octets.
        if let Some(lc) = u8::try_from(self.data.len()).ok().filter(|lc| *lc > 0) {
            octets.push(lc);
            octets.extend_from_slice(&self.data);
        }
        octets.extend(self.le);
        octets
    }

    /// CLA.
    pub fn class(&self) -> u8 {
        self.class
    }

    /// INS.
    pub fn instruction(&self) -> u8 {
        self.instruction
    }

    /// P1.
    pub fn p1(&self) -> u8 {
        self.p1
    }

    /// P2.
    pub fn p2(&self) -> u8 {
        self.p2
    }

    /// The data field, Nc octets.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The Le field as encoded.
    pub fn le(&self) -> Option<u8> {
        self.le
    }

    /// Ne: most octets that the answer's data field may have.
    pub fn ne(&self) -> usize {
        match self.le {
            None => 0,
            Some(0) => MAX_RESPONSE_DATA,
            Some(le) => usize::from(le),
        }
    }
}

impl fmt::Debug for CommandApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, instruction, p1, p2, data, .. } = self;
        write!(f, "{class:02X} {instruction:02X} {p1:02X} {p2:02X} Lc={}", data.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_four_cases() {
        let command = || CommandApdu::new(0x00, 0x20, 0x00, 0x80);
        let with_data = || command().with_data(&[0xAA, 0xBB]).expect("data");
        for (command, octets) in [
            (command(), &[0x00, 0x20, 0x00, 0x80][..]),
            (command().with_le(0), &[0x00, 0x20, 0x00, 0x80, 0x00]),
            (with_data(), &[0x00, 0x20, 0x00, 0x80, 0x02, 0xAA, 0xBB]),
            (with_data().with_le(3), &[0x00, 0x20, 0x00, 0x80, 0x02, 0xAA, 0xBB, 0x03]),
        ] {
            assert_eq!(command.to_octets().as_slice(), octets);
            assert_eq!(CommandApdu::parse(octets), Ok(command));
        }
        assert_eq!((command().ne(), command().with_le(0).ne(), command().with_le(3).ne()), (0, 256, 3));
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        for octets in [
            &[0x00, 0xA4, 0x04][..],
            // Lc says two octets, one or four follow
            &[0x00, 0xA4, 0x04, 0x0C, 0x02, 0x01],
            &[0x00, 0xA4, 0x04, 0x0C, 0x02, 0x01, 0x02, 0x00, 0x00],
            // extended Le, extended Lc
            &[0x00, 0xB0, 0x00, 0x00, 0x00, 0x01, 0x00],
            &[0x00, 0xA4, 0x04, 0x0C, 0x00, 0x00, 0x01, 0xAA],
        ] {
            let wrong = Iso7816Error::CommandLength { octets: octets.len() };
            assert_eq!(CommandApdu::parse(octets), Err(wrong), "{octets:02X?}");
        }
        for octets in [0, 256] {
            assert_eq!(
                CommandApdu::new(0, 0, 0, 0).with_data(&vec![0; octets]),
                Err(Iso7816Error::DataLength { octets })
            );
        }
    }

    #[test]
    fn debug_output_holds_no_data() {
        let command = CommandApdu::new(0x00, 0x20, 0x00, 0x80).with_data(b"4649").expect("data");
        assert_eq!(format!("{command:?}"), "00 20 00 80 Lc=4");
    }

    proptest! {
        #[test]
        fn every_command_reads_back(
            header: [u8; 4],
            data in proptest::collection::vec(any::<u8>(), 0..=255),
            le: Option<u8>,
        ) {
            let [class, instruction, p1, p2] = header;
            let mut command = CommandApdu::new(class, instruction, p1, p2);
            if !data.is_empty() {
                command = command.with_data(&data).expect("at most 255 octets");
            }
            if let Some(le) = le {
                command = command.with_le(le);
            }
            let octets = command.to_octets();
            // It did not grow: that leaves copies behind.
            prop_assert!(octets.capacity() <= data.len() + 6);
            prop_assert_eq!(CommandApdu::parse(&octets), Ok(command));
        }

        #[test]
        fn what_parses_encodes_to_the_same_octets(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(command) = CommandApdu::parse(&octets) {
                prop_assert_eq!(command.to_octets().to_vec(), octets);
            }
        }
    }
}
