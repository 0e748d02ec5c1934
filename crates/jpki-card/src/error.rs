//! Why the card did not do what was asked.

use std::{error::Error, fmt};

use madoguchi_iso7816::{Iso7816Error, StatusWord};
use thiserror::Error;

/// Why the card did not do what was asked. `E` is why the transport got no answer.
///
/// That a PIN was wrong or is blocked is no error but a [`crate::VerifyOutcome`].
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum JpkiCardError<E: Error + 'static> {
    /// The command could not be put together. Not expected of any input.
    #[error("{command} cannot be encoded")]
    Command {
        /// Which.
        command: Command,
        /// Why.
        source: Iso7816Error,
    },
    /// The certificate file announces more than any certificate has.
    #[error("the card announces a certificate of more than {limit} octets")]
    CertificateTooLong {
        /// Most octets that are read.
        limit: usize,
    },
    /// The caller's digest has the wrong length.
    #[error("a digest of {octets} octets where {expected} are right")]
    DigestLength {
        /// What there was.
        octets: usize,
        /// What the algorithm has.
        expected: usize,
    },
    /// The certificate file holds no certificate.
    #[error("the card has no user-authentication certificate")]
    NoCertificate,
    /// The answer to COMPUTE DIGITAL SIGNATURE is no ECDSA signature, neither as `r‖s` nor as DER.
    #[error("the card answered something that is no ECDSA signature")]
    NoSignature,
    /// The card has no JPKI application: it is no My Number card.
    #[error("not a My Number card (SELECT answered {status})")]
    NotMyNumberCard {
        /// What the selection was answered with.
        status: StatusWord,
    },
    /// The caller no longer wanted the PIN to be sent. VERIFY was not sent.
    #[error("the PIN was no longer to be sent")]
    NotWanted,
    /// No answer to VERIFY: the card may or may not have counted a try. Ask for the counter before anything else.
    #[error("no answer to VERIFY: a try may have been used up")]
    PossiblyConsumed {
        /// Why there was no answer.
        source: E,
    },
    /// No answer.
    #[error("no answer to {command}")]
    Transport {
        /// To which command.
        command: Command,
        /// Why.
        source: E,
    },
    /// The counter is not what the resident was told when asked for the PIN. VERIFY was not sent.
    #[error("{found} tries are left where {told} were a moment ago")]
    TriesChanged {
        /// What [`crate::JpkiCard::tries_left`] answered.
        told: u8,
        /// What the card says now.
        found: u8,
    },
    /// A PIN without a look at the counter since the one before it. VERIFY was not sent.
    #[error("the retry counter was not read before VERIFY")]
    TriesNotRead,
    /// More or fewer octets than the command's answer has.
    #[error("{command} answered {octets} octets where {expected} are right")]
    UnexpectedLength {
        /// Which command.
        command: Command,
        /// What came.
        octets: usize,
        /// What was due.
        expected: usize,
    },
    /// A status word that the command does not end with on a healthy card.
    #[error("{command} answered {status}")]
    UnexpectedStatus {
        /// Which command.
        command: Command,
        /// What came.
        status: StatusWord,
    },
    /// A JPKI application of a kind that this driver does not know: an old resident card, a telephone, a later card.
    #[error("JPKI token of an unknown kind: {label:?}")]
    UnsupportedToken {
        /// The token's label; only printable ASCII of it.
        label: String,
    },
}

/// A command, for the error that names it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// SELECT of the JPKI application.
    SelectJpki,
    /// SELECT of the issuer security domain, to leave the JPKI application.
    SelectIssuerSecurityDomain,
    /// SELECT of the EF with this identifier.
    SelectEf(u16),
    /// READ BINARY of the EF with this identifier.
    ReadBinary(u16),
    /// VERIFY without data: the question for the retry counter.
    QueryTries,
    /// VERIFY with a PIN.
    Verify,
    /// COMPUTE DIGITAL SIGNATURE.
    ComputeDigitalSignature,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SelectJpki => f.write_str("SELECT of the JPKI application"),
            Self::SelectIssuerSecurityDomain => f.write_str("SELECT of the issuer security domain"),
            Self::SelectEf(id) => write!(f, "SELECT of EF {id:04X}"),
            Self::ReadBinary(id) => write!(f, "READ BINARY of EF {id:04X}"),
            Self::QueryTries => f.write_str("VERIFY without data"),
            Self::Verify => f.write_str("VERIFY"),
            Self::ComputeDigitalSignature => f.write_str("COMPUTE DIGITAL SIGNATURE"),
        }
    }
}
