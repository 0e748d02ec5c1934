//! Revocation lists of any shape, asked about one certificate: each made whole, then one thing is changed.

use madoguchi_cert_verify::{
    Anchor, Budget, Certificate, CrlChecker, CrlSettings, CrlStatus, NoObserver, OfferedCrls, PathSettings,
    verify_chain,
};
use madoguchi_test_pki::{
    CrlBuilder, CrlEntry, DistributionPoint, Extension, IssuingDistributionPoint, Name, PointName,
    RevocationReason, Serial,
};

use super::chain::{Draft, Holder};
use super::{CRLDP, DAY, Ext, KEY_USAGE, NOW, Parts, at, now, tlv};

pub(crate) const FRESHEST: &[u8] = &[0x55, 0x1d, 46];
pub(crate) const UNKNOWN: &str = "1.3.6.1.4.1.32473.24817.2.1";
/// keyUsage cRLSign alone.
pub(crate) const CRL_SIGN: &[u8] = &[3, 2, 1, 0x02];
pub(crate) const ONLY_USER: u8 = 1;
pub(crate) const ONLY_CA: u8 = 2;
pub(crate) const ONLY_ATTRIBUTE: u8 = 5;

/// A root, a CA, and a certificate of the CA with one distribution point.
pub(crate) struct World {
    pub(crate) root: Holder,
    pub(crate) ca: Holder,
    pub(crate) anchor: Anchor,
    pub(crate) ca_certificate: Certificate,
    pub(crate) target: Certificate,
    /// The point's name.
    pub(crate) point: Name,
    /// More certificates to look for CRL issuers in.
    pub(crate) others: Vec<Certificate>,
    pub(crate) settings: CrlSettings,
}

pub(crate) fn dn(common_name: &str) -> Name {
    Name::new(&[("2.5.4.3", common_name)]).unwrap()
}

pub(crate) fn points(points: &[DistributionPoint]) -> Ext {
    Ext::new(CRLDP, false, &Extension::distribution_points(points).value)
}

pub(crate) fn serial(number: u64) -> Serial {
    Serial::new(number).unwrap()
}

pub(crate) fn entry(number: u64, reason: RevocationReason) -> CrlEntry {
    CrlEntry { serial: serial(number), revoked_at: at(NOW - DAY), reason, extensions: Vec::new() }
}

pub(crate) fn raw_entry(number: u64, extensions: Vec<Extension>) -> CrlEntry {
    CrlEntry { extensions, ..entry(number, RevocationReason::Unspecified) }
}

/// The target's serial number.
pub(crate) const TARGET: u64 = 7;

impl World {
    pub(crate) fn new() -> Self {
        let (root, ca) = (Holder::new("root"), Holder::new("ca"));
        let point = dn("point");
        let anchor = root.root().anchor(&root);
        let ca_certificate = ca.ca().by(&root);
        let target = target(&ca, points(&[DistributionPoint::of(&point)]));
        let (others, settings) = (Vec::new(), CrlSettings::default());
        Self { root, ca, anchor, ca_certificate, target, point, others, settings }
    }

    /// A good list of the CA for everything, number 5, of now, for a day.
    pub(crate) fn full(&self) -> CrlBuilder {
        list_of(&self.ca, "ca")
    }

    /// A good list of the CA for the target's point.
    pub(crate) fn list(&self) -> CrlBuilder {
        self.of_point(&self.point)
    }

    pub(crate) fn of_point(&self, point: &Name) -> CrlBuilder {
        issuing(
            self.full(),
            &IssuingDistributionPoint { name: PointName::of(point), ..IssuingDistributionPoint::default() },
        )
    }

    pub(crate) fn status(&self, lists: &[Vec<u8>]) -> CrlStatus {
        self.status_within(lists, &mut Budget::default())
    }

    pub(crate) fn status_within(&self, lists: &[Vec<u8>], budget: &mut Budget) -> CrlStatus {
        self.status_of(&self.target, lists, budget)
    }

    /// Of the target, or of another certificate of the CA.
    pub(crate) fn status_of(
        &self,
        certificate: &Certificate,
        lists: &[Vec<u8>],
        budget: &mut Budget,
    ) -> CrlStatus {
        let mut pool = vec![self.ca_certificate.clone()];
        pool.extend(self.others.iter().cloned());
        let anchors = std::slice::from_ref(&self.anchor);
        let settings = PathSettings::default();
        let mut of_path = Budget::default();
        let chain =
            verify_chain(&self.target, &pool, anchors, &settings, now(), &mut of_path, &mut NoObserver)
                .unwrap();
        let crls = OfferedCrls::read(lists.iter().map(Vec::as_slice), self.settings);
        let checker = CrlChecker::new(&crls, &pool, now());
        let (issuer, _) = chain.links().last().unwrap();
        checker.status(certificate, issuer, &chain, budget)
    }

