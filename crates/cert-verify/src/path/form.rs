//! What RFC 5280 section 4 demands of a certificate by itself, as far as outside judges hold a verifier to it.
//!
//! Two demands on conforming CAs are not held against a certificate, because NIST's test suite has valid paths that
//! break them: basicConstraints and policyConstraints of an intermediate need not be critical.

use crate::usage::KeyUsage;
use crate::{Certificate, Error, Oid, oid};

/// The rules, in the order of section 4. `is_anchor`: an operator chose it to be trusted. `may_name_no_key`: its own
/// key signed it, or one that has no identifier.
pub(super) fn check(certificate: &Certificate, is_anchor: bool, may_name_no_key: bool) -> Result<(), Error> {
    serial(certificate, is_anchor)?;
    issuer(certificate)?;
    subject(certificate)?;
    authority_key_id(certificate, may_name_no_key)?;
    subject_key_id(certificate)?;
    policy_qualifiers(certificate)?;
    dns_names(certificate)?;
    basic_constraints(certificate, is_anchor)?;
    key_usage_of_ca(certificate)?;
    name_constraints(certificate)?;
    always_critical(
        certificate,
        oid::INHIBIT_ANY_POLICY,
        certificate.extensions.inhibit_any_policy.is_some(),
    )?;
    never_critical(certificate)
}

/// Section 4.1.2.2: not zero, except of an anchor, which nobody looks up by number: trusted roots with zero exist. A
/// negative number is one that users of certificates should handle gracefully, and NIST's suite has valid paths
/// with it.
fn serial(certificate: &Certificate, is_anchor: bool) -> Result<(), Error> {
    if certificate.serial() == [0] && !is_anchor { Err(Error::SerialZero) } else { Ok(()) }
}

/// Section 4.1.2.4.
fn issuer(certificate: &Certificate) -> Result<(), Error> {
    if certificate.issuer().is_empty() { Err(Error::IssuerEmpty) } else { Ok(()) }
}

/// Sections 4.1.2.6 and 4.2.1.6: a CA has a subject; who has none is named by a critical subjectAltName.
fn subject(certificate: &Certificate) -> Result<(), Error> {
    if !certificate.subject().is_empty() {
        return Ok(());
    }
    if certificate.extensions.is_ca() {
        return Err(Error::SubjectEmpty);
    }
    if certificate.extensions.is_critical(oid::SUBJECT_ALT_NAME) {
        Ok(())
    } else {
        Err(Error::SubjectAltNameNotCritical)
    }
}

/// Section 4.2.1.1: a key identifier in every certificate that another key signed. It is held against a certificate
/// when the other key has an identifier: authorities from before they had to be there use none at all.
fn authority_key_id(certificate: &Certificate, may_name_no_key: bool) -> Result<(), Error> {
    refuse_critical(certificate, oid::AUTHORITY_KEY_IDENTIFIER)?;
    if may_name_no_key || certificate.extensions.authority_key_id().is_some() {
        Ok(())
    } else {
        Err(Error::AuthorityKeyIdMissing)
    }
}

/// Section 4.2.1.2: in every CA certificate; held against one that names a key itself. Whoever issued a certificate that
/// names a key has one, too, which is asked where both are known.
fn subject_key_id(certificate: &Certificate) -> Result<(), Error> {
    refuse_critical(certificate, oid::SUBJECT_KEY_IDENTIFIER)?;
    let extensions = &certificate.extensions;
    if extensions.is_ca() && extensions.subject_key_id.is_none() && extensions.authority_key_id().is_some() {
        return Err(Error::SubjectKeyIdMissing);
    }
    Ok(())
}

/// Section 4.2.1.4: who marks policies critical asks that the qualifiers be understood, and anyPolicy has none but
/// those that the standard has.
fn policy_qualifiers(certificate: &Certificate) -> Result<(), Error> {
    let critical = certificate.extensions.is_critical(oid::CERTIFICATE_POLICIES);
    let policies = &certificate.extensions.policies;
    if critical && policies.unknown_qualifier || policies.unknown_qualifier_of_any {
        return Err(Error::PolicyQualifierUnknown);
    }
    Ok(())
}

/// Section 4.2.1.6: the preferred name syntax, where the whole first label may be `*`.
fn dns_names(certificate: &Certificate) -> Result<(), Error> {
    if certificate.extensions.subject_alt_names.has_odd_dns_name() {
        Err(Error::DnsNameInvalid)
    } else {
        Ok(())
    }
}

/// Section 4.2.1.9: critical in a CA certificate; held against an anchor alone.
fn basic_constraints(certificate: &Certificate, is_anchor: bool) -> Result<(), Error> {
    always_critical(certificate, oid::BASIC_CONSTRAINTS, is_anchor && certificate.extensions.is_ca())
}

/// Sections 4.2.1.3 and 4.2.1.9: keyCertSign belongs to a CA, pathLenConstraint to a CA with keyCertSign.
fn key_usage_of_ca(certificate: &Certificate) -> Result<(), Error> {
    let extensions = &certificate.extensions;
    let Some(key_usage) = extensions.key_usage else { return Ok(()) };
    let signs = KeyUsage::may_sign_certificates(key_usage);
    let path_len = extensions.basic_constraints.is_some_and(|constraints| constraints.path_len.is_some());
    if (signs && !extensions.is_ca()) || (path_len && !signs) {
        return Err(Error::CaExtensionsInconsistent);
    }
    Ok(())
}

/// Section 4.2.1.10: in a CA certificate only, and critical.
fn name_constraints(certificate: &Certificate) -> Result<(), Error> {
    let present = certificate.extensions.name_constraints.is_some();
    if present && !certificate.extensions.is_ca() {
        return Err(Error::NameConstraintsNotOfCa);
    }
    always_critical(certificate, oid::NAME_CONSTRAINTS, present)
}

/// Sections 4.2.1.15, 4.2.2.1 and 4.2.2.2.
fn never_critical(certificate: &Certificate) -> Result<(), Error> {
    [oid::FRESHEST_CRL, oid::AUTHORITY_INFO_ACCESS, oid::SUBJECT_INFO_ACCESS]
        .into_iter()
        .try_for_each(|oid| refuse_critical(certificate, oid))
}

fn always_critical(certificate: &Certificate, oid: &[u8], present: bool) -> Result<(), Error> {
    if present && !certificate.extensions.is_critical(oid) {
        return Err(Error::ExtensionNotCritical { oid: Oid::from_octets(oid) });
    }
    Ok(())
}

fn refuse_critical(certificate: &Certificate, oid: &[u8]) -> Result<(), Error> {
    if certificate.extensions.is_critical(oid) {
        return Err(Error::ExtensionCritical { oid: Oid::from_octets(oid) });
    }
    Ok(())
}
