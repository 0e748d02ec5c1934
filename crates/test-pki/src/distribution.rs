//! Distribution points of certificates and lists (RFC 5280 sections 4.2.1.13 and 5.2.5) with every field they have.

use crate::{Extension, Name, der, oid};

/// One point of cRLDistributionPoints.
#[derive(Clone, Debug, Default)]
pub struct DistributionPoint {
    /// distributionPoint.
    pub name: PointName,
    /// reasons, as `reason_flags` makes them.
    pub reasons: Option<u16>,
    /// cRLIssuer; absent when empty.
    pub crl_issuers: Vec<Name>,
}

/// issuingDistributionPoint.
#[derive(Clone, Debug, Default)]
pub struct IssuingDistributionPoint {
    /// distributionPoint.
    pub name: PointName,
    /// onlyContainsUserCerts `[1]`, onlyContainsCACerts `[2]`, onlyContainsAttributeCerts `[5]`, by their tags.
    pub only_contains: Vec<u8>,
    /// onlySomeReasons, as `reason_flags` makes them.
    pub only_some_reasons: Option<u16>,
    /// indirectCRL.
    pub indirect: bool,
}

/// DistributionPointName.
#[derive(Clone, Debug, Default)]
pub enum PointName {
    /// None.
    #[default]
    Absent,
    /// fullName of these, each a `GeneralName`, DER.
    Full(Vec<Vec<u8>>),
    /// nameRelativeToCRLIssuer of one commonName.
    Relative(String),
}

impl DistributionPoint {
    /// A point of one directoryName.
    pub fn of(name: &Name) -> Self {
        Self { name: PointName::of(name), ..Self::default() }
    }

    fn to_der(&self) -> Vec<u8> {
        let crl_issuers: Vec<u8> = self.crl_issuers.iter().flat_map(Name::general_name).collect();
        let crl_issuers = if crl_issuers.is_empty() { crl_issuers } else { der::context(2, &crl_issuers) };
        der::sequence(&[&self.name.to_der(), &reasons(1, self.reasons), &crl_issuers])
    }
}

impl PointName {
    /// fullName of one directoryName.
    pub fn of(name: &Name) -> Self {
        Self::Full(vec![name.general_name()])
    }

    fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Absent => Vec::new(),
            Self::Full(names) => der::context(0, &der::context(0, &names.concat())),
            Self::Relative(common_name) => {
                let attribute = [COMMON_NAME, &der::utf8_string(common_name)].concat();
                der::context(0, &der::context(1, &der::sequence(&[&attribute])))
            }
        }
    }
}

impl Extension {
    /// cRLDistributionPoints.
    pub fn distribution_points(points: &[DistributionPoint]) -> Self {
        Self::new(oid::CRL_DISTRIBUTION_POINTS, false, all(points))
    }

    /// freshestCRL.
    pub fn freshest_crl(points: &[DistributionPoint]) -> Self {
        Self::new(oid::FRESHEST_CRL, false, all(points))
    }

    /// issuingDistributionPoint.
    pub fn issuing_point(point: &IssuingDistributionPoint) -> Self {
        let only = |tag: u8| {
            if point.only_contains.contains(&tag) { der::context_primitive(tag, &[0xff]) } else { Vec::new() }
        };
        let indirect = if point.indirect { der::context_primitive(4, &[0xff]) } else { Vec::new() };
        let value = der::sequence(&[
            &point.name.to_der(),
            &only(1),
            &only(2),
            &reasons(3, point.only_some_reasons),
            &indirect,
            &only(5),
        ]);
        Self::new(oid::ISSUING_DISTRIBUTION_POINT, true, value)
    }

    /// deltaCRLIndicator.
    pub fn delta_crl_indicator(base: u64) -> Self {
        Self::new(oid::DELTA_CRL_INDICATOR, true, der::unsigned(&base.to_be_bytes()))
    }

    /// certificateIssuer of an entry.
    pub fn certificate_issuer(name: &Name) -> Self {
        Self::new(oid::CERTIFICATE_ISSUER, true, der::sequence(&[&name.general_name()]))
    }

    /// reasonCode of any number.
    pub fn crl_reason(number: u8) -> Self {
        Self::new(oid::CRL_REASON, false, der::enumerated(number))
    }
}

/// ReasonFlags with these bits.
pub fn reason_flags(bits: &[u8]) -> u16 {
    bits.iter().fold(0, |flags, bit| flags | 0x8000_u16.checked_shr(u32::from(*bit)).unwrap_or(0))
}

fn all(points: &[DistributionPoint]) -> Vec<u8> {
    let all: Vec<u8> = points.iter().flat_map(DistributionPoint::to_der).collect();
    der::sequence(&[&all])
}

/// Trailing zero bits and octets are cut (X.690 section 11.2.2).
fn reasons(tag: u8, flags: Option<u16>) -> Vec<u8> {
    let Some(flags) = flags else { return Vec::new() };
    let octets = flags.to_be_bytes();
    let used = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    let octets: Vec<u8> = octets.into_iter().take(used).collect();
    let unused = octets.last().map_or(0, |last| last.trailing_zeros());
    der::context_primitive(tag, &[&[u8::try_from(unused).unwrap_or(0)], octets.as_slice()].concat())
}

/// id-at-commonName, DER.
const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
