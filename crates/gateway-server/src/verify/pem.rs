//! PEM (RFC 7468), any number of objects with explanatory text between them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) const CERTIFICATE: &str = "CERTIFICATE";
pub(super) const CRL: &str = "X509 CRL";
pub(super) const OCSP_RESPONSE: &str = "OCSP RESPONSE";

/// Why PEM does not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PemError {
    #[error("PEM of {label} has no end")]
    NoEnd { label: String },
    #[error("PEM of {label} is not base64")]
    NotBase64 { label: String },
}

/// DER starts with a SEQUENCE, which as a character is the digit 0; PEM has its mark somewhere.
pub(crate) fn is_pem(octets: &[u8]) -> bool {
    octets.first() != Some(&0x30) && octets.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes())
}

/// All objects with this label; those with another are passed over.
pub(crate) fn objects(octets: &[u8], label: &str) -> Result<Vec<Vec<u8>>, PemError> {
    let text = String::from_utf8_lossy(octets);
    // Some editors start a file with a mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines = text.lines().map(str::trim_end);
    let mut all = Vec::new();
    while let Some(line) = lines.next() {
        let Some(found) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES)) else {
            continue;
        };
        let end = format!("-----END {found}-----");
        let mut base64 = String::new();
        loop {
            match lines.next() {
                Some(line) if line == end => break,
                Some(line) => base64.extend(line.split_ascii_whitespace()),
                None => return Err(PemError::NoEnd { label: found.to_owned() }),
            }
        }
        if found == label {
            let object =
                STANDARD.decode(base64).map_err(|_| PemError::NotBase64 { label: found.to_owned() })?;
            all.push(object);
        }
    }
    Ok(all)
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "subject=/CN=x\n-----BEGIN CERTIFICATE-----\r\nMA\nA=\n-----END CERTIFICATE-----\n\
        -----BEGIN X509 CRL-----\nMAEA\n-----END X509 CRL-----\n\
        -----BEGIN CERTIFICATE-----\nMAEB\n-----END CERTIFICATE-----";

    #[test]
    fn all_of_one_label() {
        assert!(is_pem(TWO.as_bytes()));
        assert_eq!(objects(TWO.as_bytes(), CERTIFICATE), Ok(vec![vec![0x30, 0], vec![0x30, 1, 1]]));
        assert_eq!(objects(TWO.as_bytes(), CRL), Ok(vec![vec![0x30, 1, 0]]));
        assert_eq!(objects(TWO.as_bytes(), OCSP_RESPONSE), Ok(Vec::new()));
        let (_, marked) = TWO.split_once('\n').expect("lines");
        let marked = format!("\u{feff}{marked}");
        assert_eq!(objects(marked.as_bytes(), CERTIFICATE), objects(TWO.as_bytes(), CERTIFICATE));
    }

    #[test]
    fn der_is_never_pem() {
        assert!(!is_pem(b""));
        assert!(!is_pem(&[0x30, 0]));
        // A certificate may have such text in it.
        assert!(!is_pem(b"0\x1c\x0c\x1a-----BEGIN CERTIFICATE-----"));
    }

    #[test]
    fn broken_pem_is_named() {
        let label = || "CERTIFICATE".to_owned();
        for text in [
            "-----BEGIN CERTIFICATE-----\nMAA=\n",
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END X509 CRL-----",
        ] {
            assert_eq!(objects(text.as_bytes(), CERTIFICATE), Err(PemError::NoEnd { label: label() }));
        }
        let text = "-----BEGIN CERTIFICATE-----\nM A A = =\n-----END CERTIFICATE-----";
        assert_eq!(objects(text.as_bytes(), CERTIFICATE), Err(PemError::NotBase64 { label: label() }));
    }
}
