//! Large lists of this PKI's own authority: one for all residents, or one for each municipality.

use std::{ops::Range, time::Duration};

use rustls_pki_types::UnixTime;

use crate::{
    BulkEntries, CrlEntry, Error, Extension, IssuingDistributionPoint, LargeCrl, Municipality, PointName,
    TestPki, authority::Purpose, validity,
};

impl TestPki {
    /// A large list of the authority for user authentication: of one municipality (its code), or of the whole
    /// authority. Cards of this PKI that are revoked are in it beside the entries that are made up. With `base` it
    /// is a delta to the list of that number.
    pub fn large_crl(
        &self,
        municipality: Option<&str>,
        bulk: BulkEntries,
        (number, base): (u64, Option<u64>),
        this_update: UnixTime,
        validity: Duration,
    ) -> Result<LargeCrl, Error> {
        let municipality = municipality.map(Municipality::find).transpose()?;
        let mut extensions = vec![
            Extension::authority_key_identifier_of_key(self.auth.key.public_key()),
            Extension::crl_number(number),
        ];
        if let Some(municipality) = municipality {
            let name = PointName::of(&Purpose::Auth.distribution_point(municipality)?);
            let point = IssuingDistributionPoint { name, ..IssuingDistributionPoint::default() };
            extensions.push(Extension::issuing_point(&point));
        }
        extensions.extend(base.map(Extension::delta_crl_indicator));
        Ok(LargeCrl {
            issuer: Purpose::Auth.name()?,
            this_update,
            next_update: validity::later(this_update, validity),
            extensions,
            entries: self.revoked_cards(municipality),
            bulk,
        })
    }

    /// Entries of the revoked user-authentication certificates of a municipality, or of all.
    pub(crate) fn revoked_cards(&self, municipality: Option<&Municipality>) -> Vec<CrlEntry> {
        let is_listed = |serial| {
            self.state.issued(serial).is_some_and(|issued| {
                issued.purpose == Purpose::Auth
                    && municipality.is_none_or(|municipality| issued.municipality == municipality.code)
            })
        };
        self.state
            .revoked
            .iter()
            .filter(|revoked| is_listed(revoked.serial))
            .map(|revoked| CrlEntry {
                serial: revoked.serial,
                revoked_at: revoked.unix_time,
                reason: revoked.reason,
                extensions: Vec::new(),
            })
            .collect()
    }
}

/// The municipalities among which so many entries are divided, with the indices of each: few of them large and most
/// small, as towns are. The largest of 1,741 has about 1 in 90 of all entries, the smallest about 1 in 8,000.
pub fn divided(entries: Range<u64>, municipalities: usize) -> Vec<(&'static Municipality, Range<u64>)> {
    let chosen: Vec<_> = Municipality::all().take(municipalities).collect();
    let weights: Vec<u128> = (20..).take(chosen.len()).map(|rank| WHOLE / rank).collect();
    let all: u128 = weights.iter().sum();
    let total = u128::from(entries.end.saturating_sub(entries.start));
    let mut passed = 0;
    let mut start = entries.start;
    let mut divided = Vec::with_capacity(chosen.len());
    for (municipality, weight) in chosen.into_iter().zip(weights) {
        passed += weight;
        // Cutting at the sum of what has passed loses no entry to rounding.
        let end = entries.start + u64::try_from(total * passed / all).unwrap_or(0);
        divided.push((municipality, start..end));
        start = end;
    }
    divided
}

const WHOLE: u128 = 1 << 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_nothing_is_in_two() {
        for (entries, municipalities) in [(0..20_000_000, 1_741), (5..1_005, 7), (3..4, 1_741), (0..10, 1)] {
            let divided = divided(entries.clone(), municipalities);
            assert_eq!(divided.len(), municipalities);
            assert_eq!(divided[0].1.start, entries.start);
            assert_eq!(divided[municipalities - 1].1.end, entries.end);
            assert!(divided.windows(2).all(|two| two[0].1.end == two[1].1.start));
        }
        let national = divided(0..20_000_000, 1_741);
        let size = |range: &Range<u64>| range.end - range.start;
        assert!(size(&national[0].1) > 80 * size(&national[1_740].1), "towns differ");
    }
}
