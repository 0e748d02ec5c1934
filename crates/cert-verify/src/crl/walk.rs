//! One pass over revokedCertificates (RFC 5280 sections 5.1.2.6 and 5.3): every entry strictly, none copied.
//!
//! The gateway's lists, the general verifier and an index of serials all go through here.

use rustls_pki_types::UnixTime;

use crate::certificate::SERIAL_MAX_OCTETS;
use crate::der::{self, DerError, Reader, check, tag};
use crate::extension::Extension;
use crate::general_name::GeneralName;
use crate::{Error, Oid, Part, RevocationReason, oid};

/// One entry, where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkedEntry<'a> {
    /// How many octets of the list stand before it.
    pub offset: usize,
    /// The content octets of the serial number, minimal: equal octets are equal numbers.
    pub serial: &'a [u8],
    /// revocationDate.
    pub revoked_at: UnixTime,
    /// reasonCode, or unspecified.
    pub reason: RevocationReason,
    /// Whether it has crlEntryExtensions.
    pub has_extensions: bool,
    /// The content of certificateIssuer: this entry and those after it are about certificates of that issuer.
    pub(super) certificate_issuer: Option<&'a [u8]>,
    /// What no conforming issuer gets wrong.
    pub(super) fault: Option<EntryFault>,
}

/// What an entry breaks of RFC 5280 section 5: it is understood all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryFault {
    /// Section 5.1.2.6: revocationDate has not the form of its year.
    TimeForm,
    /// Section 5.3.1: reasonCode is critical.
    ReasonCritical,
    /// Section 5.3.2: invalidityDate is critical.
    InvalidityDateCritical,
    /// Section 5.3.3: certificateIssuer is not critical.
    IssuerNotCritical,
    /// Section 5.3.3: certificateIssuer has no directoryName, so that nobody knows whose certificate is meant.
    IssuerWithoutName,
}

impl EntryFault {
    pub(super) fn error(self) -> Error {
        let oid = Oid::from_octets;
        match self {
            Self::TimeForm => Error::CrlTimeForm,
            Self::ReasonCritical => Error::ExtensionCritical { oid: oid(oid::REASON_CODE) },
            Self::InvalidityDateCritical => Error::ExtensionCritical { oid: oid(oid::INVALIDITY_DATE) },
            Self::IssuerNotCritical => Error::ExtensionNotCritical { oid: oid(oid::CERTIFICATE_ISSUER) },
            Self::IssuerWithoutName => {
                Error::ExtensionInvalid { part: Part::Crl, oid: oid(oid::CERTIFICATE_ISSUER) }
            }
        }
    }
}

/// What entries of a list may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    /// Version 2: entries may have extensions.
    pub(super) extensions: bool,
    /// The list is a delta: entries may be taken back.
    pub(super) delta: bool,
    /// The list is indirect: entries may be about other issuers' certificates.
    pub(super) indirect: bool,
    pub(super) demand: Demand,
}

/// What is demanded of entries beside that they are well formed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Demand {
    /// Nothing.
    #[default]
    AnyIssuer,
    /// Not even that: somebody has walked these octets before. certificateIssuer is not looked into.
    WalkedBefore,
    /// The gateway's: each date in the form of its year, each entry about the list's own issuer's certificates.
    OneIssuer,
}

/// Where the entries stand in a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntriesPlace {
    start: usize,
    end: usize,
    kind: Kind,
}

/// The entries of a list in its order; after an error there is nothing more.
#[derive(Clone, Debug)]
pub struct EntryWalk<'a> {
    reader: Reader<'a>,
    /// Where the last entry ends in the list.
    end: usize,
    kind: Kind,
}

impl<'a> EntryWalk<'a> {
    /// `reader` holds the entries, the last of which ends after `end` octets of the list.
    pub(super) fn new(reader: Reader<'a>, end: usize, kind: Kind) -> Self {
        Self { reader, end, kind }
    }

    /// The entries of the same list, given its octets again.
    pub(super) fn at(place: EntriesPlace, der: &'a [u8]) -> Self {
        let entries = der.get(place.start..place.end).unwrap_or_default();
        Self::new(Reader::new(entries), place.end, place.kind)
    }

