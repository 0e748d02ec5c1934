//! The system's clock.

use rustls_pki_types::UnixTime;

use madoguchi_storage::Clock;

/// Tells the system's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime::now()
    }
}
