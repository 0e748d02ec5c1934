//! A test PKI, and certificates and lists of it taken apart, changed and signed again.

#![expect(clippy::disallowed_methods, reason = "a test is the edge that makes randomness")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(dead_code, reason = "each test file uses what it needs")]

pub(crate) mod chain;
pub(crate) mod lists;

use std::time::Duration;

use madoguchi_cert_verify::der::Reader;
use madoguchi_cert_verify::{
    Anchor, Certificate, Error, PathPolicy, RequiredPolicies, VerifiedCrl, VerifiedPath, verify_path,
};
use madoguchi_test_pki::{
    AUTH_POLICY, CardFiles, CardOptions, CertificateFault, CrlFault, KeyKind, Options, PrivateKey, TestPki,
};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;

/// 2026-11-22T00:00:00Z
pub(crate) const NOW: u64 = 1_795_305_600;
pub(crate) const DAY: u64 = 86_400;

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub(crate) fn now() -> UnixTime {
    at(NOW)
}

pub(crate) struct World {
    pub(crate) pki: TestPki,
    pub(crate) random: SystemRandom,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(KeyKind::P256)
    }

    pub(crate) fn of(authority_key: KeyKind) -> Self {
        let random = SystemRandom::new();
        let options = Options { authority_key, ..Options::default() };
        Self { pki: TestPki::create(&options, now(), &random).unwrap(), random }
    }

    pub(crate) fn anchors(&self) -> Vec<Anchor> {
        vec![Anchor::new(self.pki.auth_ca()).unwrap()]
    }

    pub(crate) fn card(&mut self) -> CardFiles {
        self.card_with(CardOptions::default())
    }

    pub(crate) fn faulty_card(&mut self, fault: CertificateFault) -> CardFiles {
        self.card_with(CardOptions { fault: Some(fault), ..CardOptions::default() })
    }

    pub(crate) fn card_with(&mut self, options: CardOptions) -> CardFiles {
        let key = if options.key == KeyKind::default() { KeyKind::P256 } else { options.key };
        self.pki.issue_card(&CardOptions { key, ..options }, now(), &self.random).unwrap()
    }

    pub(crate) fn rsa_card(&mut self) -> CardFiles {
        self.pki.issue_card(&CardOptions::default(), now(), &self.random).unwrap()
    }

    /// The list of the first municipality, as every card here has.
    pub(crate) fn crl(&mut self) -> Vec<u8> {
        self.pki.crls(now(), Duration::from_secs(DAY), &self.random).unwrap().remove(0).1
    }

    pub(crate) fn faulty_crl(&mut self, fault: CrlFault) -> Vec<u8> {
        self.pki.faulty_crls(now(), Duration::from_secs(DAY), fault, &self.random).unwrap().remove(0).1
    }

    pub(crate) fn path(&self, der: &[u8]) -> Result<VerifiedPath, Error> {
        verify_path(&Certificate::parse(der)?, &self.anchors(), &policy(), now())
    }

    pub(crate) fn verified_crl(&self, der: Vec<u8>) -> Result<VerifiedCrl, Error> {
        VerifiedCrl::verify(der, &self.anchors())
    }

    pub(crate) fn sign(&self, parts: &Parts) -> Vec<u8> {
        parts.signed_by(self.pki.auth_ca_key(), &self.random)
    }
}

pub(crate) fn policy() -> PathPolicy {
    PathPolicy { policies: RequiredPolicies::any_of(vec![AUTH_POLICY.parse().unwrap()]).unwrap() }
}

/// The fields of a certificate's or list's signed part, each one encoding.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) fields: Vec<Vec<u8>>,
    pub(crate) extensions: Vec<Ext>,
    pub(crate) outer_algorithm: Vec<u8>,
    extensions_tag: u8,
}

#[derive(Clone)]
pub(crate) struct Ext {
    pub(crate) oid: Vec<u8>,
    pub(crate) critical: bool,
    pub(crate) value: Vec<u8>,
}

impl Ext {
    pub(crate) fn new(oid: &[u8], critical: bool, value: &[u8]) -> Self {
        Self { oid: oid.to_vec(), critical, value: value.to_vec() }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let critical = if self.critical { vec![1, 1, 0xff] } else { Vec::new() };
        tlv(0x30, &[tlv(6, &self.oid), critical, tlv(4, &self.value)].concat())
    }
}

pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
pub(crate) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
pub(crate) const REASON: &[u8] = &[0x55, 0x1d, 21];
pub(crate) const DELTA: &[u8] = &[0x55, 0x1d, 27];
pub(crate) const IDP: &[u8] = &[0x55, 0x1d, 28];
pub(crate) const CRLDP: &[u8] = &[0x55, 0x1d, 31];
pub(crate) const POLICIES: &[u8] = &[0x55, 0x1d, 32];
pub(crate) const AKI: &[u8] = &[0x55, 0x1d, 35];
pub(crate) const EKU: &[u8] = &[0x55, 0x1d, 37];
pub(crate) const SAN: &[u8] = &[0x55, 0x1d, 17];
pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
pub(crate) const SKI: &[u8] = &[0x55, 0x1d, 14];

impl Parts {
    /// Takes a certificate or a list apart; the extensions are its last field.
    pub(crate) fn of(der: &[u8]) -> Self {
        let mut outer = Reader::new(der).sequence().unwrap();
        let mut tbs = outer.sequence().unwrap();
        let outer_algorithm = outer.read().unwrap().whole.to_vec();
        let mut fields = Vec::new();
        while !tbs.is_empty() {
            fields.push(tbs.read().unwrap().whole.to_vec());
        }
        let last = fields.pop().unwrap();
        let mut list = Reader::new(&last).read().unwrap().content().sequence().unwrap();
        let mut extensions = Vec::new();
        while !list.is_empty() {
            let mut extension = list.sequence().unwrap();
            let oid = extension.object_identifier().unwrap();
            let critical = extension.optional(1).unwrap().is_some();
            extensions.push(Ext::new(oid, critical, extension.octet_string().unwrap()));
        }
        Self { fields, extensions, outer_algorithm, extensions_tag: last[0] }
    }

    pub(crate) fn with_field(&self, index: usize, field: Vec<u8>) -> Self {
        let mut parts = self.clone();
        parts.fields[index] = field;
        parts
    }

    pub(crate) fn without(&self, oid: &[u8]) -> Self {
        let mut parts = self.clone();
        parts.extensions.retain(|extension| extension.oid != oid);
        assert_ne!(parts.extensions.len(), self.extensions.len(), "the extension was there");
        parts
    }

    /// With this extension in place of the one of the same identifier, or at the end.
    pub(crate) fn with(&self, extension: Ext) -> Self {
        let mut parts = self.clone();
        match parts.extensions.iter_mut().find(|other| other.oid == extension.oid) {
            Some(other) => *other = extension,
            None => parts.extensions.push(extension),
        }
        parts
    }

    pub(crate) fn extension(&self, oid: &[u8]) -> &Ext {
        self.extensions.iter().find(|extension| extension.oid == oid).unwrap()
    }

    pub(crate) fn tbs(&self) -> Vec<u8> {
        let list: Vec<u8> = self.extensions.iter().flat_map(Ext::encode).collect();
        let last = if list.is_empty() { Vec::new() } else { tlv(self.extensions_tag, &tlv(0x30, &list)) };
        tlv(0x30, &[self.fields.concat(), last].concat())
    }

    pub(crate) fn signed_by(&self, key: &PrivateKey, random: &SystemRandom) -> Vec<u8> {
        sign_tbs(&self.tbs(), &self.outer_algorithm, key, random)
    }
}

pub(crate) fn sign_tbs(tbs: &[u8], algorithm: &[u8], key: &PrivateKey, random: &SystemRandom) -> Vec<u8> {
    let signature = [vec![0], key.sign(tbs, random).unwrap()].concat();
    tlv(0x30, &[tbs.to_vec(), algorithm.to_vec(), tlv(3, &signature)].concat())
}

pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(value.len()) {
        Ok(length @ 0..=0x7f) => out.push(length),
        Ok(length) => out.extend([0x81, length]),
        Err(_) => {
            let length = u32::try_from(value.len()).unwrap().to_be_bytes();
            let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
            out.push(0x80 | u8::try_from(digits.len()).unwrap());
            out.extend(digits);
        }
    }
    out.extend_from_slice(value);
    out
}

/// The error's code, or "accepted".
pub(crate) fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "accepted")
}
