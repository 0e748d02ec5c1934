//! What is wrong with octets that should have been one of this crate's values.

use thiserror::Error;

/// Octets that are not the ISO 7816-4 value that they should be.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Iso7816Error {
    /// An application identifier has 5 to 16 octets (a registered one; ISO 7816-4 section 8.2.1.2).
    #[error("an application identifier has 5 to 16 octets, not {octets}")]
    AidLength {
        /// How many there were.
        octets: usize,
    },
    /// The octets do not add up to a short command APDU of case 1, 2, 3 or 4.
    #[error("{octets} octets are not a short command APDU")]
    CommandLength {
        /// How many there were.
        octets: usize,
    },
    /// The data field of a short command APDU has 1 to 255 octets.
    #[error("the data field of a short command has 1 to 255 octets, not {octets}")]
    DataLength {
        /// How many there were.
        octets: usize,
    },
    /// Reserved or indefinite form of a BER-TLV length, or more length octets than are read here.
    #[error("BER-TLV length octet {octet:02X} is not supported")]
    LengthForm {
        /// The first length octet.
        octet: u8,
    },
    /// A response APDU ends in two octets of status.
    #[error("{octets} octets are not a response APDU")]
    ResponseLength {
        /// How many there were.
        octets: usize,
    },
    /// The octets end inside a BER-TLV tag or length.
    #[error("the octets end inside a BER-TLV header")]
    TlvTruncated,
    /// A BER-TLV value is longer than the reader was ready to take.
    #[error("a BER-TLV value of {octets} octets is over the limit of {limit}")]
    ValueTooLong {
        /// Announced length.
        octets: usize,
        /// The caller's limit.
        limit: usize,
    },
}
