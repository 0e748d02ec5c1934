//! What ours refuses and a peer is known not to ask: one function for each reason.

use madoguchi_cert_verify::{Error, PolicyGraphError};

use crate::differential::draft::ANCHOR;
use crate::differential::peers::{self, Refusal};
use crate::differential::{Asked, canonical, oid, wrong};
use crate::tree::Node;

/// A reason looks at the refusal and the certificates.
type Reason = fn(&Asked<'_>, &Refusal) -> bool;

pub(super) fn than_webpki(asked: &Asked<'_>, ours: &Refusal) -> Option<&'static str> {
    first(WEBPKI, asked, ours)
}

pub(super) fn than_openssl(asked: &Asked<'_>, ours: &Refusal) -> Option<&'static str> {
    first(OPENSSL, asked, ours)
}

/// What ours says must be so in the first place.
fn first(reasons: &[(&'static str, Reason)], asked: &Asked<'_>, ours: &Refusal) -> Option<&'static str> {
    if !wrong::is_true(asked, ours) {
        return None;
    }
    reasons.iter().find(|(_, reason)| reason(asked, ours)).map(|(name, _)| *name)
}

const WEBPKI: &[(&str, Reason)] = &[
    ("webpki accepts: of an anchor it takes name, key and name constraints", |_, ours| ours.place == ANCHOR),
    ("webpki accepts: it does no policies", |_, ours| {
        matches!(ours.error, Error::Policies { .. } | Error::PolicyQualifierUnknown)
    }),
    ("webpki accepts: it takes no path length from an anchor", |asked, ours| {
        ours.error == Error::PathLengthExceeded
            && asked.fields[ANCHOR].as_ref().is_some_and(|anchor| anchor.path_length().is_some())
    }),
    ("webpki accepts: it does not ask keyUsage of who issues certificates", |_, ours| {
        matches!(ours.error, Error::KeyCertSignMissing | Error::CaExtensionsInconsistent)
    }),
    ("webpki accepts: it does not look at key identifiers", |_, ours| {
        matches!(
            ours.error,
            Error::AuthorityKeyIdMissing | Error::AuthorityKeyUnknown | Error::SubjectKeyIdMissing
        )
    }),
    ("webpki accepts: it takes any serial number", |_, ours| {
        matches!(ours.error, Error::SerialZero | Error::SerialTooLong)
    }),
    ("webpki accepts: it does not ask for names", |_, ours| {
        matches!(ours.error, Error::IssuerEmpty | Error::SubjectEmpty | Error::SubjectAltNameNotCritical)
    }),
    ("webpki accepts: it does not ask whether an extension is critical", |_, ours| {
        matches!(ours.error, Error::ExtensionNotCritical { .. })
    }),
    ("webpki accepts: it reads host names only under a constraint", |_, ours| {
        ours.error == Error::DnsNameInvalid
    }),
    (
        "webpki accepts: it constrains no subject, and no certificate that constrains itself is asked for cA",
        |_, ours| matches!(ours.error, Error::NameConstraintsNotOfCa),
    ),
    ("webpki accepts: it does not look at the target's key", |_, ours| {
        matches!(ours.error, Error::KeyUnsupported { .. }) && wrong::is_target(ours)
    }),
    ("webpki accepts: a constraint whose base is no host, mailbox or range", has_other_base),
    (
        "webpki accepts: an extension that it does not read is malformed",
        |_, ours| matches!(&ours.error, Error::ExtensionInvalid { oid, .. } if !WEBPKI_READS.contains(&oid.as_octets())),
    ),
    (
        "webpki accepts: it does not count extensions that it does not read",
        |_, ours| matches!(&ours.error, Error::ExtensionTwice { oid, .. } if !WEBPKI_READS.contains(&oid.as_octets())),
    ),
    (
        "webpki accepts: an extension that it reads in part is malformed",
        |_, ours| matches!(&ours.error, Error::ExtensionInvalid { oid, .. } if WEBPKI_READS.contains(&oid.as_octets())),
    ),
    ("webpki accepts: encodings that are not canonical", |_, ours| {
        matches!(ours.error, Error::Malformed { .. })
    }),
];

/// Asked again with an anchor that has none, ours no longer minds policies.
fn is_refused_for_policies_of_anchor(asked: &Asked<'_>) -> bool {
    let again = asked.question.without_policies_of_anchor();
    again.is_some_and(|again| match peers::ours(&again) {
        Err(ours) => !matches!(ours.error, Error::Policies { .. }) || maps_any_without_policies(asked, &ours),
        Ok(()) => true,
    })
}

fn has_teletex(attribute: &Node) -> bool {
    attribute.children().last().is_some_and(|value| value.tag == 0x14)
}

fn maps_any_without_policies(asked: &Asked<'_>, ours: &Refusal) -> bool {
    matches!(ours.error, Error::Policies { reason: PolicyGraphError::AnyPolicyMapped })
        && asked.fields[ours.place].as_ref().is_some_and(|fields| !fields.has(oid::CERTIFICATE_POLICIES))
}

/// RFC 5280 section 4.2.1.10 says what each form's constraints look like; one for host names has no period in front.
fn has_other_base(asked: &Asked<'_>, ours: &Refusal) -> bool {
    let bases = asked.fields[ours.place].iter().flat_map(|fields| fields.constrained());
    matches!(&ours.error, Error::ExtensionInvalid { oid, .. } if oid.as_octets() == oid::NAME_CONSTRAINTS)
        && bases.into_iter().any(|base| !canonical::is_base(&base))
}

const WEBPKI_READS: &[&[u8]] = &[
    oid::SUBJECT_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::EXT_KEY_USAGE,
    oid::KEY_USAGE,
    oid::CRL_DISTRIBUTION_POINTS,
];

const OPENSSL: &[(&str, Reason)] = &[
    ("OpenSSL accepts: it takes any serial number", |_, ours| {
        matches!(ours.error, Error::SerialZero | Error::SerialTooLong)
    }),
    (
        "OpenSSL accepts: it does not ask whether nameConstraints and inhibitAnyPolicy are critical",
        |_, ours| {
            matches!(&ours.error, Error::ExtensionNotCritical { oid }
            if [oid::NAME_CONSTRAINTS, oid::INHIBIT_ANY_POLICY].contains(&oid.as_octets()))
        },
    ),
    ("OpenSSL accepts: nameConstraints of who is no CA", |_, ours| {
        ours.error == Error::NameConstraintsNotOfCa
    }),
    ("OpenSSL accepts: it reads host names only under a constraint", |_, ours| {
        ours.error == Error::DnsNameInvalid
    }),
    ("OpenSSL accepts: it takes no policies from an anchor", |asked, ours| {
        matches!(ours.error, Error::Policies { .. }) && is_refused_for_policies_of_anchor(asked)
    }),
    (
        "OpenSSL accepts: policyMappings with anyPolicy where certificatePolicies is not there",
        maps_any_without_policies,
    ),
    ("OpenSSL accepts: it compares TeletexString as text", |asked, ours| {
        let is_teletex = |name: &Node| name.children().iter().flat_map(Node::children).any(has_teletex);
        matches!(ours.error, Error::IssuerUnknown)
            && asked
                .fields
                .iter()
                .flatten()
                .any(|fields| is_teletex(&fields.issuer) || is_teletex(&fields.subject))
    }),
    ("OpenSSL accepts: a critical policy's qualifier that it does not know", |_, ours| {
        ours.error == Error::PolicyQualifierUnknown
    }),
    ("OpenSSL accepts: it does not look at the target's key", |_, ours| {
        matches!(ours.error, Error::KeyUnsupported { .. }) && wrong::is_target(ours)
    }),
    ("OpenSSL accepts: it does not count extensions that it does not read", |_, ours| match &ours.error {
        Error::ExtensionTwice { oid, .. } => !openssl_reads(ours.place, oid.as_octets()),
        _ => false,
    }),
    ("OpenSSL accepts: it asks an anchor for no authority key identifier, whoever issued it", |_, ours| {
        ours.error == Error::AuthorityKeyIdMissing && ours.place == ANCHOR
    }),
    ("OpenSSL accepts: it asks version 3 alone for key identifiers", |asked, ours| {
        ours.error == Error::AuthorityKeyIdMissing
            && asked.fields[ours.place].as_ref().is_some_and(|fields| fields.version.is_none())
    }),
    ("OpenSSL accepts: a version behind 3", |_, ours| ours.error == Error::VersionUnsupported),
    ("OpenSSL accepts: a constraint whose base is no host, mailbox or range", has_other_base),
    ("OpenSSL accepts: an extension that is malformed", |_, ours| {
        matches!(ours.error, Error::ExtensionInvalid { .. })
    }),
    ("OpenSSL accepts: encodings that are not canonical", |_, ours| {
        matches!(ours.error, Error::Malformed { .. })
    }),
];

/// Those about policies it reads below the anchor alone.
fn openssl_reads(place: usize, id: &[u8]) -> bool {
    let always = [
        oid::AUTHORITY_KEY_IDENTIFIER,
        oid::BASIC_CONSTRAINTS,
        oid::CRL_DISTRIBUTION_POINTS,
        oid::EXT_KEY_USAGE,
        oid::KEY_USAGE,
        oid::NAME_CONSTRAINTS,
        oid::SUBJECT_ALT_NAME,
        oid::SUBJECT_KEY_IDENTIFIER,
    ];
    always.contains(&id) || (place != ANCHOR && oid::OF_POLICIES.contains(&id))
}
