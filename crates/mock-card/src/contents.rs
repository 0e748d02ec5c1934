//! What a card is personalised with, from the folder that `madoguchi-test-pki` writes.

use std::{fs, path::Path};

use madoguchi_test_pki::CardFiles;
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::{
    MockCardError, Persona,
    der::{SEQUENCE, value},
    ec::EcKey,
    persona::{KeyAlgorithm, Traits, Validity},
    refusal::TestCertificate,
};

/// Certificates, keys and PINs of one card, and the certificates of its issuers.
pub struct CardContents {
    /// What is the holder's.
    pub files: CardFiles,
    /// Certificate of the authority for user authentication, DER.
    pub auth_ca_certificate: Vec<u8>,
    /// Certificate of the authority for digital signature, DER.
    pub sign_ca_certificate: Vec<u8>,
}

impl CardContents {
    /// Reads the card `name` of a test PKI. The private keys of both authorities must be there, too: whoever has those
    /// made the card up.
    pub fn read(pki: &Path, name: &str) -> Result<Self, MockCardError> {
        let read = |file: &str| {
            let path = pki.join(file);
            fs::read(&path).map_err(|source| MockCardError::Unreadable { path, source })
        };
        let contents = Self {
            files: CardFiles::load(pki, name)?,
            auth_ca_certificate: read("auth-ca.der")?,
            sign_ca_certificate: read("sign-ca.der")?,
        };
        contents.check()?;
        let [auth, sign] = [&contents.auth_ca_certificate, &contents.sign_ca_certificate];
        for (file, certificate) in [("ca/auth.key.der", auth), ("ca/sign.key.der", sign)] {
            let path = pki.join(file);
            let key = fs::read(&path).map(Zeroizing::new);
            let Ok(key) = key else { return Err(MockCardError::AuthorityKeyAbsent { path }) };
            if !holds_key_of(&key, &TestCertificate::read(certificate, AUTHORITY)?) {
                return Err(MockCardError::AuthorityKeyOfAnother { path });
            }
        }
        Ok(contents)
    }

    /// Refuses what may be a real card's: certificates of a real authority, or of none that is here, or of other keys.
    pub fn check(&self) -> Result<(), MockCardError> {
        let authorities = [
            TestCertificate::read(&self.auth_ca_certificate, AUTHORITY)?,
            TestCertificate::read(&self.sign_ca_certificate, AUTHORITY)?,
        ];
        let files = &self.files;
        for (name, certificate, key) in [
            (AUTH, &files.auth_certificate, &files.auth_key),
            (SIGN, &files.sign_certificate, &files.sign_key),
        ] {
            let certificate = TestCertificate::read(certificate, name)?;
            if !authorities.iter().any(|authority| certificate.is_issued_by_name_of(authority)) {
                return Err(MockCardError::IssuerAbsent { certificate: name });
            }
            if !holds_key_of(key, &certificate) {
                return Err(MockCardError::KeyOfAnother { key: name });
            }
        }
        Ok(())
    }

    /// Whether the card was issued as the persona needs it: an expired card must have run out, the hypothetical next
    /// card has keys of another kind. The error says how to make such a card in the folder.
    pub fn check_persona(&self, persona: Persona, now: UnixTime, pki: &Path) -> Result<(), MockCardError> {
        let Traits { validity, key, .. } = persona.traits();
        let (not_before, not_after) = TestCertificate::read(&self.files.auth_certificate, AUTH)?.validity();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let in_time = match validity {
            Validity::AsIssued => true,
            Validity::Past => not_after < now,
            Validity::Future => now < not_before,
        };
        // A P-384 key under a persona of today needs no card of its own, but another persona: making the card says so.
        let of_its_kind = key == KeyAlgorithm::Rsa2048 || EcKey::from_der(&self.files.auth_key).is_ok();
        if in_time && of_its_kind {
            Ok(())
        } else {
            Err(MockCardError::PersonaNeedsAnotherCard { persona, pki: pki.to_owned() })
        }
    }
}

/// Whether a private key's file has the certificate's public key in it. Every form that the test PKI writes does: the
/// point of an EC key (RFC 5915), modulus and exponent of an RSA key (RFC 8017).
fn holds_key_of(key: &[u8], certificate: &TestCertificate<'_>) -> bool {
    let public_key = certificate.public_key();
    let fields = value(public_key, SEQUENCE).map_or(public_key, |(fields, _)| fields);
    !fields.is_empty() && key.windows(fields.len()).any(|part| part == fields)
}

const AUTH: &str = "user-authentication";
const SIGN: &str = "signature";
const AUTHORITY: &str = "authority's";