    #[track_caller]
    pub(crate) fn check(&self, lists: &[Vec<u8>], expected: &str) {
        assert_eq!(said(self.status(lists)), expected);
    }

    /// The list alone gives what is expected, though it does not have the target's serial.
    #[track_caller]
    pub(crate) fn check_one(&self, list: &CrlBuilder, expected: &str) {
        self.check(&[self.sign(list)], expected);
    }

    pub(crate) fn sign(&self, list: &CrlBuilder) -> Vec<u8> {
        sign(list, &self.ca)
    }

    pub(crate) fn sign_parts(&self, parts: &Parts) -> Vec<u8> {
        parts.signed_by(&self.ca.key, &self.ca.random)
    }

    pub(crate) fn parts(&self) -> Parts {
        Parts::of(&self.sign(&self.list()))
    }
}

pub(crate) fn said(status: CrlStatus) -> String {
    match status {
        CrlStatus::Good(_) => "good".to_owned(),
        CrlStatus::Revoked(revocation) => revocation.reason.name().to_owned(),
        CrlStatus::Undetermined(error) => error.code().to_owned(),
    }
}

pub(crate) fn target(issuer: &Holder, points: Ext) -> Certificate {
    target_draft(points).by(issuer)
}

pub(crate) fn target_draft(points: Ext) -> Draft {
    let mut draft = Holder::new("holder").leaf().with(points);
    draft.serial = tlv(2, &[7]);
    draft
}

pub(crate) fn list_of(holder: &Holder, name: &str) -> CrlBuilder {
    CrlBuilder {
        version: Some(1),
        issuer: dn(name),
        this_update: at(NOW - 3600),
        next_update: Some(at(NOW + DAY)),
        entries: vec![entry(3, RevocationReason::Superseded)],
        extensions: vec![
            Extension::new("2.5.29.35", false, tlv(0x30, &tlv(0x80, &holder.key_id()))),
            Extension::crl_number(5),
        ],
    }
}

pub(crate) fn sign(list: &CrlBuilder, holder: &Holder) -> Vec<u8> {
    list.sign(&holder.key, &holder.random).unwrap()
}

pub(crate) fn with(mut list: CrlBuilder, extension: Extension) -> CrlBuilder {
    list.extensions.retain(|other| other.id != extension.id);
    list.extensions.push(extension);
    list
}

pub(crate) fn issuing(list: CrlBuilder, point: &IssuingDistributionPoint) -> CrlBuilder {
    with(list, Extension::issuing_point(point))
}

pub(crate) fn numbered(list: CrlBuilder, number: u64) -> CrlBuilder {
    with(list, Extension::crl_number(number))
}

pub(crate) fn delta(list: CrlBuilder, base: u64, number: u64) -> CrlBuilder {
    numbered(with(list, Extension::delta_crl_indicator(base)), number)
}

pub(crate) fn listing(mut list: CrlBuilder, reason: RevocationReason) -> CrlBuilder {
    list.entries.push(entry(TARGET, reason));
    list
}

pub(crate) fn from_to(mut list: CrlBuilder, from: u64, to: u64) -> CrlBuilder {
    list.this_update = at(from);
    list.next_update = Some(at(to));
    list
}

/// A CA, and somebody else who signs its lists.
pub(crate) fn delegating() -> (World, Holder) {
    let mut world = World::new();
    let signer = Holder::new("signer");
    let certificate = signer.leaf().with(Ext::new(KEY_USAGE, true, CRL_SIGN));
    world.others.push(Draft { serial: tlv(2, &[8]), ..certificate }.by(&world.ca));
    let point = DistributionPoint { crl_issuers: vec![dn("signer")], ..DistributionPoint::of(&world.point) };
    world.target = target(&world.ca, points(&[point]));
    (world, signer)
}

pub(crate) fn indirect(signer: &Holder, point: &Name) -> CrlBuilder {
    let scope = IssuingDistributionPoint {
        name: PointName::of(point),
        indirect: true,
        ..IssuingDistributionPoint::default()
    };
    let mut list = issuing(list_of(signer, "signer"), &scope);
    list.entries = Vec::new();
    list
}

pub(crate) fn about(number: u64, issuer: &str) -> CrlEntry {
    raw_entry(number, vec![Extension::certificate_issuer(&dn(issuer)), Extension::crl_reason(1)])
}
