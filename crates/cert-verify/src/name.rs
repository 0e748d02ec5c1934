//! Distinguished names, compared as RFC 5280 section 7.1 says.
//!
//! Equal octets are equal names. Otherwise strings compare as Unicode text prepared by RFC 4518, without regard to case and
//! to the amount of white space, whichever type of string they have. What is no string compares by its octets.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::slice::ChunksExact;
use std::sync::{Arc, OnceLock};

use crate::der::{DerError, Reader, Tlv, tag};
use crate::string_preparation::prepared;

/// A distinguished name. The default one is empty and was read from nothing.
#[derive(Clone, Default)]
pub struct Name {
    /// Shared: a name is copied into errors, distribution points and proofs.
    der: Arc<[u8]>,
    /// One octet string for all names that compare equal. Made when a comparison first needs it: names that are equal
    /// mostly have equal octets.
    normal: OnceLock<Arc<[u8]>>,
}

impl Name {
    /// Reads a Name that stands as one encoding.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DerError> {
        let tlv = reader.expect(tag::SEQUENCE)?;
        let mut rdns = tlv.content();
        while !rdns.is_empty() {
            for_each_attribute(rdns.expect(tag::SET)?, |_, value| is_readable(value))?;
        }
        Ok(Self { der: tlv.whole.into(), normal: OnceLock::new() })
    }

    /// This name with one more relative distinguished name at its end (nameRelativeToCRLIssuer).
    ///
    /// `rdn` is the content of the implicitly tagged SET OF AttributeTypeAndValue.
    pub(crate) fn with_rdn(&self, rdn: Tlv<'_>) -> Result<Self, DerError> {
        for_each_attribute(rdn, |_, value| is_readable(value))?;
        Ok(Self { der: [&*self.der, rdn.whole].concat().into(), normal: OnceLock::new() })
    }

    /// The encoding as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it has no relative distinguished name at all.
    pub fn is_empty(&self) -> bool {
        matches!(*self.der, [] | [tag::SEQUENCE, 0])
    }

    /// The values of its attributes, for whoever may read them. They are the CA's text, control characters and all.
    pub fn to_text(&self) -> String {
        readable(&self.der)
    }

    pub(crate) fn normal(&self) -> &[u8] {
        self.normal.get_or_init(|| {
            // Unwrap safety: the same octets were walked in the same way when the name was read.
            normalise(&self.der).expect("a name that was read reads again").into()
        })
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der || !differ_plainly(&self.der, &other.der) && self.normal() == other.normal()
    }
}

impl Eq for Name {}

impl Hash for Name {
    /// Equal octets have equal normal forms: names that compare equal hash alike.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normal().hash(state);
    }
}

impl fmt::Debug for Name {
    /// A subject's name is personal data: nothing of it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

/// Whether two names differ as anybody sees at once: in the first relative distinguished name whose octets differ, the
/// type of the one attribute or a word of its ASCII text. It costs nothing that lasts; false is no answer.
fn differ_plainly(one: &[u8], other: &[u8]) -> bool {
    let rdns = |der| Reader::new(der).sequence();
    let (Ok(mut one), Ok(mut other)) = (rdns(one), rdns(other)) else { return false };
    while let (Ok(one), Ok(other)) = (one.read(), other.read()) {
        if one.whole != other.whole {
            let (Some((kind, value)), Some((other_kind, other_value))) =
                (only_attribute(one), only_attribute(other))
            else {
                return false;
            };
            return kind != other_kind || words_differ(value, other_value);
        }
    }
    false
}

fn only_attribute(rdn: Tlv<'_>) -> Option<(&[u8], Tlv<'_>)> {
    let mut reader = rdn.content();
    let mut attribute = reader.sequence().ok()?;
    let found = (attribute.expect(tag::OBJECT_IDENTIFIER).ok()?.value, attribute.read().ok()?);
    reader.is_empty().then_some(found)
}

/// The same words as [`normalise_value`] makes, of two values that are ASCII.
fn words_differ(one: Tlv<'_>, other: Tlv<'_>) -> bool {
    let (Some(one), Some(other)) = (ascii(one), ascii(other)) else { return false };
    let (mut one, mut other) = (words_of(one), words_of(other));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return false,
            (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
            _ => return true,
        }
    }
}

fn words_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|octet| *octet == b' ').filter(|word| !word.is_empty())
}

fn ascii(value: Tlv<'_>) -> Option<&[u8]> {
    let is_text = matches!(value.tag, tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING);
    (is_text && plain(value.value)).then_some(value.value)
}

/// ASCII, and nothing of it that the preparation of strings takes away or makes a space.
fn plain(octets: &[u8]) -> bool {
    octets.iter().all(|octet| matches!(octet, b' '..=b'~'))
}

/// Walks a relative distinguished name: at least one attribute, each a type and a value.
fn for_each_attribute<'a>(
    rdn: Tlv<'a>,
    mut judge: impl FnMut(&'a [u8], Tlv<'a>) -> Result<(), DerError>,
) -> Result<(), DerError> {
    let mut reader = rdn.content();
    loop {
        let mut attribute = reader.sequence()?;
        let kind = attribute.object_identifier()?;
        let value = attribute.read()?;
        attribute.finish()?;
        judge(kind, value)?;
        if reader.is_empty() {
            return Ok(());
        }
    }
}

