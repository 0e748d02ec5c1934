//! The nonce (RFC 9654): that a response was made for this request.

use std::fmt;

use ring::rand::SecureRandom;

use crate::der::Reader;
use crate::ocsp::OcspError;

/// A nonce of 1 to 128 octets.
#[derive(Clone, PartialEq, Eq)]
pub struct OcspNonce(Vec<u8>);

impl OcspNonce {
    /// Octets of a nonce unless somebody says otherwise (RFC 9654 section 2.1).
    pub const OCTETS: usize = 32;
    /// The longest nonce.
    pub const MAX_OCTETS: usize = 128;

    /// These octets; none when there are none of them or more than 128.
    pub fn new(octets: &[u8]) -> Option<Self> {
        (1..=Self::MAX_OCTETS).contains(&octets.len()).then(|| Self(octets.to_vec()))
    }

    /// So many random octets, 1 to 128. None when the source of randomness fails.
    pub fn random(octets: usize, random: &dyn SecureRandom) -> Option<Self> {
        let mut nonce = vec![0; octets.clamp(1, Self::MAX_OCTETS)];
        random.fill(&mut nonce).ok()?;
        Some(Self(nonce))
    }

    /// The octets.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for OcspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OcspNonce({} octets)", self.0.len())
    }
}

/// What the request's nonce asks of the response.
#[derive(Clone, Copy, Debug)]
pub enum NoncePolicy<'a> {
    /// None was sent, or responses are made ahead of requests: whatever comes back is not looked at.
    Ignore,
    /// This one was sent; a response without a nonce is taken, one with another is not.
    Prefer(&'a OcspNonce),
    /// This one was sent and must come back.
    Require(&'a OcspNonce),
}

impl NoncePolicy<'_> {
    /// RFC 9654 section 2.1; `value` is the extension's, when there is one.
    pub(crate) fn judge(self, value: Option<&[u8]>) -> Result<(), OcspError> {
        let (sent, required) = match self {
            Self::Ignore => return Ok(()),
            Self::Prefer(sent) => (sent, false),
            Self::Require(sent) => (sent, true),
        };
        match value {
            None if required => Err(OcspError::NonceMissing),
            None => Ok(()),
            Some(value) if received(value)? == sent.as_octets() => Ok(()),
            Some(_) => Err(OcspError::NonceWrong),
        }
    }
}

fn received(value: &[u8]) -> Result<&[u8], OcspError> {
    let mut reader = Reader::new(value);
    let octets = reader.octet_string().map_err(|_| OcspError::NonceMalformed)?;
    reader.finish().map_err(|_| OcspError::NonceMalformed)?;
    if (1..=OcspNonce::MAX_OCTETS).contains(&octets.len()) {
        Ok(octets)
    } else {
        Err(OcspError::NonceMalformed)
    }
}
