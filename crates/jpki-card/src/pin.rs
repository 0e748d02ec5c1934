//! The PIN of the user-authentication certificate (利用者証明用電子証明書暗証番号): four digits.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// A PIN as the card takes it: four ASCII digits. Good for one [`crate::JpkiCard::verify_pin`], wiped after it.
///
/// The digits have one place in memory from [`Pin::parse`] on: moving a `Pin` moves no digit.
pub struct Pin(Box<Zeroizing<[u8; 4]>>);

/// What was typed is not four digits. What was typed is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the PIN of the user-authentication certificate is four digits")]
pub struct PinError;

impl Pin {
    /// Reads exactly four digits. Full-width digits (０ to ９), which Japanese input methods leave switched on, are the
    /// same digits. `typed` stays the caller's to wipe.
    pub fn parse(typed: &str) -> Result<Self, PinError> {
        let mut digits = Box::new(Zeroizing::new([0; 4]));
        let mut characters = typed.chars();
        for digit in digits.iter_mut() {
            *digit = characters.next().and_then(ascii_digit).ok_or(PinError)?;
        }
        match characters.next() {
            None => Ok(Self(digits)),
            Some(_) => Err(PinError),
        }
    }

    pub(crate) fn as_octets(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

fn ascii_digit(character: char) -> Option<u8> {
    let value = match character {
        '０'..='９' => u32::from(character) - u32::from('０'),
        _ => character.to_digit(10)?,
    };
    u8::try_from(value).ok().map(|value| b'0' + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_of_either_width() {
        for typed in ["4649", "４６４９", "４6４9"] {
            assert_eq!(Pin::parse(typed).expect("a PIN").as_octets(), b"4649", "{typed}");
        }
        for typed in ["", "464", "46490", "464a", "4649 ", " 4649", "464９０", "四六四九", "٤٦٤٩", "46４"]
        {
            assert_eq!(Pin::parse(typed).map(|_| ()), Err(PinError), "{typed}");
        }
    }

    #[test]
    fn debug_output_holds_no_digit() {
        assert_eq!(format!("{:?}", Pin::parse("4649").expect("a PIN")), "Pin(..)");
    }
}
