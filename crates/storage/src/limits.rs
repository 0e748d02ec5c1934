//! How long a sign-in stays in each state, how many may be open, and how long a session answers.

use serde::{Deserialize, Serialize};

use madoguchi_protocol::{CLAIMED_SECONDS, PROVEN_SECONDS, STARTED_SECONDS};

/// Lifetimes of the open states and bounds on open rows. Before a proven card a sign-in row is all that a stranger
/// can make us keep; these bounds keep it small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInLimits {
    /// Seconds in `Started`.
    pub started_seconds: u64,
    /// Seconds in `Claimed`.
    pub claimed_seconds: u64,
    /// Seconds in `Proven`.
    pub proven_seconds: u64,
    /// Open sign-ins for one network prefix. Many homes share one IPv4 address.
    pub open_per_network: u64,
    /// Open sign-ins in all.
    pub open_in_all: u64,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self {
            started_seconds: STARTED_SECONDS,
            claimed_seconds: CLAIMED_SECONDS,
            proven_seconds: PROVEN_SECONDS,
            open_per_network: 200,
            open_in_all: 200_000,
        }
    }
}

/// How long a session answers further requests of its browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionLimits {
    /// Seconds from one use to the next.
    pub idle_seconds: u64,
    /// Seconds from the card to the end, however often it is used.
    pub absolute_seconds: u64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle_seconds: 15 * 60, absolute_seconds: 12 * 60 * 60 }
    }
}
