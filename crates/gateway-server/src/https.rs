//! Whom HTTPS servers of lists and responders are believed by.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use madoguchi_revocation::HttpsTrust;

use crate::ServerError;
use crate::config::RevocationConfig;
use crate::regular_file::{MOST_BUNDLE_OCTETS, read_regular};

/// Whom the system trusts, or `revocation.https_ca`.
pub(crate) fn https_trust(config: &RevocationConfig) -> Result<HttpsTrust, ServerError> {
    let Some(path) = &config.https_ca else { return Ok(HttpsTrust::System) };
    let trust = HttpsTrust::Only(certificates(HTTPS_CA, path)?);
    // What TLS would refuse is told now.
    trust.client_config().map_err(|error| wrong(HTTPS_CA, path, &error.to_string()))?;
    Ok(trust)
}

/// The certificates of the PEM file that this key names: one at least.
pub(crate) fn certificates(
    key: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    let wrong = |message: &str| wrong(key, path, message);
    let pem = read_regular(path, MOST_BUNDLE_OCTETS).map_err(|error| wrong(&error.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| wrong(&error.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong("no certificate in PEM"));
    }
    Ok(certificates)
}

fn wrong(key: &'static str, path: &Path, message: &str) -> ServerError {
    ServerError::value(key, format!("{}: {message}", path.display()))
}

const HTTPS_CA: &str = "revocation.https_ca";
