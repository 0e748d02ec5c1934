//! Distinguished names, compared as RFC 5280 section 7.1 says.
//!
//! Equal octets are equal names. Otherwise values of PrintableString, UTF8String, IA5String, BMPString and
//! UniversalString compare as Unicode text, without regard to case and to the amount of white space, whichever of
//! the five types they have. Every other type compares by its octets. Of RFC 4518 this leaves out what needs
//! tables: Unicode composition and characters that map to nothing are not normalised. Names that differ in them
//! differ here, and a name that differs is refused.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::slice::ChunksExact;

use crate::der::{DerError, Reader, Tlv, tag};

/// A distinguished name. The default one is empty and was read from nothing.
#[derive(Clone, Default)]
pub struct Name {
    der: Vec<u8>,
    /// One octet string for all names that compare equal.
    normal: Vec<u8>,
}

impl Name {
    /// Reads a Name that stands as one encoding.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DerError> {
        let tlv = reader.expect(tag::SEQUENCE)?;
        Self::from_tlv(tlv)
    }

    fn from_tlv(tlv: Tlv<'_>) -> Result<Self, DerError> {
        let mut normal = Vec::with_capacity(tlv.value.len());
        let mut rdns = tlv.content();
        while !rdns.is_empty() {
            normalise_rdn(rdns.expect(tag::SET)?, &mut normal)?;
        }
        Ok(Self { der: tlv.whole.to_vec(), normal })
    }

    /// This name with one more relative distinguished name at its end (nameRelativeToCRLIssuer).
    ///
    /// `rdn` is the content of the implicitly tagged SET OF AttributeTypeAndValue.
    pub(crate) fn with_rdn(&self, rdn: Tlv<'_>) -> Result<Self, DerError> {
        let mut normal = self.normal.clone();
        normalise_rdn(rdn, &mut normal)?;
        let mut der = self.der.clone();
        der.extend_from_slice(rdn.whole);
        Ok(Self { der, normal })
    }

    /// The encoding as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it has no relative distinguished name at all.
    pub fn is_empty(&self) -> bool {
        self.normal.is_empty()
    }

    /// The values of its attributes, for whoever may read them. They are the CA's text, control characters and all.
    pub fn to_text(&self) -> String {
        readable(&self.der)
    }

    pub(crate) fn normal(&self) -> &[u8] {
        &self.normal
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der || self.normal == other.normal
    }
}

impl Eq for Name {}

impl Hash for Name {
    /// Equal octets have equal normal forms: names that compare equal hash alike.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normal.hash(state);
    }
}

impl fmt::Debug for Name {
    /// A subject's name is personal data: nothing of it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

fn normalise_rdn(rdn: Tlv<'_>, out: &mut Vec<u8>) -> Result<(), DerError> {
    let mut attributes = Vec::new();
    let mut reader = rdn.content();
    if reader.is_empty() {
        return Err(DerError::Truncated);
    }
    while !reader.is_empty() {
        let mut attribute = reader.sequence()?;
        let mut normal = Vec::new();
        push_prefixed(&mut normal, attribute.object_identifier()?);
        let value = attribute.read()?;
        attribute.finish()?;
        normalise_value(value, &mut normal)?;
        attributes.push(normal);
    }
    // The order within a SET OF follows the octets, which normalising changed.
    attributes.sort_unstable();
    let mut set = Vec::new();
    for attribute in &attributes {
        push_prefixed(&mut set, attribute);
    }
    push_prefixed(out, &set);
    Ok(())
}

fn normalise_value(value: Tlv<'_>, out: &mut Vec<u8>) -> Result<(), DerError> {
    let Some(text) = text(value)? else {
        out.push(value.tag);
        push_prefixed(out, value.value);
        return Ok(());
    };
    out.push(tag::UTF8_STRING);
    let mut normal = Vec::with_capacity(text.len());
    for (index, word) in text.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if index > 0 {
            normal.push(b' ');
        }
        let start = normal.len();
        if word.is_ascii() {
            normal.extend_from_slice(word.as_bytes());
            normal.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
        } else {
            normal.extend(word.chars().flat_map(char::to_lowercase).collect::<String>().as_bytes());
        }
    }
    push_prefixed(out, &normal);
    Ok(())
}

