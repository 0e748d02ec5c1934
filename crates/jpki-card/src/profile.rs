//! Kinds of My Number card, as data: what differs from one generation to the next.

use crate::DigestAlgorithm;

/// A kind of My Number card. All have the same application identifier and the same token info file; the token's
/// label tells which kind a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardProfile {
    /// Label of the token, without its padding.
    pub(crate) label: &'static str,
    pub(crate) files: Files,
    pub(crate) pin: PinRules,
    pub(crate) digest: DigestAlgorithm,
    pub(crate) signature: SignatureForm,
}

/// Identifiers of the EFs that a sign-in uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) availability: u16,
    pub(crate) auth_certificate: u16,
    pub(crate) auth_key: u16,
    pub(crate) auth_pin: u16,
}

/// What the PIN of the user-authentication key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PinRules {
    pub(crate) min_digits: u8,
    pub(crate) max_digits: u8,
}

/// What the key is given and what it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureForm {
    /// RSASSA-PKCS1-v1_5: DigestInfo in, a modulus out.
    RsaPkcs1 { modulus_octets: usize },
    /// ECDSA: the digest in, `r‖s` or DER out.
    Ecdsa { coordinate_octets: usize },
}

impl CardProfile {
    /// Today's card: RSA-2048 with SHA-256.
    pub const TODAY: Self = Self {
        label: "JPKIAPICCTOKEN2",
        files: FILES,
        pin: FOUR_DIGITS,
        digest: DigestAlgorithm::Sha256,
        signature: SignatureForm::RsaPkcs1 { modulus_octets: 256 },
    };

    /// A card that nobody issues: ECDSA on P-384 with SHA-384, which is what is known about the next generation, in
    /// today's files, because its commands are not published. For tests, so that the next generation becomes a profile and
    /// not a rewrite; offer it to no resident's card.
    pub const HYPOTHETICAL_P384: Self = Self {
        label: "MADOGUCHI-P384-HYPO",
        digest: DigestAlgorithm::Sha384,
        signature: SignatureForm::Ecdsa { coordinate_octets: 48 },
        ..Self::TODAY
    };

    /// Label of the token (PKCS#11), without its padding.
    pub const fn label(&self) -> &'static str {
        self.label
    }

    /// The hash whose digests the user-authentication key signs.
    pub const fn digest_algorithm(&self) -> DigestAlgorithm {
        self.digest
    }
}

const FILES: Files =
    Files { availability: 0x0008, auth_certificate: 0x000A, auth_key: 0x0017, auth_pin: 0x0018 };
const FOUR_DIGITS: PinRules = PinRules { min_digits: 4, max_digits: 4 };
