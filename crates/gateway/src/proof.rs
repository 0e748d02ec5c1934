//! From a finish to a proof, in this order: signature → path → purpose and policy → revocation. The gateway rebuilds
//! the statement from its own record; nothing of it travelled.

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::{
    AuthenticatedHolder, Certificate, Decision, Error, KeptRevocation, StatementSigned, Verdict,
    VerifiedPath, algorithm_is_allowed, decide, verify_statement,
};
use madoguchi_protocol::{ErrorCode, SignInStatement};
use madoguchi_revocation::Alarm;
use madoguchi_storage::{CertificateId, Cleared, Proof, Refused, RevokedCertificate, SignIn, StorageError};

use crate::evidence::EvidenceRecord;
use crate::holder::SessionHolder;
use crate::municipality::Municipality;
use crate::state::Gateway;

/// A finish that is believed.
pub(crate) struct Proven {
    /// What it leaves behind.
    pub(crate) proof: Proof,
    /// What was kept against its certificate is over.
    pub(crate) cleared: Cleared,
}

/// Why a finish proves nothing.
pub(crate) enum NotProven {
    /// It is refused, once and for all.
    Refused(Box<Refusal>),
    /// The store failed: nothing is decided, and the agent may ask again.
    StoreFailed(StorageError),
}

impl From<StorageError> for NotProven {
    fn from(error: StorageError) -> Self {
        Self::StoreFailed(error)
    }
}

/// Why a finish is refused.
pub(crate) struct Refusal {
    /// What is stored of it.
    pub(crate) refused: Refused,
    /// What the operator's log says.
    pub(crate) cause: String,
}

/// Verifies a finish. While OCSP is waited for nothing is locked: whoever writes the outcome asks again where the
/// sign-in stands, and what is kept by then.
pub(crate) async fn prove(
    gateway: &Gateway,
    municipality: &Municipality,
    sign_in: &SignIn,
    certificate: &[u8],
    signature: &[u8],
) -> Result<Proven, NotProven> {
    let now = gateway.0.clock.now();
    let (signed, path) = verify(gateway, municipality, sign_in, certificate, signature, now)?;
    let id = municipality.keys.certificates.id(&path.issuer_key_hash().0, path.serial());
    let (decision, evidence) = revocation(gateway, municipality, &path, id, now).await?;
    let hold_over = decision.hold_over;
    let not_revoked = match decision.verdict {
        Verdict::NotRevoked(not_revoked) => not_revoked,
        Verdict::CannotCheck => return Err(judged(ErrorCode::CannotCheck, evidence, None)),
        Verdict::OcspUnknown => return Err(judged(ErrorCode::OcspUnknown, evidence, None)),
        Verdict::OnHold { .. } => {
            let revoked = revoked(&decision, &path, id);
            return Err(judged(ErrorCode::CertificateOnHold, evidence, Some(revoked)));
        }
        Verdict::Revoked { .. } => {
            let revoked = revoked(&decision, &path, id);
            return Err(judged(ErrorCode::CertificateRevoked, evidence, Some(revoked)));
        }
    };
    let holder = AuthenticatedHolder::new(signed, path, not_revoked).map_err(|error| refusal(&error))?;
    let keys = &municipality.keys;
    let lookup = keys.account_lookup(&holder.issuer_key_hash().0, holder.serial());
    let whole = gateway.0.revocation.sources.ocsp();
    let sealed = SessionHolder::seal(&holder, whole, &keys.flow, &*gateway.0.random)
        .map_err(|error| internal(&error.to_string()))?;
    let proof = Proof::of(&holder, lookup, sealed, evidence);
    Ok(Proven { proof, cleared: Cleared { certificate: id, hold_over } })
}

/// Signature, path, purpose and policy.
fn verify(
    gateway: &Gateway,
    municipality: &Municipality,
    sign_in: &SignIn,
    certificate: &[u8],
    signature: &[u8],
    now: UnixTime,
) -> Result<(StatementSigned, VerifiedPath), NotProven> {
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
    let allowed = algorithm_is_allowed(&certificate, &trust.anchors).map_err(|error| refusal(&error))?;
    let signed = verify_statement(&statement, &certificate, signature)
        .map_err(|error| NotProven::before_sources(ErrorCode::SignatureInvalid, true, error.code()))?;
    let path = allowed.verify_path(&trust.anchors, &trust.policy, now).map_err(|error| refusal(&error))?;
    Ok((signed, path))
}

/// Asks every source and what was kept, decides, and tells operators what was wanting.
async fn revocation(
    gateway: &Gateway,
    municipality: &Municipality,
    path: &VerifiedPath,
    id: CertificateId,
    now: UnixTime,
) -> Result<(Decision, String), StorageError> {
    let policy = &gateway.0.revocation;
    let ocsp = gateway.0.ocsp.evidence(path, now).await;
    // After the wait: the newest list, and what another sign-in may have found meanwhile.
    let crl = gateway.crls().evidence(path, now, Some(policy.crl_max_age));
    let kept = gateway.0.storage.kept(&municipality.id, id).await?;
    let kept: Vec<KeptRevocation> = kept.into_iter().map(|record| record.kept).collect();
    let decision = decide(path, policy.sources, ocsp, crl, &kept);
    let evidence = EvidenceRecord::new(&decision, &kept).to_json();
    for shortfall in decision.shortfalls() {
        gateway.0.shortfalls.count(shortfall);
        tracing::warn!(municipality = %municipality.id, shortfall = shortfall.name(), rule = decision.rule.name(), "revocation");
    }
    if decision.sources_disagree {
        gateway.0.alarms.raise(Alarm::SourcesDisagree, &evidence);
    }
    Ok((decision, evidence))
}

/// What is kept of a revocation.
fn revoked(decision: &Decision, path: &VerifiedPath, certificate: CertificateId) -> RevokedCertificate {
    RevokedCertificate {
        certificate,
        not_after: path.not_after(),
        said: decision.to_keep(),
        sources_disagree: decision.sources_disagree,
    }
}

/// Refused by what the sources said.
fn judged(code: ErrorCode, evidence: String, revoked: Option<RevokedCertificate>) -> NotProven {
    let refused = Refused { code, burn: false, evidence: Some(evidence.clone()), revoked };
    NotProven::Refused(Box::new(Refusal { refused, cause: evidence }))
}

fn refusal(error: &Error) -> NotProven {
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
    NotProven::before_sources(code, burn, error.code())
}

/// No honest agent sends what it cannot read or use itself.
fn unreadable(error: &Error) -> NotProven {
    NotProven::before_sources(ErrorCode::CertificateUnusable, true, error.code())
}

fn internal(cause: &str) -> NotProven {
    NotProven::before_sources(ErrorCode::Internal, false, cause)
}

impl NotProven {
    /// Refused before the sources were asked.
    fn before_sources(code: ErrorCode, burn: bool, cause: &str) -> Self {
        let refused = Refused { burn, ..code.into() };
        Self::Refused(Box::new(Refusal { refused, cause: cause.to_owned() }))
    }
}
