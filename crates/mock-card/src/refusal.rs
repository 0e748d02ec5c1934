//! No real keys: what a mock card must never hold.

use x509_parser::{
    certificate::X509Certificate, extensions::ParsedExtension, prelude::FromDer as _, x509::X509Name,
};

use crate::MockCardError;

/// A certificate that is a test's.
pub(crate) struct TestCertificate<'a>(X509Certificate<'a>);

impl<'a> TestCertificate<'a> {
    /// Reads a certificate and refuses a real authority's, be it of the public service or of its own tests. `name` is
    /// for the error.
    pub(crate) fn read(der: &'a [u8], name: &'static str) -> Result<Self, MockCardError> {
        let Ok((&[], certificate)) = X509Certificate::from_der(der) else {
            return Err(MockCardError::CertificateUnreadable { certificate: name });
        };
        let real = |reason| Err(MockCardError::CertificateIsReal { certificate: name, reason });
        if [certificate.subject(), certificate.issuer()].into_iter().any(is_jpki) {
            return real("it names the organisation JPKI or JPKI-TEST");
        }
        for extension in certificate.extensions() {
            let ParsedExtension::CertificatePolicies(policies) = extension.parsed_extension() else {
                continue;
            };
            let of_jpki = |id: String| {
                id == JPKI_ARC || id.strip_prefix(JPKI_ARC).is_some_and(|rest| rest.starts_with('.'))
            };
            if policies.iter().any(|policy| of_jpki(policy.policy_id.to_id_string())) {
                return real("it has a policy of JPKI");
            }
        }
        Ok(Self(certificate))
    }

    /// Contents of `subjectPublicKey`.
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.0.public_key().subject_public_key.data
    }

    pub(crate) fn is_issued_by_name_of(&self, authority: &TestCertificate<'_>) -> bool {
        self.0.issuer().as_raw() == authority.0.subject().as_raw()
    }

    /// notBefore and notAfter, in seconds since 1970.
    pub(crate) fn validity(&self) -> (i64, i64) {
        let validity = self.0.validity();
        (validity.not_before.timestamp(), validity.not_after.timestamp())
    }
}

fn is_jpki(name: &X509Name<'_>) -> bool {
    name.iter_organization().any(|organization| {
        let text = String::from_utf8_lossy(organization.attr_value().data);
        let text = text.trim().to_ascii_uppercase();
        text == "JPKI" || text == "JPKI-TEST"
    })
}

/// Of the Japanese public key infrastructure.
const JPKI_ARC: &str = "1.2.392.200149";
