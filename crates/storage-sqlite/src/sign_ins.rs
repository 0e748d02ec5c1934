//! Sign-ins. Every transition is one conditional UPDATE by the store's clock; only when it changed nothing does one
//! look say why.

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
use crate::error::SqliteError;
use crate::rows::{By, find_sign_in};
use crate::store::SqliteStore;
use crate::sweep;
use crate::work::{Work, damaged};

#[async_trait]
impl SignIns for SqliteStore {
    async fn start(&self, new: NewSignIn) -> Result<SignIn, StorageError> {
        self.write(move |work| start::start(work, &new)).await
    }

    async fn claim(
        &self,
        municipality: &str,
        ticket_hash: Octets<32>,
        claim: Claim,
    ) -> Result<Transition, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| agent::claim(work, &municipality, ticket_hash, &claim)).await
    }

    async fn claimed(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        self.point(|work| {
            find_sign_in(work, municipality, &[(By::Id, &id.0), (By::ClaimSecret, &claim_secret_hash.0)])
        })
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
        let municipality = municipality.to_owned();
        self.write(move |work| {
            agent::prove(work, &municipality, id, claim_secret_hash, finish_hash, &proof, &cleared)
        })
        .await
    }

    async fn refuse(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
        finish_hash: Octets<32>,
        refused: Refused,
    ) -> Result<Transition, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            agent::refuse(work, &municipality, id, claim_secret_hash, finish_hash, &refused)
        })
        .await
    }

    async fn cancel(
        &self,
        municipality: &str,
        id: Octets<16>,
        claim_secret_hash: Octets<32>,
        code: ErrorCode,
    ) -> Result<Transition, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| agent::cancel(work, &municipality, id, claim_secret_hash, code)).await
    }

    async fn cancel_by_browser(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
    ) -> Result<Transition, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| browser::cancel(work, &municipality, id, browser_hash)).await
    }

    async fn complete(
        &self,
        municipality: &str,
        id: Octets<16>,
        return_verifier_hash: Octets<32>,
        browser_hash: Option<Octets<32>>,
        session: NewSession,
    ) -> Result<Returned, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            browser::complete(work, &municipality, id, return_verifier_hash, browser_hash, &session)
        })
        .await
    }

    async fn take_answer(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
        session_id_hash: Octets<32>,
        code: NewCode,
    ) -> Result<AnswerTaken, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            browser::take_answer(work, &municipality, id, browser_hash, session_id_hash, &code)
        })
        .await
    }

    async fn newest_of_browser(
        &self,
        municipality: &str,
        browser_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        self.point(|work| find_sign_in(work, municipality, &[(By::Browser, &browser_hash.0)]))
    }

    async fn of_browser(
        &self,
        municipality: &str,
        id: Octets<16>,
        browser_hash: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        self.point(|work| {
            find_sign_in(work, municipality, &[(By::Id, &id.0), (By::Browser, &browser_hash.0)])
        })
    }

    async fn sweep(&self, limit: u32) -> Result<u64, StorageError> {
        self.write(move |work| sweep::sweep(work, limit)).await
    }
}

/// The sign-in that this very job wrote.
fn written(work: &Work<'_>, municipality: &str, keys: &[(By, &[u8])]) -> Result<Box<SignIn>, SqliteError> {
    find_sign_in(work, municipality, keys)?
        .map(Box::new)
        .ok_or_else(|| damaged("sign_ins", "a row went away"))
}

/// The audit record of what just happened to a sign-in.
pub(crate) fn record(work: &Work<'_>, kind: AuditKind, sign_in: &SignIn) -> Result<(), SqliteError> {
    audit::insert(work, kind, &NewAudit::of_sign_in(sign_in))
}
