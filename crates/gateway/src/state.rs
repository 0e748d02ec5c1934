//! What every handler is given: the gateway with its store, clock, randomness, trust and municipalities.

use std::sync::Arc;

use ring::rand::SecureRandom;

use madoguchi_cert_verify::{Anchor, PathPolicy, Sources};
use madoguchi_revocation::{Alarms, OcspSource, SharedCrls};
use madoguchi_storage::{Clock, SessionLimits, SignInLimits, Storage, StorageError};

use crate::backchannel::LogoutCounts;
use crate::log_bound::LogBound;
use crate::municipality::Municipality;
use crate::registry::Registry;
use crate::seal::Sealer;
use crate::shortfalls::Shortfalls;

/// Whom the gateway trusts to say who a card is.
pub struct Trust {
    /// CA certificates for user authentication.
    pub anchors: Vec<Anchor>,
    /// What a certificate must be.
    pub policy: PathPolicy,
    /// The anchors are a test's; every page says so.
    pub danger_test_trust: bool,
}

/// How revocation is judged.
pub struct RevocationPolicy {
    /// The sources that this deployment has.
    pub sources: Sources,
    /// Most time since a CRL's thisUpdate.
    pub crl_max_age: std::time::Duration,
}

/// Everything that a gateway is made from.
pub struct GatewayParts {
    /// The store.
    pub storage: Arc<dyn Storage>,
    /// The edge's clock, read once per request.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    /// The municipalities of the configuration file, each with an origin of its own.
    pub municipalities: Vec<Municipality>,
    /// Opens the keys of municipalities.
    pub kek: Arc<Sealer>,
    /// Services may register themselves with a token that an operator gave them.
    pub dynamic_registration: bool,
    /// Whom to trust.
    pub trust: Trust,
    /// How to judge revocation.
    pub revocation: RevocationPolicy,
    /// The CRLs in use; whoever refreshes them shares them.
    pub crls: Arc<SharedCrls>,
    /// Who is asked about a certificate while its resident waits.
    pub ocsp: Arc<dyn OcspSource>,
    /// What an operator must look at.
    pub alarms: Arc<Alarms>,
    /// Loopback ports of agents, the first one first.
    pub agent_ports: Vec<u16>,
    /// Lifetimes, as the store has them.
    pub limits: SignInLimits,
    /// How long a session answers further requests of its browser.
    pub session_limits: SessionLimits,
    /// The browser's address goes into the audit record of a sign-in.
    pub audit_addresses: bool,
}

/// A running gateway. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn SecureRandom + Send + Sync>,
    pub(crate) registry: Registry,
    pub(crate) dynamic_registration: bool,
    pub(crate) trust: Trust,
    pub(crate) revocation: RevocationPolicy,
    pub(crate) ocsp: Arc<dyn OcspSource>,
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) shortfalls: Shortfalls,
    pub(crate) agent_ports: Vec<u16>,
    pub(crate) limits: SignInLimits,
    pub(crate) session_limits: SessionLimits,
    pub(crate) audit_addresses: bool,
    pub(crate) logouts: LogoutCounts,
    pub(crate) log_bound: LogBound,
    pub(crate) crls: Arc<SharedCrls>,
}

impl Gateway {
    /// Puts a gateway together. What the store has beside the configuration file comes by
    /// [`load_registry`](Self::load_registry).
    pub fn new(parts: GatewayParts) -> Self {
        Self(Arc::new(Inner {
            storage: parts.storage,
            clock: parts.clock,
            random: parts.random,
            registry: Registry::new(parts.municipalities, parts.kek),
            dynamic_registration: parts.dynamic_registration,
            trust: parts.trust,
            revocation: parts.revocation,
            ocsp: parts.ocsp,
            alarms: parts.alarms,
            shortfalls: Shortfalls::default(),
            agent_ports: parts.agent_ports,
            limits: parts.limits,
            session_limits: parts.session_limits,
            audit_addresses: parts.audit_addresses,
            logouts: LogoutCounts::default(),
            log_bound: LogBound::default(),
            crls: parts.crls,
        }))
    }

    /// How often each source failed a sign-in since the start, by its name in log and metrics.
    pub fn shortfalls(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.shortfalls.counts().map(|(shortfall, count)| (shortfall.name(), count))
    }

    /// Where the forms of a page that leads to the agent may go.
    pub(crate) fn agent_origins(&self) -> Vec<String> {
        self.0.agent_ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect()
    }

    /// Deletes at most `limit` rows that have been over for long.
    pub async fn sweep(&self, limit: u32) -> Result<u64, StorageError> {
        self.0.storage.sweep(limit).await
    }

    /// The CRLs in use.
    pub fn crls(&self) -> &SharedCrls {
        &self.0.crls
    }
}
