//! Names of files, of addresses and of whoever wrote a list are strangers' text: nothing of it may command a terminal or
//! forge a line of a log.

use std::path::Path;

/// The text without control characters.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character })
        .collect()
}

/// The path without control characters and what is no UTF-8.
pub(crate) fn printable_path(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
