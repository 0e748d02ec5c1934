//! Octets in place of what a test card cannot have: pictures of a face, other authorities' signatures.

/// So many octets that say what is missing.
pub(crate) fn placeholder(what: &str, octets: usize) -> Vec<u8> {
    let mut text = format!("MADOGUCHI TEST, NO {what}").into_bytes();
    text.resize(octets, b'.');
    text
}
