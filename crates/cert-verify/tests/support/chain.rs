//! Certificates of any shape, and chains of them: each made whole, then one thing is changed.

use madoguchi_cert_verify::{
    Anchor, Budget, Certificate, NoObserver, PathError, PathSettings, VerifiedChain, verify_chain,
};
use madoguchi_protocol::sha256;
use madoguchi_test_pki::{KeyKind, PrivateKey};
use ring::rand::SystemRandom;

use super::{
    AKI, BASIC_CONSTRAINTS, EKU, Ext, KEY_USAGE, NAME_CONSTRAINTS, POLICIES, SAN, SKI, now, sign_tbs, tlv,
};

/// Whoever has a name and a key.
pub(crate) struct Holder {
    pub(crate) name: Vec<u8>,
    pub(crate) key: PrivateKey,
    pub(crate) random: SystemRandom,
}

impl Holder {
    pub(crate) fn new(common_name: &str) -> Self {
        Self::of(common_name, KeyKind::P256)
    }

    pub(crate) fn of(common_name: &str, kind: KeyKind) -> Self {
        let random = SystemRandom::new();
        Self { name: name(common_name), key: PrivateKey::generate(kind, &random).unwrap(), random }
    }

    /// The same key with another name.
    pub(crate) fn renamed(&self, name: Vec<u8>) -> Self {
        let key = PrivateKey::from_pkcs8(self.key.pkcs8(), &self.random).unwrap();
        Self { name, key, random: SystemRandom::new() }
    }

    pub(crate) fn key_id(&self) -> Vec<u8> {
        sha256(&self.key.subject_public_key_info().unwrap()).0[..20].to_vec()
    }

    /// A self-signed CA certificate, as anchors are.
    pub(crate) fn root(&self) -> Draft {
        self.ca().without(AKI)
    }

    /// A CA certificate for this holder.
    pub(crate) fn ca(&self) -> Draft {
        self.plain().with(Ext::new(BASIC_CONSTRAINTS, true, &[0x30, 3, 1, 1, 0xff])).with(Ext::new(
            KEY_USAGE,
            true,
            &[3, 2, 1, 0x06],
        ))
    }

    /// A certificate for somebody who issues nothing.
    pub(crate) fn leaf(&self) -> Draft {
        self.plain().with(Ext::new(KEY_USAGE, true, &[3, 2, 7, 0x80]))
    }

    fn plain(&self) -> Draft {
        Draft {
            version: tlv(0xa0, &[2, 1, 2]),
            serial: tlv(2, &[1]),
            issuer: None,
            validity: validity("260101000000Z", "270101000000Z"),
            subject: self.name.clone(),
            spki: self.key.subject_public_key_info().unwrap(),
            extensions: vec![
                Ext::new(SKI, false, &tlv(4, &self.key_id())),
                Ext::new(AKI, false, &[]), // filled in by whoever issues
            ],
        }
    }
}

/// A certificate before it is signed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) version: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    /// Another name than that of whoever signs.
    pub(crate) issuer: Option<Vec<u8>>,
    pub(crate) validity: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) spki: Vec<u8>,
    pub(crate) extensions: Vec<Ext>,
}

impl Draft {
    /// With this extension in place of the one of the same identifier, or at the end.
    pub(crate) fn with(mut self, extension: Ext) -> Self {
        self.extensions.retain(|other| other.oid != extension.oid);
        self.extensions.push(extension);
        self
    }

    pub(crate) fn without(mut self, oid: &[u8]) -> Self {
        self.extensions.retain(|extension| extension.oid != oid);
        self
    }

    pub(crate) fn path_len(self, number: u8) -> Self {
        self.with(Ext::new(BASIC_CONSTRAINTS, true, &[0x30, 6, 1, 1, 0xff, 2, 1, number]))
    }

    /// extKeyUsage with these purposes.
    pub(crate) fn purposes(self, oids: &[&[u8]]) -> Self {
        let all: Vec<u8> = oids.iter().flat_map(|oid| tlv(6, oid)).collect();
        self.with(Ext::new(EKU, false, &tlv(0x30, &all)))
    }

