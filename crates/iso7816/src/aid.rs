//! Application identifiers (ISO 7816-4 section 8.2.1.2): the DF names that SELECT takes.

use std::fmt;

use crate::Iso7816Error;

/// The name of an application on a card, 5 to 16 octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aid {
    octets: [u8; MAX],
    length: usize,
}

impl Aid {
    /// Reads 5 to 16 octets. Usable in constants.
    pub const fn new(octets: &[u8]) -> Result<Self, Iso7816Error> {
        if octets.len() < MIN || octets.len() > MAX {
            return Err(Iso7816Error::AidLength { octets: octets.len() });
        }
        let mut aid = Self { octets: [0; MAX], length: octets.len() };
        let (used, _) = aid.octets.split_at_mut(octets.len());
        used.copy_from_slice(octets);
        Ok(aid)
    }

    /// The octets of the name.
    pub fn as_octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }

    /// Whether a SELECT with this (partial) DF name means this application.
    pub fn starts_with(&self, partial: &[u8]) -> bool {
        self.as_octets().starts_with(partial)
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_octets().iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

const MIN: usize = 5;
const MAX: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_to_sixteen_octets() {
        for length in 0..=20 {
            let octets = vec![0xA0; length];
            let aid = Aid::new(&octets);
            if (5..=16).contains(&length) {
                assert_eq!(aid.expect("an AID").as_octets(), octets);
            } else {
                assert_eq!(aid, Err(Iso7816Error::AidLength { octets: length }));
            }
        }
    }

    #[test]
    fn a_partial_name_is_a_prefix() {
        let aid = Aid::new(&[1, 2, 3, 4, 5, 6]).expect("an AID");
        assert!(aid.starts_with(&[1, 2, 3]));
        assert!(aid.starts_with(aid.as_octets()));
        assert!(!aid.starts_with(&[2, 3]));
        assert!(!aid.starts_with(&[1, 2, 3, 4, 5, 6, 0]));
        assert_eq!(format!("{aid:?}"), "010203040506");
    }

    proptest! {
        #[test]
        fn every_name_reads_back_and_starts_with_its_parts(octets: Vec<u8>, part in 0_usize..20) {
            match Aid::new(&octets) {
                Ok(aid) => {
                    prop_assert_eq!(aid.as_octets(), &octets[..]);
                    prop_assert!(aid.starts_with(&octets[..part.min(octets.len())]));
                    let mut other = octets.clone();
                    other[0] ^= 1;
                    prop_assert!(!aid.starts_with(&other));
                    prop_assert_ne!(aid, Aid::new(&other).expect("an AID"));
                }
                Err(error) => prop_assert_eq!(error, Iso7816Error::AidLength { octets: octets.len() }),
            }
        }
    }
}
