//! PEM (RFC 7468) of an imported private key.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::CryptoError;

/// The PKCS#8 of the one `PRIVATE KEY` block in a text. An encrypted key, one of another format (`RSA PRIVATE KEY`,
/// `EC PRIVATE KEY`) and several at once are refused.
pub fn pkcs8_from_pem(text: &str) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let mut parts = text.split(BEGIN);
    let (Some(before), Some(rest), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(CryptoError::MalformedPem);
    };
    let (body, after) = rest.split_once(END).ok_or(CryptoError::MalformedPem)?;
    if before.contains(ANY_BEGIN) || after.contains(ANY_BEGIN) {
        return Err(CryptoError::MalformedPem);
    }
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.chars().filter(|character| !character.is_ascii_whitespace()));
    STANDARD.decode(base64.as_bytes()).map(Zeroizing::new).map_err(|_| CryptoError::MalformedPem)
}

const ANY_BEGIN: &str = "-----BEGIN ";
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-----BEGIN PRIVATE KEY-----\nAQID\r\nBA==\n-----END PRIVATE KEY-----\n";

    #[test]
    fn one_unencrypted_pkcs8_block_is_read() {
        assert_eq!(pkcs8_from_pem(GOOD).expect("a key").as_slice(), [1, 2, 3, 4]);
        assert_eq!(pkcs8_from_pem(&format!("a comment\n{GOOD}")).expect("a key").as_slice(), [1, 2, 3, 4]);
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in [
            String::new(),
            "AQIDBA==".to_owned(),
            GOOD.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
            GOOD.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            GOOD.replace("AQID", "AQI*"),
            GOOD.replace("-----END PRIVATE KEY-----", ""),
            format!("{GOOD}{GOOD}"),
            format!("{GOOD}-----BEGIN CERTIFICATE-----"),
        ] {
            assert_eq!(pkcs8_from_pem(&wrong).err(), Some(CryptoError::MalformedPem), "{wrong}");
        }
    }
}
