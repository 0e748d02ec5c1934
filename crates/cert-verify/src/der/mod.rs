//! The one strict reader of DER (X.690 section 10 and 11, with the time forms of RFC 5280 section 4.1.2.5).
//!
//! x509-parser and rasn both accept encodings that are not canonical, and two readers that differ are a bypass.
//! So [`check`] walks every octet of an object, and what it refuses is refused whatever else was read of it. It
//! allocates nothing, and depth and size are bounded: it runs before any signature is verified, on whatever anybody
//! sent.

mod check;
mod reader;
mod rule;
mod time;
mod value;

pub use check::{MAX_DEPTH, check};
pub use reader::{Reader, Tlv};
pub use rule::DerError;
pub use time::{generalized_time, utc_time};
pub use value::{bit_string, boolean, integer, named_bits, object_identifier};

/// Universal and context tags as they stand in the first octet of an encoding.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// ENUMERATED.
    pub const ENUMERATED: u8 = 0x0a;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// NumericString.
    pub const NUMERIC_STRING: u8 = 0x12;
    /// PrintableString.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// TeletexString (T61String).
    pub const TELETEX_STRING: u8 = 0x14;
    /// VideotexString.
    pub const VIDEOTEX_STRING: u8 = 0x15;
    /// GraphicString.
    pub const GRAPHIC_STRING: u8 = 0x19;
    /// GeneralString.
    pub const GENERAL_STRING: u8 = 0x1b;
    /// IA5String.
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// VisibleString.
    pub const VISIBLE_STRING: u8 = 0x1a;
    /// UniversalString.
    pub const UNIVERSAL_STRING: u8 = 0x1c;
    /// BMPString.
    pub const BMP_STRING: u8 = 0x1e;
    /// SEQUENCE and SEQUENCE OF.
    pub const SEQUENCE: u8 = 0x30;
    /// SET and SET OF.
    pub const SET: u8 = 0x31;

    /// Primitive context tag `[n]`, n below 31.
    pub const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// Constructed context tag `[n]`, n below 31.
    pub const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}
