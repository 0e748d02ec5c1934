//! Readers with a keypad (PC/SC part 10): what they can do, and how they are asked for a PIN.

use std::time::Duration;

use madoguchi_iso7816::{Iso7816Error, PinEntry, ResponseApdu};
use pcsc::{Card, Error, ctl_code};

/// A reader's FEATURE_VERIFY_PIN_DIRECT: the control code by which it asks for a PIN and sends it to the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VerifyPinDirect(u32);

impl VerifyPinDirect {
    /// Asks the reader for its features (CM_IOCTL_GET_FEATURE_REQUEST). A reader without a keypad refuses, or has no such
    /// feature; then the PIN is typed on the computer.
    pub(super) fn of(card: &Card) -> Option<Self> {
        let mut buffer = [0; MAX_FEATURES_OCTETS];
        let features = card.control(ctl_code(GET_FEATURE_REQUEST.into()), &[], &mut buffer).ok()?;
        control_code(features, FEATURE_VERIFY_PIN_DIRECT).map(Self)
    }

    /// Has the reader ask for the PIN, by a PIN_VERIFY structure, and send it. Answers SW1-SW2, the card's or the reader's own.
    pub(super) fn verify(
        self,
        card: &Card,
        structure: &[u8],
    ) -> Result<Result<ResponseApdu, Iso7816Error>, Error> {
        let mut buffer = [0; MAX_STATUS_OCTETS];
        card.control(self.0.into(), structure, &mut buffer).map(ResponseApdu::parse)
    }
}

/// The control code of `feature` in a PCSC_TLV_STRUCTURE list: tag, length 4, control code in network byte order. Absent
/// when the list is malformed anywhere: a wrong control code would make the reader do something else.
fn control_code(list: &[u8], feature: u8) -> Option<u32> {
    let mut found = None;
    let (entries, rest) = list.as_chunks::<TLV_OCTETS>();
    if !rest.is_empty() {
        return None;
    }
    for [tag, length, code @ ..] in entries {
        if *length != 4 {
            return None;
        }
        if *tag == feature {
            if found.is_some() {
                return None;
            }
            found = Some(u32::from_be_bytes(*code));
        }
    }
    found
}

/// The PIN_VERIFY structure (PC/SC part 10, section 2.5.2). The reader puts what is typed at the end of `abData` as ASCII digits, adds their number as Lc, and
/// sends that. The template holds no digits of its own: a reader that would send it as it stands only asks for the
/// retry counter, which costs no try.
pub(super) fn pin_verify(entry: &PinEntry) -> Vec<u8> {
    let template = entry.command.to_octets();
    // One begins when the other ends: together they are the resident's time.
    let half = seconds(entry.timeout / 2);
    let mut octets = vec![
        half,             // bTimeOut: until the first digit, in seconds
        half,             // bTimeOut2: from the first digit on
        0b1000_0010, // bmFormatString: positions in octets, PIN at position 0 of the data, left justified, ASCII
        0x00,        // bmPINBlockString: no length in front of the PIN, and no block to fill up
        0x00,        // bmPINLengthFormat: no length field
        entry.max_digits, // wPINMaxExtraDigit, low octet first: most digits,
        entry.min_digits, // fewest digits
        0x02,        // bEntryValidationCondition: the resident presses the key that confirms
        0x01,        // bNumberMessage: one message on the reader's display,
        0x11,        // wLangId: in Japanese (0411),
        0x04,
        0x00, // bMsgIndex: the first one, which asks for the PIN
        0x00, // bTeoPrologue: of T=1 frames, which the driver makes
        0x00,
        0x00,
    ];
    // ulDataLength and abData. A command has a few octets.
    octets.extend(u32::try_from(template.len()).unwrap_or(u32::MAX).to_le_bytes());
    octets.extend_from_slice(&template);
    octets
}

fn seconds(time: Duration) -> u8 {
    u8::try_from(time.as_secs()).unwrap_or(u8::MAX)
}

/// PC/SC part 10, section 2.2: the number that a platform's control code for the list of features is made of.
const GET_FEATURE_REQUEST: u32 = 3400;
/// PC/SC part 10, section 2.3.
const FEATURE_VERIFY_PIN_DIRECT: u8 = 0x06;
const TLV_OCTETS: usize = 6;
/// There are some twenty features.
const MAX_FEATURES_OCTETS: usize = 256;
const MAX_STATUS_OCTETS: usize = 258;

#[cfg(test)]
mod tests {
    use madoguchi_iso7816::CommandApdu;

    use super::*;

    #[test]
    fn the_feature_is_found_by_its_tag() {
        let list = [0x07, 4, 0x42, 0x33, 0x00, 0x07, 0x06, 4, 0x42, 0x33, 0x00, 0x06];
        assert_eq!(control_code(&list, FEATURE_VERIFY_PIN_DIRECT), Some(0x4233_0006));
        assert_eq!(control_code(&list[..6], FEATURE_VERIFY_PIN_DIRECT), None);
        assert_eq!(control_code(&[], FEATURE_VERIFY_PIN_DIRECT), None);
    }

    #[test]
    fn a_malformed_list_has_no_features() {
        let good = [0x06, 4, 0x42, 0x33, 0x00, 0x06];
        for list in [
            &good[..5],
            &[&good[..], &[0x07]].concat(),
            &[0x06, 3, 0x42, 0x33, 0x00, 0x06],
            &[&good[..], &[0x07, 5, 0, 0, 0, 0]].concat(),
            &[&good[..], &good[..]].concat(),
        ] {
            assert_eq!(control_code(list, FEATURE_VERIFY_PIN_DIRECT), None, "{list:02x?}");
        }
    }

    #[test]
    fn the_structure_asks_for_four_digits_and_holds_none() {
        let entry = PinEntry {
            command: CommandApdu::new(0x00, 0x20, 0x00, 0x80),
            min_digits: 4,
            max_digits: 4,
            timeout: Duration::from_secs(15),
        };
        let expected = [
            7, 7, 0x82, 0x00, 0x00, 0x04, 0x04, 0x02, 0x01, 0x11, 0x04, 0x00, 0, 0,
            0, // until bTeoPrologue
            4, 0, 0, 0, // ulDataLength
            0x00, 0x20, 0x00, 0x80, // abData
        ];
        assert_eq!(pin_verify(&entry), expected);
    }

    #[test]
    fn both_waits_of_the_reader_together_are_the_residents_time() {
        for seconds in [2, 5, 15, 30, 31, 510, 9999] {
            let timeout = Duration::from_secs(seconds);
            let command = CommandApdu::new(0x00, 0x20, 0x00, 0x80);
            let structure = pin_verify(&PinEntry { command, min_digits: 4, max_digits: 4, timeout });
            let waits = u64::from(structure[0]) + u64::from(structure[1]);
            // Zero is for as long as the reader likes.
            assert!(structure[0] > 0 && structure[1] > 0 && waits <= seconds, "{structure:?}");
            assert!(waits + 1 >= seconds.min(510), "{structure:?}");
        }
    }
}
