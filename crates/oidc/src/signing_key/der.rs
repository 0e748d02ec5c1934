//! As much DER (X.690) as a private key needs.

use zeroize::Zeroizing;

/// `PrivateKeyInfo` (RFC 5958) of a key without public part.
pub(super) fn pkcs8(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut body = Zeroizing::new(integer(&[0]));
    body.extend_from_slice(algorithm);
    body.extend_from_slice(&Zeroizing::new(tlv(OCTET_STRING, key)));
    Zeroizing::new(sequence(&body))
}

/// INTEGER, not negative, from big-endian octets.
pub(super) fn integer(octets: &[u8]) -> Vec<u8> {
    let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let significant = octets.get(start..).unwrap_or_default();
    let mut contents = Zeroizing::new(Vec::with_capacity(significant.len() + 1));
    if significant.first().is_none_or(|first| first & 0x80 != 0) {
        contents.push(0);
    }
    contents.extend_from_slice(significant);
    tlv(INTEGER, &contents)
}

/// SEQUENCE of what is already encoded.
pub(super) fn sequence(contents: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, contents)
}

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    // Tag, at most nine octets of length, contents: the buffer never moves and leaves no copy of a secret behind.
    let mut out = Vec::with_capacity(contents.len() + 10);
    out.push(tag);
    match u8::try_from(contents.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let length = contents.len().to_be_bytes();
            let start = length.iter().position(|octet| *octet != 0).unwrap_or(length.len());
            let length = length.get(start..).unwrap_or_default();
            out.push(0x80 | u8::try_from(length.len()).unwrap_or(0x7f));
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(contents);
    out
}

/// `AlgorithmIdentifier` of rsaEncryption (RFC 8017 appendix A.1): 1.2.840.113549.1.1.1 with NULL.
pub(super) const RSA_ENCRYPTION: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];

const INTEGER: u8 = 2;
const OCTET_STRING: u8 = 4;
const SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_canonical() {
        for (octets, der) in [
            (&[][..], &[2, 1, 0][..]),
            (&[0, 0], &[2, 1, 0]),
            (&[0, 1], &[2, 1, 1]),
            (&[0x80], &[2, 2, 0, 0x80]),
            (&[0, 1, 0, 1], &[2, 3, 1, 0, 1]),
        ] {
            assert_eq!(integer(octets), der);
        }
    }

    #[test]
    fn lengths_are_canonical() {
        assert_eq!(tlv(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(tlv(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[7; 256])[..4], [4, 0x82, 1, 0]);
    }
}
