//! What `doctor` and `card` find out: about the computer, and about the card without using a try.

use madoguchi_cert_verify::{Certificate, purpose_and_expiry};
use madoguchi_jpki_card::JpkiCard;
use madoguchi_protocol::{ErrorCode, Lang, Origin, PATH_CLAIM, error_text};
use rustls_pki_types::UnixTime;
use serde::Serialize;

use crate::policy::certificate_code;
use crate::source::{card_code, find_card};
use crate::{CardSource, Patience, PcscReaders, Transport};

/// A card as `madoguchi-agent card` shows it: nothing that names its holder.
#[derive(Debug, Serialize)]
pub struct CardReport {
    /// Start of the user-authentication certificate's validity, seconds since 1970.
    pub not_before: u64,
    /// End of its validity, seconds since 1970.
    pub not_after: u64,
    /// Tries left of the user-authentication PIN.
    pub tries_left: u8,
    /// Absent when the certificate can be used now.
    pub problem: Option<ErrorCode>,
}

impl CardReport {
    /// Reads the first My Number card that `source` has within `patience`.
    pub fn read<S: CardSource>(
        source: &mut S,
        patience: &Patience<'_>,
        now: UnixTime,
    ) -> Result<Self, ErrorCode> {
        Self::of(find_card(source, patience, &mut |_| {})?, now)
    }

    fn of<C: madoguchi_iso7816::CardTransaction<Error = crate::ReaderError>>(
        mut card: JpkiCard<C>,
        now: UnixTime,
    ) -> Result<Self, ErrorCode> {
        let octets = card.read_auth_certificate().map_err(|error| card_code(&error))?;
        let certificate = Certificate::parse(&octets).map_err(|error| certificate_code(&error))?;
        let tries_left = card.tries_left().map_err(|error| card_code(&error))?;
        let problem = match purpose_and_expiry(&certificate, now) {
            Err(error) => Some(certificate_code(&error)),
            Ok(()) if tries_left == 0 => Some(ErrorCode::PinBlocked),
            Ok(()) => None,
        };
        Ok(Self {
            not_before: certificate.not_before().as_secs(),
            not_after: certificate.not_after().as_secs(),
            tries_left,
            problem,
        })
    }
}

/// One finding of `madoguchi-agent doctor`.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub about: String,
    /// True when it is as it should be.
    pub ok: bool,
    /// What was found.
    pub found: String,
}

impl Finding {
    /// The smart card service and its readers.
    pub fn about_readers(readers: &PcscReaders) -> Self {
        let about = "card readers".to_owned();
        match readers.names() {
            Ok(names) if names.is_empty() => {
                Self { about, ok: false, found: error_text(ErrorCode::NoReader, Lang::English).what.clone() }
            }
            Ok(names) => Self { about, ok: true, found: names.join(", ") },
            Err(error) => Self { about, ok: false, found: error.to_string() },
        }
    }

    /// Whether a gateway answers: an empty claim, which changes nothing there and is refused by whatever is a gateway.
    pub fn about_gateway(gateway: &Origin, transport: &dyn Transport) -> Self {
        let about = format!("gateway {gateway}");
        match transport.post(gateway, PATH_CLAIM, b"{}") {
            Ok(answer) if serde_json::from_slice::<madoguchi_protocol::ErrorAnswer>(&answer.body).is_ok() => {
                Self { about, ok: true, found: "answers".to_owned() }
            }
            Ok(answer) => Self {
                about,
                ok: false,
                found: format!("something else answers, with status {}", answer.status),
            },
            Err(error) => Self { about, ok: false, found: error.to_string() },
        }
    }

    /// Whether one of the ports is free.
    pub async fn about_ports(ports: &[u16]) -> Self {
        let about = "loopback port".to_owned();
        match crate::bind(ports).await.map(|listener| listener.local_addr()) {
            Ok(Ok(address)) => Self { about, ok: true, found: address.port().to_string() },
            Ok(Err(error)) => Self { about, ok: false, found: error.to_string() },
            Err(error) => Self { about, ok: false, found: error.to_string() },
        }
    }
}
