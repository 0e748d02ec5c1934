//! The extensions about certificate policies (RFC 5280 sections 4.2.1.4, 4.2.1.5, 4.2.1.11).

use crate::der::{DerError, Reader, integer, tag};
use crate::{Oid, oid};

/// certificatePolicies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CertificatePolicies {
    /// The policies; none when the extension is absent.
    pub(crate) oids: Vec<Oid>,
    /// A qualifier that is neither a CPS pointer nor a user notice: who marks the extension critical asks that it
    /// be understood.
    pub(crate) unknown_qualifier: bool,
    /// Such a qualifier of anyPolicy, which may have none but those two.
    pub(crate) unknown_qualifier_of_any: bool,
}

impl CertificatePolicies {
    /// At least one, each at most once. Qualifiers are texts for people: only their kind is read.
    pub(crate) fn from_value(value: &[u8]) -> Result<Self, DerError> {
        let mut outer = Reader::new(value);
        let mut reader = outer.sequence()?;
        outer.finish()?;
        let mut all = Self::default();
        loop {
            let mut information = reader.sequence()?;
            let oid = Oid::from_octets(information.object_identifier()?);
            if let Some(qualifiers) = information.optional(tag::SEQUENCE)? {
                let unknown = has_unknown_qualifier(qualifiers.content())?;
                all.unknown_qualifier |= unknown;
                all.unknown_qualifier_of_any |= unknown && oid.as_octets() == oid::ANY_POLICY;
            }
            information.finish()?;
            if all.oids.contains(&oid) || all.oids.len() == MAX_POLICIES {
                return Err(DerError::TooLong);
            }
            all.oids.push(oid);
            if reader.is_empty() {
                return Ok(all);
            }
        }
    }
}

fn has_unknown_qualifier(mut qualifiers: Reader<'_>) -> Result<bool, DerError> {
    let mut unknown = false;
    loop {
        let mut qualifier = qualifiers.sequence()?;
        unknown |= !matches!(qualifier.object_identifier()?, oid::QUALIFIER_CPS | oid::QUALIFIER_USER_NOTICE);
        qualifier.read()?;
        qualifier.finish()?;
        if qualifiers.is_empty() {
            return Ok(unknown);
        }
    }
}

/// policyMappings: pairs of issuerDomainPolicy and subjectDomainPolicy, at least one.
pub(crate) fn policy_mappings(value: &[u8]) -> Result<Vec<(Oid, Oid)>, DerError> {
    let mut outer = Reader::new(value);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    let mut all = Vec::new();
    loop {
        let mut mapping = reader.sequence()?;
        let issuer_domain = Oid::from_octets(mapping.object_identifier()?);
        let subject_domain = Oid::from_octets(mapping.object_identifier()?);
        mapping.finish()?;
        if all.len() == MAX_MAPPINGS {
            return Err(DerError::TooLong);
        }
        all.push((issuer_domain, subject_domain));
        if reader.is_empty() {
            return Ok(all);
        }
    }
}

/// policyConstraints: at least one of its two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PolicyConstraints {
    /// requireExplicitPolicy `[0]`.
    pub(crate) require_explicit: Option<u32>,
    /// inhibitPolicyMapping `[1]`.
    pub(crate) inhibit_mapping: Option<u32>,
}

impl PolicyConstraints {
    pub(crate) fn from_value(value: &[u8]) -> Result<Self, DerError> {
        let mut outer = Reader::new(value);
        let mut reader = outer.sequence()?;
        outer.finish()?;
        let mut field = |number| match reader.optional(tag::context(number))? {
            Some(tlv) => skip_certs(integer(tlv.value)?).map(Some),
            None => Ok(None),
        };
        let constraints = Self { require_explicit: field(0)?, inhibit_mapping: field(1)? };
        reader.finish()?;
        if constraints.require_explicit.is_none() && constraints.inhibit_mapping.is_none() {
            return Err(DerError::Truncated);
        }
        Ok(constraints)
    }
}