    /// One of them.
    pub(super) fn at_entry(
        place: EntriesPlace,
        der: &'a [u8],
        offset: usize,
    ) -> Result<WalkedEntry<'a>, Error> {
        let entries = if offset < place.start { None } else { der.get(offset..place.end) };
        let entries = entries.ok_or(malformed(DerError::Truncated))?;
        Self::new(Reader::new(entries), place.end, place.kind).entry()
    }

    pub(super) fn place(&self) -> EntriesPlace {
        let start = self.end.saturating_sub(self.reader.rest().len());
        EntriesPlace { start, end: self.end, kind: self.kind }
    }

    /// The same with the gateway's demands.
    pub(super) fn of_one_issuer(mut self) -> Self {
        self.kind.demand = Demand::OneIssuer;
        self
    }

    #[inline]
    fn entry(&mut self) -> Result<WalkedEntry<'a>, Error> {
        match self.usual_entry() {
            Some(entry) => Ok(entry),
            None => self.any_entry(),
        }
    }

    /// The two forms that nearly all entries have, octet by octet: a UTCTime, and no extension but reasonCode. Of an
    /// entry in any other form, or with anything wrong in it, this says nothing.
    #[inline]
    fn usual_entry(&mut self) -> Option<WalkedEntry<'a>> {
        let octets = self.reader.rest();
        let (&[tag::SEQUENCE, length @ ..0x80, tag::INTEGER, serial_length], rest) =
            octets.split_first_chunk()?
        else {
            return None;
        };
        let serial_length = usize::from(serial_length);
        let (serial, rest) = rest.split_at_checked(serial_length)?;
        der::integer(serial).ok().filter(|serial| serial.len() <= SERIAL_MAX_OCTETS)?;
        let (&[tag::UTC_TIME, 13, ref time @ ..], rest) = rest.split_first_chunk::<15>()? else {
            return None;
        };
        let revoked_at = der::utc_time(time).ok()?;
        let (reason, has_extensions, rest) = match usize::from(length).checked_sub(serial_length)? {
            17 => (RevocationReason::Unspecified, false, rest),
            31 if self.kind.extensions => {
                let (extensions, rest) = rest.split_first_chunk::<14>()?;
                let [tag::SEQUENCE, 12, extension @ ..] = extensions else { return None };
                let reason = reason_alone(extension)?;
                if reason == RevocationReason::RemoveFromCrl && !self.kind.delta {
                    return None;
                }
                (reason, true, rest)
            }
            _ => return None,
        };
        let offset = self.end.saturating_sub(octets.len());
        self.reader = Reader::new(rest);
        Some(WalkedEntry {
            offset,
            serial,
            revoked_at,
            reason,
            has_extensions,
            certificate_issuer: None,
            fault: None,
        })
    }

    #[cold]
    fn any_entry(&mut self) -> Result<WalkedEntry<'a>, Error> {
        let offset = self.end.saturating_sub(self.reader.rest().len());
        let mut entry = self.reader.sequence().map_err(malformed)?;
        let serial = entry.integer().map_err(malformed)?;
        if serial.len() > SERIAL_MAX_OCTETS {
            return Err(malformed(DerError::TooLong));
        }
        let (revoked_at, profiled_time) = time(&mut entry).map_err(malformed)?;
        let mut said = Said::default();
        let has_extensions = !entry.is_empty();
        if has_extensions {
            let extensions = entry.sequence().map_err(malformed)?;
            said = Said::read(extensions, self.kind)?;
        }
        entry.finish().map_err(malformed)?;
        let fault = said.fault.or((!profiled_time).then_some(EntryFault::TimeForm));
        if self.kind.demand == Demand::OneIssuer {
            is_of_one_issuer(&said, fault)?;
        }
        Ok(WalkedEntry {
            offset,
            serial,
            revoked_at,
            reason: said.reason,
            has_extensions,
            certificate_issuer: said.certificate_issuer,
            fault,
        })
    }
}

impl<'a> Iterator for EntryWalk<'a> {
    type Item = Result<WalkedEntry<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let entry = self.entry();
        if entry.is_err() {
            self.reader = Reader::new(&[]);
        }
        Some(entry)
    }
}

/// What the extensions of an entry say.
struct Said<'a> {
    reason: RevocationReason,
    certificate_issuer: Option<&'a [u8]>,
    fault: Option<EntryFault>,
}

impl Default for Said<'_> {
    fn default() -> Self {
        Self { reason: RevocationReason::Unspecified, certificate_issuer: None, fault: None }
    }
}

