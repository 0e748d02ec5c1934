//! The traits of a backend. Read the crate's documentation for what holds for every method.

use async_trait::async_trait;

use madoguchi_protocol::{ErrorCode, Octets};

use crate::{
    AccessTokenRecord, AnswerTaken, AuditRecord, CertificateId, Claim, Cleared, CodeRecord, KeptCount,
    KeptRecord, KeptSelection, NewAccessToken, NewCode, NewSession, NewSignIn, Proof, Redemption, Refused,
    Release, Returned, RevokedCertificate, SealedSecret, SecretPurpose, SessionRecord, SignIn, SignInTrace,
    StorageError, Transition,
};

/// Sign-ins. A sign-in whose time is over is told as `Expired` (from `Proven`: `Burned(SignInExpired)`) by every
/// method, whether or not a sweep has passed.
#[async_trait]
pub trait SignIns {
    /// Makes a sign-in in `Started`. In the same transaction every open sign-in of the same browser secret becomes
    /// `Cancelled(SignInReplaced)` and those replaced before are deleted, and at a bound of the limits (each municipality's own) the oldest `Started` row gives
    /// way, which deletes it, or the oldest `Claimed` one where none is `Started`: of the same network at its bound, of
    /// the fullest network at the bound in all. A proven card never gives way. Answers the record.
    async fn start(&self, new: NewSignIn) -> Result<SignIn, StorageError>;

    /// `Started` → `Claimed`. The same claim again answers `Same` in every later state that is not stopped. A claim
    /// with other hashes on a `Claimed` or `Proven` sign-in burns it (`TicketUsed`, audited) and answers
    /// `Conflict(Burned(TicketUsed))`.
    async fn claim(
        &self,
        municipality: &str,
        ticket_hash: Octets<32>,
        claim: Claim,
    ) -> Result<Transition, StorageError>;

