//! From a finish to a proof, in this order: signature → path → purpose and policy → revocation. The gateway rebuilds
//! the statement from its own record; nothing of it travelled.

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use madoguchi_cert_verify::{
    AuthenticatedHolder, Certificate, CrlAnswer, Decision, Error, OcspAbsence, OcspEvidence, Verdict,
    VerifiedPath, algorithm_is_allowed, decide, verify_path, verify_statement,
};
use madoguchi_protocol::{ErrorCode, SignInStatement};
use madoguchi_storage::{Proof, SignIn};

use crate::municipality::Municipality;
use crate::seal::{SealError, Sealer};
use crate::state::Gateway;

/// Why a finish is refused.
pub(crate) struct Refusal {
    /// What the resident is told.
    pub(crate) code: ErrorCode,
    /// True when the finish cannot come from an honest agent with a card of ours.
    pub(crate) burn: bool,
    /// What the operator's log says.
    pub(crate) cause: String,
}

/// Verifies a finish.
pub(crate) fn prove(
    gateway: &Gateway,
    municipality: &Municipality,
    sign_in: &SignIn,
    certificate: &[u8],
    signature: &[u8],
) -> Result<Proof, Refusal> {
    let now = gateway.0.clock.now();
    let trust = &gateway.0.trust;
    let claim = sign_in.claim.as_ref().ok_or_else(|| internal("a claimed sign-in without its claim"))?;
    let new = &sign_in.new;
    let certificate = Certificate::parse(certificate).map_err(|error| unreadable(&error))?;
    let statement = SignInStatement::with_certificate_hash(
        &municipality.origin,
        new.id,
        new.nonce,
        &new.request.client_id,
        &new.display,
        claim.hashes.return_verifier,
        certificate.sha256(),
    );
    // Before any signature check: what no anchor allows costs nothing.
    algorithm_is_allowed(&certificate, &trust.anchors).map_err(|error| refusal(&error))?;
    let signed = verify_statement(&statement, &certificate, signature).map_err(|error| Refusal {
        code: ErrorCode::SignatureInvalid,
        burn: true,
        cause: error.code().to_owned(),
    })?;
    let path =
        verify_path(&certificate, &trust.anchors, &trust.policy, now).map_err(|error| refusal(&error))?;
    let decision = revocation(gateway, &path, now);
    let evidence = evidence_json(&decision);
    let not_revoked = match decision.verdict {
        Verdict::NotRevoked(not_revoked) => not_revoked,
        Verdict::CannotCheck => return Err(everyday(ErrorCode::CannotCheck, evidence)),
        Verdict::OcspUnknown => return Err(everyday(ErrorCode::OcspUnknown, evidence)),
        Verdict::OnHold { .. } => return Err(everyday(ErrorCode::CertificateOnHold, evidence)),
        Verdict::Revoked { .. } => return Err(everyday(ErrorCode::CertificateRevoked, evidence)),
    };
    let holder = AuthenticatedHolder::new(signed, path, not_revoked).map_err(|error| refusal(&error))?;
    let keys = &municipality.keys;
    let lookup = keys.account_lookup(&holder.issuer_key_hash().0, holder.serial());
    let sealed =
        seal_holder(&holder, &keys.flow, &*gateway.0.random).map_err(|error| internal(&error.to_string()))?;
    Ok(Proof::of(&holder, lookup, sealed, evidence))
}

/// What a session keeps to ask about revocation again: issuer key and serial, sealed, deleted with the session.
fn seal_holder(
    holder: &AuthenticatedHolder,
    sealer: &Sealer,
    random: &dyn SecureRandom,
) -> Result<Vec<u8>, SealError> {
    let mut octets = Zeroizing::new(holder.issuer_key_hash().0.to_vec());
    octets.extend_from_slice(holder.serial());
    sealer.seal(random, HOLDER, &octets)
}

/// Is the certificate of a sealed holder still in no list? `None` when the seal does not open.
///
/// A list that is stale or missing does not end a session that began with a check; only a revocation does.
pub(crate) fn still_unlisted(gateway: &Gateway, sealer: &Sealer, sealed: &[u8]) -> Option<bool> {
    let octets = sealer.open(HOLDER, sealed)?;
    let (issuer_key_hash, serial) = octets.split_first_chunk::<32>()?;
    Some(gateway.crls().find(issuer_key_hash, serial).is_none())
}

fn revocation(gateway: &Gateway, path: &VerifiedPath, now: UnixTime) -> Decision {
    let policy = &gateway.0.revocation;
    let crl = gateway.crls().evidence(path, now, Some(policy.crl_max_age));
    let ocsp = OcspEvidence::none(path, OcspAbsence::NotConfigured);
    decide(path, policy.sources, ocsp, crl)
}

fn evidence_json(decision: &Decision) -> String {
    let (crl, this_update) = match decision.crl {
        CrlAnswer::Good(times) => ("good", Some(times.this_update.as_secs())),
        CrlAnswer::Revoked(revocation) => ("revoked", Some(revocation.times.this_update.as_secs())),
        CrlAnswer::None(absence) => (absence.code(), None),
    };
    serde_json::json!({ "rule": decision.rule.name(), "crl": crl, "crl_this_update": this_update })
        .to_string()
}

fn refusal(error: &Error) -> Refusal {
    let (code, burn) = match error {
        Error::Expired { .. } => (ErrorCode::CertificateExpired, false),
        Error::NotYetValid { .. } => (ErrorCode::CertificateNotYetValid, false),
        Error::AnchorExpired { .. } | Error::AnchorNotYetValid { .. } => {
            (ErrorCode::CertificateUntrusted, false)
        }
        Error::KeyUsageNotAuthentication
        | Error::NotForClientAuth
        | Error::IsCa
        | Error::PolicyMissing
        | Error::PolicyOfSignatureCertificate { .. } => (ErrorCode::CertificateUnusable, false),
        // An authority that nobody configured: a new generation of anchors, or somebody's other card.
        Error::AlgorithmNotAllowed { .. }
        | Error::AuthorityKeyUnknown
        | Error::DistributionPointsMissing
        | Error::IssuerUnknown => (ErrorCode::CertificateUntrusted, false),
        Error::AlgorithmUnsupported { .. }
        | Error::ExtensionUnknownCritical { .. }
        | Error::KeyUnsupported { .. }
        | Error::SerialNegative
        | Error::SerialZero
        | Error::TimeForm
        | Error::UniqueIdentifiers => return unreadable(error),
        _ => (ErrorCode::CertificateUntrusted, true),
    };
    Refusal { code, burn, cause: error.code().to_owned() }
}

/// No honest agent sends what it cannot read or use itself.
fn unreadable(error: &Error) -> Refusal {
    Refusal { code: ErrorCode::CertificateUnusable, burn: true, cause: error.code().to_owned() }
}

fn everyday(code: ErrorCode, evidence: String) -> Refusal {
    Refusal { code, burn: false, cause: evidence }
}

fn internal(cause: &str) -> Refusal {
    Refusal { code: ErrorCode::Internal, burn: false, cause: cause.to_owned() }
}

const HOLDER: &str = "holder-v1";
