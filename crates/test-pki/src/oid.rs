//! Object identifiers: the standards', JPKI's attribute types, and the arc of this test PKI.
//!
//! Policies of this PKI live under the enterprise number 32473, which RFC 5612 reserves for examples: no
//! authority can ever be given it, so no real certificate carries these policies. (An arc under 2.25, made from
//! a UUID, would be ours alone, but its 128-bit arc does not fit the object identifiers of several readers.)

/// Policy of a user-authentication certificate (利用者証明用電子証明書) of this PKI.
pub const AUTH_POLICY: &str = "1.3.6.1.4.1.32473.24817.1.3";
/// Policy of a signature certificate (署名用電子証明書) of this PKI.
pub const SIGN_POLICY: &str = "1.3.6.1.4.1.32473.24817.1.1";
/// A policy that is neither, for the fault "wrong policy".
pub const OTHER_POLICY: &str = "1.3.6.1.4.1.32473.24817.1.9";
/// An extension that nobody knows, for the fault "unknown critical extension".
pub(crate) const UNKNOWN_EXTENSION: &str = "1.3.6.1.4.1.32473.24817.2.1";

// RFC 3370, RFC 5754.
pub(crate) const SHA1: &str = "1.3.14.3.2.26";
pub(crate) const SHA256: &str = "2.16.840.1.101.3.4.2.1";
// RFC 8017 appendix A, RFC 5758, RFC 5480.
pub(crate) const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
pub(crate) const SHA1_WITH_RSA: &str = "1.2.840.113549.1.1.5";
pub(crate) const SHA256_WITH_RSA: &str = "1.2.840.113549.1.1.11";
pub(crate) const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";
pub(crate) const ECDSA_WITH_SHA384: &str = "1.2.840.10045.4.3.3";
pub(crate) const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
pub(crate) const SECP256R1: &str = "1.2.840.10045.3.1.7";
pub(crate) const SECP384R1: &str = "1.3.132.0.34";

// RFC 5280 appendix A.
pub(crate) const COUNTRY_NAME: &str = "2.5.4.6";
pub(crate) const ORGANIZATION_NAME: &str = "2.5.4.10";
pub(crate) const ORGANIZATIONAL_UNIT_NAME: &str = "2.5.4.11";
pub(crate) const LOCALITY_NAME: &str = "2.5.4.7";
pub(crate) const COMMON_NAME: &str = "2.5.4.3";
pub(crate) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
pub(crate) const KEY_USAGE: &str = "2.5.29.15";
pub(crate) const SUBJECT_ALT_NAME: &str = "2.5.29.17";
pub(crate) const ISSUER_ALT_NAME: &str = "2.5.29.18";
pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(crate) const CRL_NUMBER: &str = "2.5.29.20";
pub(crate) const CRL_REASON: &str = "2.5.29.21";
pub(crate) const DELTA_CRL_INDICATOR: &str = "2.5.29.27";
pub(crate) const ISSUING_DISTRIBUTION_POINT: &str = "2.5.29.28";
pub(crate) const CERTIFICATE_ISSUER: &str = "2.5.29.29";
pub(crate) const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
pub(crate) const CERTIFICATE_POLICIES: &str = "2.5.29.32";
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
pub(crate) const EXT_KEY_USAGE: &str = "2.5.29.37";
pub(crate) const FRESHEST_CRL: &str = "2.5.29.46";
pub(crate) const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
pub(crate) const CPS_QUALIFIER: &str = "1.3.6.1.5.5.7.2.1";
pub(crate) const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
pub(crate) const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
pub(crate) const ACCESS_OCSP: &str = "1.3.6.1.5.5.7.48.1";
// RFC 6960.
pub(crate) const OCSP_BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
pub(crate) const OCSP_NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
pub(crate) const OCSP_NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";

/// Arc of the attributes of the holder in a signature certificate: name .1, sex .3, birth date .4, address .5.
pub(crate) const JPKI_ATTRIBUTES: &str = "1.2.392.200149.8.5.5";