impl<'a> Said<'a> {
    /// Each extension once; an unknown critical one refuses the whole list (RFC 5280 section 5.3).
    fn read(mut reader: Reader<'a>, kind: Kind) -> Result<Self, Error> {
        if !kind.extensions {
            return Err(Error::CrlExtensionsInVersion1);
        }
        let mut said = Self::default();
        if let Some(reason) = reason_alone(reader.rest()) {
            said.reason = reason;
            return said.allowed(kind);
        }
        let (whole, mut count) = (reader, 0_usize);
        loop {
            let extension = Extension::read(&mut reader).map_err(malformed)?;
            refuse_repeated(whole, count, extension.oid)?;
            count += 1;
            if count > MAX_ENTRY_EXTENSIONS {
                return Err(malformed(DerError::TooLong));
            }
            said.take(&extension, kind)?;
            if reader.is_empty() {
                return said.allowed(kind);
            }
        }
    }

    fn take(&mut self, extension: &Extension<'a>, kind: Kind) -> Result<(), Error> {
        let invalid = extension.invalid(Part::Crl);
        match extension.oid {
            oid::REASON_CODE => {
                self.reason = RevocationReason::from_value(extension.value).map_err(invalid)?;
                self.note(extension.critical, EntryFault::ReasonCritical);
            }
            oid::INVALIDITY_DATE => {
                invalidity_date(extension.value).map_err(invalid)?;
                self.note(extension.critical, EntryFault::InvalidityDateCritical);
            }
            oid::CERTIFICATE_ISSUER => {
                let names = certificate_issuer(extension.value, kind.demand).map_err(invalid)?;
                self.note(!extension.critical, EntryFault::IssuerNotCritical);
                self.note(directory_names(names).next().is_none(), EntryFault::IssuerWithoutName);
                self.certificate_issuer = Some(names);
            }
            _ if extension.critical => return Err(extension.unknown_critical(Part::Crl)),
            // What is not known is ignored, whatever its value; holdInstructionCode of RFC 3280 is one of them.
            _ => {}
        }
        Ok(())
    }

    fn note(&mut self, is_wrong: bool, fault: EntryFault) {
        self.fault = self.fault.or(is_wrong.then_some(fault));
    }

    /// RFC 5280 sections 5.3.1 and 5.3.3.
    fn allowed(self, kind: Kind) -> Result<Self, Error> {
        if self.reason == RevocationReason::RemoveFromCrl && !kind.delta {
            return Err(Error::CrlRemoveInComplete);
        }
        if self.certificate_issuer.is_some() && !kind.indirect {
            return Err(Error::CrlNotIndirect);
        }
        Ok(self)
    }
}

/// What is demanded of a list that is complete for its issuer.
fn is_of_one_issuer(said: &Said<'_>, fault: Option<EntryFault>) -> Result<(), Error> {
    if said.certificate_issuer.is_some() {
        let oid = Oid::from_octets(oid::CERTIFICATE_ISSUER);
        return Err(Error::ExtensionUnknownCritical { part: Part::Crl, oid });
    }
    fault.map_or(Ok(()), |fault| Err(fault.error()))
}

/// Both forms of Time, and whether it is the one that its year asks for (RFC 5280 section 5.1.2.4).
pub(super) fn time(reader: &mut Reader<'_>) -> Result<(UnixTime, bool), DerError> {
    let tlv = reader.read()?;
    match tlv.tag {
        tag::UTC_TIME => Ok((der::utc_time(tlv.value)?, true)),
        tag::GENERALIZED_TIME => {
            let time = der::generalized_time(tlv.value)?;
            Ok((time, time.as_secs() >= FIRST_SECOND_OF_2050))
        }
        _ => Err(DerError::UnexpectedTag),
    }
}

/// The one extension that most entries have: `SEQUENCE { reasonCode, OCTET STRING { ENUMERATED } }`, octet by octet.
fn reason_alone(extensions: &[u8]) -> Option<RevocationReason> {
    match extensions {
        [0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01, reason] => {
            RevocationReason::from_number(*reason)
        }
        _ => None,
    }
}

