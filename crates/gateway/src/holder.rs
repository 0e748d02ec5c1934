//! What a session keeps of its certificate, sealed, to ask about revocation again; deleted with the session.

use std::time::Duration;

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use madoguchi_cert_verify::AuthenticatedHolder;
use madoguchi_protocol::Octets;

use crate::seal::{SealError, Sealer};

/// A session's certificate: no more of it than later questions need.
pub(crate) struct SessionHolder {
    /// SHA-256 of the issuer's SubjectPublicKeyInfo.
    pub(crate) issuer_key_hash: Octets<32>,
    /// Its notAfter.
    pub(crate) not_after: UnixTime,
    /// Where the lists that cover it are found.
    pub(crate) crl_points: Vec<Octets<32>>,
    /// The content octets of the serial number.
    pub(crate) serial: Zeroizing<Vec<u8>>,
    /// The whole of it, where somebody may have to be asked who answers about nothing less.
    pub(crate) certificate: Option<Zeroizing<Vec<u8>>>,
}

impl SessionHolder {
    /// Seals what a holder leaves behind; `whole` with the certificate itself.
    pub(crate) fn seal(
        holder: &AuthenticatedHolder,
        whole: bool,
        sealer: &Sealer,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, SealError> {
        let points: Vec<Octets<32>> = holder.crl_points().map(|point| point.id()).take(MOST_POINTS).collect();
        let mut octets = Zeroizing::new(holder.issuer_key_hash().0.to_vec());
        octets.extend_from_slice(&holder.not_after().as_secs().to_be_bytes());
        octets.push(u8::try_from(points.len()).unwrap_or(u8::MAX));
        for point in &points {
            octets.extend_from_slice(&point.0);
        }
        let serial = holder.serial();
        octets.extend_from_slice(&u16::try_from(serial.len()).unwrap_or(u16::MAX).to_be_bytes());
        octets.extend_from_slice(serial);
        if whole {
            octets.extend_from_slice(holder.certificate().der());
        }
        sealer.seal(random, USE, &octets)
    }

    /// Opens it. `None` when the seal does not hold.
    pub(crate) fn open(sealer: &Sealer, sealed: &[u8]) -> Option<Self> {
        let octets = sealer.open(USE, sealed)?;
        let (issuer_key_hash, rest) = octets.split_first_chunk::<32>()?;
        let (not_after, rest) = rest.split_first_chunk::<8>()?;
        let (count, mut rest) = rest.split_first()?;
        let mut crl_points = Vec::new();
        for _ in 0..*count {
            let (point, after) = rest.split_first_chunk::<32>()?;
            crl_points.push(Octets(*point));
            rest = after;
        }
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (serial, certificate) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let certificate = (!certificate.is_empty()).then(|| Zeroizing::new(certificate.to_vec()));
        Some(Self {
            issuer_key_hash: Octets(*issuer_key_hash),
            not_after: UnixTime::since_unix_epoch(Duration::from_secs(u64::from_be_bytes(*not_after))),
            crl_points,
            serial: Zeroizing::new(serial.to_vec()),
            certificate,
        })
    }
}

/// A certificate of JPKI has one point, and the whole issuer's beside it.
const MOST_POINTS: usize = 255;
const USE: &str = "holder-v3";
