//! The agent's idea of time, handed in by the program so that tests can hold the hands.

use std::time::Duration;

use rustls_pki_types::UnixTime;

/// What time it is.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment; it never goes back. For waiting, expiry and rates.
    fn monotonic(&self) -> Duration;

    /// The time of day, for the validity of certificates.
    fn unix(&self) -> UnixTime;
}
