//! What the PKI remembers between runs: `state.json`.

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{RevocationReason, Serial, authority::Purpose};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// Authorities and holders take their numbers from one counter.
    pub(crate) next_serial: Serial,
    pub(crate) auth_ca_serial: Serial,
    pub(crate) sign_ca_serial: Serial,
    pub(crate) responder_serial: Serial,
    /// cRLNumber of the last lists.
    pub(crate) crl_number: u64,
    pub(crate) ocsp_url: Option<String>,
    pub(crate) issued: Vec<Issued>,
    pub(crate) revoked: Vec<Revoked>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Issued {
    pub(crate) serial: Serial,
    pub(crate) purpose: Purpose,
    pub(crate) municipality: String,
    pub(crate) card: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Revoked {
    pub(crate) serial: Serial,
    pub(crate) reason: RevocationReason,
    #[serde(serialize_with = "write_seconds", deserialize_with = "read_seconds")]
    pub(crate) unix_time: UnixTime,
}

impl State {
    pub(crate) fn take_serial(&mut self) -> Serial {
        let taken = self.next_serial;
        self.next_serial = Serial::new(taken.number().wrapping_add(1)).unwrap_or(FIRST_SERIAL);
        taken
    }

    pub(crate) fn issued(&self, serial: Serial) -> Option<&Issued> {
        self.issued.iter().find(|issued| issued.serial == serial)
    }

    pub(crate) fn revoked(&self, serial: Serial) -> Option<&Revoked> {
        self.revoked.iter().find(|revoked| revoked.serial == serial)
    }
}

/// Large enough that the numbers have four octets, as JPKI's do.
// Unwrap safety: a constant that is not zero, checked when compiled.
pub(crate) const FIRST_SERIAL: Serial = Serial::new(0x0700_0001).expect("not zero");

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn write_seconds<S: Serializer>(at: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(at.as_secs())
}

fn read_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixTime, D::Error> {
    u64::deserialize(deserializer)
        .map(|seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
}
