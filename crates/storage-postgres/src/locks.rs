//! Advisory locks, for rules that span rows, and the order of all locks.
//!
//! A transaction takes locks in this order, so that no two wait for each other:
//!
//! 1. advisory locks that it begins with, by their number;
//! 2. the advisory locks of a network, then of a municipality, which only the start of a sign-in takes, and before it
//!    touches a row;
//! 3. rows: `sign_ins`, `relink_orders`, `accounts`, `sessions` by their number, `session_clients`, `codes` by their hash,
//!    `access_tokens`, `refresh_tokens`, `pushed_requests`, `registration_tokens`, `municipalities`, `clients`, `secrets`, `signing_keys`,
//!    `kept_revocations`, `logout_deliveries`, `logout_services`, `audit`, `audit_failures`, `audit_chains`, `registry`.
//!
//! Whoever gives or deletes tokens of a code holds the code's row: what one transaction deletes, another cannot add to
//! unseen. The sweep waits for nobody: it passes over rows that somebody holds.
//!
//! Rows are locked with `FOR NO KEY UPDATE`, which lets a row that refers to them be inserted beside.

use ring::digest;

use madoguchi_protocol::Octets;
use madoguchi_storage::CertificateId;

/// An advisory lock of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lock(i64);

impl Lock {
    /// The sign-ins of one browser: of two at once one stays open.
    pub(crate) fn browser(municipality: &str, hash: Octets<32>) -> Self {
        Self::of("browser", municipality, &hash.0)
    }

    /// The bound on one network.
    pub(crate) fn network(municipality: &str, network: &str) -> Self {
        Self::of("network", municipality, network.as_bytes())
    }

    /// The bound on a municipality.
    pub(crate) fn open_in_all(municipality: &str) -> Self {
        Self::of("open in all", municipality, &[])
    }

    /// A municipality's signing keys: of each algorithm one is active.
    pub(crate) fn signing_keys(municipality: &str) -> Self {
        Self::of("signing keys", municipality, &[])
    }

    /// A municipality's relink orders: no two are about one card.
    pub(crate) fn relink_orders(municipality: &str) -> Self {
        Self::of("relink orders", municipality, &[])
    }

    /// A client's pushed requests: so many wait and no more.
    pub(crate) fn pushed_requests(municipality: &str, client_id: &str) -> Self {
        Self::of("pushed requests", municipality, client_id.as_bytes())
    }

    /// The senders of logout tokens: a service has its places and no more.
    pub(crate) fn deliveries() -> Self {
        Self::of("deliveries", "", &[])
    }

    /// What is kept against a certificate: nothing is kept while it is proven.
    pub(crate) fn certificate(municipality: &str, certificate: CertificateId) -> Self {
        Self::of("certificate", municipality, &certificate.0.0)
    }

    /// The chain of a municipality's audit log: its places are given one after the other.
    pub(crate) fn audit_chain(municipality: &str) -> Self {
        Self::of("audit chain", municipality, &[])
    }

    /// The schema.
    pub(crate) fn schema() -> Self {
        Self::of("schema", "", &[])
    }

    pub(crate) fn number(self) -> i64 {
        self.0
    }

    /// Two that meet by chance wait for each other without need, and that is all.
    fn of(kind: &str, municipality: &str, key: &[u8]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in [kind.as_bytes(), municipality.as_bytes(), key] {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let digest = context.finish();
        Self(digest.as_ref().iter().take(8).fold(0, |number, octet| number << 8 | i64::from(*octet)))
    }
}
