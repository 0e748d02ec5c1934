//! Whether a client's ID tokens can be signed: it is told when the client is registered, not when a resident stands there.

use std::io::Write;

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_storage::{SigningKeyState, Storage, StorageError};

/// Whether a key of its algorithm signs.
pub(super) async fn has_key(
    store: &dyn Storage,
    municipality: &str,
    alg: JwsAlg,
) -> Result<bool, StorageError> {
    let keys = store.signing_keys(municipality).await?;
    Ok(keys.iter().any(|key| key.alg == alg && key.state == SigningKeyState::Active))
}

/// What to do where none does.
pub(super) fn tell_missing(output: &mut dyn Write, municipality: &str, alg: JwsAlg) -> std::io::Result<()> {
    let alg = alg.as_str();
    writeln!(output, "It does not work yet: {municipality} has no {alg} key to sign its ID tokens.")?;
    match alg {
        // These two the gateway makes by itself.
        "ES256" => writeln!(output, "The gateway makes one when it starts. At once:")?,
        "RS256" => writeln!(output, "A gateway that runs makes one within seconds. Without one:")?,
        _ => writeln!(output, "Make one:")?,
    }
    writeln!(output, "  madoguchi keys new --municipality {municipality} --alg {alg}")
}
