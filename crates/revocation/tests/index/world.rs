//! A test PKI and lists of it with whatever entries a test wants, in private files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_cert_verify::der::Reader;
use madoguchi_cert_verify::{
    Anchor, Certificate, PathPolicy, RequiredPolicies, RevocationReason, VerifiedPath, verify_path,
};
use madoguchi_revocation::{IndexError, IndexKey, IndexedCrl};
use madoguchi_test_pki::{AUTH_POLICY, CardFiles, CardOptions, KeyKind, Options, TestPki};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use tempfile::TempDir;

/// 2026-11-22T00:00:00Z
pub(crate) const NOW: u64 = 1_795_305_600;
pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const LIMIT: u64 = 1 << 30;

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub(crate) struct World {
    pub(crate) pki: TestPki,
    pub(crate) random: SystemRandom,
    pub(crate) folder: TempDir,
    /// The fields of a list's signed part: version, signature, issuer, thisUpdate, nextUpdate, extensions.
    fields: Vec<Vec<u8>>,
    algorithm: Vec<u8>,
}

/// A list to be signed.
pub(crate) struct Spec {
    pub(crate) entries: Vec<u8>,
    pub(crate) number: u8,
    pub(crate) base: Option<u8>,
}

impl Spec {
    pub(crate) fn complete(entries: Vec<u8>) -> Self {
        Self { entries, number: 9, base: None }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let mut pki = TestPki::create(&options, at(NOW), &random).unwrap();
        let model = pki.crls(at(NOW), DAY, &random).unwrap().remove(0).1;
        let mut outer = Reader::new(&model).sequence().unwrap();
        let mut tbs = outer.sequence().unwrap();
        let algorithm = outer.read().unwrap().whole.to_vec();
        let mut fields = Vec::new();
        while !tbs.is_empty() {
            fields.push(tbs.read().unwrap().whole.to_vec());
        }
        assert_eq!(fields.len(), 6, "nobody is revoked yet");
        Self { pki, random, folder: TempDir::new().unwrap(), fields, algorithm }
    }

    pub(crate) fn anchors(&self) -> Vec<Anchor> {
        vec![Anchor::new(self.pki.auth_ca()).unwrap()]
    }

    pub(crate) fn card(&mut self) -> CardFiles {
        let options = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
        self.pki.issue_card(&options, at(NOW), &self.random).unwrap()
    }

    pub(crate) fn path(&self, card: &CardFiles) -> VerifiedPath {
        let policies = RequiredPolicies::any_of(vec![AUTH_POLICY.parse().unwrap()]).unwrap();
        let certificate = Certificate::parse(&card.auth_certificate).unwrap();
        verify_path(&certificate, &self.anchors(), &PathPolicy { policies }, at(NOW)).unwrap()
    }

    /// A list with these entries and its number, signed.
    pub(crate) fn list(&self, spec: &Spec) -> Vec<u8> {
        let mut fields = self.fields.clone();
        let extensions = self.extensions(spec);
        fields.pop();
        if !spec.entries.is_empty() {
            fields.push(tlv(0x30, &spec.entries));
        }
        fields.push(extensions);
        let tbs = tlv(0x30, &fields.concat());
        let signature = [vec![0], self.pki.auth_ca_key().sign(&tbs, &self.random).unwrap()].concat();
        tlv(0x30, &[tbs, self.algorithm.clone(), tlv(3, &signature)].concat())
    }

    /// The model's, with this number and, for a delta, its base.
    fn extensions(&self, spec: &Spec) -> Vec<u8> {
        let explicit = Reader::new(self.fields.last().unwrap()).read().unwrap();
        let mut list = explicit.content().sequence().unwrap();
        let mut extensions = Vec::new();
        while !list.is_empty() {
            let whole = list.read().unwrap();
            let id = whole.content().object_identifier().unwrap();
            if id != CRL_NUMBER {
                extensions.extend_from_slice(whole.whole);
            }
        }
        let number = |number: u8| tlv(4, &tlv(2, &[number]));
        extensions.extend(tlv(0x30, &[tlv(6, CRL_NUMBER), number(spec.number)].concat()));
        if let Some(base) = spec.base {
            let critical = vec![1, 1, 0xff];
            extensions.extend(tlv(0x30, &[tlv(6, DELTA), critical, number(base)].concat()));
        }
        tlv(explicit.tag, &tlv(0x30, &extensions))
    }

    /// A private file.
    pub(crate) fn put(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, octets).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn build(&self, list: &Path) -> Result<IndexedCrl, IndexError> {
        IndexedCrl::build(list, &self.anchors(), IndexKey::new([7; 8]), LIMIT, &|_, _| {})
    }

    /// The index of a list with these entries.
    pub(crate) fn index_of(&self, name: &str, spec: &Spec) -> IndexedCrl {
        self.build(&self.put(name, &self.list(spec))).unwrap()
    }
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

/// An entry: minutes after 2026-01-01T00:00:00Z, and a reason's number.
pub(crate) fn entry(serial: &[u8], minutes: u8, reason: Option<u8>) -> Vec<u8> {
    let [tens, ones] = [minutes % 60 / 10, minutes % 10].map(|digit| b'0' + digit);
    let mut content = vec![2, u8::try_from(serial.len()).unwrap()];
    content.extend_from_slice(serial);
    content.extend_from_slice(b"\x17\x0d26010100");
    content.extend_from_slice(&[tens, ones, b'0', b'0', b'Z']);
    if let Some(reason) = reason {
        content.extend_from_slice(b"\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01");
        content.push(reason);
    }
    tlv(0x30, &content)
}

/// The moment that [`entry`] writes.
pub(crate) fn revoked_at(minutes: u8) -> UnixTime {
    at(1_767_225_600 + 60 * u64::from(minutes % 60))
}

pub(crate) fn reason(number: Option<u8>) -> RevocationReason {
    number.map_or(RevocationReason::Unspecified, |number| RevocationReason::from_number(number).unwrap())
}

pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, IndexError>) -> String {
    result.expect_err("refused").code().to_owned()
}

const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
const DELTA: &[u8] = &[0x55, 0x1d, 27];
