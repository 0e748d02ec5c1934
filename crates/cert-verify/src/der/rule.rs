//! The rules of the encoding, one name each.

/// Why octets are not the canonical encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DerError {
    /// BIT STRING without its first octet, with more than 7 unused bits, or with a set unused bit.
    #[error("a BIT STRING whose unused bits are not zero or not counted right")]
    BitString,
    /// BOOLEAN that is neither 00 nor FF, or not one octet.
    #[error("a BOOLEAN that is neither 00 nor FF")]
    Boolean,
    /// A primitive type in constructed form or the other way round.
    #[error("a primitive type in constructed form or the other way round")]
    Constructed,
    /// A value that equals its DEFAULT is written out (X.690 section 11.5).
    #[error("a value that equals its default is written out")]
    Default,
    /// Nested too deeply.
    #[error("nested too deeply")]
    Depth,
    /// The indefinite form, which DER does not have.
    #[error("a length of indefinite form")]
    IndefiniteLength,
    /// INTEGER or ENUMERATED without octets or with a needless first octet.
    #[error("an INTEGER that is empty or not minimal")]
    Integer,
    /// A length in more octets than it needs.
    #[error("a length that is not minimal")]
    LengthNotMinimal,
    /// A length of more than four octets.
    #[error("a length of more than four octets")]
    LengthTooLong,
    /// Named bits with trailing zero bits (X.690 section 11.2.2).
    #[error("a list of named bits with trailing zero bits")]
    NamedBits,
    /// NULL with content.
    #[error("a NULL with content")]
    Null,
    /// OBJECT IDENTIFIER empty, unfinished, or with a padded arc.
    #[error("an OBJECT IDENTIFIER that is empty, unfinished or padded")]
    ObjectIdentifier,
    /// The elements of a SET OF are not in ascending order (X.690 section 11.6).
    #[error("the elements of a SET OF are not in order")]
    SetOrder,
    /// A string with characters that its type does not have.
    #[error("a string with characters that its type does not have")]
    String,
    /// A time that is not a date, or not in the form of RFC 5280.
    #[error("a time that is no date or not in the form of RFC 5280")]
    Time,
    /// The object is longer than it may be.
    #[error("longer than it may be")]
    TooLong,
    /// Octets after the end.
    #[error("octets after the end")]
    TrailingOctets,
    /// The octets end before the value does.
    #[error("the octets end before the value does")]
    Truncated,
    /// Another type than the definition says.
    #[error("another type than the definition says")]
    UnexpectedTag,
    /// A tag of a class, number or type that X.509 does not use.
    #[error("a tag that X.509 does not use")]
    UnknownTag,
}

impl DerError {
    /// The stable name of this rule.
    pub fn code(self) -> &'static str {
        match self {
            Self::BitString => "der_bit_string",
            Self::Boolean => "der_boolean",
            Self::Constructed => "der_constructed",
            Self::Default => "der_default",
            Self::Depth => "der_depth",
            Self::IndefiniteLength => "der_indefinite_length",
            Self::Integer => "der_integer",
            Self::LengthNotMinimal => "der_length_not_minimal",
            Self::LengthTooLong => "der_length_too_long",
            Self::NamedBits => "der_named_bits",
            Self::Null => "der_null",
            Self::ObjectIdentifier => "der_object_identifier",
            Self::SetOrder => "der_set_order",
            Self::String => "der_string",
            Self::Time => "der_time",
            Self::TooLong => "der_too_long",
            Self::TrailingOctets => "der_trailing_octets",
            Self::Truncated => "der_truncated",
            Self::UnexpectedTag => "der_unexpected_tag",
            Self::UnknownTag => "der_unknown_tag",
        }
    }
}
