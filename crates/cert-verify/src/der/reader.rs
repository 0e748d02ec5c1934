//! Reads one tag-length-value after another, canonical lengths only.

use crate::der::{DerError, bit_string, integer, object_identifier, tag};

/// A position in octets that hold encodings one after another.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

/// One encoding, borrowed from the octets it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The content octets.
    pub value: &'a [u8],
    /// Identifier, length and content as received: what gets signed and compared.
    pub whole: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `octets`.
    pub fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The octets not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next identifier octet, without reading it.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next encoding.
    pub fn read(&mut self) -> Result<Tlv<'a>, DerError> {
        let (&tag, after_tag) = self.rest.split_first().ok_or(DerError::Truncated)?;
        if tag & HIGH_TAG_NUMBER == HIGH_TAG_NUMBER {
            return Err(DerError::UnknownTag);
        }
        let (length, after_length) = length(after_tag)?;
        let (value, rest) = after_length.split_at_checked(length).ok_or(DerError::Truncated)?;
        // Unwrap safety: `rest` is a suffix of `self.rest`, so the difference is a length within it.
        let whole = self
            .rest
            .len()
            .checked_sub(rest.len())
            .and_then(|length| self.rest.get(..length))
            .expect("a suffix is not longer than the whole");
        self.rest = rest;
        Ok(Tlv { tag, value, whole })
    }

    /// The next encoding, which must have this tag.
    pub fn expect(&mut self, tag: u8) -> Result<Tlv<'a>, DerError> {
        match self.peek() {
            None => Err(DerError::Truncated),
            Some(found) if found == tag => self.read(),
            Some(_) => Err(DerError::UnexpectedTag),
        }
    }

    /// The next encoding when it has this tag.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, DerError> {
        if self.peek() == Some(tag) { self.read().map(Some) } else { Ok(None) }
    }

    /// A reader of the content of the next encoding, which must be a SEQUENCE.
    pub fn sequence(&mut self) -> Result<Self, DerError> {
        Ok(self.expect(tag::SEQUENCE)?.content())
    }

    /// The content octets of an INTEGER, minimal.
    pub fn integer(&mut self) -> Result<&'a [u8], DerError> {
        integer(self.expect(tag::INTEGER)?.value)
    }

    /// The content octets of an OBJECT IDENTIFIER, well formed.
    pub fn object_identifier(&mut self) -> Result<&'a [u8], DerError> {
        object_identifier(self.expect(tag::OBJECT_IDENTIFIER)?.value)
    }

    /// The octets of an OCTET STRING.
    pub fn octet_string(&mut self) -> Result<&'a [u8], DerError> {
        Ok(self.expect(tag::OCTET_STRING)?.value)
    }

    /// The octets of a BIT STRING of whole octets.
    pub fn bit_string_of_octets(&mut self) -> Result<&'a [u8], DerError> {
        match bit_string(self.expect(tag::BIT_STRING)?.value)? {
            (octets, 0) => Ok(octets),
            _ => Err(DerError::BitString),
        }
    }

    /// A BOOLEAN DEFAULT FALSE: true when there, and never written out when false.
    pub fn boolean_default_false(&mut self, tag: u8) -> Result<bool, DerError> {
        match self.optional(tag)? {
            None => Ok(false),
            Some(tlv) if crate::der::boolean(tlv.value)? => Ok(true),
            Some(_) => Err(DerError::Default),
        }
    }

    /// Nothing may be left.
    pub fn finish(self) -> Result<(), DerError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DerError::TrailingOctets) }
    }
}

impl<'a> Tlv<'a> {
    /// A reader of the content.
    pub fn content(&self) -> Reader<'a> {
        Reader::new(self.value)
    }
}

/// X.690 sections 8.1.3 and 10.1: definite form, fewest octets.
fn length(octets: &[u8]) -> Result<(usize, &[u8]), DerError> {
    let (&first, rest) = octets.split_first().ok_or(DerError::Truncated)?;
    if first < LONG_FORM {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & !LONG_FORM);
    if count == 0 {
        return Err(DerError::IndefiniteLength);
    }
    if count > MAX_LENGTH_OCTETS {
        return Err(DerError::LengthTooLong);
    }
    let (digits, rest) = rest.split_at_checked(count).ok_or(DerError::Truncated)?;
    let value = digits.iter().fold(0_u32, |value, digit| (value << 8) | u32::from(*digit));
    if digits.first() == Some(&0) || value < u32::from(LONG_FORM) {
        return Err(DerError::LengthNotMinimal);
    }
    Ok((usize::try_from(value).map_err(|_| DerError::LengthTooLong)?, rest))
}

const HIGH_TAG_NUMBER: u8 = 0x1f;
const LONG_FORM: u8 = 0x80;
const MAX_LENGTH_OCTETS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(octets: &[u8], rule: DerError) {
        assert_eq!(Reader::new(octets).read(), Err(rule), "{octets:02x?}");
    }

    #[test]
    fn lengths_are_canonical() {
        refused(&[0x04, 0x80, 0, 0], DerError::IndefiniteLength);
        refused(&[0x04, 0x81, 0x01, 0], DerError::LengthNotMinimal);
        refused(&[0x04, 0x81, 0x7f], DerError::LengthNotMinimal);
        refused(&[0x04, 0x82, 0x00, 0x80], DerError::LengthNotMinimal);
        refused(&[0x04, 0x85, 1, 0, 0, 0, 0], DerError::LengthTooLong);
        refused(&[0x04, 0xff], DerError::LengthTooLong);
        refused(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff], DerError::Truncated);
        refused(&[0x04, 0x82, 0x01], DerError::Truncated);
        refused(&[0x04, 2, 0], DerError::Truncated);
        refused(&[0x04], DerError::Truncated);
        refused(&[], DerError::Truncated);
    }

    #[test]
    fn high_tag_numbers_are_refused() {
        refused(&[0x1f, 0x81, 0x00, 0], DerError::UnknownTag);
        refused(&[0xbf, 0x01, 0], DerError::UnknownTag);
    }

    #[test]
    fn the_whole_encoding_is_kept() {
        let octets = [0x04, 1, 7, 0x05, 0];
        let mut reader = Reader::new(&octets);
        assert_eq!(reader.read(), Ok(Tlv { tag: 4, value: &[7], whole: &[4, 1, 7] }));
        assert_eq!(reader.finish(), Err(DerError::TrailingOctets));
        assert_eq!(reader.read(), Ok(Tlv { tag: 5, value: &[], whole: &[5, 0] }));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn a_default_is_not_written_out() {
        assert_eq!(Reader::new(&[1, 1, 0]).boolean_default_false(1), Err(DerError::Default));
        assert_eq!(Reader::new(&[1, 1, 0xff]).boolean_default_false(1), Ok(true));
        assert_eq!(Reader::new(&[]).boolean_default_false(1), Ok(false));
    }
}
