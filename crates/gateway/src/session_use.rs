//! A use of a session: its certificate is asked about again, in the lists and in what was kept; and where OCSP is among the
//! sources and no fresh list covers the certificate, there too.
//!
//! A list that is stale or missing, or a responder that is silent, does not end a session that began with a check; only a
//! revocation does, and then it is kept as one that was found at a sign-in. But where the card can be asked for instead,
//! nobody goes on by a word of hours ago.

use http::StatusCode;

use madoguchi_cert_verify::{Certificate, CrlAnswer, KeptRevocation, Source, Verdict, decide, verify_path};
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    AccessTokenRecord, KeptRecord, RefreshTokenRecord, RevokedCertificate, SessionRecord, StorageError,
};

use crate::holder::SessionHolder;
use crate::municipality::Municipality;
use crate::state::Gateway;
use crate::store_failure::store_failed;

/// What a use of a session comes to.
pub(crate) enum SessionUse {
    /// Nothing speaks against it.
    GoesOn,
    /// Its certificate was found revoked or on hold; the session is ended.
    Ended,
    /// A list about it is damaged, which is neither "listed" nor "not listed": whoever asks may ask again; logged.
    CannotCheck,
    /// Something broke inside; logged.
    Failed,
}

/// What the use of a session asks OCSP, where no fresh list speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskOcsp {
    /// Nothing: it was asked when the token was given that is used here, which is minutes ago.
    No,
    /// Whether it is revoked; silence changes nothing.
    IfItAnswers,
    /// It must say that it is not revoked; silence is [`SessionUse::CannotCheck`].
    ItMustAnswer,
}

/// A session that is used.
pub(crate) struct UsedSession<'a> {
    /// Its name.
    pub(crate) sid: Octets<16>,
    /// The service.
    pub(crate) client_id: &'a str,
    /// Its certificate.
    pub(crate) holder_sealed: &'a [u8],
}

impl<'a> From<&'a AccessTokenRecord> for UsedSession<'a> {
    fn from(token: &'a AccessTokenRecord) -> Self {
        Self { sid: token.sid, client_id: &token.client_id, holder_sealed: &token.holder_sealed }
    }
}

impl<'a> From<&'a RefreshTokenRecord> for UsedSession<'a> {
    fn from(token: &'a RefreshTokenRecord) -> Self {
        Self { sid: token.sid, client_id: &token.grant.client_id, holder_sealed: &token.holder_sealed }
    }
}

impl<'a> From<&'a SessionRecord> for UsedSession<'a> {
    fn from(session: &'a SessionRecord) -> Self {
        Self { sid: session.sid, client_id: &session.client_id, holder_sealed: &session.holder_sealed }
    }
}

/// Asks about the certificate of a session.
pub(crate) async fn use_session(
    gateway: &Gateway,
    municipality: &Municipality,
    session: impl Into<UsedSession<'_>>,
    ask: AskOcsp,
) -> SessionUse {
    let UsedSession { sid, client_id, holder_sealed } = session.into();
    let id = municipality.id.as_str();
    let Some(holder) = SessionHolder::open(&municipality.keys.flow, holder_sealed) else {
        tracing::error!(municipality = %id, "the certificate of a session does not open");
        return SessionUse::Failed;
    };
    let listed = gateway.crls().find_at(holder.crl_points.iter().copied(), &holder.serial);
    let damaged = listed.is_err();
    if damaged {
        tracing::error!(municipality = %id, %client_id, "a revocation list is damaged; nothing says whether a session may go on");
    }
    let mut said: Vec<KeptRevocation> = listed
        .unwrap_or_default()
        .map(|revocation| KeptRevocation { source: Source::Crl, revocation })
        .into_iter()
        .collect();
    let certificate = municipality.keys.certificates.id(&holder.issuer_key_hash.0, &holder.serial);
    let storage = &gateway.0.storage;
    let kept = match storage.kept(id, certificate).await {
        Ok(kept) => kept,
        Err(error) => return failed(id, &error),
    };
    // What was kept counts whatever has become of the lists.
    if told(&said, &kept).is_none() {
        if damaged {
            return SessionUse::CannotCheck;
        }
        match by_ocsp(gateway, &holder, ask).await {
            Word::Revoked(revoked) => said = revoked,
            Word::None if ask == AskOcsp::ItMustAnswer => {
                if let Some(left_out) = gateway.may_tell("session_not_checked", id, Some(client_id)) {
                    tracing::warn!(municipality = %id, %client_id, left_out, "nothing says now whether a session may answer: the card is asked for");
                }
                return SessionUse::CannotCheck;
            }
            Word::None | Word::NotRevoked => return SessionUse::GoesOn,
        }
    }
    let Some(code) = told(&said, &kept) else { return SessionUse::GoesOn };
    let revoked =
        RevokedCertificate { certificate, not_after: holder.not_after, said, sources_disagree: false };
    match storage.end_revoked_session(id, sid, client_id, code, revoked).await {
        Ok(_) => {
            tracing::info!(municipality = %id, %client_id, %code, "a session ended with its certificate");
            SessionUse::Ended
        }
        Err(error) => failed(id, &error),
    }
}

