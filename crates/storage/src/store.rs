//! The traits of a backend. Read the crate's documentation for what holds for every method.

use async_trait::async_trait;

use madoguchi_protocol::{ErrorCode, Octets};

use crate::{
    AccessTokenRecord, AccountId, AnswerTaken, AuditChain, AuditRecord, CertificateId, Claim, Cleared,
    Clients, CodeRecord, EndedBy, KeptCount, KeptRecord, KeptSelection, ListedSession, LogoutDelivery,
    Municipalities, NewCode, NewRelinkOrder, NewSession, NewSignIn, NewTokens, Operator, Proof,
    PushedRequests, PutOff, Redemption, RefreshTokens, Refused, Release, RelinkCards, RelinkOpened,
    RelinkOrder, Relinked, Replays, Returned, RevokedCertificate, SealedSecret, SecretPurpose, SessionAnswer,
    SessionRecord, SessionSelection, SignIn, SignInTrace, SigningKeys, StorageError, Transition, Users,
};

/// Sign-ins. A sign-in whose time is over is told as `Expired` (from `Proven`: `Burned(SignInExpired)`) by every
/// method, whether or not a sweep has passed.
#[async_trait]
pub trait SignIns {
    /// Makes a sign-in in `Started`. In the same transaction every open sign-in of the same browser secret becomes
    /// `Cancelled(SignInReplaced)` and those replaced before are deleted, and at a bound of the limits (each municipality's own) the oldest `Started` row gives
    /// way, which deletes it, or the oldest `Claimed` one where none is `Started`: of the same network at its bound, of
    /// the fullest network at the bound in all. A proven card never gives way. Of the network's rows that were stopped before a
    /// proof the newest are kept, as many as may be open. Answers the record.
    async fn start(&self, new: NewSignIn) -> Result<SignIn, StorageError>;

    /// `Started` → `Claimed`. The same claim again answers `Same` in every later state that is not stopped. A claim
    /// with other hashes on a `Claimed` or `Proven` sign-in burns it (`TicketUsed`; audited, or before a proof
    /// counted) and answers `Conflict(Burned(TicketUsed))`.
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
    /// (`PossiblePhishing`, audited). Of the session that the browser had until now (`replaces`) nothing answers any
    /// more: with the same account the new one follows it; else it ends (audited), as it does for any sign-in at a
    /// counter, unless it answered no service yet: then it lives for [`crate::ANSWER_SECONDS`] at most, for that answer. When the very same browser repeats a return that completed at most
    /// [`crate::SignInLimits::proven_seconds`] ago and whose answer was not handed out, the session's id is replaced
    /// by the new one, and so is the browser's where it has one; all else of it stays, and `Completed` is answered again: the first answer, with its cookie, may have been lost.
    async fn complete(
        &self,
        municipality: &str,
        id: Octets<16>,
        return_verifier_hash: Octets<32>,
        browser_hash: Option<Octets<32>>,
        session: NewSession,
    ) -> Result<Returned, StorageError>;

    /// Hands the service's answer out once: a `Completed` sign-in of this browser and this live session, at most
    /// [`crate::ANSWER_SECONDS`] after it completed, with its code stored in the same transaction. The service is one of
    /// the session's from then on.
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

    /// Deletes at most `limit` rows (sign-ins, codes, tokens, sessions, kept revocations, deliveries) whose time has been over for an
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

