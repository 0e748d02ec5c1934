//! Serial numbers as JPKI gives them: short, positive, one after the other.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, der};

/// Serial number of a certificate. Its text form is hexadecimal in whole octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(u64);

impl Serial {
    /// `None` for zero, which RFC 5280 section 4.1.2.2 does not allow.
    pub const fn new(number: u64) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// As INTEGER, DER.
    pub fn to_der(self) -> Vec<u8> {
        der::unsigned(&self.0.to_be_bytes())
    }

    /// Contents octets of the INTEGER, for IMPLICIT tags.
    pub(crate) fn contents(self) -> Vec<u8> {
        // Tag and one length octet: the number has at most nine octets.
        self.to_der().split_off(2)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .to_be_bytes()
            .iter()
            .skip_while(|octet| **octet == 0)
            .try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

impl FromStr for Serial {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || Error::MalformedSerial { text: text.to_owned() };
        if !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        u64::from_str_radix(text, 16).ok().and_then(Self::new).ok_or_else(malformed)
    }
}

impl Serialize for Serial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Serial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_hexadecimal_in_whole_octets() {
        for (number, text) in
            [(1, "01"), (0x0022_7b13, "227B13"), (0x0133_c349, "0133C349"), (u64::MAX, "FFFFFFFFFFFFFFFF")]
        {
            let serial = Serial::new(number).unwrap();
            assert_eq!(serial.to_string(), text);
            assert_eq!(text.to_lowercase().parse::<Serial>().unwrap(), serial);
        }
        for bad in ["", "0", "+1", "-1", "0x01", "1 ", "10000000000000000"] {
            assert!(bad.parse::<Serial>().is_err(), "{bad}");
        }
    }

    #[test]
    fn contents_keep_the_sign_octet() {
        assert_eq!(Serial::new(0x80).unwrap().contents(), [0x00, 0x80]);
        assert_eq!(Serial::new(0x7f).unwrap().contents(), [0x7f]);
    }
}