/// A store that is away says nothing now; the same request may come again.
fn failed(municipality: &str, error: &StorageError) -> SessionUse {
    match store_failed(municipality, error) {
        StatusCode::SERVICE_UNAVAILABLE => SessionUse::CannotCheck,
        _ => SessionUse::Failed,
    }
}

/// What OCSP, or a fresh list in its place, says of a session's certificate now.
enum Word {
    NotRevoked,
    None,
    Revoked(Vec<KeptRevocation>),
}

/// Asks as a sign-in does: the same rules, cache and bounds. Where OCSP is no source of this deployment, lists were asked.
async fn by_ocsp(gateway: &Gateway, holder: &SessionHolder, ask: AskOcsp) -> Word {
    let policy = &gateway.0.revocation;
    if ask == AskOcsp::No || !policy.sources.ocsp() {
        return Word::NotRevoked;
    }
    let (trust, now) = (&gateway.0.trust, gateway.0.clock.now());
    // A session of before OCSP was configured has not kept it; a certificate may be over, or its anchor taken out.
    let path = holder.certificate.as_ref().and_then(|der| Certificate::parse(der).ok());
    let path =
        path.and_then(|certificate| verify_path(&certificate, &trust.anchors, &trust.policy, now).ok());
    let Some(path) = path else { return Word::None };
    let crl = gateway.crls().shelf().evidence(&path, now, Some(policy.crl_max_age));
    if policy.sources.crl() && matches!(crl.answer(), CrlAnswer::Good(_)) {
        return Word::NotRevoked;
    }
    let ocsp = gateway.0.ocsp.evidence(&path, now).await;
    let decision = decide(&path, policy.sources, ocsp, crl, &[]);
    match decision.verdict {
        Verdict::NotRevoked(_) => Word::NotRevoked,
        Verdict::OnHold { .. } | Verdict::Revoked { .. } => Word::Revoked(decision.to_keep()),
        Verdict::CannotCheck | Verdict::OcspUnknown => Word::None,
    }
}

/// What speaks against the certificate, if anything does: one word that is final outweighs any hold.
fn told(said: &[KeptRevocation], kept: &[KeptRecord]) -> Option<ErrorCode> {
    let all = said.iter().chain(kept.iter().map(|record| &record.kept));
    all.fold(None, |told, this| match told {
        Some(ErrorCode::CertificateRevoked) => told,
        _ if this.revocation.is_hold() => Some(ErrorCode::CertificateOnHold),
        _ => Some(ErrorCode::CertificateRevoked),
    })
}

/// Seconds after which whoever got [`SessionUse::CannotCheck`] may ask again. It ends with the next list, or a restart.
pub(crate) const ASK_AGAIN_SECONDS: &str = "30";
