//! Publishing revocation lists: one for each municipality, by the authority for user authentication.

use std::{path::Path, time::Duration};

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::{
    CrlBuilder, CrlFault, Error, Extension, IssuingDistributionPoint, MUNICIPALITIES, Municipality,
    PointName, RevocationReason, TestPki, authority::Authority, der, folder, oid, pki::tampered,
    reason_flags, validity,
};

impl TestPki {
    /// The next cRLNumber: for lists that are made one by one.
    pub fn take_crl_number(&mut self) -> u64 {
        self.state.crl_number += 1;
        self.state.crl_number
    }

    /// New lists of the authority for user authentication, one for each municipality: file name and DER.
    pub fn crls(
        &mut self,
        now: UnixTime,
        validity: Duration,
        random: &dyn SecureRandom,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.make_crls(now, validity, None, random)
    }

    /// The same with something wrong in each.
    pub fn faulty_crls(
        &mut self,
        now: UnixTime,
        validity: Duration,
        fault: CrlFault,
        random: &dyn SecureRandom,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.make_crls(now, validity, Some(fault), random)
    }

    fn make_crls(
        &mut self,
        now: UnixTime,
        validity: Duration,
        fault: Option<CrlFault>,
        random: &dyn SecureRandom,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        if fault == Some(CrlFault::Missing) {
            return Ok(Vec::new());
        }
        let other = match fault {
            Some(CrlFault::OtherKey) => Some(self.other_authority(now, random)?),
            _ => None,
        };
        let authority = other.as_ref().unwrap_or(&self.auth);
        let number = self.state.crl_number + 1;
        let mut lists = Vec::new();
        for municipality in &MUNICIPALITIES {
            let der = self
                .crl(authority, municipality, number, now, validity, fault)?
                .sign(&authority.key, random)?;
            let der = match fault {
                Some(CrlFault::TamperedSignature) => tampered(der),
                Some(CrlFault::TrailingOctet) => [der.as_slice(), &[0]].concat(),
                _ => der,
            };
            lists.push((format!("{}.crl", municipality.code), der));
        }
        self.state.crl_number = number;
        Ok(lists)
    }

    fn crl(
        &self,
        authority: &Authority,
        municipality: &Municipality,
        number: u64,
        now: UnixTime,
        validity: Duration,
        fault: Option<CrlFault>,
    ) -> Result<CrlBuilder, Error> {
        let (this_update, next_update) = match fault {
            Some(CrlFault::Stale) => (validity::days_before(now, 3), validity::days_before(now, 2)),
            Some(CrlFault::Future) => (validity::days_after(now, 1), validity::days_after(now, 2)),
            _ => (now, validity::later(now, validity)),
        };
        let point = match fault {
            Some(CrlFault::WrongDistributionPoint) => municipality.next(),
            _ => municipality,
        };
        let name = authority.purpose.distribution_point(point)?;
        let mut issuing =
            IssuingDistributionPoint { name: PointName::of(&name), ..IssuingDistributionPoint::default() };
        match fault {
            Some(CrlFault::Indirect) => issuing.indirect = true,
            Some(CrlFault::OnlyCaCertificates) => issuing.only_contains.push(2),
            Some(CrlFault::OnlySomeReasons) => issuing.only_some_reasons = Some(reason_flags(&[1])),
            _ => {}
        }
        let mut extensions = vec![Extension::authority_key_identifier_of_key(authority.key.public_key())];
        if fault != Some(CrlFault::MissingNumber) {
            extensions.push(Extension::crl_number(number));
        }
        extensions.push(Extension::issuing_point(&issuing));
        match fault {
            Some(CrlFault::Delta) => {
                extensions.push(Extension::delta_crl_indicator(number.saturating_sub(1)));
            }
            Some(CrlFault::UnknownCriticalExtension) => {
                extensions.push(Extension::new(oid::UNKNOWN_EXTENSION, true, der::null()));
            }
            Some(CrlFault::Version1) => extensions.clear(),
            _ => {}
        }
        let version_1 = fault == Some(CrlFault::Version1);
        let mut entries = self.revoked_cards(Some(municipality));
        if version_1 {
            for entry in &mut entries {
                entry.reason = RevocationReason::Unspecified;
            }
        }
        Ok(CrlBuilder {
            version: if version_1 { None } else { Some(1) },
            issuer: authority.purpose.name()?,
            this_update,
            next_update: Some(next_update),
            entries,
            extensions,
        })
    }
}

/// Writes lists into `crl` of the PKI's folder. A municipality without a list loses the one it had.
pub fn save_crls(folder: &Path, lists: &[(String, Vec<u8>)]) -> Result<(), Error> {
    let crl = folder.join("crl");
    for municipality in &MUNICIPALITIES {
        let name = format!("{}.crl", municipality.code);
        match lists.iter().find(|(list, _)| *list == name) {
            Some((_, der)) => folder::write(&crl.join(&name), der)?,
            None => folder::remove(&crl.join(&name))?,
        }
    }
    Ok(())
}
