//! What a list covers (issuingDistributionPoint, RFC 5280 section 5.2.5, and section 6.3.3 (b)).

use std::fmt;

use madoguchi_protocol::Octets;

use crate::Name;
use crate::der::{DerError, Reader, named_bits, tag};
use crate::distribution_point::{DistributionPoint, point_names};
use crate::general_name::GeneralName;
use crate::name::readable;

/// The scope of a list. Without an issuingDistributionPoint it is everything of its issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    names: Vec<GeneralName>,
    holders: Holders,
    /// Only some reasons, or other issuers' certificates too: the list is never complete for a certificate.
    partial: bool,
}

/// Whose certificates a list is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Holders {
    #[default]
    All,
    Attribute,
    Ca,
    User,
}

impl Scope {
    pub(crate) fn from_value(value: &[u8], issuer: &Name) -> Result<Self, DerError> {
        let mut outer = Reader::new(value);
        let mut reader = outer.sequence()?;
        outer.finish()?;
        let names = match reader.optional(tag::context_constructed(0))? {
            Some(name) => point_names(name.content(), issuer)?,
            None => Vec::new(),
        };
        let only_user = reader.boolean_default_false(tag::context(1))?;
        let only_ca = reader.boolean_default_false(tag::context(2))?;
        let reasons = reader.optional(tag::context(3))?;
        if let Some(reasons) = reasons {
            named_bits(reasons.value)?;
        }
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
        let partial = reasons.is_some() || indirect;
        // An extension that says nothing must not be there.
        if names.is_empty() && holders == Holders::All && !partial {
            return Err(DerError::Default);
        }
        Ok(Self { names, holders, partial })
    }

    /// Whether the list is complete for a user's certificate with these distribution points: every point and
    /// every name of the certificate is compared with every name of the list.
    pub(crate) fn covers(&self, points: &[DistributionPoint]) -> bool {
        let of_users = matches!(self.holders, Holders::All | Holders::User) && !self.partial;
        let named = || {
            points
                .iter()
                .filter(|point| !point.partial)
                .flat_map(|point| &point.names)
                .any(|name| self.names.contains(name))
        };
        of_users && (self.names.is_empty() || named())
    }

    /// One octet string for all scopes that are equal.
    fn key(&self) -> Vec<u8> {
        let holders = match self.holders {
            Holders::All => 0,
            Holders::Attribute => 1,
            Holders::Ca => 2,
            Holders::User => 3,
        };
        let mut key = vec![holders, u8::from(self.partial)];
        for name in &self.names {
            let (form, octets) = match name {
                GeneralName::Directory(name) => (1, name.normal()),
                GeneralName::Other(octets) => (0, octets.as_slice()),
            };
            key.push(form);
            key.extend(u64::try_from(octets.len()).unwrap_or(u64::MAX).to_be_bytes());
            key.extend_from_slice(octets);
        }
        key
    }
}

/// What lists replace each other: same issuer key, same scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    issuer_key: Octets<32>,
    scope: Vec<u8>,
    label: String,
}

impl Partition {
    pub(crate) fn new(issuer_key: Octets<32>, scope: &Scope) -> Self {
        let label = scope.names.iter().map(|name| match name {
            GeneralName::Directory(name) => readable(name.der()),
            GeneralName::Other(octets) => Reader::new(octets)
                .read()
                .map_or_else(|_| String::new(), |tlv| String::from_utf8_lossy(tlv.value).into()),
        });
        Self { issuer_key, scope: scope.key(), label: label.collect::<Vec<String>>().join(" | ") }
    }

    /// SHA-256 of the SubjectPublicKeyInfo of the key that signed the lists.
    pub fn issuer_key_hash(&self) -> Octets<32> {
        self.issuer_key
    }
}

impl fmt::Display for Partition {
    /// The distribution point's names, for an operator; empty when the lists cover all of the issuer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.label, f)
    }
}
