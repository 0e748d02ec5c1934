//! What the card signs to sign in.
//!
//! ```text
//! SignInStatement ::= SEQUENCE {
//!     context            UTF8String,              -- "madoguchi sign-in v1"
//!     gatewayOrigin      UTF8String,
//!     signInId           OCTET STRING (SIZE(16)),
//!     gatewayNonce       OCTET STRING (SIZE(32)),
//!     clientId           UTF8String,
//!     displayHash        OCTET STRING (SIZE(32)), -- SHA-256 of `display` as received
//!     returnVerifierHash OCTET STRING (SIZE(32)), -- SHA-256(v)
//!     certificateHash    OCTET STRING (SIZE(32)) }
//! ```
//!
//! The card signs whatever it is given and one PIN opens it for many signatures, so the agent builds this
//! structure from what it showed, and the gateway builds it again from its own record; no octet of it travels.

#![expect(clippy::no_effect_underscore_binding, reason = "what rasn's derive expands to")]

use rasn::types::{FixedOctetString, Utf8String};
use rasn::{AsnType, Encode};

use crate::{Octets, Origin, sha256};

/// First field of every statement. Any change to the structure changes it.
pub const STATEMENT_CONTEXT: &str = "madoguchi sign-in v1";

/// The statement of one sign-in, on both sides. Made only from its parts, never read from outside.
#[derive(Clone, Debug, PartialEq, Eq, AsnType, Encode)]
pub struct SignInStatement {
    context: Utf8String,
    gateway_origin: Utf8String,
    sign_in_id: FixedOctetString<16>,
    gateway_nonce: FixedOctetString<32>,
    client_id: Utf8String,
    display_hash: FixedOctetString<32>,
    return_verifier_hash: FixedOctetString<32>,
    certificate_hash: FixedOctetString<32>,
}

impl SignInStatement {
    /// Builds the statement.
    ///
    /// `origin` is the agent's configured origin of the connection, or the gateway's own. `display` is the octets
    /// of the field as received or sent, and `certificate` exactly the octets that travel in `finish`.
    pub fn new(
        origin: &Origin,
        sign_in_id: Octets<16>,
        gateway_nonce: Octets<32>,
        client_id: &str,
        display: &[u8],
        return_verifier_hash: Octets<32>,
        certificate: &[u8],
    ) -> Self {
        let certificate = sha256(certificate);
        Self::with_certificate_hash(
            origin,
            sign_in_id,
            gateway_nonce,
            client_id,
            display,
            return_verifier_hash,
            certificate,
        )
    }

    /// The same for whoever has the SHA-256 of the certificate already.
    pub fn with_certificate_hash(
        origin: &Origin,
        sign_in_id: Octets<16>,
        gateway_nonce: Octets<32>,
        client_id: &str,
        display: &[u8],
        return_verifier_hash: Octets<32>,
        certificate_hash: Octets<32>,
    ) -> Self {
        Self {
            context: STATEMENT_CONTEXT.to_owned(),
            gateway_origin: origin.as_str().to_owned(),
            sign_in_id: sign_in_id.0.into(),
            gateway_nonce: gateway_nonce.0.into(),
            client_id: client_id.to_owned(),
            display_hash: sha256(display).0.into(),
            return_verifier_hash: return_verifier_hash.0.into(),
            certificate_hash: certificate_hash.0.into(),
        }
    }

    /// The DER (X.690) that is hashed and signed.
    pub fn to_der(&self) -> Vec<u8> {
        // Unwrap safety: every field is of a fixed, encodable type; the encoder has nothing to refuse.
        rasn::der::encode(self).expect("a statement of fixed fields encodes")
    }

    /// SHA-256 of the certificate that the statement names.
    pub fn certificate_hash(&self) -> Octets<32> {
        Octets(*self.certificate_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> SignInStatement {
        let origin = Origin::parse("https://a.example").expect("an origin");
        SignInStatement::new(&origin, Octets([1; 16]), Octets([2; 32]), "c", b"d", Octets([3; 32]), b"e")
    }

    /// The octets are written out once by hand: a change of the encoder or of a field's order must fail here.
    #[test]
    fn the_der_is_the_documented_structure() {
        let mut expected = vec![0x30, 0x81, 0xc6];
        let mut field = |tag: u8, value: &[u8]| {
            expected.push(tag);
            expected.push(u8::try_from(value.len()).expect("a short field"));
            expected.extend_from_slice(value);
        };
        field(0x0c, b"madoguchi sign-in v1");
        field(0x0c, b"https://a.example");
        field(0x04, &[1; 16]);
        field(0x04, &[2; 32]);
        field(0x0c, b"c");
        field(0x04, &sha256(b"d").0);
        field(0x04, &[3; 32]);
        field(0x04, &sha256(b"e").0);
        assert_eq!(statement().to_der(), expected);
    }

    #[test]
    fn every_part_changes_the_octets() {
        let base = statement().to_der();
        let origin = Origin::parse("https://a.example").expect("an origin");
        let other = Origin::parse("https://b.example").expect("an origin");
        let (id, n, v) = (Octets([1; 16]), Octets([2; 32]), Octets([3; 32]));
        for changed in [
            SignInStatement::new(&other, id, n, "c", b"d", v, b"e"),
            SignInStatement::new(&origin, Octets([9; 16]), n, "c", b"d", v, b"e"),
            SignInStatement::new(&origin, id, v, "c", b"d", v, b"e"),
            SignInStatement::new(&origin, id, n, "x", b"d", v, b"e"),
            SignInStatement::new(&origin, id, n, "c", b"x", v, b"e"),
            SignInStatement::new(&origin, id, n, "c", b"d", n, b"e"),
            SignInStatement::new(&origin, id, n, "c", b"d", v, b"x"),
        ] {
            assert_ne!(changed.to_der(), base);
        }
    }
}
