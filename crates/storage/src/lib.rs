//! What the gateway remembers: records, the state machine of a sign-in, and the traits that a backend implements.
//!
//! The documentation of the traits is the contract, and [`conformance`] is its judge: one suite that every backend
//! passes, with real concurrency. In short:
//!
//! - Every method is one transaction, durable before it answers: what was answered to a client survives `kill -9`.
//! - Every change of state is one conditional write by the store's own clock, never read-then-write by the caller.
//! - A look-up answers `Option`; "not found" is not an error. [`StorageError`] means that the store itself failed.
//! - Secrets (tickets, codes, tokens, session ids, `b`, `v`, `c`) reach a store only as SHA-256.

mod account;
mod audit;
mod clients;
mod clock;
mod code;
pub mod conformance;
mod error;
mod kept;
mod limits;
mod logout_delivery;
mod municipalities;
mod pushed;
mod refresh_token;
mod relink;
mod replay;
mod secret;
mod session;
mod sign_in;
mod signing_keys;
mod store;
mod transfer;
mod transition;

pub use account::AccountId;
pub use audit::{
    AUDIT_FORMAT, AUDIT_MINUTE, AuditChain, AuditCheckpoint, AuditContent, AuditErasure, AuditKind,
    AuditRecord, ChainDamage, ChainEnd, ChainReport, ChainState, ChainVerifier, ChainedRecord,
    CheckpointError, CheckpointKind, Damage, NewAudit, NewChainStart, SealedAudit, SealedRecord, SignInTrace,
    StoredCheckpoint, UnsealedAudit, UnsealedRecord, chain_start, failures_evidence, sign_checkpoint,
    verify_chain,
};
pub use clients::{
    ClientChange, ClientList, ClientRecord, ClientWrite, Clients, NewRegistrationToken, Registration,
};
pub use clock::{Clock, ManualClock};
pub use code::{AccessTokenRecord, CodeRecord, NewAccessToken, NewCode, NewTokens, Redemption, SessionFacts};
pub use error::StorageError;
pub use kept::{
    CertificateId, Cleared, KeptCount, KeptRecord, KeptSelection, Refused, Release, RevokedCertificate,
};
pub use limits::{SessionLimits, SignInLimits};
pub use logout_delivery::{LogoutDelivery, PutOff};
pub use municipalities::{
    Municipalities, MunicipalityAdded, MunicipalityChange, MunicipalityChanged, MunicipalityRecord,
    MunicipalityRemoved, NewMunicipality,
};
pub use pushed::{NewPushedRequest, PushedRequest, PushedRequests, PushedWrite};
pub use refresh_token::{
    NewRefreshToken, REFRESH_GRACE_SECONDS, RefreshTokenRecord, RefreshTokens, RefreshUse,
};
pub use relink::{NewRelinkOrder, Operator, RelinkCards, RelinkOpened, RelinkOrder, Relinked, Users};
pub use replay::{ReplayKind, Replays};
pub use secret::{SealedSecret, SecretPurpose};
pub use session::{
    ANSWER_SECONDS, CODES_OF_A_SESSION, EndedBy, ListedSession, NewBrowserSession, NewSession, SessionAnswer,
    SessionClient, SessionRecord, SessionSelection,
};
pub use sign_in::{Claim, ClaimHashes, NewSignIn, Proof, SignIn, SignInState};
pub use signing_keys::{KeyChange, NewSigningKey, SigningKeyRecord, SigningKeyState, SigningKeys};
pub use store::{
    Accounts, Audit, Codes, KeptRevocations, LogoutDeliveries, Relinks, Secrets, Sessions, SignIns, Storage,
};
pub use transfer::{Cell, NUMBER, TableDigest, TableHasher, TransferTable};
pub use transition::{AnswerTaken, Returned, Transition};