/// A count of certificates, INTEGER (0..MAX). One that 32 bits do not hold means nothing that anybody could want.
pub(crate) fn skip_certs(content: &[u8]) -> Result<u32, DerError> {
    if matches!(content, [] | [0x80..=0xff, ..]) {
        return Err(DerError::Integer);
    }
    let push = |value: u32, octet: &u8| value.checked_mul(256)?.checked_add(u32::from(*octet));
    content.iter().try_fold(0, push).ok_or(DerError::Integer)
}

/// The most policies and mappings that are read of one certificate (against work that grows with them).
const MAX_POLICIES: usize = 256;
const MAX_MAPPINGS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_many_and_not_endless() {
        let read = |count: u16| {
            let policies: Vec<u8> = (0..count)
                .flat_map(|number| {
                    let [high, low] =
                        [number / 100, number % 100].map(|arc| u8::try_from(arc).expect("an arc"));
                    [0x30, 5, 6, 3, 0x2a, high, low]
                })
                .collect();
            let length = u16::try_from(policies.len()).expect("short").to_be_bytes();
            CertificatePolicies::from_value(&[&[0x30, 0x82][..], &length, &policies].concat())
        };
        assert_eq!(read(256).map(|all| all.oids.len()), Ok(256));
        assert_eq!(read(257), Err(DerError::TooLong));
    }

    #[test]
    fn policies_are_there_once() {
        let read = |value: &[u8]| CertificatePolicies::from_value(value);
        let one = read(&[0x30, 5, 0x30, 3, 6, 1, 0x2a]).expect("one policy");
        assert_eq!((one.oids.len(), one.unknown_qualifier), (1, false));
        assert_eq!(read(&[0x30, 0]), Err(DerError::Truncated));
        assert_eq!(read(&[0x30, 10, 0x30, 3, 6, 1, 0x2a, 0x30, 3, 6, 1, 0x2a]), Err(DerError::TooLong));
        let other =
            read(&[0x30, 14, 0x30, 12, 6, 1, 0x2a, 0x30, 7, 0x30, 5, 6, 1, 0x2b, 5, 0]).expect("a policy");
        assert!(other.unknown_qualifier);
    }

    #[test]
    fn constraints_say_something() {
        let read = |value: &[u8]| PolicyConstraints::from_value(value);
        let both = PolicyConstraints { require_explicit: Some(0), inhibit_mapping: Some(5) };
        assert_eq!(read(&[0x30, 6, 0x80, 1, 0, 0x81, 1, 5]), Ok(both));
        assert_eq!(read(&[0x30, 0]), Err(DerError::Truncated));
        assert_eq!(read(&[0x30, 3, 0x80, 1, 0xff]), Err(DerError::Integer));
        assert_eq!(read(&[0x30, 6, 0x81, 1, 0, 0x80, 1, 5]), Err(DerError::TrailingOctets));
    }

    #[test]
    fn mappings_come_in_pairs() {
        assert_eq!(policy_mappings(&[0x30, 8, 0x30, 6, 6, 1, 0x2a, 6, 1, 0x2b]).map(|all| all.len()), Ok(1));
        assert_eq!(policy_mappings(&[0x30, 0]), Err(DerError::Truncated));
        assert_eq!(policy_mappings(&[0x30, 5, 0x30, 3, 6, 1, 0x2a]), Err(DerError::Truncated));
    }

    #[test]
    fn counts_have_32_bits() {
        assert_eq!(skip_certs(&[0]), Ok(0));
        assert_eq!(skip_certs(&[0, 0x80]), Ok(128));
        assert_eq!(skip_certs(&[0, 0xff, 0xff, 0xff, 0xff]), Ok(u32::MAX));
        assert_eq!(skip_certs(&[1, 0, 0, 0, 0]), Err(DerError::Integer));
        assert_eq!(skip_certs(&[0x7f; 9]), Err(DerError::Integer));
        assert_eq!(skip_certs(&[0xff]), Err(DerError::Integer));
    }
}
