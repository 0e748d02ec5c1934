//! Sign-ins. Every transition is one conditional UPDATE by the store's clock, or a decision about a row that is held; only
//! when it changed nothing does one look say why.

mod agent;
mod browser;
mod start;

use async_trait::async_trait;

use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    AnswerTaken, AuditKind, Claim, Cleared, NewAudit, NewCode, NewSession, NewSignIn, Proof, Refused,
    Returned, SignIn, SignIns, StorageError, Transition,
};

use crate::audit;
use crate::error::PostgresError;
use crate::locks::Lock;
use crate::rows::{By, find_sign_in};
use crate::store::PostgresStore;
use crate::sweep;
use crate::transaction::{look, settle, transact};
use crate::work::Work;

#[async_trait]
impl SignIns for PostgresStore {
    async fn start(&self, new: NewSignIn) -> Result<SignIn, StorageError> {
        let browser = Lock::browser(&new.municipality, new.browser_hash);
        transact!(self, &[browser], |work| start::start(work, &new))
    }

    async fn claim(
        &self,
        municipality: &str,
        ticket_hash: Octets<32>,
        claim: Claim,
    ) -> Result<Transition, StorageError> {
        transact!(self, &[], |work| agent::claim(work, municipality, ticket_hash, &claim))
    }

    async fn claimed(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        let keys = [(By::Id, id.0.as_slice()), (By::ClaimSecret, claim_secret_hash.0.as_slice())];
        look!(self, |work| find_sign_in(work, municipality, &keys))
    }

    async fn prove(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
        finish_hash: Octets<32>,
        proof: Proof,
        cleared: Cleared,
    ) -> Result<Transition, StorageError> {
        let finish = agent::Finish { municipality, id, claim_secret_hash, hash: finish_hash };
        let certificate = Lock::certificate(municipality, cleared.certificate);
        transact!(self, &[certificate], |work| agent::prove(work, &finish, &proof, &cleared))
    }

    async fn refuse(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
        finish_hash: Octets<32>,
        refused: Refused,
    ) -> Result<Transition, StorageError> {
        let finish = agent::Finish { municipality, id, claim_secret_hash, hash: finish_hash };
        let certificate =
            refused.revoked.as_ref().map(|revoked| Lock::certificate(municipality, revoked.certificate));
        transact!(self, certificate.as_slice(), |work| agent::refuse(work, &finish, &refused))
    }

    async fn cancel(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
        code: ErrorCode,
    ) -> Result<Transition, StorageError> {
        transact!(self, &[], |work| agent::cancel(work, municipality, id, claim_secret_hash, code))
    }

    async fn cancel_by_browser(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
    ) -> Result<Transition, StorageError> {
        transact!(self, &[], |work| browser::cancel(work, municipality, id, browser_hash))
    }

    async fn complete(
        &self,
        municipality: &str,
        id: Octets<16>,
        return_verifier_hash: Octets<32>,
        browser_hash: Option<Octets<32>>,
        session: NewSession,
    ) -> Result<Returned, StorageError> {
        transact!(self, &[], |work| browser::complete(
            work,
            municipality,
            id,
            return_verifier_hash,
            browser_hash,
            &session
        ))
    }

    async fn take_answer(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
        session_id_hash: Octets<32>,
        code: NewCode,
    ) -> Result<AnswerTaken, StorageError> {
        settle!(self, &[], |work| browser::take_answer(
            work,
            municipality,
            id,
            browser_hash,
            session_id_hash,
            &code
        ))
    }

    async fn newest_of_browser(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        look!(self, |work| find_sign_in(work, municipality, &[(By::Browser, &browser_hash.0)]))
    }

    async fn of_browser(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        let keys = [(By::Id, id.0.as_slice()), (By::Browser, browser_hash.0.as_slice())];
        look!(self, |work| find_sign_in(work, municipality, &keys))
    }

    async fn sweep(&self, limit: u32) -> Result<u64, StorageError> {
        sweep::sweep(self, limit).await
    }
}

/// The audit record of what just happened to a sign-in.
pub(crate) async fn record(work: &mut Work, kind: AuditKind, sign_in: &SignIn) -> Result<(), PostgresError> {
    audit::insert(work, kind, &NewAudit::of_sign_in(sign_in)).await
}
