//! Whether what ours says is wrong with a certificate is so, by the second reader. One arm for each rule.

use madoguchi_cert_verify::{Error, PolicyGraphError};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use crate::authority::now;
use crate::differential::canonical;
use crate::differential::draft::{ANCHOR, TARGET};
use crate::differential::fields::{Fields, content};
use crate::differential::peers::Refusal;
use crate::differential::{Asked, oid};
use crate::tree::Node;

pub(super) fn is_true(asked: &Asked<'_>, refusal: &Refusal) -> bool {
    let place = refusal.place;
    let octets = &asked.question.certificates[place];
    let Some(fields) = &asked.fields[place] else {
        // What has not the shape of a certificate may be refused for whatever comes first.
        return true;
    };
    let issuer = asked.fields[place.saturating_sub(1)].as_ref();
    let has =
        |id: &madoguchi_cert_verify::Oid| fields.all().iter().any(|extension| extension.id == id.as_octets());
    match &refusal.error {
        Error::Malformed { .. } => {
            canonical::is_broken(octets)
                || fields
                    .all()
                    .iter()
                    .any(|extension| is_known(&extension.id) && canonical::extension_is_broken(extension))
                || !canonical::is_name(&fields.issuer)
                || !canonical::is_name(&fields.subject)
                || key_is_malformed(fields)
                || algorithm_is_malformed(fields)
        }
        Error::ExtensionInvalid { oid, .. } => fields
            .all()
            .iter()
            .any(|extension| extension.id == oid.as_octets() && canonical::extension_is_broken(extension)),
        Error::VersionUnsupported => !matches!(fields.version.as_deref(), None | Some([2])),
        Error::ExtensionsInVersion1 => fields.version.is_none() && fields.extensions.is_some(),
        Error::SerialTooLong => fields.serial.len() > 20,
        Error::SerialZero => fields.serial == [0],
        Error::AlgorithmMismatch { .. } => fields.inner_algorithm != fields.outer_algorithm,
        Error::AlgorithmUnsupported { .. }
        | Error::AlgorithmNotOfKey { .. }
        | Error::AlgorithmNotAllowed { .. } => {
            fields.inner_algorithm.children().first().is_none_or(|id| id.octets() != oid::ECDSA_WITH_SHA256)
        }
        Error::KeyUnsupported { .. } => !is_p256(fields),
        Error::IssuerEmpty => fields.issuer.children().is_empty(),
        Error::SubjectEmpty => fields.subject.children().is_empty() && fields.is_ca(),
        Error::SubjectAltNameNotCritical => {
            fields.subject.children().is_empty() && !fields.is_critical(oid::SUBJECT_ALT_NAME)
        }
        Error::ValidityReversed => moment(&fields.not_after) < moment(&fields.not_before),
        Error::NotYetValid { .. } | Error::AnchorNotYetValid { .. } => {
            moment(&fields.not_before) > now_text()
        }
        Error::Expired { .. } | Error::AnchorExpired { .. } => moment(&fields.not_after) < now_text(),
        Error::ExtensionTwice { oid, .. } => {
            fields.all().iter().filter(|extension| extension.id == oid.as_octets()).count() > 1
        }
        Error::ExtensionUnknownCritical { oid, .. } => {
            fields.is_critical(oid.as_octets()) && !is_known(oid.as_octets())
        }
        Error::ExtensionCritical { oid } => fields.is_critical(oid.as_octets()),
        Error::ExtensionNotCritical { oid } => has(oid) && !fields.is_critical(oid.as_octets()),
        // Key identifiers are there on both sides of a link or on neither.
        Error::AuthorityKeyIdMissing => {
            fields.authority_key_id().is_none()
                && issuer.is_some_and(|issuer| issuer.has(oid::SUBJECT_KEY_IDENTIFIER))
        }
        Error::SubjectKeyIdMissing => {
            let below = asked.fields.get(place + 1).and_then(Option::as_ref);
            !fields.has(oid::SUBJECT_KEY_IDENTIFIER)
                && [Some(fields), below].into_iter().flatten().any(|one| one.authority_key_id().is_some())
        }
        Error::AuthorityKeyUnknown => issuer.is_some_and(|issuer| key_ids_differ(issuer, fields)),
        Error::IssuerUnknown => issuer.is_none_or(|issuer| issuer.subject != fields.issuer),
        Error::SignatureInvalid => issuer.is_none_or(|issuer| !signed(asked, place, issuer, fields)),
        Error::BasicConstraintsMissing => !fields.has(oid::BASIC_CONSTRAINTS),
        Error::NotCa => !fields.is_ca(),
        Error::KeyCertSignMissing => fields.key_usage().is_some_and(|bits| bits & 0x04 == 0),
        Error::CaExtensionsInconsistent => {
            let signs = fields.key_usage().is_some_and(|bits| bits & 0x04 != 0);
            (signs && !fields.is_ca()) || (fields.path_length().is_some() && !signs)
        }
        Error::PathLengthExceeded => {
            asked.fields[ANCHOR].as_ref().is_some_and(|anchor| anchor.path_length().is_some())
        }
        Error::NameConstraintsNotOfCa => fields.has(oid::NAME_CONSTRAINTS) && !fields.is_ca(),
        Error::NameConstrained { .. } => {
            asked.fields[..place].iter().flatten().any(|above| !above.constrained().is_empty())
        }
        Error::DnsNameInvalid => fields.alternative_names().iter().any(|name| name.tag == 0x82),
        Error::PolicyQualifierUnknown => has_qualifier(fields),
        Error::Policies { reason: PolicyGraphError::AnyPolicyMapped } => {
            let mappings = fields.value(oid::POLICY_MAPPINGS);
            mappings
                .iter()
                .flat_map(Node::children)
                .flat_map(Node::children)
                .any(|id| id.octets() == oid::ANY_POLICY)
        }
        Error::Policies { .. } => {
            asked.question.explicit_policy
                || asked.fields.iter().flatten().any(|fields| fields.has(oid::POLICY_CONSTRAINTS))
        }
        Error::PurposeNotAllowed => {
            asked.question.client
                && !fields.purposes().iter().any(|id| id == oid::CLIENT_AUTH || id == oid::ANY_PURPOSE)
        }
        _ => false,
    }
}