    /// Uses the code up. With tokens they are stored in the same transaction; without (a wrong PKCE verifier by the right
    /// client) the code is only spent. A code used before revokes every token that it gave, also later through a refresh
    /// token (audited).
    async fn redeem_code(
        &self,
        municipality: &str,
        hash: Octets<32>,
        tokens: Option<NewTokens>,
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

    /// Ends a session and revokes its tokens. Answers whether it was live. However a session ends, but for running out
    /// of time, each of its services has a [`LogoutDelivery`] from the same moment on.
    async fn end_session(&self, municipality: &str, id_hash: Octets<32>) -> Result<bool, StorageError>;

    /// The session that answers further requests of a browser: live, and its idle time not over.
    async fn find_browser_session(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
    ) -> Result<Option<SessionRecord>, StorageError>;

    /// Uses a browser's session for one more answer, in one transaction, if it is live and its idle time not over: stores
    /// the code, renews its idle time to `idle` seconds (with `None` it stays: the resident had no hand in it), and finishes
    /// the pushed request of the grant, which must not have been finished before. It may be over meanwhile: it was opened in
    /// time. The service is one of the session's from then on. It gives [`crate::CODES_OF_A_SESSION`] codes at a time.
    async fn answer_in_session(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
        idle: Option<u64>,
        code: NewCode,
    ) -> Result<SessionAnswer, StorageError>;

    /// The live sessions of an account, the newest first.
    async fn sessions_of_account(
        &self,
        municipality: &str,
        account: AccountId,
    ) -> Result<Vec<ListedSession>, StorageError>;

    /// Ends live sessions with their tokens, each audited (`SessionEnded`) with who ended it. Answers how many.
    async fn end_sessions(
        &self,
        municipality: &str,
        selection: SessionSelection,
        by: EndedBy,
    ) -> Result<u64, StorageError>;
}

/// What services have yet to be told about sessions that ended. A row stays until it was delivered, given up, or its day
/// is over.
#[async_trait]
pub trait LogoutDeliveries {
    /// Takes at most `limit` deliveries whose time has come, of all municipalities, the longest due of each service
    /// first. Each counts one try more, and is not taken again for `hold` seconds: whoever took it may die over it. Of one
    /// service at most `places` are taken at a time, so that one that is slow never keeps the others waiting.
    async fn take_deliveries(
        &self,
        limit: u32,
        places: u32,
        hold: u64,
    ) -> Result<Vec<LogoutDelivery>, StorageError>;

    /// Puts a delivery that was taken off for `after` seconds, and with [`PutOff::Service`] all others of its service.
    async fn put_off_delivery(&self, number: u64, after: u64, what: PutOff) -> Result<(), StorageError>;

    /// Deletes a delivery: it was made, or is given up.
    async fn end_delivery(&self, number: u64) -> Result<(), StorageError>;

    /// How many wait.
    async fn count_deliveries(&self) -> Result<u64, StorageError>;
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

/// Orders to link an account to another card.
#[async_trait]
pub trait Relinks {
    /// Opens an order, audited (`RelinkOpened`).
    async fn open_relink(
        &self,
        municipality: &str,
        order: NewRelinkOrder,
    ) -> Result<RelinkOpened, StorageError>;

    /// The orders that wait, the oldest first.
    async fn relink_orders(&self, municipality: &str) -> Result<Vec<RelinkOrder>, StorageError>;

    /// Confirms an order by another operator, who names the same cards: in one transaction the account has the new card
    /// and no longer the old one, all its sessions and those of an account that the new card had end (each audited), and
    /// the order is gone. Audited (`AccountRelinked`) with both operators. The next sign-in with the new card says so, and
    /// every later one with the old card, which finds another account.
    async fn confirm_relink(
        &self,
        municipality: &str,
        id: Octets<8>,
        operator: Operator,
        users: Users,
        cards: RelinkCards,
    ) -> Result<Relinked, StorageError>;

    /// Withdraws an order, audited (`RelinkWithdrawn`). Answers whether it was open.
    async fn withdraw_relink(
        &self,
        municipality: &str,
        id: Octets<8>,
        operator: Operator,
    ) -> Result<bool, StorageError>;
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
    SignIns
    + Codes
    + Sessions
    + LogoutDeliveries
    + KeptRevocations
    + Accounts
    + Relinks
    + Secrets
    + Audit
    + AuditChain
    + Clients
    + Municipalities
    + PushedRequests
    + Replays
    + SigningKeys
    + RefreshTokens
    + Send
    + Sync
    + 'static
{
}

impl<T> Storage for T where
    T: SignIns
        + Codes
        + Sessions
        + LogoutDeliveries
        + KeptRevocations
        + Accounts
        + Relinks
        + Secrets
        + Audit
        + AuditChain
        + Clients
        + Municipalities
        + PushedRequests
        + Replays
        + SigningKeys
        + RefreshTokens
        + Send
        + Sync
        + 'static
{
}