fn normalise(der: &[u8]) -> Result<Vec<u8>, DerError> {
    let mut normal = Vec::with_capacity(der.len().saturating_mul(2));
    let mut reader = Reader::new(der);
    // A relative name stands behind its issuer's.
    while !reader.is_empty() {
        let tlv = reader.read()?;
        if tlv.tag == tag::SEQUENCE {
            let mut rdns = tlv.content();
            while !rdns.is_empty() {
                normalise_rdn(rdns.expect(tag::SET)?, &mut normal)?;
            }
        } else {
            normalise_rdn(tlv, &mut normal)?;
        }
    }
    Ok(normal)
}

fn normalise_rdn(rdn: Tlv<'_>, out: &mut Vec<u8>) -> Result<(), DerError> {
    let mut attributes: Vec<Vec<u8>> = Vec::new();
    for_each_attribute(rdn, |kind, value| {
        let mut normal = Vec::with_capacity(value.whole.len().saturating_add(3 * PREFIX));
        push_prefixed(&mut normal, kind);
        normalise_value(value, &mut normal)?;
        attributes.push(normal);
        Ok(())
    })?;
    // The order within a SET OF follows the octets, which normalising changed.
    attributes.sort_unstable();
    let length =
        attributes.iter().fold(0, |sum: usize, one| sum.saturating_add(one.len()).saturating_add(PREFIX));
    push_length(out, length);
    for attribute in &attributes {
        push_prefixed(out, attribute);
    }
    Ok(())
}

fn normalise_value(value: Tlv<'_>, out: &mut Vec<u8>) -> Result<(), DerError> {
    let Some(text) = text(value)? else {
        out.push(value.tag);
        push_prefixed(out, value.value);
        return Ok(());
    };
    out.push(tag::UTF8_STRING);
    // ASCII without control characters needs no table.
    let normal = if plain(text.as_bytes()) {
        let mut normal = Vec::with_capacity(text.len());
        for (index, word) in words_of(text.as_bytes()).enumerate() {
            if index > 0 {
                normal.push(b' ');
            }
            normal.extend(word.iter().map(u8::to_ascii_lowercase));
        }
        normal
    } else {
        prepared(&text).into_bytes()
    };
    push_prefixed(out, &normal);
    Ok(())
}

/// Whether [`text`] finds text in a string of a type that has any.
fn is_readable(value: Tlv<'_>) -> Result<(), DerError> {
    // ASCII is quickly seen.
    if ascii(value).is_some() { Ok(()) } else { text(value).map(drop) }
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
        tag::NUMERIC_STRING | tag::VISIBLE_STRING if octets.is_ascii() => {
            Ok(std::str::from_utf8(octets).ok().map(Cow::Borrowed))
        }
        // T.61 has shifts that nobody writes: read as Latin-1, as others do.
        tag::TELETEX_STRING => Ok(Some(octets.iter().copied().map(char::from).collect())),
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
    push_length(out, octets.len());
    out.extend_from_slice(octets);
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    out.extend(u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
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

/// The octets of a length.
const PREFIX: usize = 8;

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
    fn types_of_string_compare_as_text() {
        let base = name(&[(0x0c, "a b")]);
        for other in [
            (0x13, "A  B"),
            (0x14, "a B"),
            (0x16, " a B"),
            (0x1a, "A\tb"),
            (0x1e, "\0A\0 \0 \0b"),
            (0x1c, "\0\0\0A\0\0\0 \0\0\0b"),
        ] {
            assert_eq!(base, name(&[other]), "{other:?}");
        }
        // What is no string compares by its octets.
        assert_ne!(base, name(&[(0x04, "a b")]));
        assert_ne!(name(&[(0x04, "a b")]), name(&[(0x04, "A b")]));
        assert_eq!(name(&[(0x04, "a b")]), name(&[(0x04, "a b")]));
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
            name(&[(0x04, "Midori Pref"), (0x0c, "みどり市")]),
        ] {
            assert_ne!(base, other);
        }
    }

    /// Equality takes two short cuts; neither may say anything else than the normal octets.
    #[test]
    fn short_cuts_say_what_normal_octets_say() {
        let values = [
            "a", "A", " a", "a\t", "a\u{ad}", "ａ", "b", "a b", "A  B", "ab", "", " ", "市", "市 a", "市  A",
            "é", "É",
        ];
        let tags = [0x0c, 0x13, 0x16, 0x14];
        let mut names = vec![Name::default(), name(&[])];
        for (value, next) in values.iter().zip(values.iter().cycle().skip(1)) {
            for tag in tags {
                names.push(name(&[(tag, value)]));
                names.push(name(&[(0x13, "x"), (tag, value)]));
                names.push(name(&[(tag, value), (0x13, next)]));
            }
        }
        let two =
            |kind: u8, value: &[u8]| tlv(0x30, &[&[6, 3, 0x55, 4, kind][..], &tlv(0x0c, value)].concat());
        for set in [
            two(3, b"a"),
            two(4, b"a"),
            [two(3, b"a"), two(4, b"a")].concat(),
            [two(3, b"A"), two(4, b"a")].concat(),
        ] {
            names.push(Name::read(&mut Reader::new(&tlv(0x30, &tlv(0x31, &set)))).expect("a name"));
        }
        let mut equal = 0;
        for one in &names {
            for other in &names {
                assert_eq!(
                    one == other,
                    one.normal() == other.normal(),
                    "{:02x?} {:02x?}",
                    one.der,
                    other.der
                );
                equal += usize::from(one == other && one.der != other.der);
            }
        }
        assert!(equal > 100, "the names tell nothing: {equal}");
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
