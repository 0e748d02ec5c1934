//! The claims of an `id_token_hint`.

use madoguchi_oidc::{IdTokenClaims, read_id_token_hint};

use crate::tenant::Tenant;

/// The claims of an ID token that this municipality signed, expired or not. The caller checks for whom.
pub(crate) fn hint_of(tenant: &Tenant, hint: &str) -> Option<IdTokenClaims> {
    let municipality = &tenant.municipality;
    read_id_token_hint(hint, municipality.origin.as_str(), municipality.keys.signing.current().all())
}
