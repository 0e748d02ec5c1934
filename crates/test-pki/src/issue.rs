//! Issuing cards and revoking their certificates.

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::{
    CardFiles, CardOptions, CertificateFault, Error, Municipality, PrivateKey, RevocationReason, Serial,
    TestPki,
    authority::Purpose,
    holder::Holder,
    pki::tampered,
    state::{Issued, Revoked},
    validity,
};

impl TestPki {
    /// Issues a card.
    pub fn issue_card(
        &mut self,
        options: &CardOptions,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<CardFiles, Error> {
        options.check()?;
        let municipality = Municipality::find(&options.municipality)?;
        let fault = options.fault;
        let not_before = options.not_before.unwrap_or(now);
        let not_after = match options.not_after {
            Some(at) => at,
            None => validity::end_of_day_after_years(not_before, 5)?,
        };
        let ocsp_url = self.state.ocsp_url.clone();
        let right = Holder { municipality, not_before, not_after, ocsp_url: ocsp_url.as_deref() };
        let presented = match fault {
            Some(CertificateFault::Expired) => Holder {
                not_after: validity::days_before(now, 1),
                not_before: validity::days_before(now, 30),
                ..right
            },
            Some(CertificateFault::NotYetValid) => {
                Holder { not_before: validity::days_after(now, 1), ..right }
            }
            _ => Holder { ..right },
        };

        let auth_key = PrivateKey::generate(options.key, random)?;
        let auth_serial = self.state.take_serial();
        let mut auth_purpose = Purpose::Auth;
        let auth_certificate = match fault {
            Some(CertificateFault::SignatureCertificate) => {
                auth_purpose = Purpose::Sign;
                presented.sign(&self.sign, auth_serial, &auth_key)?.sign(&self.sign.key, random)?
            }
            Some(CertificateFault::OtherCa) => {
                let other = self.other_authority(now, random)?;
                presented.auth(&other, auth_serial, &auth_key, fault, random)?.sign(&other.key, random)?
            }
            _ => presented
                .auth(&self.auth, auth_serial, &auth_key, fault, random)?
                .sign(&self.auth.key, random)?,
        };
        let sign_key = PrivateKey::generate(options.key, random)?;
        let sign_serial = self.state.take_serial();
        let sign_certificate =
            right.sign(&self.sign, sign_serial, &sign_key)?.sign(&self.sign.key, random)?;

        for (serial, purpose) in [(auth_serial, auth_purpose), (sign_serial, Purpose::Sign)] {
            let (municipality, card) = (municipality.code.to_owned(), options.name.clone());
            self.state.issued.push(Issued { serial, purpose, municipality, card });
        }
        Ok(CardFiles {
            name: options.name.clone(),
            municipality: municipality.code.to_owned(),
            pin: Zeroizing::new(options.pin.clone()),
            sign_password: Zeroizing::new(options.sign_password.clone()),
            auth_serial,
            auth_certificate: match fault {
                Some(CertificateFault::TamperedSignature) => tampered(auth_certificate),
                _ => auth_certificate,
            },
            auth_key: Zeroizing::new(auth_key.pkcs8().to_vec()),
            sign_serial,
            sign_certificate,
            sign_key: Zeroizing::new(sign_key.pkcs8().to_vec()),
        })
    }

    /// A user-authentication certificate of any serial number, which the PKI does not remember: for lists of made-up
    /// entries.
    pub fn auth_certificate_of(
        &self,
        serial: Serial,
        municipality: &str,
        key: &PrivateKey,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, Error> {
        let holder = Holder {
            municipality: Municipality::find(municipality)?,
            not_before: now,
            not_after: validity::end_of_day_after_years(now, 5)?,
            ocsp_url: self.state.ocsp_url.as_deref(),
        };
        holder.auth(&self.auth, serial, key, None, random)?.sign(&self.auth.key, random)
    }

    /// Revokes a certificate that was issued here. A hold may become final; nothing else changes again.
    pub fn revoke(&mut self, serial: Serial, reason: RevocationReason, now: UnixTime) -> Result<(), Error> {
        if self.state.issued(serial).is_none() {
            return Err(Error::UnknownSerial { serial });
        }
        match self.state.revoked(serial) {
            Some(before) if before.reason != RevocationReason::CertificateHold => {
                return Err(Error::AlreadyRevoked { serial });
            }
            _ => self.state.revoked.retain(|revoked| revoked.serial != serial),
        }
        self.state.revoked.push(Revoked { serial, reason, unix_time: now });
        Ok(())
    }

    /// Takes a hold back; what is final stays.
    pub fn reinstate(&mut self, serial: Serial) -> Result<(), Error> {
        match self.state.revoked(serial) {
            None => Err(Error::UnknownSerial { serial }),
            Some(revoked) if revoked.reason != RevocationReason::CertificateHold => {
                Err(Error::AlreadyRevoked { serial })
            }
            Some(_) => {
                self.state.revoked.retain(|revoked| revoked.serial != serial);
                Ok(())
            }
        }
    }
}
