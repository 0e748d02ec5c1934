//! Object identifiers, as content octets.

pub(super) const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2B, 6, 1, 5, 5, 7, 1, 1];
pub(super) const SUBJECT_INFO_ACCESS: &[u8] = &[0x2B, 6, 1, 5, 5, 7, 1, 11];
pub(super) const OCSP_NO_CHECK: &[u8] = &[0x2B, 6, 1, 5, 5, 7, 48, 1, 5];
pub(super) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 29, 14];
pub(super) const KEY_USAGE: &[u8] = &[0x55, 29, 15];
pub(super) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 29, 17];
pub(super) const ISSUER_ALT_NAME: &[u8] = &[0x55, 29, 18];
pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 29, 19];
pub(super) const NAME_CONSTRAINTS: &[u8] = &[0x55, 29, 30];
pub(super) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 29, 31];
pub(super) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 29, 32];
pub(super) const ANY_POLICY: &[u8] = &[0x55, 29, 32, 0];
pub(super) const POLICY_MAPPINGS: &[u8] = &[0x55, 29, 33];
pub(super) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 29, 35];
pub(super) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 29, 36];
pub(super) const EXT_KEY_USAGE: &[u8] = &[0x55, 29, 37];
pub(super) const ANY_PURPOSE: &[u8] = &[0x55, 29, 37, 0];
pub(super) const FRESHEST_CRL: &[u8] = &[0x55, 29, 46];
pub(super) const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 29, 54];

pub(super) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
pub(super) const ORGANIZATION: &[u8] = &[0x55, 4, 10];
pub(super) const SERVER_AUTH: &[u8] = &[0x2B, 6, 1, 5, 5, 7, 3, 1];
pub(super) const CLIENT_AUTH: &[u8] = &[0x2B, 6, 1, 5, 5, 7, 3, 2];
pub(super) const CPS_URI: &[u8] = &[0x2B, 6, 1, 5, 5, 7, 2, 1];
pub(super) const ECDSA_WITH_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2];
pub(super) const ECDSA_WITH_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 3];

/// The extensions that are about policies.
pub(super) const OF_POLICIES: &[&[u8]] =
    &[CERTIFICATE_POLICIES, POLICY_MAPPINGS, POLICY_CONSTRAINTS, INHIBIT_ANY_POLICY];
