//! What is demanded of a list beside that it can be read.

use std::time::Duration;

/// Which lists count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlProfile {
    /// Those that RFC 5280 section 5 lets a conforming issuer make: version 2, with nextUpdate, dates in the form
    /// of their year, authorityKeyIdentifier and cRLNumber, each extension critical exactly when it must be.
    Rfc5280,
    /// Whatever X.509 calls a list, version 1 too.
    X509,
}

/// How lists are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlSettings {
    /// Which lists count.
    pub profile: CrlProfile,
    /// How long after thisUpdate a list counts, whatever its nextUpdate says.
    pub max_age: Option<Duration>,
    /// The longest list that is read. A longer one is refused before anything is read.
    pub max_octets: usize,
}

impl Default for CrlSettings {
    /// Conforming lists of any age and of at most 512 MiB: twice what ten million entries need.
    fn default() -> Self {
        Self { profile: CrlProfile::Rfc5280, max_age: None, max_octets: 512 * 1024 * 1024 }
    }
}
