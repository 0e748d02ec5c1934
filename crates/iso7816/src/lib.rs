//! ISO/IEC 7816-4 values: command and response APDUs, status words, application identifiers, BER-TLV headers.
//!
//! Values only, for both sides of the interface: a driver builds a [`CommandApdu`] and reads a [`ResponseApdu`], a
//! card does the reverse. Short APDUs on the basic logical channel; no secure messaging, no command chaining, no
//! extended length: no command that Madoguchi sends to a card needs them.
//!
//! Both APDUs can hold a PIN or a certificate of a person: their buffers are wiped when dropped and `Debug` never
//! prints them.
#![deny(clippy::as_conversions)]

mod aid;
mod command;
mod error;
mod pin_pad;
mod response;
mod status;
mod tlv;
mod transaction;

pub use aid::Aid;
pub use command::{CommandApdu, MAX_COMMAND_DATA, MAX_RESPONSE_DATA};
pub use error::Iso7816Error;
pub use pin_pad::{PinEntry, PinPad};
pub use response::ResponseApdu;
pub use status::StatusWord;
pub use tlv::TlvHeader;
pub use transaction::CardTransaction;
