//! The real store behind a gate: a test may hold what was judged back until something else has happened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use madoguchi_oidc::Profile;
use madoguchi_protocol::{ErrorCode, Octets, Secret};
use madoguchi_storage::{
    AccessTokenRecord, AccountId, Accounts, AnswerTaken, Audit, AuditChain, AuditErasure, AuditRecord,
    CertificateId, ChainState, ChainedRecord, Claim, Cleared, ClientChange, ClientList, ClientRecord,
    ClientWrite, Clients, CodeRecord, Codes, EndedBy, KeptCount, KeptRecord, KeptRevocations, KeptSelection,
    KeyChange, ListedSession, LogoutDeliveries, LogoutDelivery, Municipalities, MunicipalityAdded,
    MunicipalityChange, MunicipalityChanged, MunicipalityRecord, MunicipalityRemoved, NewAccessToken,
    NewChainStart, NewCode, NewMunicipality, NewPushedRequest, NewRefreshToken, NewRegistrationToken,
    NewRelinkOrder, NewSession, NewSignIn, NewSigningKey, NewTokens, Operator, Proof, PushedRequest,
    PushedRequests, PushedWrite, PutOff, Redemption, RefreshTokenRecord, RefreshTokens, RefreshUse, Refused,
    Registration, Release, RelinkCards, RelinkOpened, RelinkOrder, Relinked, Relinks, ReplayKind, Replays,
    Returned, RevokedCertificate, SealedAudit, SealedSecret, SecretPurpose, Secrets, SessionAnswer,
    SessionRecord, SessionSelection, Sessions, SignIn, SignInTrace, SignIns, SigningKeyRecord, SigningKeys,
    StorageError, StoredCheckpoint, Transition, UnsealedAudit, Users,
};
use madoguchi_storage_sqlite::SqliteStore;
use rustls_pki_types::UnixTime;
use tokio::sync::Semaphore;

/// A store whose proofs wait while they are told to.
pub struct GatedStore {
    store: Arc<SqliteStore>,
    asked: Mutex<BTreeMap<&'static str, u64>>,
    broken: Mutex<Vec<&'static str>>,
    waits: Mutex<bool>,
    came: Semaphore,
    may_go: Semaphore,
}

impl GatedStore {
    pub(crate) fn new(store: Arc<SqliteStore>) -> Self {
        let (asked, broken) = (Mutex::default(), Mutex::default());
        Self {
            store,
            asked,
            broken,
            waits: Mutex::new(false),
            came: Semaphore::new(0),
            may_go: Semaphore::new(0),
        }
    }

