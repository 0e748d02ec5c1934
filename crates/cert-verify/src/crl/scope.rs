//! What a list covers (issuingDistributionPoint, RFC 5280 section 5.2.5).

use crate::Name;
use crate::crl::CrlSubject;
use crate::der::{DerError, Reader, tag};
use crate::distribution_point::point_names;
use crate::general_name::GeneralName;
use crate::reason::ReasonFlags;

/// The scope of a list. Without an issuingDistributionPoint it is everything of its issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Empty when distributionPoint is absent. A name relative to the issuer is completed.
    names: Vec<GeneralName>,
    holders: Holders,
    /// onlySomeReasons.
    reasons: Option<ReasonFlags>,
    indirect: bool,
}

/// Whose certificates a list is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Holders {
    /// Everybody's.
    #[default]
    All,
    /// onlyContainsAttributeCerts.
    Attribute,
    /// onlyContainsCACerts.
    Ca,
    /// onlyContainsUserCerts.
    User,
}

impl Scope {
    pub(crate) fn from_value(value: &[u8], issuer: &Name) -> Result<Self, DerError> {
        let mut outer = Reader::new(value);
        let mut reader = outer.sequence()?;
        outer.finish()?;
        let names = match reader.optional(tag::context_constructed(0))? {
            Some(name) => point_names(name, &[issuer])?,
            None => Vec::new(),
        };
        let only_user = reader.boolean_default_false(tag::context(1))?;
        let only_ca = reader.boolean_default_false(tag::context(2))?;
        let reasons = match reader.optional(tag::context(3))? {
            Some(reasons) => Some(ReasonFlags::from_bits(reasons.value)?),
            None => None,
        };
        let indirect = reader.boolean_default_false(tag::context(4))?;
        let only_attribute = reader.boolean_default_false(tag::context(5))?;
        reader.finish()?;
        let holders = match (only_user, only_ca, only_attribute) {
            (false, false, false) => Holders::All,
            (true, false, false) => Holders::User,
            (false, true, false) => Holders::Ca,
            (false, false, true) => Holders::Attribute,
            _ => return Err(DerError::UnexpectedTag),
        };
        let scope = Self { names, holders, reasons, indirect };
        // An extension that says nothing must not be there.
        if scope == Self::default() { Err(DerError::Default) } else { Ok(scope) }
    }

    pub(crate) fn names(&self) -> &[GeneralName] {
        &self.names
    }

    pub(crate) fn holders(&self) -> Holders {
        self.holders
    }

    pub(crate) fn reasons(&self) -> Option<ReasonFlags> {
        self.reasons
    }

    pub(crate) fn is_indirect(&self) -> bool {
        self.indirect
    }

    /// Whether the list is complete for a certificate: every point and every name of the certificate is compared with
    /// every name of the list.
    pub(super) fn covers(&self, subject: &CrlSubject<'_>) -> bool {
        let of_holder = match self.holders {
            Holders::All => true,
            Holders::Attribute => false,
            Holders::Ca => subject.is_ca(),
            Holders::User => !subject.is_ca(),
        };
        let complete = self.reasons.is_none() && !self.indirect;
        let named = || {
            subject
                .distribution_points()
                .iter()
                .filter(|point| !point.is_partial())
                .flat_map(|point| &point.names)
                .any(|name| self.names.contains(name))
        };
        of_holder && complete && (self.names.is_empty() || named())
    }

    /// Whether the list may be complete for a certificate that is neither a CA's nor an attribute certificate.
    pub(super) fn is_about_cards(&self) -> bool {
        let of_cards = matches!(self.holders, Holders::All | Holders::User);
        of_cards && self.reasons.is_none() && !self.indirect
    }

    /// Whether lists of the two replace each other: the order of the names and a name that stands there twice mean nothing.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self == other || self.key() == other.key()
    }

    /// One octet string for all scopes of the same names, flags and reasons.
    pub(super) fn key(&self) -> Vec<u8> {
        let holders = match self.holders {
            Holders::All => 0,
            Holders::Attribute => 1,
            Holders::Ca => 2,
            Holders::User => 3,
        };
        let mut key = vec![holders, u8::from(self.indirect), u8::from(self.reasons.is_some())];
        key.extend(self.reasons.unwrap_or_default().octets());
        let mut names: Vec<Vec<u8>> = self.names.iter().map(GeneralName::normal).collect();
        names.sort_unstable();
        names.dedup();
        for octets in names {
            key.extend(u64::try_from(octets.len()).unwrap_or(u64::MAX).to_be_bytes());
            key.extend_from_slice(&octets);
        }
        key
    }
}
