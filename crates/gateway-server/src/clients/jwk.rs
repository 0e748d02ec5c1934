//! A JWK of a public key in PEM, for an operator whose service sent what `openssl` writes.

use std::path::Path;

use serde_json::json;

use madoguchi_oidc::jose::PublicJwk;

use crate::clients::arguments::JwkArguments;
use crate::kek::file_error;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, write_json};
use crate::regular_file::{MOST_KEY_OCTETS, read_regular};
use crate::verify::pem;

pub(super) fn jwk(arguments: &JwkArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let path = &arguments.file;
    let octets = read_regular(path, MOST_KEY_OCTETS).map_err(|source| file_error(path, source))?;
    if has_private_key(&octets) {
        return Err(RegisterError::PrivateKey { path: path.clone() });
    }
    let der = one_public_key(&octets).ok_or_else(|| RegisterError::NoPublicKey { path: path.clone() })?;
    let key = PublicJwk::from_spki(&der, arguments.kid.as_deref())
        .map_err(|error| RegisterError::Jwks { path: path.clone(), error })?;
    write_json(edge.output, &json!(key))?;
    Ok(())
}

fn one_public_key(octets: &[u8]) -> Option<Vec<u8>> {
    let mut keys = pem::objects(octets, "PUBLIC KEY").ok()?;
    let key = keys.pop()?;
    keys.is_empty().then_some(key)
}

/// In any of its forms: it has no business here.
fn has_private_key(octets: &[u8]) -> bool {
    String::from_utf8_lossy(octets).contains("PRIVATE KEY-----")
}

/// What an operator gives for a key set by mistake.
pub(super) fn is_pem(path: &Path, octets: &[u8]) -> Option<RegisterError> {
    if !pem::is_pem(octets) {
        return None;
    }
    let path = path.to_owned();
    Some(if has_private_key(octets) {
        RegisterError::PrivateKey { path }
    } else {
        RegisterError::JwksIsPem { path }
    })
}
