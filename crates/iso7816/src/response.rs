//! Response APDUs (ISO 7816-4 section 5.1): data and status.

use std::fmt;

use zeroize::Zeroizing;

use crate::{Iso7816Error, StatusWord};

/// What a card answers. The data may be about a person: it is wiped when dropped, and `Debug` shows its length
/// only.
#[derive(PartialEq, Eq)]
pub struct ResponseApdu {
    data: Zeroizing<Vec<u8>>,
    status: StatusWord,
}

impl ResponseApdu {
    /// An answer with this data (may be empty) and status.
    pub fn new(data: Vec<u8>, status: StatusWord) -> Self {
        Self { data: Zeroizing::new(data), status }
    }

    /// Reads data and the two octets of status. The caller's buffer stays the caller's to wipe.
    pub fn parse(octets: &[u8]) -> Result<Self, Iso7816Error> {
        let Some((data, &status)) = octets.split_last_chunk::<2>() else {
            return Err(Iso7816Error::ResponseLength { octets: octets.len() });
        };
        Ok(Self::new(data.to_vec(), u16::from_be_bytes(status).into()))
    }

    /// The octets that come from the card.
    pub fn to_octets(&self) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(self.data.len() + 2));
        octets.extend_from_slice(&self.data);
        octets.extend_from_slice(&self.status.to_u16().to_be_bytes());
        octets
    }

    /// The data field.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// SW1-SW2.
    pub fn status(&self) -> StatusWord {
        self.status
    }
}

impl fmt::Debug for ResponseApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets, {}", self.data.len(), self.status)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn data_then_status() {
        let response = ResponseApdu::parse(&[0xAA, 0xBB, 0x90, 0x00]).expect("a response");
        assert_eq!((response.data(), response.status()), (&[0xAA, 0xBB][..], StatusWord::Ok));
        assert_eq!(response.to_octets().as_slice(), [0xAA, 0xBB, 0x90, 0x00]);
        let response = ResponseApdu::parse(&[0x63, 0xC2]).expect("a response");
        assert_eq!((response.data(), response.status()), (&[][..], StatusWord::TriesLeft(2)));
        for octets in [&[][..], &[0x90]] {
            let wrong = Iso7816Error::ResponseLength { octets: octets.len() };
            assert_eq!(ResponseApdu::parse(octets), Err(wrong));
        }
    }

    #[test]
    fn debug_output_holds_no_data() {
        let response = ResponseApdu::new(b"4649".to_vec(), StatusWord::Ok);
        assert_eq!(format!("{response:?}"), "4 octets, 9000");
    }

    proptest! {
        #[test]
        fn every_answer_reads_back(data: Vec<u8>, status: u16) {
            let response = ResponseApdu::new(data.clone(), StatusWord::from(status));
            let octets = response.to_octets();
            prop_assert_eq!(octets.len(), data.len() + 2);
            // It did not grow: that leaves copies behind.
            prop_assert!(octets.capacity() <= data.len() + 2);
            prop_assert_eq!(ResponseApdu::parse(&octets), Ok(response));
        }
    }
}
