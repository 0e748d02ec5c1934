//! GeneralName (RFC 5280 section 4.2.1.6): all nine forms, each read strictly. A name that cannot be read refuses
//! the object it stands in.
//!
//! Like every reader of a field, this one reads octets that the strict walk has gone through: [`check`](crate::der::check)
//! judges encodings, here it is forms and types.
//!
//! Only the type of a name is judged here. What its text must look like matters where it is compared, which is
//! where [`name constraints`](crate::name_constraints) judge it.

use std::fmt;
use std::net::IpAddr;

use crate::der::{DerError, Reader, Tlv, object_identifier, tag};
use crate::name::readable;
use crate::{Name, Oid, oid};

/// A general name. Two names are equal when form and value are; only directory names compare by more than octets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GeneralName {
    /// otherName `[0]`: type-id and the encoding of the value.
    Other { type_id: Oid, value: Vec<u8> },
    /// rfc822Name `[1]`.
    Rfc822(String),
    /// dNSName `[2]`.
    Dns(String),
    /// x400Address `[3]`: the content octets, which nobody compares.
    X400(Vec<u8>),
    /// directoryName `[4]`.
    Directory(Name),
    /// ediPartyName `[5]`: the content octets.
    EdiParty(Vec<u8>),
    /// uniformResourceIdentifier `[6]`.
    Uri(String),
    /// iPAddress `[7]`.
    Ip(IpAddr),
    /// registeredID `[8]`.
    RegisteredId(Oid),
}

/// The form of a general name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameForm {
    /// otherName.
    Other,
    /// rfc822Name.
    Rfc822,
    /// dNSName.
    Dns,
    /// x400Address.
    X400,
    /// directoryName.
    Directory,
    /// ediPartyName.
    EdiParty,
    /// uniformResourceIdentifier.
    Uri,
    /// iPAddress.
    Ip,
    /// registeredID.
    RegisteredId,
}

impl NameForm {
    /// The name that RFC 5280 gives this form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Other => "otherName",
            Self::Rfc822 => "rfc822Name",
            Self::Dns => "dNSName",
            Self::X400 => "x400Address",
            Self::Directory => "directoryName",
            Self::EdiParty => "ediPartyName",
            Self::Uri => "uniformResourceIdentifier",
            Self::Ip => "iPAddress",
            Self::RegisteredId => "registeredID",
        }
    }
}

impl fmt::Display for NameForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl GeneralName {
    pub(crate) fn from_tlv(tlv: Tlv<'_>) -> Result<Self, DerError> {
        Ok(match tlv.tag {
            0xa0 => other_name(tlv)?,
            0x81 => Self::Rfc822(text(tlv)?),
            0x82 => Self::Dns(text(tlv)?),
            0xa3 => Self::X400(tlv.value.to_vec()),
            0xa4 => Self::Directory(directory_name(tlv)?),
            0xa5 => Self::EdiParty(edi_party_name(tlv)?),
            0x86 => Self::Uri(text(tlv)?),
            0x87 => Self::Ip(ip_address(tlv.value)?),
            0x88 => Self::RegisteredId(Oid::from_octets(object_identifier(tlv.value)?)),
            _ => return Err(DerError::UnexpectedTag),
        })
    }

    /// GeneralNames: at least one.
    pub(crate) fn all(mut reader: Reader<'_>) -> Result<Vec<Self>, DerError> {
        let mut names = vec![Self::from_tlv(reader.read()?)?];
        while !reader.is_empty() {
            names.push(Self::from_tlv(reader.read()?)?);
        }
        Ok(names)
    }

    /// The form.
    pub(crate) fn form(&self) -> NameForm {
        match self {
            Self::Other { .. } => NameForm::Other,
            Self::Rfc822(_) => NameForm::Rfc822,
            Self::Dns(_) => NameForm::Dns,
            Self::X400(_) => NameForm::X400,
            Self::Directory(_) => NameForm::Directory,
            Self::EdiParty(_) => NameForm::EdiParty,
            Self::Uri(_) => NameForm::Uri,
            Self::Ip(_) => NameForm::Ip,
            Self::RegisteredId(_) => NameForm::RegisteredId,
        }
    }

