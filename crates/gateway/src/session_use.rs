//! A use of a session: its certificate is asked about again, in the lists and in what was kept.
//!
//! A list that is stale or missing does not end a session that began with a check; only a revocation does, and then it is
//! kept as one that was found at a sign-in.

use madoguchi_cert_verify::{KeptRevocation, Source};
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    AccessTokenRecord, KeptRecord, RefreshTokenRecord, RevokedCertificate, SessionRecord,
};

use crate::holder::SessionHolder;
use crate::municipality::Municipality;
use crate::state::Gateway;

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
    let said: Vec<KeptRevocation> = listed
        .unwrap_or_default()
        .map(|revocation| KeptRevocation { source: Source::Crl, revocation })
        .into_iter()
        .collect();
    let certificate = municipality.keys.certificates.id(&holder.issuer_key_hash.0, &holder.serial);
    let storage = &gateway.0.storage;
    let kept = match storage.kept(id, certificate).await {
        Ok(kept) => kept,
        Err(error) => {
            tracing::error!(municipality = %id, %error, "the store failed");
            return SessionUse::Failed;
        }
    };
    // What was kept counts whatever has become of the lists.
    let Some(code) = told(&said, &kept) else {
        return if damaged { SessionUse::CannotCheck } else { SessionUse::GoesOn };
    };
    let revoked =
        RevokedCertificate { certificate, not_after: holder.not_after, said, sources_disagree: false };
    match storage.end_revoked_session(id, sid, client_id, code, revoked).await {
        Ok(_) => {
            tracing::info!(municipality = %id, %client_id, %code, "a session ended with its certificate");
            SessionUse::Ended
        }
        Err(error) => {
            tracing::error!(municipality = %id, %error, "the store failed");
            SessionUse::Failed
        }
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