    /// certificatePolicies with these arcs below 1.2.
    pub(crate) fn policies(self, arcs: &[u8]) -> Self {
        let all: Vec<u8> = arcs.iter().flat_map(|arc| tlv(0x30, &tlv(6, &[0x2a, *arc]))).collect();
        self.with(Ext::new(POLICIES, false, &tlv(0x30, &all)))
    }

    pub(crate) fn dns(self, critical: bool, names: &[&str]) -> Self {
        let all: Vec<u8> = names.iter().flat_map(|name| tlv(0x82, name.as_bytes())).collect();
        self.with(Ext::new(SAN, critical, &tlv(0x30, &all)))
    }

    /// nameConstraints that permit this domain alone.
    pub(crate) fn permits(self, domain: &str) -> Self {
        let subtrees = tlv(0xa0, &tlv(0x30, &tlv(0x82, domain.as_bytes())));
        self.with(Ext::new(NAME_CONSTRAINTS, true, &tlv(0x30, &subtrees)))
    }

    pub(crate) fn valid(mut self, from: &str, to: &str) -> Self {
        self.validity = validity(from, to);
        self
    }

    pub(crate) fn der(&self, issuer: &Holder) -> Vec<u8> {
        let extensions: Vec<u8> = self
            .extensions
            .iter()
            .flat_map(|extension| {
                let mut extension = extension.clone();
                if extension.oid == AKI && extension.value.is_empty() {
                    extension.value = tlv(0x30, &tlv(0x80, &issuer.key_id()));
                }
                extension.encode()
            })
            .collect();
        let extensions = if extensions.is_empty() { Vec::new() } else { tlv(0xa3, &tlv(0x30, &extensions)) };
        let algorithm = issuer.key.signature_algorithm().unwrap();
        let name = self.issuer.clone().unwrap_or_else(|| issuer.name.clone());
        let fields = [
            &self.version,
            &self.serial,
            &algorithm,
            &name,
            &self.validity,
            &self.subject,
            &self.spki,
            &extensions,
        ];
        let tbs = tlv(0x30, &fields.into_iter().flatten().copied().collect::<Vec<u8>>());
        sign_tbs(&tbs, &algorithm, &issuer.key, &issuer.random)
    }

    pub(crate) fn by(&self, issuer: &Holder) -> Certificate {
        Certificate::parse_from_anywhere(&self.der(issuer)).unwrap()
    }

    pub(crate) fn anchor(&self, issuer: &Holder) -> Anchor {
        Anchor::of_others(self.by(issuer))
    }
}

pub(crate) fn validity(from: &str, to: &str) -> Vec<u8> {
    tlv(0x30, &[tlv(0x17, from.as_bytes()), tlv(0x17, to.as_bytes())].concat())
}

pub(crate) fn name(common_name: &str) -> Vec<u8> {
    let attribute = [tlv(6, &[0x55, 4, 3]), tlv(0x0c, common_name.as_bytes())].concat();
    tlv(0x30, &tlv(0x31, &tlv(0x30, &attribute)))
}

/// What becomes of a target: "accepted", or the place and the code.
pub(crate) fn outcome(target: &Certificate, pool: &[Certificate], anchors: &[Anchor]) -> String {
    outcome_with(target, pool, anchors, &PathSettings::default())
}

pub(crate) fn outcome_with(
    target: &Certificate,
    pool: &[Certificate],
    anchors: &[Anchor],
    settings: &PathSettings,
) -> String {
    let mut budget = Budget::default();
    said(verify_chain(target, pool, anchors, settings, now(), &mut budget, &mut NoObserver))
}

pub(crate) fn said(result: Result<VerifiedChain<'_>, PathError>) -> String {
    match result {
        Ok(_) => "accepted".to_owned(),
        Err(error) => format!("{}: {}", error.place, error.code()),
    }
}
