//! Object identifiers by their content octets, and the ones this crate knows.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::der::object_identifier;

/// An object identifier.
#[derive(Clone)]
pub struct Oid(Repr);

/// Certificates are full of identifiers, nearly all of them short: those are kept in place.
#[derive(Clone)]
enum Repr {
    Short { length: u8, octets: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl Oid {
    /// From content octets that the strict reader has accepted.
    pub(crate) fn from_octets(octets: &[u8]) -> Self {
        let mut short = [0; SHORT];
        match (short.get_mut(..octets.len()), u8::try_from(octets.len())) {
            (Some(start), Ok(length)) => {
                start.copy_from_slice(octets);
                Self(Repr::Short { length, octets: short })
            }
            _ => Self(Repr::Long(octets.into())),
        }
    }

    /// The content octets.
    pub fn as_octets(&self) -> &[u8] {
        match &self.0 {
            Repr::Short { length, octets } => octets.get(..usize::from(*length)).unwrap_or_default(),
            Repr::Long(octets) => octets,
        }
    }
}

impl PartialEq for Oid {
    fn eq(&self, other: &Self) -> bool {
        self.as_octets() == other.as_octets()
    }
}

impl Eq for Oid {}

impl PartialEq<[u8]> for Oid {
    /// Compares with content octets.
    fn eq(&self, octets: &[u8]) -> bool {
        self.as_octets() == octets
    }
}

impl Ord for Oid {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_octets().cmp(other.as_octets())
    }
}

impl PartialOrd for Oid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Oid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_octets().hash(state);
    }
}

impl FromStr for Oid {
    type Err = OidError;

    /// Reads the dotted form.
    fn from_str(text: &str) -> Result<Self, OidError> {
        let mut arcs = text.split('.').map(arc);
        let (Some(first), Some(second)) = (arcs.next(), arcs.next()) else { return Err(OidError) };
        let (first, second) = (first?, second?);
        if first > 2 || (first < 2 && second > 39) {
            return Err(OidError);
        }
        let mut octets = Vec::new();
        push_arc(&mut octets, second.checked_add(first * 40).ok_or(OidError)?);
        for arc in arcs {
            push_arc(&mut octets, arc?);
        }
        object_identifier(&octets).map_err(|_| OidError)?;
        Ok(Self::from_octets(&octets))
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arcs = self.as_octets().split_inclusive(|octet| octet & 0x80 == 0).map(|digits| {
            // An arc of more than 128 bits (UUID arcs have 128) is shown as "?", never wrongly.
            digits.iter().try_fold(0_u128, |value, digit| {
                value.checked_mul(128).map(|value| value | u128::from(digit & 0x7f))
            })
        });
        match arcs.next().flatten() {
            None => f.write_char('?')?,
            Some(both @ 0..80) => write!(f, "{}.{}", both / 40, both % 40)?,
            Some(both) => write!(f, "2.{}", both - 80)?,
        }
        arcs.try_for_each(|arc| match arc {
            Some(arc) => write!(f, ".{arc}"),
            None => f.write_str(".?"),
        })
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not an object identifier in dotted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an object identifier in dotted form")]
pub struct OidError;

fn arc(text: &str) -> Result<u128, OidError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().map_err(|_| OidError) } else { Err(OidError) }
}

fn push_arc(octets: &mut Vec<u8>, arc: u128) {
    let digits = (128 - arc.leading_zeros()).div_ceil(7).max(1);
    for place in (0..digits).rev() {
        let digit = u8::try_from((arc >> (place * 7)) & 0x7f).unwrap_or(0);
        octets.push(if place == 0 { digit } else { digit | 0x80 });
    }
}

/// As many octets as fit into the place of a boxed slice and its tag.
const SHORT: usize = 22;

// Extensions: RFC 5280 section 4.2 and 5.2, 5.3; id-ce is 2.5.29, id-pe is 1.3.6.1.5.5.7.1.
pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
pub(crate) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
pub(crate) const ISSUER_ALT_NAME: &[u8] = &[0x55, 0x1d, 18];
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
pub(crate) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
pub(crate) const REASON_CODE: &[u8] = &[0x55, 0x1d, 21];
pub(crate) const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 24];
pub(crate) const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 27];
pub(crate) const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 28];
pub(crate) const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];
pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
pub(crate) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 32];
pub(crate) const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
pub(crate) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
pub(crate) const EXT_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
pub(crate) const FRESHEST_CRL: &[u8] = &[0x55, 0x1d, 46];
pub(crate) const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
pub(crate) const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
pub(crate) const SUBJECT_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 11];
/// id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1).
pub(crate) const OCSP_NO_CHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 5];
/// anyPolicy.
pub(crate) const ANY_POLICY: &[u8] = &[0x55, 0x1d, 32, 0];
/// anyExtendedKeyUsage.
pub(crate) const ANY_EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37, 0];
/// id-qt-cps and id-qt-unotice, the policy qualifiers that RFC 5280 defines.
pub(crate) const QUALIFIER_CPS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 2, 1];
pub(crate) const QUALIFIER_USER_NOTICE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 2, 2];

/// id-kp-clientAuth, 1.3.6.1.5.5.7.3.2.
pub(crate) const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];

/// id-on-SmtpUTF8Mailbox (RFC 9598 section 3).
pub(crate) const SMTP_UTF8_MAILBOX: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 8, 9];

// Algorithms: RFC 8017 (1.2.840.113549.1.1), RFC 5758 (1.2.840.10045.4.3), RFC 5480.
pub(crate) const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
pub(crate) const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
pub(crate) const SHA384_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12];
pub(crate) const SHA512_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13];
pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
pub(crate) const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
pub(crate) const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x22];
pub(crate) const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
pub(crate) const ED448: &[u8] = &[0x2b, 0x65, 0x71];
pub(crate) const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
pub(crate) const ECDSA_WITH_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_form_and_octets() {
        for (text, octets) in [
            ("2.5.29.32", CERTIFICATE_POLICIES),
            ("1.3.6.1.5.5.7.3.2", CLIENT_AUTH),
            ("1.2.840.113549.1.1.11", SHA256_WITH_RSA),
            ("1.2.840.10045.3.1.7", SECP256R1),
            ("1.3.132.0.34", SECP384R1),
        ] {
            assert_eq!(text.parse::<Oid>().expect("an identifier").as_octets(), octets);
            assert_eq!(Oid::from_octets(octets).to_string(), text);
        }
        let uuid = "2.25.340282366920938463463374607431768211455";
        assert_eq!(uuid.parse::<Oid>().expect("a UUID arc").to_string(), uuid);
    }

    #[test]
    fn short_and_long_ones_are_equal_by_their_octets() {
        for length in [1, SHORT - 1, SHORT, SHORT + 1, 300] {
            let octets = vec![0x2a; length];
            let (one, other) = (Oid::from_octets(&octets), Oid::from_octets(&vec![0x2b; length]));
            assert_eq!(one.as_octets(), octets);
            assert!(one == one.clone() && one != other && one < other && one == *octets);
            assert_ne!(one, Oid::from_octets(&vec![0x2a; length + 1]));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "1", "3.1", "1.40", "1.2.", "1..2", "1.02", "1.2.x", "1.2.+3", " 1.2"] {
            assert_eq!(text.parse::<Oid>(), Err(OidError), "{text}");
        }
    }
}
