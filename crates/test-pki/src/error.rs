//! What can go wrong while making test certificates.

use std::{io, path::PathBuf};

use crate::Serial;

/// Why the test PKI could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The certificate is revoked already, and not only on hold.
    #[error("certificate {serial} is revoked already")]
    AlreadyRevoked {
        /// Its serial number.
        serial: Serial,
    },
    /// A card of this name exists; it is never overwritten.
    #[error("card {name:?} exists already")]
    CardExists {
        /// Name of the card.
        name: String,
    },
    /// The folder holds another PKI; it is never overwritten.
    #[error("{} holds another PKI; choose an empty folder", .folder.display())]
    FolderInUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key could not be loaded.
    #[error("the private key is not one that this PKI makes: {reason}")]
    KeyRejected {
        /// What the cryptographic library said.
        reason: ring::error::KeyRejected,
    },
    /// A line that does not say how the OCSP responder shall behave.
    #[error("{text:?} is none of: right; fault NAME, status NAME, http NAME, delay-ms NUMBER; requests")]
    MalformedBehaviour {
        /// What was given.
        text: String,
    },
    /// A card name that is not 1 to 64 lower-case letters, digits, `-` or `_`.
    #[error("{name:?} is no name for a card: 1 to 64 of a-z, 0-9, - and _")]
    MalformedCardName {
        /// What was given.
        name: String,
    },
    /// A JSON file of the PKI does not have the right shape.
    #[error("{}: {source}", .path.display())]
    MalformedJson {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// An OCSP request that cannot be read.
    #[error("the OCSP request cannot be read")]
    MalformedOcspRequest,
    /// Not the dotted form of an object identifier.
    #[error("{text:?} is no object identifier")]
    MalformedOid {
        /// What was given.
        text: String,
    },
    /// A PIN that is not four digits.
    #[error("the PIN of the user-authentication key is 4 digits")]
    MalformedPin,
    /// A serial number that is not hexadecimal, zero, or longer than any of this PKI.
    #[error("{text:?} is no serial number of this PKI: 1 to 8 octets in hexadecimal, not zero")]
    MalformedSerial {
        /// What was given.
        text: String,
    },
    /// A signature password that is not 6 to 16 capital letters and digits.
    #[error("the password of the signature key is 6 to 16 of A-Z and 0-9")]
    MalformedSignPassword,
    /// The random source failed.
    #[error("no randomness")]
    NoRandomness,
    /// Something that this PKI wrote itself could not be read back or encoded.
    #[error("cannot encode {what}")]
    NotEncodable {
        /// What was to be encoded.
        what: &'static str,
    },
    /// The OCSP responder listens on loopback only.
    #[error("{address} is not a loopback address; the test responder listens on loopback only")]
    NotLoopback {
        /// The refused address.
        address: std::net::SocketAddr,
    },
    /// The folder is not one that `init` made.
    #[error("{0} is not a test PKI; make one: madoguchi-test-pki init --out {0}", .folder.display())]
    PkiAbsent {
        /// The folder.
        folder: PathBuf,
    },
    /// A time that a certificate cannot carry.
    #[error("{seconds} seconds after 1970 is not a time a certificate can carry")]
    TimeOutOfRange {
        /// The time.
        seconds: u64,
    },
    /// No certificate with this serial number was issued here.
    #[error("no certificate with serial number {serial} was issued by this PKI")]
    UnknownSerial {
        /// The serial number.
        serial: Serial,
    },
    /// No such municipality in the test PKI.
    #[error("{code:?} is no municipality of the test PKI")]
    UnknownMunicipality {
        /// What was given.
        code: String,
    },
    /// The control socket takes no connections any more.
    #[error("the control socket takes no connections any more")]
    Unsteered,
}