    /// RFC 9598: an otherName that is a mail address.
    pub(crate) fn is_smtp_utf8_mailbox(&self) -> bool {
        matches!(self, Self::Other { type_id, .. } if type_id.as_octets() == oid::SMTP_UTF8_MAILBOX)
    }

    /// One octet string for all names that are equal.
    pub(crate) fn normal(&self) -> Vec<u8> {
        let mut normal = Vec::new();
        match self {
            Self::Other { type_id, value } => {
                normal.push(0);
                normal.extend(u64::try_from(type_id.as_octets().len()).unwrap_or(u64::MAX).to_be_bytes());
                normal.extend_from_slice(type_id.as_octets());
                normal.extend_from_slice(value);
            }
            Self::Rfc822(text) => push(&mut normal, 1, text.as_bytes()),
            Self::Dns(text) => push(&mut normal, 2, text.as_bytes()),
            Self::X400(octets) => push(&mut normal, 3, octets),
            Self::Directory(name) => push(&mut normal, 4, name.normal()),
            Self::EdiParty(octets) => push(&mut normal, 5, octets),
            Self::Uri(text) => push(&mut normal, 6, text.as_bytes()),
            Self::Ip(IpAddr::V4(address)) => push(&mut normal, 7, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => push(&mut normal, 7, &address.octets()),
            Self::RegisteredId(oid) => push(&mut normal, 8, oid.as_octets()),
        }
        normal
    }
}

/// GeneralNames as they were received: read strictly, and again by whoever looks at them, since kept apart a name of
/// three octets takes a hundred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GeneralNames {
    der: Box<[u8]>,
    count: usize,
    odd_dns_name: bool,
}