    /// From now on these methods fail, as on a full disk, and all others work. Those of a sign-in's own steps always do.
    pub fn breaks(&self, methods: &[&'static str]) {
        *self.broken.lock().expect("a lock") = methods.to_vec();
    }

    /// How often a method was asked, that is none of a sign-in's own steps.
    pub fn asked(&self, method: &str) -> u64 {
        self.asked.lock().expect("a lock").get(method).copied().unwrap_or_default()
    }

    fn ask(&self, method: &'static str) -> Result<(), StorageError> {
        *self.asked.lock().expect("a lock").entry(method).or_default() += 1;
        if self.broken.lock().expect("a lock").contains(&method) { Err(broken()) } else { Ok(()) }
    }

    /// From now on each proof waits for [`Self::let_proof`] before it is written.
    pub fn hold_proofs(&self) {
        *self.waits.lock().expect("a lock") = true;
    }

    /// From now on proofs wait for nothing; one that waits still does.
    pub fn write_proofs_at_once(&self) {
        *self.waits.lock().expect("a lock") = false;
    }

    /// Waits until a proof is to be written and waits.
    pub async fn proof_came(&self) {
        self.came.acquire().await.expect("an open semaphore").forget();
    }

    /// Lets one proof be written.
    pub fn let_proof(&self) {
        self.may_go.add_permits(1);
    }
}

fn broken() -> StorageError {
    StorageError::Unavailable(std::io::Error::other("the disk is full").into())
}

/// Each method is the store's.
macro_rules! pass_on {
    ($trait:ident { $(fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $trait for GatedStore {
            $(async fn $name(&self, $($argument: $kind),*) -> Result<$answer, StorageError> {
                self.ask(stringify!($name))?;
                self.store.$name($($argument),*).await
            })*
        }
    };
}

#[async_trait]
impl SignIns for GatedStore {
    async fn prove(
        &self,
        town: &str,
        id: Octets<16>,
        claim_secret: Octets<32>,
        finish: Octets<32>,
        proof: Proof,
        cleared: Cleared,
    ) -> Result<Transition, StorageError> {
        if *self.waits.lock().expect("a lock") {
            self.came.add_permits(1);
            self.may_go.acquire().await.expect("an open semaphore").forget();
        }
        self.store.prove(town, id, claim_secret, finish, proof, cleared).await
    }

    async fn start(&self, new: NewSignIn) -> Result<SignIn, StorageError> {
        self.store.start(new).await
    }

    async fn claim(&self, town: &str, ticket: Octets<32>, claim: Claim) -> Result<Transition, StorageError> {
        self.store.claim(town, ticket, claim).await
    }

    async fn claimed(
        &self,
        town: &str,
        id: Octets<16>,
        secret: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        self.store.claimed(town, id, secret).await
    }

    async fn refuse(
        &self,
        town: &str,
        id: Octets<16>,
        claim_secret: Octets<32>,
        finish: Octets<32>,
        refused: Refused,
    ) -> Result<Transition, StorageError> {
        self.store.refuse(town, id, claim_secret, finish, refused).await
    }

    async fn cancel(
        &self,
        town: &str,
        id: Octets<16>,
        claim_secret: Octets<32>,
        code: ErrorCode,
    ) -> Result<Transition, StorageError> {
        self.store.cancel(town, id, claim_secret, code).await
    }

    async fn cancel_by_browser(
        &self,
        town: &str,
        id: Octets<16>,
        browser: Octets<32>,
    ) -> Result<Transition, StorageError> {
        self.store.cancel_by_browser(town, id, browser).await
    }

    async fn complete(
        &self,
        town: &str,
        id: Octets<16>,
        verifier: Octets<32>,
        browser: Option<Octets<32>>,
        session: NewSession,
    ) -> Result<Returned, StorageError> {
        self.store.complete(town, id, verifier, browser, session).await
    }

    async fn take_answer(
        &self,
        town: &str,
        id: Octets<16>,
        browser: Octets<32>,
        session: Octets<32>,
        code: NewCode,
    ) -> Result<AnswerTaken, StorageError> {
        self.store.take_answer(town, id, browser, session, code).await
    }

    async fn newest_of_browser(
        &self,
        town: &str,
        browser: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        self.store.newest_of_browser(town, browser).await
    }

    async fn of_browser(
        &self,
        town: &str,
        id: Octets<16>,
        browser: Octets<32>,
    ) -> Result<Option<SignIn>, StorageError> {
        self.store.of_browser(town, id, browser).await
    }

    async fn sweep(&self, limit: u32) -> Result<u64, StorageError> {
        self.store.sweep(limit).await
    }
}

pass_on!(KeptRevocations {
    fn kept(town: &str, certificate: CertificateId) -> Vec<KeptRecord>;
    fn end_revoked_session(
        town: &str,
        sid: Octets<16>,
        client_id: &str,
        code: ErrorCode,
        revoked: RevokedCertificate
    ) -> bool;
    fn count_kept(town: &str) -> Vec<KeptCount>;
    fn count_selected(town: &str, selection: KeptSelection) -> u64;
    fn release(town: &str, release: Release) -> u64;
});

pass_on!(Accounts {
    fn count_accounts(town: &str) -> u64;
});

pass_on!(Secrets {
    fn secret_or_insert(town: &str, purpose: SecretPurpose, if_absent: SealedSecret) -> SealedSecret;
    fn secret(town: &str, purpose: SecretPurpose) -> Option<SealedSecret>;
});

pass_on!(Audit {
    fn audit_records(town: &str, after: u64, limit: u32) -> Vec<AuditRecord>;
    fn trace(town: &str, sign_in: Octets<16>) -> SignInTrace;
});

pass_on!(AuditChain {
    fn audited_municipalities() -> Vec<String>;
    fn unsealed_audit() -> Vec<UnsealedAudit>;
    fn seal_audit(town: &str, seed: Secret<32>, limit: u32) -> SealedAudit;
    fn audit_chain(town: &str) -> ChainState;
    fn chained_audit(town: &str, after: u64, limit: u32) -> Vec<ChainedRecord>;
    fn add_audit_checkpoint(town: &str, checkpoint: StoredCheckpoint) -> bool;
    fn audit_checkpoints(town: &str, from: u64, limit: u32) -> Vec<StoredCheckpoint>;
    fn audit_checkpoint_before(town: &str, before: UnixTime) -> Option<StoredCheckpoint>;
    fn retire_audit(town: &str, start: NewChainStart, order: &str) -> bool;
    fn erase_audit(town: &str, position: u64, order: &str) -> AuditErasure;
    fn sweep_audit(addresses_before: UnixTime, limit: u32) -> u64;
});

pass_on!(Codes {
    fn find_code(town: &str, hash: Octets<32>) -> Option<CodeRecord>;
    fn redeem_code(town: &str, hash: Octets<32>, tokens: Option<NewTokens>) -> Redemption;
    fn find_access_token(town: &str, hash: Octets<32>) -> Option<AccessTokenRecord>;
});

pass_on!(Sessions {
    fn find_session(town: &str, id_hash: Octets<32>) -> Option<SessionRecord>;
    fn end_session(town: &str, id_hash: Octets<32>) -> bool;
    fn find_browser_session(town: &str, browser_hash: Octets<32>) -> Option<SessionRecord>;
    fn answer_in_session(town: &str, browser_hash: Octets<32>, idle: Option<u64>, code: NewCode) -> SessionAnswer;
    fn sessions_of_account(town: &str, account: AccountId) -> Vec<ListedSession>;
    fn end_sessions(town: &str, selection: SessionSelection, by: EndedBy) -> u64;
});

pass_on!(LogoutDeliveries {
    fn take_deliveries(limit: u32, places: u32, hold: u64) -> Vec<LogoutDelivery>;
    fn put_off_delivery(number: u64, after: u64, what: PutOff) -> ();
    fn end_delivery(number: u64) -> ();
    fn count_deliveries() -> u64;
});

pass_on!(Relinks {
    fn open_relink(town: &str, order: NewRelinkOrder) -> RelinkOpened;
    fn relink_orders(town: &str) -> Vec<RelinkOrder>;
    fn confirm_relink(town: &str, id: Octets<8>, operator: Operator, users: Users, cards: RelinkCards) -> Relinked;
    fn withdraw_relink(town: &str, id: Octets<8>, operator: Operator) -> bool;
});

pass_on!(Clients {
    fn add_client(town: &str, registration: Registration, operator: &str) -> ClientWrite;
    fn change_client(town: &str, version: u64, registration: Registration, change: ClientChange, operator: &str) -> ClientWrite;
    fn remove_client(town: &str, id: &str, operator: &str) -> ClientWrite;
    fn client(town: &str, id: &str) -> Option<ClientRecord>;
    fn clients(town: &str) -> ClientList;
    fn add_registration_token(town: &str, token: NewRegistrationToken, operator: &str) -> ();
    fn registration_token(town: &str, hash: Octets<32>) -> Option<Profile>;
    fn register_client(town: &str, token: Octets<32>, registration: Registration) -> ClientWrite;
});

pass_on!(Municipalities {
    fn add_municipality(new: NewMunicipality, operator: &str) -> MunicipalityAdded;
    fn change_municipality(town: &str, changes: Vec<MunicipalityChange>, operator: &str) -> MunicipalityChanged;
    fn remove_municipality(town: &str, operator: &str) -> MunicipalityRemoved;
    fn municipality_logo(town: &str) -> Option<Vec<u8>>;
    fn municipalities() -> Vec<MunicipalityRecord>;
    fn registry_version() -> u64;
});

pass_on!(PushedRequests {
    fn push_request(new: NewPushedRequest) -> PushedWrite;
    fn find_pushed_request(town: &str, hash: Octets<32>) -> Option<PushedRequest>;
    fn finish_pushed_request(town: &str, hash: Octets<32>) -> bool;
});

pass_on!(RefreshTokens {
    fn find_refresh_token(town: &str, hash: Octets<32>) -> Option<RefreshTokenRecord>;
    fn use_refresh_token(town: &str, hash: Octets<32>, access: NewAccessToken, successor: Option<NewRefreshToken>) -> RefreshUse;
    fn revoke_token(town: &str, client_id: &str, access_hash: Octets<32>, refresh_hash: Octets<32>) -> bool;
});

pass_on!(Replays {
    fn use_once(town: &str, kind: ReplayKind, key: Octets<32>, until: u64) -> bool;
});

pass_on!(SigningKeys {
    fn signing_keys(town: &str) -> Vec<SigningKeyRecord>;
    fn signing_key_or_insert(town: &str, if_none: NewSigningKey) -> Option<SigningKeyRecord>;
    fn add_signing_key(town: &str, new: NewSigningKey, operator: &str) -> KeyChange;
    fn publish_signing_key(town: &str, kid: &str, operator: &str) -> KeyChange;
    fn activate_signing_key(town: &str, kid: &str, ahead: u64, overlap: u64, operator: &str) -> KeyChange;
    fn retire_signing_key(town: &str, kid: &str, overlap: u64, operator: &str) -> KeyChange;
    fn revoke_signing_key(town: &str, kid: &str, successor: Option<NewSigningKey>, operator: &str) -> KeyChange;
});
