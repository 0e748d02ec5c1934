//! The key-encryption key: 32 random octets as base64url in a file that only the program's user can read. It is kept
//! outside the database, so that a copy of the database alone opens nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use madoguchi_gateway::Sealer;

use crate::ServerError;
use crate::regular_file::{MOST_KEY_OCTETS, read_regular_text};

/// Reads the file and makes its sealer.
pub(crate) fn read_kek(path: &Path) -> Result<Sealer, ServerError> {
    require_private(path)?;
    let text = read_regular_text(path, MOST_KEY_OCTETS).map_err(|source| file_error(path, source))?;
    let octets = URL_SAFE_NO_PAD.decode(text.trim()).map(Zeroizing::new).ok();
    let key = octets.and_then(|octets| <[u8; 32]>::try_from(octets.as_slice()).ok()).map(Zeroizing::new);
    match key {
        Some(key) => Ok(Sealer::new(&key)),
        None => Err(ServerError::Config {
            path: path.to_owned(),
            message: "not the base64url of 32 octets; make one with: \
                      head -c 32 /dev/urandom | basenc --base64url | tr -d =  (and chmod 600 it)"
                .to_owned(),
        }),
    }
}

/// Refuses a file that anybody but its owner can read or write.
pub(crate) fn require_private(path: &Path) -> Result<(), ServerError> {
    let metadata = fs::metadata(path).map_err(|source| file_error(path, source))?;
    let mode = metadata.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(ServerError::FileMode { path: path.to_owned(), mode }) }
}

pub(crate) fn file_error(path: &Path, source: std::io::Error) -> ServerError {
    ServerError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), text).expect("written");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("a mode");
        file
    }

    #[test]
    fn a_private_file_of_32_octets_is_a_key() {
        let good = URL_SAFE_NO_PAD.encode([7; 32]);
        assert!(read_kek(file(&format!("{good}\n"), 0o600).path()).is_ok());
        assert!(read_kek(file(&good, 0o400).path()).is_ok());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let good = URL_SAFE_NO_PAD.encode([7; 32]);
        for mode in [0o640, 0o604, 0o660, 0o622] {
            let file = file(&good, mode);
            assert!(matches!(read_kek(file.path()), Err(ServerError::FileMode { .. })), "{mode:o}");
        }
    }

    #[test]
    fn another_length_is_refused_and_told_how_to_make_one() {
        for text in ["", "short", &URL_SAFE_NO_PAD.encode([7; 31]), &URL_SAFE_NO_PAD.encode([7; 33])] {
            let error = read_kek(file(text, 0o600).path()).err().expect("refused").to_string();
            assert!(error.contains("/dev/urandom"), "{error}");
        }
    }
}