impl GeneralNames {
    /// At least one.
    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, DerError> {
        let (der, mut count, mut odd_dns_name) = (reader.rest(), 0_usize, false);
        loop {
            let name = GeneralName::from_tlv(reader.read()?)?;
            count = count.saturating_add(1);
            odd_dns_name |= matches!(&name, GeneralName::Dns(name) if !is_dns_name(name));
            if reader.is_empty() {
                return Ok(Self { der: der.into(), count, odd_dns_name });
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Section 4.2.1.6: whether a dNSName among them is not in the preferred name syntax, where the whole first label
    /// may be `*`. Judged once, however many paths ask.
    pub(crate) fn has_odd_dns_name(&self) -> bool {
        self.odd_dns_name
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = GeneralName> {
        let mut reader = Reader::new(&self.der);
        // All of them were read before.
        std::iter::from_fn(move || GeneralName::from_tlv(reader.read().ok()?).ok())
    }
}

fn push(normal: &mut Vec<u8>, form: u8, octets: &[u8]) {
    normal.push(form);
    normal.extend_from_slice(octets);
}

impl fmt::Display for GeneralName {
    /// The value for an operator; forms that are not text show their form only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rfc822(text) | Self::Dns(text) | Self::Uri(text) => f.write_str(text),
            Self::Directory(name) => f.write_str(&readable(name.der())),
            Self::Ip(address) => fmt::Display::fmt(address, f),
            Self::RegisteredId(oid) => fmt::Display::fmt(oid, f),
            Self::Other { .. } | Self::X400(_) | Self::EdiParty(_) => f.write_str(self.form().name()),
        }
    }
}

/// `[0] SEQUENCE { type-id, value [0] EXPLICIT ANY }`.
fn other_name(tlv: Tlv<'_>) -> Result<GeneralName, DerError> {
    let mut reader = tlv.content();
    let type_id = Oid::from_octets(reader.object_identifier()?);
    let mut explicit = reader.expect(tag::context_constructed(0))?.content();
    reader.finish()?;
    let value = explicit.read()?;
    explicit.finish()?;
    Ok(GeneralName::Other { type_id, value: value.whole.to_vec() })
}

/// IA5String, not empty.
fn text(tlv: Tlv<'_>) -> Result<String, DerError> {
    ia5(tlv.value).filter(|text| !text.is_empty()).map(str::to_owned).ok_or(DerError::String)
}

/// RFC 1034 section 3.5 and RFC 1123 section 2.1. A last label of digits alone is an address in the wrong form.
fn is_dns_name(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let numeric = |label: &str| label.bytes().all(|octet| octet.is_ascii_digit());
    name.len() <= 253 && name.split('.').all(is_dns_label) && !name.rsplit('.').next().is_some_and(numeric)
}

fn is_dns_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The text of an IA5String.
pub(crate) fn ia5(octets: &[u8]) -> Option<&str> {
    if octets.is_ascii() { std::str::from_utf8(octets).ok() } else { None }
}

/// `[4] EXPLICIT`, since Name is a CHOICE.
pub(crate) fn directory_name(tlv: Tlv<'_>) -> Result<Name, DerError> {
    let mut reader = tlv.content();
    let name = Name::read(&mut reader)?;
    reader.finish()?;
    Ok(name)
}

/// `[5] SEQUENCE { nameAssigner [0] EXPLICIT DirectoryString OPTIONAL, partyName [1] EXPLICIT DirectoryString }`;
/// both are a CHOICE, hence explicit.
fn edi_party_name(tlv: Tlv<'_>) -> Result<Vec<u8>, DerError> {
    let mut reader = tlv.content();
    if let Some(assigner) = reader.optional(tag::context_constructed(0))? {
        directory_string(assigner)?;
    }
    directory_string(reader.expect(tag::context_constructed(1))?)?;
    reader.finish()?;
    Ok(tlv.value.to_vec())
}

fn directory_string(explicit: Tlv<'_>) -> Result<(), DerError> {
    let mut reader = explicit.content();
    let string = reader.read()?;
    reader.finish()?;
    match string.tag {
        tag::TELETEX_STRING
        | tag::PRINTABLE_STRING
        | tag::UNIVERSAL_STRING
        | tag::UTF8_STRING
        | tag::BMP_STRING => Ok(()),
        _ => Err(DerError::UnexpectedTag),
    }
}

fn ip_address(octets: &[u8]) -> Result<IpAddr, DerError> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Ok(v4.into());
    }
    <[u8; 16]>::try_from(octets).map(IpAddr::from).map_err(|_| DerError::String)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::check;

    fn read(octets: &[u8]) -> Result<GeneralName, DerError> {
        // As for all who read general names: the walk comes first.
        check(octets, usize::MAX)?;
        let mut reader = Reader::new(octets);
        let name = GeneralName::from_tlv(reader.read()?)?;
        reader.finish()?;
        Ok(name)
    }

    #[test]
    fn nine_forms() {
        for (octets, form) in [
            (&[0xa0, 8, 6, 2, 0x2a, 3, 0xa0, 2, 5, 0][..], NameForm::Other),
            (&[0x81, 3, b'a', b'@', b'b'], NameForm::Rfc822),
            (&[0x82, 1, b'a'], NameForm::Dns),
            (&[0xa3, 2, 0x30, 0], NameForm::X400),
            (&[0xa4, 2, 0x30, 0], NameForm::Directory),
            (&[0xa5, 5, 0xa1, 3, 0x0c, 1, b'p'], NameForm::EdiParty),
            (&[0xa5, 10, 0xa0, 3, 0x0c, 1, b'a', 0xa1, 3, 0x13, 1, b'p'], NameForm::EdiParty),
            (&[0x86, 3, b'a', b':', b'b'], NameForm::Uri),
            (&[0x87, 4, 192, 0, 2, 1], NameForm::Ip),
            (&[0x88, 2, 0x2a, 3], NameForm::RegisteredId),
        ] {
            assert_eq!(read(octets).map(|name| name.form()), Ok(form), "{octets:02x?}");
        }
    }

