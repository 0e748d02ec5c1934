//! How OCSP does: what an operator looks at, and what the metrics count.

use crate::ocsp::BreakerState;

/// OCSP's part of the health of revocation. Counts are since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct OcspHealth {
    /// The responders, in the order in which they are asked.
    pub responders: Vec<ResponderHealth>,
    /// Questions, however they were answered.
    pub questions: u64,
    /// Questions that a kept answer answered.
    pub cache_hits: u64,
    /// Questions that joined one that was being asked.
    pub joined: u64,
    /// Questions that no responder answered.
    pub unanswered: u64,
    /// Further responders that were not asked, because the retry budget was spent.
    pub retries_refused: u64,
    /// Answers that are kept now.
    pub cached: usize,
}

/// One responder.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ResponderHealth {
    /// Its address.
    pub url: String,
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// When it last gave an answer that counts, in seconds since 1970.
    pub last_good: Option<u64>,
    /// How long that is ago.
    pub seconds_since_last_good: Option<u64>,
    /// Requests.
    pub requests: u64,
    /// Requests without an answer that counts.
    pub failures: u64,
    /// The code of the last of them.
    pub last_failure: Option<&'static str>,
}
