//! One card: two certificates, their keys, PIN and password, and the folder they are kept in.

use std::{fmt, path::Path};

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{CertificateFault, Error, KeyKind, MUNICIPALITIES, Serial, folder};

/// What a card shall be.
#[derive(Clone, Debug)]
pub struct CardOptions {
    /// Name of the card, and of its folder.
    pub name: String,
    /// Code of the issuing municipality.
    pub municipality: String,
    /// PIN of the authentication key, four digits.
    pub pin: String,
    /// Password of the signature key, 6 to 16 capital letters and digits.
    pub sign_password: String,
    /// notBefore of both certificates; the time of issue when absent.
    pub not_before: Option<UnixTime>,
    /// notAfter of both certificates; five years after notBefore at the end of the day in Japan when absent.
    pub not_after: Option<UnixTime>,
    /// Kind of both keys.
    pub key: KeyKind,
    /// What is wrong with the certificate presented for user authentication.
    pub fault: Option<CertificateFault>,
}

impl Default for CardOptions {
    fn default() -> Self {
        Self {
            name: "card".to_owned(),
            municipality: MUNICIPALITIES[0].code.to_owned(),
            pin: "1234".to_owned(),
            sign_password: "ABC123".to_owned(),
            not_before: None,
            not_after: None,
            key: KeyKind::default(),
            fault: None,
        }
    }
}

impl CardOptions {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_name(&self.name)?;
        if self.pin.len() != 4 || !self.pin.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(Error::MalformedPin);
        }
        let alphabet = |octet: u8| octet.is_ascii_uppercase() || octet.is_ascii_digit();
        if !(6..=16).contains(&self.sign_password.len()) || !self.sign_password.bytes().all(alphabet) {
            return Err(Error::MalformedSignPassword);
        }
        Ok(())
    }
}

/// All that is on a card.
pub struct CardFiles {
    /// Name of the card.
    pub name: String,
    /// Code of the issuing municipality.
    pub municipality: String,
    /// PIN of the authentication key.
    pub pin: Zeroizing<String>,
    /// Password of the signature key.
    pub sign_password: Zeroizing<String>,
    /// Serial number of the authentication certificate.
    pub auth_serial: Serial,
    /// 利用者証明用電子証明書, DER.
    pub auth_certificate: Vec<u8>,
    /// Its private key, PKCS#8.
    pub auth_key: Zeroizing<Vec<u8>>,
    /// Serial number of the signature certificate.
    pub sign_serial: Serial,
    /// 署名用電子証明書, DER.
    pub sign_certificate: Vec<u8>,
    /// Its private key, PKCS#8.
    pub sign_key: Zeroizing<Vec<u8>>,
}

/// `card.json`
#[derive(Serialize, Deserialize)]
struct CardJson {
    name: String,
    municipality: String,
    pin: String,
    sign_password: String,
    auth_serial: Serial,
    sign_serial: Serial,
}

impl Drop for CardJson {
    fn drop(&mut self) {
        self.pin.zeroize();
        self.sign_password.zeroize();
    }
}

impl CardFiles {
    /// Writes the card into `cards/<name>` of the PKI's folder; never over another card.
    pub fn save(&self, pki: &Path) -> Result<(), Error> {
        check_name(&self.name)?;
        let card = pki.join("cards").join(&self.name);
        if card.exists() {
            return Err(Error::CardExists { name: self.name.clone() });
        }
        folder::create(&card)?;
        folder::write(&card.join("auth.der"), &self.auth_certificate)?;
        folder::write_secret(&card.join("auth.key.der"), &self.auth_key)?;
        folder::write(&card.join("sign.der"), &self.sign_certificate)?;
        folder::write_secret(&card.join("sign.key.der"), &self.sign_key)?;
        let json = CardJson {
            name: self.name.clone(),
            municipality: self.municipality.clone(),
            pin: self.pin.to_string(),
            sign_password: self.sign_password.to_string(),
            auth_serial: self.auth_serial,
            sign_serial: self.sign_serial,
        };
        folder::write_json(&card.join("card.json"), &json)
    }

    /// Reads the card of this name from the PKI's folder.
    pub fn load(pki: &Path, name: &str) -> Result<Self, Error> {
        check_name(name)?;
        let card = pki.join("cards").join(name);
        let json: CardJson = folder::read_json(&card.join("card.json"))?;
        Ok(Self {
            name: json.name.clone(),
            municipality: json.municipality.clone(),
            pin: Zeroizing::new(json.pin.clone()),
            sign_password: Zeroizing::new(json.sign_password.clone()),
            auth_serial: json.auth_serial,
            auth_certificate: folder::read(&card.join("auth.der"))?,
            auth_key: Zeroizing::new(folder::read(&card.join("auth.key.der"))?),
            sign_serial: json.sign_serial,
            sign_certificate: folder::read(&card.join("sign.der"))?,
            sign_key: Zeroizing::new(folder::read(&card.join("sign.key.der"))?),
        })
    }
}

impl fmt::Debug for CardFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardFiles")
            .field("name", &self.name)
            .field("municipality", &self.municipality)
            .field("auth_serial", &self.auth_serial)
            .field("sign_serial", &self.sign_serial)
            .finish_non_exhaustive()
    }
}

/// A name becomes a folder, so it must not be able to leave `cards`.
fn check_name(name: &str) -> Result<(), Error> {
    let alphabet = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-_".contains(&octet);
    if (1..=64).contains(&name.len()) && name.bytes().all(alphabet) {
        Ok(())
    } else {
        Err(Error::MalformedCardName { name: name.to_owned() })
    }
}