    #[test]
    fn a_name_that_is_malformed_or_unknown_is_refused() {
        for (octets, rule) in [
            (&[0xa0, 4, 6, 2, 0x2a, 3][..], DerError::Truncated),
            (&[0xa0, 10, 6, 2, 0x2a, 3, 0xa0, 4, 5, 0, 5, 0], DerError::TrailingOctets),
            (&[0xa0, 10, 6, 2, 0x2a, 3, 0xa0, 2, 5, 0, 5, 0], DerError::TrailingOctets),
            (&[0xa0, 9, 6, 2, 0x2a, 3, 0xa0, 3, 1, 1, 1], DerError::Boolean),
            (&[0x81, 1, 0x80], DerError::String),
            (&[0x81, 0], DerError::String),
            (&[0x82, 0], DerError::String),
            (&[0x86, 1, 0xff], DerError::String),
            (&[0xa3, 3, 1, 1, 1], DerError::Boolean),
            (&[0xa4, 4, 0x30, 0, 0x30, 0], DerError::TrailingOctets),
            (&[0xa4, 3, 0x30, 1, 0], DerError::Truncated),
            (&[0x84, 2, 0x30, 0], DerError::UnexpectedTag),
            (&[0xa5, 5, 0xa0, 3, 0x0c, 1, b'a'], DerError::Truncated),
            (&[0xa5, 5, 0xa1, 3, 0x16, 1, b'p'], DerError::UnexpectedTag),
            (&[0x87, 5, 1, 2, 3, 4, 5], DerError::String),
            (&[0x87, 8, 192, 0, 2, 0, 255, 255, 255, 0], DerError::String),
            (&[0x88, 1, 0x80], DerError::ObjectIdentifier),
            (&[0x89, 1, 0], DerError::UnexpectedTag),
            (&[0x30, 0], DerError::UnexpectedTag),
        ] {
            assert_eq!(read(octets), Err(rule), "{octets:02x?}");
        }
    }

    #[test]
    fn l4_one_invalid_name_refuses_them_all() {
        let good = [0x82, 1, b'a'];
        assert_eq!(GeneralName::all(Reader::new(&good)).map(|names| names.len()), Ok(1));
        let with_bad = [&good[..], &[0x82, 1, 0x80]].concat();
        assert_eq!(GeneralName::all(Reader::new(&with_bad)), Err(DerError::String));
        assert_eq!(GeneralName::all(Reader::new(&[])), Err(DerError::Truncated));
    }

    #[test]
    fn names_are_kept_as_they_came() {
        let many = [0x82, 1, b'a'].repeat(10_000);
        let names = GeneralNames::read(Reader::new(&many)).expect("names");
        assert_eq!((names.der.len(), names.len(), names.iter().count()), (30_000, 10_000, 10_000));
        assert!(!names.has_odd_dns_name() && !names.is_empty());
        let odd = [&many[..], &[0x82, 1, b'_']].concat();
        assert!(GeneralNames::read(Reader::new(&odd)).expect("names").has_odd_dns_name());
        let wrong = [&many[..], &[0x82, 1, 0xff]].concat();
        assert_eq!(GeneralNames::read(Reader::new(&wrong)), Err(DerError::String));
        assert_eq!(GeneralNames::read(Reader::new(&[])), Err(DerError::Truncated));
    }

    #[test]
    fn normal_octets_are_equal_exactly_for_equal_names() {
        let names = [
            read(&[0x82, 1, b'a']),
            read(&[0x86, 1, b'a']),
            read(&[0x81, 1, b'a']),
            read(&[0x88, 1, b'a']),
            read(&[0xa0, 8, 6, 2, 0x2a, 3, 0xa0, 2, 5, 0]),
            read(&[0xa4, 2, 0x30, 0]),
        ]
        .map(|name| name.expect("a name"));
        for a in &names {
            for b in &names {
                assert_eq!(a == b, a.normal() == b.normal(), "{a:?} {b:?}");
            }
        }
    }
}
