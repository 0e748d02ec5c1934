//! Files of operators: DER, or PEM (RFC 7468), told by content.

use std::borrow::Cow;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use crate::Error;
use crate::der::tag;

/// The DER of the first certificate in a file.
pub fn certificate_octets(file: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    if is_der(file) {
        return Ok(Cow::Borrowed(file));
    }
    let der = CertificateDer::from_pem_slice(file).map_err(|_| Error::NotDerOrPem)?;
    Ok(Cow::Owned(der.to_vec()))
}

/// The DER of the first certificate revocation list in a file.
pub fn crl_octets(file: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    if is_der(file) {
        return Ok(Cow::Borrowed(file));
    }
    let der = CertificateRevocationListDer::from_pem_slice(file).map_err(|_| Error::NotDerOrPem)?;
    Ok(Cow::Owned(der.to_vec()))
}

/// PEM is text; a SEQUENCE's first octet is the digit 0, which no PEM file starts with.
fn is_der(file: &[u8]) -> bool {
    file.first() == Some(&tag::SEQUENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_the_form() {
        let pem = b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n";
        assert_eq!(crl_octets(pem).expect("PEM").as_ref(), &[0x30, 0]);
        assert_eq!(crl_octets(&[0x30, 0]).expect("DER").as_ref(), &[0x30, 0]);
        assert_eq!(certificate_octets(pem), Err(Error::NotDerOrPem));
        let pem = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert_eq!(certificate_octets(pem).expect("PEM").as_ref(), &[0x30, 0]);
        assert_eq!(crl_octets(b""), Err(Error::NotDerOrPem));
    }
}