/// Reads the few extensions before this one again rather than remembering them.
fn refuse_repeated(mut earlier: Reader<'_>, count: usize, oid: &[u8]) -> Result<(), Error> {
    for _ in 0..count {
        if Extension::read(&mut earlier).map_err(malformed)?.oid == oid {
            return Err(Error::ExtensionTwice { part: Part::Crl, oid: Oid::from_octets(oid) });
        }
    }
    Ok(())
}

/// RFC 5280 section 5.3.2: always GeneralizedTime.
fn invalidity_date(value: &[u8]) -> Result<(), DerError> {
    let mut reader = Reader::new(value);
    der::generalized_time(reader.expect(tag::GENERALIZED_TIME)?.value)?;
    reader.finish()
}

/// RFC 5280 section 5.3.3: GeneralNames, whose content is returned.
fn certificate_issuer(value: &[u8], demand: Demand) -> Result<&[u8], DerError> {
    if demand != Demand::WalkedBefore {
        check(value, MAX_ENTRY_EXTENSION_OCTETS)?;
    }
    let mut reader = Reader::new(value);
    let names = reader.sequence()?;
    reader.finish()?;
    if demand != Demand::WalkedBefore {
        GeneralName::all(names)?;
    }
    Ok(names.rest())
}

/// The directory names of a certificateIssuer, each the encoding of its Name.
pub(super) fn directory_names(names: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut reader = Reader::new(names);
    std::iter::from_fn(move || {
        while !reader.is_empty() {
            let name = reader.read().ok()?;
            if name.tag == tag::context_constructed(4) {
                return Some(name.value);
            }
        }
        None
    })
}

fn malformed(rule: DerError) -> Error {
    Error::Malformed { part: Part::Crl, rule }
}

const MAX_ENTRY_EXTENSIONS: usize = 8;
const MAX_ENTRY_EXTENSION_OCTETS: usize = 4096;
const FIRST_SECOND_OF_2050: u64 = 2_524_608_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_and_the_long_way_read_the_same_reason() {
        let v2 = Kind { extensions: true, delta: true, ..Kind::default() };
        for number in 0..=u8::MAX {
            let alone = [0x30, 0x0a, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 0x0a, 1, number];
            // invalidityDate after it takes the long way.
            let date = b"\x30\x18\x06\x03\x55\x1d\x18\x04\x11\x18\x0f20260101000000Z";
            let both = [&alone[..], date].concat();
            let short = Said::read(Reader::new(&alone), v2).map(|said| said.reason);
            assert_eq!(short, Said::read(Reader::new(&both), v2).map(|said| said.reason));
            assert_eq!(short.is_ok(), RevocationReason::from_number(number).is_some());
        }
    }

    /// The two ways must say the same of every entry that both read, and the short one nothing of what the long one
    /// refuses.
    #[test]
    fn the_usual_way_and_the_long_way_read_the_same_entry() {
        let (time, reason) =
            (b"\x17\x0d260101000000Z", b"\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x04");
        let plain = [&[0x30, 20, 2, 3, 1, 2, 3][..], time].concat();
        let reasoned = [&[0x30, 36, 2, 5, 1, 2, 3, 4, 5][..], time, reason].concat();
        let longest = [&[0x30, 51, 2, 20][..], &[1; 20], time, reason].concat();
        let too_long = [&[0x30, 52, 2, 21][..], &[1; 21], time, reason].concat();
        let kinds = [
            Kind { extensions: true, ..Kind::default() },
            Kind { extensions: true, demand: Demand::OneIssuer, ..Kind::default() },
            Kind { extensions: true, delta: true, ..Kind::default() },
            Kind::default(),
        ];
        let mut usual_count = 0;
        for right in [plain, reasoned, longest, too_long] {
            for place in 0..right.len() {
                for octet in 0..=u8::MAX {
                    let mut octets = right.clone();
                    *octets.get_mut(place).expect("within") = octet;
                    octets.extend([0x30, 0]);
                    for kind in kinds {
                        let walk = EntryWalk::new(Reader::new(&octets), octets.len(), kind);
                        let (mut usual, mut any) = (walk.clone(), walk);
                        let Some(entry) = usual.usual_entry() else { continue };
                        usual_count += 1;
                        assert_eq!(any.any_entry(), Ok(entry), "{octets:02x?}");
                        assert_eq!(usual.reader.rest(), any.reader.rest());
                    }
                }
            }
        }
        assert!(usual_count > 10_000, "{usual_count}");
    }
}