/// The Unicode text of a string; none of a type whose alphabet nobody agrees on.
fn text(value: Tlv<'_>) -> Result<Option<Cow<'_, str>>, DerError> {
    let octets = value.value;
    match value.tag {
        tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => {
            Ok(Some(Cow::Borrowed(std::str::from_utf8(octets).map_err(|_| DerError::String)?)))
        }
        // A surrogate is no character of the basic plane.
        tag::BMP_STRING => characters(octets.chunks_exact(2)).map(Some),
        tag::UNIVERSAL_STRING => characters(octets.chunks_exact(4)).map(Some),
        _ => Ok(None),
    }
}

fn characters(units: ChunksExact<'_, u8>) -> Result<Cow<'static, str>, DerError> {
    let whole = units.remainder().is_empty();
    let number = |unit: &[u8]| unit.iter().fold(0_u32, |number, octet| (number << 8) | u32::from(*octet));
    let text: Option<String> = units.map(|unit| char::from_u32(number(unit))).collect();
    text.filter(|_| whole).map(Cow::Owned).ok_or(DerError::String)
}

/// A length in front keeps two parts from running into each other.
fn push_prefixed(out: &mut Vec<u8>, octets: &[u8]) {
    out.extend(u64::try_from(octets.len()).unwrap_or(u64::MAX).to_be_bytes());
    out.extend_from_slice(octets);
}

/// The values of a name's attributes, for an operator's list of partitions.
pub(crate) fn readable(der: &[u8]) -> String {
    let mut text = String::new();
    let mut rdns = Reader::new(der);
    // A relative name stands behind its issuer's.
    while let Ok(tlv) = rdns.read() {
        let mut sets = if tlv.tag == tag::SEQUENCE { tlv.content() } else { Reader::new(tlv.whole) };
        while let Ok(set) = sets.read() {
            let mut attributes = set.content();
            while let Ok(mut attribute) = attributes.sequence() {
                if let (Ok(_), Ok(value)) = (attribute.object_identifier(), attribute.read()) {
                    let separator = if text.is_empty() { "" } else { ", " };
                    let _ = write!(text, "{separator}{}", String::from_utf8_lossy(value.value));
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(values: &[(u8, &str)]) -> Name {
        let rdns: Vec<u8> = values
            .iter()
            .flat_map(|(tag, value)| {
                let attribute =
                    tlv(0x30, &[&[0x06, 3, 0x55, 4, 11], tlv(*tag, value.as_bytes()).as_slice()].concat());
                tlv(0x31, &attribute)
            })
            .collect();
        Name::read(&mut Reader::new(&tlv(0x30, &rdns))).expect("a name")
    }

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(value.len()).expect("short")], value].concat()
    }

    #[test]
    fn case_space_and_string_type_do_not_matter() {
        let base = name(&[(0x13, "Midori Pref"), (0x0c, "みどり市")]);
        assert_eq!(base, name(&[(0x0c, " midori  PREF "), (0x0c, "みどり市")]));
    }

    #[test]
    fn five_types_of_string_compare_as_text() {
        let base = name(&[(0x0c, "a b")]);
        for other in [(0x13, "A  B"), (0x16, " a B"), (0x1e, "\0A\0 \0 \0b"), (0x1c, "\0\0\0A\0\0\0 \0\0\0b")]
        {
            assert_eq!(base, name(&[other]), "{other:?}");
        }
        // TeletexString by its octets.
        assert_ne!(base, name(&[(0x14, "a b")]));
        assert_ne!(name(&[(0x14, "a b")]), name(&[(0x14, "A b")]));
        assert_eq!(name(&[(0x14, "a b")]), name(&[(0x14, "a b")]));
    }

    #[test]
    fn half_a_character_is_no_name() {
        let of = |value: &[u8]| {
            let attribute = tlv(0x30, &[&[0x06, 3, 0x55, 4, 11], value].concat());
            Name::read(&mut Reader::new(&tlv(0x30, &tlv(0x31, &attribute)))).err()
        };
        assert_eq!(of(&[0x1e, 2, 0x30, 0x42]), None);
        assert_eq!(of(&[0x1e, 2, 0xd8, 0x00]), Some(DerError::String), "a surrogate");
        assert_eq!(of(&[0x1e, 1, 0x41]), Some(DerError::String));
        assert_eq!(of(&[0x1c, 4, 0, 0x11, 0, 0]), Some(DerError::String), "behind the last plane");
    }

    #[test]
    fn everything_else_does() {
        let base = name(&[(0x13, "Midori Pref"), (0x0c, "みどり市")]);
        for other in [
            name(&[(0x13, "MidoriPref"), (0x0c, "みどり市")]),
            name(&[(0x13, "Midori Pref"), (0x0c, "みどり町")]),
            name(&[(0x0c, "みどり市"), (0x13, "Midori Pref")]),
            name(&[(0x13, "Midori Pref")]),
            name(&[(0x14, "Midori Pref"), (0x0c, "みどり市")]),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_relative_name_goes_at_the_end() {
        let rdn = tlv(0x31, &tlv(0x30, &[0x06, 3, 0x55, 4, 11, 0x13, 1, b'b']));
        let rdn = Reader::new(&rdn).read().expect("a set");
        assert_eq!(name(&[(0x13, "a")]).with_rdn(rdn).expect("a name"), name(&[(0x13, "A"), (0x0c, "B")]));
    }

    #[test]
    fn nothing_of_a_name_is_shown_by_debug() {
        assert_eq!(format!("{:?}", name(&[(0x13, "Hanako")])), "Name(..)");
    }
}
