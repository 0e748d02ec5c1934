//! Strict decoding of one name or value of `application/x-www-form-urlencoded` (RFC 6749 appendix B).
//!
//! The WHATWG decoder never fails: it keeps a broken escape as text and replaces broken UTF-8. Here both are
//! refused, so that two readers of one request cannot see two values.

use zeroize::Zeroizing;

use crate::ParameterError;

/// Decodes one component. Nothing unencoded outside printable ASCII, no control character after decoding.
pub(crate) fn decode_component(encoded: &[u8]) -> Result<Zeroizing<String>, ParameterError> {
    // The decoded form is never longer, so this buffer never moves and leaves no copy of a secret behind.
    let mut octets = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(&octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().copied().and_then(hex_digit);
                let low = rest.next().copied().and_then(hex_digit);
                match (high, low) {
                    (Some(high), Some(low)) => high * 16 + low,
                    _ => return Err(ParameterError::PercentEncoding),
                }
            }
            b'!'..=b'~' => octet,
            _ => return Err(ParameterError::Unencoded),
        });
    }
    let text = String::from_utf8(octets).map(Zeroizing::new).map_err(|error| {
        // The rejected octets may hold a secret.
        drop(Zeroizing::new(error.into_bytes()));
        ParameterError::Utf8
    })?;
    if text.chars().any(char::is_control) { Err(ParameterError::Control) } else { Ok(text) }
}

fn hex_digit(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        _ => None,
    }
}
