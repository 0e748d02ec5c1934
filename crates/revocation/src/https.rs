//! Whose certificates an HTTPS server may have: one answer for lists and responders.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_platform_verifier::BuilderVerifierExt as _;
use ureq::tls::{Certificate, RootCerts};

/// Who must have issued an HTTPS server's certificate. The name in the certificate must be that of the address, too.
#[derive(Clone, Debug, Default)]
pub enum HttpsTrust {
    /// These CAs and nobody else.
    Only(Vec<CertificateDer<'static>>),
    /// Whom the system trusts.
    #[default]
    System,
}

impl HttpsTrust {
    /// TLS for responders.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = match self {
            Self::Only(certificates) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates {
                    roots.add(certificate.clone())?;
                }
                builder.with_root_certificates(roots)
            }
            Self::System => builder.with_platform_verifier()?,
        };
        Ok(Arc::new(builder.with_no_client_auth()))
    }

    /// The same for lists.
    pub(crate) fn root_certs(&self) -> RootCerts {
        match self {
            Self::Only(certificates) => {
                certificates.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).into()
            }
            Self::System => RootCerts::PlatformVerifier,
        }
    }
}