/// The extensions that are read.
pub(crate) fn is_known(id: &[u8]) -> bool {
    [
        oid::AUTHORITY_KEY_IDENTIFIER,
        oid::SUBJECT_KEY_IDENTIFIER,
        oid::KEY_USAGE,
        oid::CERTIFICATE_POLICIES,
        oid::POLICY_MAPPINGS,
        oid::SUBJECT_ALT_NAME,
        oid::ISSUER_ALT_NAME,
        oid::BASIC_CONSTRAINTS,
        oid::NAME_CONSTRAINTS,
        oid::POLICY_CONSTRAINTS,
        oid::EXT_KEY_USAGE,
        oid::CRL_DISTRIBUTION_POINTS,
        oid::FRESHEST_CRL,
        oid::INHIBIT_ANY_POLICY,
        oid::AUTHORITY_INFO_ACCESS,
        oid::SUBJECT_INFO_ACCESS,
        oid::OCSP_NO_CHECK,
    ]
    .contains(&id)
}

/// Both name a key, and not the same.
pub(super) fn key_ids_differ(issuer: &Fields, issued: &Fields) -> bool {
    match (issuer.value(oid::SUBJECT_KEY_IDENTIFIER), issued.authority_key_id()) {
        (Some(one), Some(other)) => content(&one) != other,
        _ => false,
    }
}

/// A moment as fourteen digits, which sort as moments do.
pub(super) fn moment(time: &Node) -> String {
    let text = String::from_utf8_lossy(time.octets()).into_owned();
    if time.tag == 0x17 {
        let century = if text.as_str() < "50" { "20" } else { "19" };
        return century.to_owned() + &text;
    }
    text
}

/// The moment of the question in the same form.
pub(super) fn now_text() -> String {
    assert_eq!(now().as_secs(), 1_795_305_600);
    "20261122000000Z".to_owned()
}

fn signed(asked: &Asked<'_>, place: usize, issuer: &Fields, fields: &Fields) -> bool {
    let Some(certificate) = Node::read(&asked.question.certificates[place]) else { return false };
    let (Some(tbs), Some(key)) = (certificate.children().first(), issuer.key.children().last()) else {
        return false;
    };
    let (Some((0, key)), Some((0, signature))) = (split(key.octets()), split(&fields.signature)) else {
        return false;
    };
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(&tbs.der(), signature).is_ok()
}

fn split(octets: &[u8]) -> Option<(u8, &[u8])> {
    octets.split_first().map(|(first, rest)| (*first, rest))
}

fn has_qualifier(fields: &Fields) -> bool {
    let policies = fields.value(oid::CERTIFICATE_POLICIES);
    policies.iter().flat_map(Node::children).any(|policy| policy.children().len() > 1)
}

fn is_p256(fields: &Fields) -> bool {
    let [algorithm, key] = fields.key.children() else { return false };
    let ids: Vec<&[u8]> = algorithm.children().iter().map(Node::octets).collect();
    ids == [EC_PUBLIC_KEY, SECP256R1] && key.octets().len() == 66 && key.octets()[..2] == [0, 4]
}

/// An AlgorithmIdentifier and a BIT STRING of whole octets; a curve is an OID or written out.
fn key_is_malformed(fields: &Fields) -> bool {
    let [algorithm, key] = fields.key.children() else { return true };
    let shape = match algorithm.children() {
        [id] => id.tag == 6 && id.octets() != EC_PUBLIC_KEY && id.octets() != RSA_ENCRYPTION,
        [id, parameters] => {
            id.tag == 6 && (id.octets() != EC_PUBLIC_KEY || matches!(parameters.tag, 0x06 | 0x30))
        }
        _ => false,
    };
    algorithm.tag != 0x30 || !shape || key.tag != 3 || key.octets().first() != Some(&0)
}

/// ECDSA has no parameters; nor has a signature unused bits.
fn algorithm_is_malformed(fields: &Fields) -> bool {
    let shape = match fields.inner_algorithm.children() {
        [id] => id.tag == 6,
        [id, _] => id.tag == 6 && ![oid::ECDSA_WITH_SHA256, oid::ECDSA_WITH_SHA384].contains(&id.octets()),
        _ => false,
    };
    !shape || fields.signature.first() != Some(&0)
}

const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];
const SECP256R1: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];
const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];

/// Where a rule asks about the certificate that the question is about.
pub(super) fn is_target(refusal: &Refusal) -> bool {
    refusal.place == TARGET
}
