//! What ours accepts and a peer is known to refuse: one function for each reason.

use openssl::pkey::PKey;

use crate::differential::draft::{ANCHOR, CA, Question, TARGET};
use crate::differential::fields::Fields;
use crate::differential::peers::OpensslRefusal;
use crate::differential::{Asked, oid, wrong};
use crate::tree::Node;

type WebpkiReason = fn(&[&Fields; 3], &webpki::Error) -> bool;
type OpensslReason = fn(&[&Fields; 3], i32, &Question) -> bool;

pub(super) fn than_webpki(asked: &Asked<'_>, theirs: &webpki::Error) -> Option<&'static str> {
    let fields = all(asked)?;
    WEBPKI.iter().find(|(_, reason)| reason(&fields, theirs)).map(|(name, _)| *name)
}

pub(super) fn than_openssl(asked: &Asked<'_>, theirs: OpensslRefusal) -> Option<&'static str> {
    let fields = all(asked)?;
    match theirs {
        OpensslRefusal::NoVerdict => None,
        OpensslRefusal::Unreadable(place) => has_other_attribute(fields[place])
            .then_some("OpenSSL refuses: an attribute of a name that is no string"),
        OpensslRefusal::Verify { code, .. } => {
            let reason = OPENSSL.iter().find(|(_, reason)| reason(&fields, code, asked.question));
            reason.map(|(name, _)| *name)
        }
    }
}

/// What ours accepts has fields.
fn all<'a>(asked: &'a Asked<'_>) -> Option<[&'a Fields; 3]> {
    match &asked.fields {
        [Some(anchor), Some(ca), Some(target)] => Some([anchor, ca, target]),
        _ => None,
    }
}

const WEBPKI: &[(&str, WebpkiReason)] = &[
    ("webpki refuses: it reads version 3 alone", |fields, error| {
        *error == webpki::Error::UnsupportedCertVersion
            && fields.iter().any(|fields| fields.version.is_none())
    }),
    ("webpki refuses: a critical extension that it does not know", |fields, error| {
        *error == webpki::Error::UnsupportedCriticalExtension
            && fields[CA..].iter().any(|fields| {
                fields
                    .all()
                    .iter()
                    .any(|extension| extension.critical && !WEBPKI_KNOWS.contains(&extension.id.as_slice()))
            })
    }),
    ("webpki refuses: it compares names by their octets", |fields, error| {
        *error == webpki::Error::UnknownIssuer
            && (fields[CA].issuer != fields[ANCHOR].subject || fields[TARGET].issuer != fields[CA].subject)
    }),
    ("webpki refuses: a CA is no end entity", |fields, error| {
        *error == webpki::Error::CaUsedAsEndEntity && fields[TARGET].is_ca()
    }),
    ("webpki refuses: it compares host names and addresses alone with constraints", |fields, error| {
        *error == webpki::Error::NameConstraintViolation
            && fields
                .iter()
                .flat_map(|fields| fields.constrained())
                .any(|base| !matches!(base.tag, 0x82 | 0x87))
    }),
    ("webpki refuses: a constraint on hosts that ends in a number or a period", |fields, error| {
        let odd = |text: &[u8]| {
            let last = text.rsplit(|octet| *octet == b'.').next().unwrap_or_default();
            last.iter().all(u8::is_ascii_digit)
        };
        *error == webpki::Error::MalformedNameConstraint
            && fields
                .iter()
                .flat_map(|fields| fields.constrained())
                .any(|base| base.tag == 0x82 && odd(base.octets()))
    }),
    ("webpki refuses: anyExtendedKeyUsage is not clientAuth", |fields, error| {
        matches!(error, webpki::Error::RequiredEkuNotFoundContext(_))
            && fields[CA..].iter().any(|fields| fields.purposes().iter().any(|id| id == oid::ANY_PURPOSE))
    }),
    ("webpki refuses: a path length behind 255", |fields, error| {
        *error == webpki::Error::BadDer
            && fields[CA..].iter().any(|fields| fields.path_length().is_some_and(|length| length.len() > 1))
    }),
    ("webpki refuses: unique identifiers", |fields, error| {
        *error == webpki::Error::BadDer && fields.iter().any(|fields| fields.unique_identifiers)
    }),
];

const WEBPKI_KNOWS: &[&[u8]] = &[
    oid::KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::EXT_KEY_USAGE,
];

const OPENSSL: &[(&str, OpensslReason)] = &[
    ("OpenSSL refuses: the last second of a validity", |fields, code, _| {
        code == CERT_HAS_EXPIRED
            && fields.iter().any(|fields| wrong::moment(&fields.not_after) == wrong::now_text())
    }),
    ("OpenSSL refuses: basicConstraints of a CA that are not critical", |fields, code, _| {
        code == CA_BCONS_NOT_CRITICAL
            && fields.iter().any(|fields| fields.is_ca() && !fields.is_critical(oid::BASIC_CONSTRAINTS))
    }),
    ("OpenSSL refuses: a CA without keyUsage", |fields, code, _| {
        code == CA_CERT_MISSING_KEY_USAGE
            && fields.iter().any(|fields| fields.is_ca() && !fields.has(oid::KEY_USAGE))
    }),
    ("OpenSSL refuses: an attribute of a name that is no string", |fields, code, _| {
        matches!(code, UNABLE_TO_GET_ISSUER_CERT | UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
            && fields.iter().any(|fields| has_other_attribute(fields))
    }),
    ("OpenSSL refuses: a target's key that is no point of its curve", |fields, code, _| {
        code == UNSPECIFIED && PKey::public_key_from_der(&fields[TARGET].key.der()).is_err()
    }),
    ("OpenSSL refuses: a version 1 anchor", |fields, code, _| {
        code == INVALID_CA && fields[ANCHOR].version.is_none() && fields[ANCHOR].extensions.is_none()
    }),
    (
        "OpenSSL refuses: no authority key identifier, though the issuer has no key identifier",
        |fields, code, _| {
            code == MISSING_AUTHORITY_KEY_IDENTIFIER
                && fields.windows(2).any(|two| {
                    two[1].authority_key_id().is_none() && !two[0].has(oid::SUBJECT_KEY_IDENTIFIER)
                })
        },
    ),
    ("OpenSSL refuses: a CA without key identifier, though nobody names one", |fields, code, _| {
        code == MISSING_SUBJECT_KEY_IDENTIFIER
            && fields.iter().enumerate().any(|(place, ca)| {
                let below = fields.get(place + 1);
                ca.is_ca()
                    && !ca.has(oid::SUBJECT_KEY_IDENTIFIER)
                    && below.is_none_or(|below| below.authority_key_id().is_none())
            })
    }),
    ("OpenSSL refuses: a critical extension that it does not know", |fields, code, _| {
        code == UNHANDLED_CRITICAL_EXTENSION
            && fields.iter().any(|fields| OPENSSL_KNOWS_NOT.iter().any(|id| fields.is_critical(id)))
    }),
    ("OpenSSL refuses: authorityKeyIdentifier with another issuer or serial number", |fields, code, _| {
        matches!(code, UNABLE_TO_GET_ISSUER_CERT | UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
            && fields.windows(2).any(|two| names_another_certificate(two[0], two[1]))
    }),
    ("OpenSSL refuses: anyExtendedKeyUsage is not clientAuth", |fields, code, _| {
        code == INVALID_PURPOSE
            && fields.iter().any(|fields| {
                let purposes = fields.purposes();
                purposes.iter().any(|id| id == oid::ANY_PURPOSE)
                    && !purposes.iter().any(|id| id == oid::CLIENT_AUTH)
            })
    }),
    (
        "OpenSSL refuses: a client whose keyUsage has neither digitalSignature nor keyAgreement",
        |fields, code, _| {
            code == INVALID_PURPOSE && fields[TARGET].key_usage().is_some_and(|bits| bits & 0x88 == 0)
        },
    ),
    ("OpenSSL refuses: a path length without keyUsage", |fields, code, _| {
        code == PATHLEN_WITHOUT_KU_KEY_CERT_SIGN
            && fields.iter().any(|fields| fields.path_length().is_some() && !fields.has(oid::KEY_USAGE))
    }),
    // `openssl verify -policy anyPolicy` would accept; the safe interface cannot say it.
    ("OpenSSL refuses: a policy is required and the user named none", |fields, code, question| {
        code == NO_EXPLICIT_POLICY
            && (question.explicit_policy
                || fields[CA..].iter().any(|fields| fields.has(oid::POLICY_CONSTRAINTS)))
    }),
    ("OpenSSL refuses: policyMappings of the target with anyPolicy", |fields, code, _| {
        code == INVALID_POLICY_EXTENSION && maps_any_policy(fields[TARGET])
    }),
];

/// Of what ours knows.
const OPENSSL_KNOWS_NOT: &[&[u8]] = &[oid::ISSUER_ALT_NAME];

/// RFC 5280 section 4.1.2.4 leaves the type of an attribute's value to the attribute.
fn has_other_attribute(fields: &Fields) -> bool {
    let value = fields.value(oid::AUTHORITY_KEY_IDENTIFIER);
    let parts = value.iter().flat_map(Node::children);
    let issuers =
        parts.filter(|part| part.tag == 0xA1).flat_map(Node::children).filter(|name| name.tag == 0xA4);
    let mut names = [&fields.issuer, &fields.subject].into_iter().chain(issuers.flat_map(Node::children));
    names.any(|name| {
        let values = name.children().iter().flat_map(Node::children).filter_map(|one| one.children().last());
        values.into_iter().any(|value| !OPENSSL_STRINGS.contains(&value.tag))
    })
}

/// Of the types that an attribute of a name may have for OpenSSL.
const OPENSSL_STRINGS: &[u8] = &[0x03, 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1C, 0x1E, 0x30];

/// authorityCertIssuer and authorityCertSerialNumber are not those of the issuer's certificate.
fn names_another_certificate(issuer: &Fields, issued: &Fields) -> bool {
    let Some(value) = issued.value(oid::AUTHORITY_KEY_IDENTIFIER) else { return false };
    value.children().iter().any(|part| match part.tag {
        0x82 => part.octets() != issuer.serial,
        0xA1 => !part.children().iter().any(|name| name.children().first() == Some(&issuer.issuer)),
        _ => false,
    })
}

fn maps_any_policy(fields: &Fields) -> bool {
    let mappings = fields.value(oid::POLICY_MAPPINGS);
    mappings.iter().flat_map(Node::children).flat_map(Node::children).any(|id| id.octets() == oid::ANY_POLICY)
}

// X509_V_ERR_… of OpenSSL's x509_vfy.h.
const UNSPECIFIED: i32 = 1;
const UNABLE_TO_GET_ISSUER_CERT: i32 = 2;
const CERT_HAS_EXPIRED: i32 = 10;
const UNABLE_TO_GET_ISSUER_CERT_LOCALLY: i32 = 20;
const INVALID_PURPOSE: i32 = 26;
const UNHANDLED_CRITICAL_EXTENSION: i32 = 34;
const INVALID_POLICY_EXTENSION: i32 = 42;
const NO_EXPLICIT_POLICY: i32 = 43;
const INVALID_CA: i32 = 79;
const PATHLEN_WITHOUT_KU_KEY_CERT_SIGN: i32 = 81;
const MISSING_AUTHORITY_KEY_IDENTIFIER: i32 = 85;
const MISSING_SUBJECT_KEY_IDENTIFIER: i32 = 86;
const CA_BCONS_NOT_CRITICAL: i32 = 89;
const CA_CERT_MISSING_KEY_USAGE: i32 = 92;