    /// The sign-in of an agent, whatever its state. `None` when the claim secret is not its claim's.
    async fn claimed(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError>;

    /// `Claimed` → `Proven`, and starts the time to return; in the same transaction the holds that are over are let go
    /// (audited). Nothing is proven against what is kept: while anything else is kept against the certificate it answers
    /// `Conflict(Claimed)`, nothing changes, and the caller judges again. The same finish again answers `Same` with the
    /// record, whatever has become of the sign-in since.
    async fn prove(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
        finish_hash: Octets<32>,
        proof: Proof,
        cleared: Cleared,
    ) -> Result<Transition, StorageError>;

    /// `Claimed` → `Cancelled(code)` or, with `burn`, `Burned(code)` (audited): the gateway refused the finish
    /// `finish_hash`. The same finish again answers `Same` as for [`prove`](Self::prove): the first verdict stands.
    ///
    /// In the same transaction what the sources said of the certificate's revocation is kept, whatever has become of
    /// the sign-in meanwhile, and sources that disagree are audited. See [`KeptRevocations`].
    async fn refuse(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
        finish_hash: Octets<32>,
        refused: Refused,
    ) -> Result<Transition, StorageError>;

    /// `Claimed` → `Cancelled(code)` by the agent. The same cancel again answers `Same`.
    async fn cancel(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
        code: ErrorCode,
    ) -> Result<Transition, StorageError>;

    /// Any open state → `Cancelled(Declined)` by the browser that started it. Again answers `Same`.
    async fn cancel_by_browser(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
    ) -> Result<Transition, StorageError>;

    /// The return leg: one transaction that decides by verifier, state and browser, in this order. `Completed` makes
    /// account (found by the proof's look-up, else `account_if_new`), session and audit record; another browser burns
    /// (`PossiblePhishing`, audited). When the very same browser repeats a return that completed at most
    /// [`crate::SignInLimits::proven_seconds`] ago and whose answer was not handed out, the session's id is replaced
    /// by the new one, all else of it stays, and `Completed` is answered again: the first answer, with its cookie, may have been lost.
    async fn complete(
        &self,
        municipality: &str,
        id: Octets<16>,
        return_verifier_hash: Octets<32>,
        browser_hash: Option<Octets<32>>,
        session: NewSession,
    ) -> Result<Returned, StorageError>;

    /// Hands the service's answer out once: a `Completed` sign-in of this browser and this live session, with its code
    /// stored in the same transaction.
    async fn take_answer(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
        session_id_hash: Octets<32>,
        code: NewCode,
    ) -> Result<AnswerTaken, StorageError>;

    /// The newest sign-in of a browser secret.
    async fn newest_of_browser(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError>;

    /// A sign-in of a browser secret. `None` when it is another browser's.
    async fn of_browser(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError>;

    /// Deletes at most `limit` rows (sign-ins, codes, tokens, sessions, kept revocations) whose time has been over for an
    /// hour. Answers how many went. A code waits for the tokens it gave, so that a second use still revokes them.
    async fn sweep(&self, limit: u32) -> Result<u64, StorageError>;
}

/// Codes and the access tokens that they give.
#[async_trait]
pub trait Codes {
    /// The code of a municipality by its hash, used or not, expired or not.
    async fn find_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<CodeRecord>, StorageError>;

    /// Uses the code up. With a token it is stored in the same transaction; without one (a wrong PKCE verifier by the right
    /// client) the code is only spent. A code used before revokes every token that it gave (audited).
    async fn redeem_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
        token: Option<NewAccessToken>,
    ) -> Result<Redemption, StorageError>;

    /// A token that is neither expired nor revoked and whose session has not ended.
    async fn find_access_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<AccessTokenRecord>, StorageError>;
}

/// Sessions.
#[async_trait]
pub trait Sessions {
    /// A session that is live.
    async fn find_session(
        &self,
        municipality: &str,
        id_hash: Octets<32>,
    ) -> Result<Option<SessionRecord>, StorageError>;

    /// Ends a session and revokes its tokens. Answers whether it was live.
    async fn end_session(&self, municipality: &str, id_hash: Octets<32>) -> Result<bool, StorageError>;
}

/// Revocations that are kept, per certificate, source and signer's key, until the certificate's notAfter.
///
/// What a signer says takes the place of what the same signer said earlier when that was a hold and this is final, or a
/// hold of a later thisUpdate. Else what was kept first stays. Each change is audited (`RevocationKept`).
#[async_trait]
pub trait KeptRevocations {
    /// What is kept against a certificate whose notAfter is not past, in no order.
    async fn kept(
        &self,
        municipality: &str,
        certificate: CertificateId,
    ) -> Result<Vec<KeptRecord>, StorageError>;

    /// A use of a session found its certificate revoked: keeps what was said and ends the session with its tokens, in
    /// one transaction. Answers whether the session was live (audited). `code` is what the audit records say.
    async fn end_revoked_session(
        &self,
        municipality: &str,
        sid: Octets<16>,
        client_id: &str,
        code: ErrorCode,
        revoked: RevokedCertificate,
    ) -> Result<bool, StorageError>;

    /// How much is kept, by source, signer and reason.
    async fn count_kept(&self, municipality: &str) -> Result<Vec<KeptCount>, StorageError>;

    /// How many kept revocations a selection holds.
    async fn count_selected(&self, municipality: &str, selection: KeptSelection)
    -> Result<u64, StorageError>;

    /// Lets go of a selection, audited (`RevocationReleased`) with who ordered it and why. Answers how many went.
    async fn release(&self, municipality: &str, release: Release) -> Result<u64, StorageError>;
}

/// Accounts.
#[async_trait]
pub trait Accounts {
    /// How many accounts a municipality has.
    async fn count_accounts(&self, municipality: &str) -> Result<u64, StorageError>;
}

/// Sealed secrets.
#[async_trait]
pub trait Secrets {
    /// The secret of a municipality and purpose; `if_absent` becomes it when there is none yet. Every node that asks gets
    /// the same one.
    async fn secret_or_insert(
        &self,
        municipality: &str,
        purpose: SecretPurpose,
        if_absent: SealedSecret,
    ) -> Result<SealedSecret, StorageError>;

    /// The secret of a municipality and purpose, for whoever must not make one.
    async fn secret(
        &self,
        municipality: &str,
        purpose: SecretPurpose,
    ) -> Result<Option<SealedSecret>, StorageError>;
}

/// The audit log.
#[async_trait]
pub trait Audit {
    /// Records of a municipality after `after`, oldest first, at most `limit`.
    async fn audit_records(
        &self,
        municipality: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StorageError>;

    /// All that is still known of a sign-in, whoever it was of.
    async fn trace(&self, municipality: &str, sign_in: Octets<16>) -> Result<SignInTrace, StorageError>;
}

/// A whole backend.
pub trait Storage:
    SignIns + Codes + Sessions + KeptRevocations + Accounts + Secrets + Audit + Send + Sync + 'static
{
}

impl<T> Storage for T where
    T: SignIns + Codes + Sessions + KeptRevocations + Accounts + Secrets + Audit + Send + Sync + 'static
{
}
