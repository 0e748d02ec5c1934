//! The PKI as a whole: two authorities, the OCSP responder, what they remember, and the folder it is kept in.

use std::{fs::File, path::Path};

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::{
    AUTH_POLICY, Error, KeyKind, MUNICIPALITIES, PrivateKey, Serial,
    authority::{Authority, Purpose},
    folder,
    holder::responder,
    state::{FIRST_SERIAL, Issued, State},
    validity,
};

/// What a PKI shall be.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Address of the OCSP responder in authorityInfoAccess; without it the extension is absent.
    pub ocsp_url: Option<String>,
    /// Kind of the keys of authorities and responder.
    pub authority_key: KeyKind,
}

/// A throw-away PKI.
pub struct TestPki {
    pub(crate) auth: Authority,
    pub(crate) sign: Authority,
    pub(crate) responder_certificate: Vec<u8>,
    pub(crate) responder_key: PrivateKey,
    pub(crate) state: State,
}

impl TestPki {
    /// Makes authorities and responder.
    pub fn create(options: &Options, now: UnixTime, random: &dyn SecureRandom) -> Result<Self, Error> {
        let mut state = State {
            next_serial: FIRST_SERIAL,
            auth_ca_serial: FIRST_SERIAL,
            sign_ca_serial: FIRST_SERIAL,
            responder_serial: FIRST_SERIAL,
            crl_number: 0,
            ocsp_url: options.ocsp_url.clone(),
            issued: Vec::new(),
            revoked: Vec::new(),
        };
        state.auth_ca_serial = state.take_serial();
        state.sign_ca_serial = state.take_serial();
        state.responder_serial = state.take_serial();
        let kind = options.authority_key;
        let auth = Authority::create(Purpose::Auth, state.auth_ca_serial, kind, now, random)?;
        let sign = Authority::create(Purpose::Sign, state.sign_ca_serial, kind, now, random)?;
        let responder_key = PrivateKey::generate(kind, random)?;
        let (not_before, not_after) = (validity::days_before(now, 1), validity::days_after(now, 365));
        let serial = state.responder_serial;
        let builder = responder(&auth, serial, &responder_key, not_before, not_after)?;
        // As the cards of the first municipality: one of its lists has it when it is revoked.
        let municipality = MUNICIPALITIES[0].code.to_owned();
        state.issued.push(Issued { serial, purpose: Purpose::Auth, municipality, card: String::new() });
        let responder_certificate = builder.sign(&auth.key, random)?;
        Ok(Self { auth, sign, responder_certificate, responder_key, state })
    }

    /// Certificate of the authority for user authentication: the trust anchor. DER.
    pub fn auth_ca(&self) -> &[u8] {
        &self.auth.certificate
    }

    /// Key of that authority.
    pub fn auth_ca_key(&self) -> &PrivateKey {
        &self.auth.key
    }

    /// Certificate of the authority for digital signature, DER.
    pub fn sign_ca(&self) -> &[u8] {
        &self.sign.certificate
    }

    /// Certificate of the OCSP responder, DER.
    pub fn responder_certificate(&self) -> &[u8] {
        &self.responder_certificate
    }

    /// Serial number of the OCSP responder's certificate, which lists of the first municipality cover.
    pub fn responder_serial(&self) -> Serial {
        self.state.responder_serial
    }

    /// Key of the OCSP responder.
    pub fn responder_key(&self) -> &PrivateKey {
        &self.responder_key
    }

    /// An authority with the name and serial number of ours, and another key.
    pub(crate) fn other_authority(
        &self,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Authority, Error> {
        Authority::create(Purpose::Auth, self.auth.serial, self.auth.key.kind(), now, random)
    }

    /// Writes authorities, responder, policy and state. Cards and lists are written on their own. A folder that
    /// holds another PKI is left alone.
    pub fn save(&self, folder: &Path) -> Result<(), Error> {
        let anchor = folder.join("auth-ca.der");
        if anchor.exists() && folder::read(&anchor)? != self.auth.certificate {
            return Err(Error::FolderInUse { folder: folder.to_owned() });
        }
        for name in ["ca", "crl", "ocsp", "cards"] {
            folder::create(&folder.join(name))?;
        }
        folder::write_secret(&folder.join("ca/auth.key.der"), self.auth.key.pkcs8())?;
        folder::write_secret(&folder.join("ca/sign.key.der"), self.sign.key.pkcs8())?;
        folder::write(&folder.join("ocsp/responder.der"), &self.responder_certificate)?;
        folder::write_secret(&folder.join("ocsp/responder.key.der"), self.responder_key.pkcs8())?;
        folder::write(&folder.join("policy"), format!("{AUTH_POLICY}\n").as_bytes())?;
        folder::write_json(&folder.join("state.json"), &self.state)?;
        folder::write(&folder.join("sign-ca.der"), &self.sign.certificate)?;
        folder::write(&anchor, &self.auth.certificate)
    }

    /// Reads what `save` wrote.
    pub fn load(folder: &Path, random: &dyn SecureRandom) -> Result<Self, Error> {
        let state: State = folder::read_json(&folder.join("state.json"))?;
        let key = |name: &str| {
            let pkcs8 = Zeroizing::new(folder::read(&folder.join(name))?);
            PrivateKey::from_pkcs8(&pkcs8, random)
        };
        Ok(Self {
            auth: Authority {
                purpose: Purpose::Auth,
                serial: state.auth_ca_serial,
                certificate: folder::read(&folder.join("auth-ca.der"))?,
                key: key("ca/auth.key.der")?,
            },
            sign: Authority {
                purpose: Purpose::Sign,
                serial: state.sign_ca_serial,
                certificate: folder::read(&folder.join("sign-ca.der"))?,
                key: key("ca/sign.key.der")?,
            },
            responder_certificate: folder::read(&folder.join("ocsp/responder.der"))?,
            responder_key: key("ocsp/responder.key.der")?,
            state,
        })
    }

    /// Keeps other processes from changing the PKI in this folder until the answer is dropped.
    pub fn lock(folder: &Path) -> Result<File, Error> {
        folder::lock(folder)
    }
}

/// The signature is last, so its last bit is the last of all.
pub(crate) fn tampered(mut der: Vec<u8>) -> Vec<u8> {
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
    der
}
