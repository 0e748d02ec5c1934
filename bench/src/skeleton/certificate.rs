//! Three places in a certificate. Nothing is checked.

use madoguchi_cert_verify::der::Reader;

/// Where they are.
pub(super) struct Parts<'c> {
    /// What its issuer signed.
    pub(super) signed: &'c [u8],
    pub(super) signature: &'c [u8],
    /// Its subject's public key.
    pub(super) key: &'c [u8],
}

impl<'c> Parts<'c> {
    pub(super) fn of(certificate: &'c [u8]) -> Option<Self> {
        let mut outer = Reader::new(certificate).sequence().ok()?;
        let signed = outer.read().ok()?;
        outer.read().ok()?;
        let signature = outer.bit_string_of_octets().ok()?;
        let mut fields = signed.content();
        // Version, serial number, algorithm, issuer, validity, subject.
        for _ in 0..6 {
            fields.read().ok()?;
        }
        let mut info = fields.sequence().ok()?;
        info.read().ok()?;
        Some(Self { signed: signed.whole, signature, key: info.bit_string_of_octets().ok()? })
    }
}
