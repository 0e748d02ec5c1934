//! Fixed-length octet strings of the protocol, public and secret, and their base64url form (RFC 4648
//! section 5, no padding).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{digest, rand::SecureRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::{Zeroize, Zeroizing};

/// Exactly `N` octets that may be shown: a hash, a nonce, an identifier.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Octets<const N: usize>(pub [u8; N]);

impl<const N: usize> Octets<N> {
    /// `N` fresh random octets.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, OctetsError> {
        let mut octets = [0; N];
        random.fill(&mut octets).map_err(|_| OctetsError::NoRandomness)?;
        Ok(Self(octets))
    }

    /// Reads the base64url form; exactly `N` octets, canonical, no padding.
    pub fn decode(text: &str) -> Result<Self, OctetsError> {
        let mut octets = [0; N];
        decode_exactly(text, &mut octets)?;
        Ok(Self(octets))
    }

    /// The base64url form.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The hexadecimal form, which other programs print hashes in.
    pub fn to_hex(&self) -> String {
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('?');
        self.0.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 0x0f)]).collect()
    }

    /// Reads the hexadecimal form, in either case.
    pub fn from_hex(text: &str) -> Result<Self, OctetsError> {
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let digits = digits.ok_or(OctetsError::NotHexadecimal)?;
        let octets = digits.chunks(2).map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).map_err(|_| OctetsError::NotHexadecimal),
            _ => Err(OctetsError::NotHexadecimal),
        });
        let octets = octets.collect::<Result<Vec<u8>, _>>()?;
        let found = octets.len();
        Ok(Self(octets.try_into().map_err(|_| OctetsError::WrongLength { expected: N, found })?))
    }
}

impl<const N: usize> AsRef<[u8]> for Octets<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> fmt::Display for Octets<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

impl<const N: usize> fmt::Debug for Octets<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

impl<const N: usize> Serialize for Octets<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Octets<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::decode(&text).map_err(de::Error::custom)
    }
}

/// Exactly `N` octets that grant something to whoever knows them: browser secret, return verifier, claim secret,
/// ticket. Wiped when dropped, never printed, never cloned; stored and compared only as its hash.
pub struct Secret<const N: usize>(Zeroizing<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// `N` fresh random octets.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, OctetsError> {
        let mut octets = Zeroizing::new([0; N]);
        random.fill(octets.as_mut_slice()).map_err(|_| OctetsError::NoRandomness)?;
        Ok(Self(octets))
    }

    /// Reads the base64url form; exactly `N` octets, canonical, no padding.
    pub fn decode(text: &str) -> Result<Self, OctetsError> {
        let mut octets = Zeroizing::new([0; N]);
        decode_exactly(text, octets.as_mut_slice())?;
        Ok(Self(octets))
    }

    /// The base64url form, for the one place that hands the secret over.
    pub fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// SHA-256 of the octets: what may be stored, sent and compared.
    pub fn hash(&self) -> Octets<32> {
        sha256(self.0.as_slice())
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<const N: usize> Serialize for Secret<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Secret<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Self::decode(&text).map_err(de::Error::custom)
    }
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(octets: &[u8]) -> Octets<32> {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, octets).as_ref());
    Octets(hash)
}

/// Why octets could not be made or read. The offending text is not repeated: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OctetsError {
    /// Not canonical base64url without padding.
    #[error("not base64url without padding")]
    NotBase64Url,
    /// Not pairs of hexadecimal digits.
    #[error("not hexadecimal")]
    NotHexadecimal,
    /// Another number of octets than the field has.
    #[error("{found} octets where {expected} belong")]
    WrongLength {
        /// Octets that the field has.
        expected: usize,
        /// Octets that were found.
        found: usize,
    },
    /// The operating system gave no randomness.
    #[error("the system's random number generator failed")]
    NoRandomness,
}

fn decode_exactly(text: &str, octets: &mut [u8]) -> Result<(), OctetsError> {
    let expected = octets.len();
    // Four characters carry three octets; what is longer than the field needs is not decoded at all.
    let longest = expected.div_ceil(3).saturating_mul(4);
    if text.len() > longest {
        return Err(OctetsError::WrongLength { expected, found: text.len() / 4 * 3 });
    }
    let mut decoded =
        URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| OctetsError::NotBase64Url)?;
    if decoded.len() != expected {
        return Err(OctetsError::WrongLength { expected, found: decoded.len() });
    }
    octets.copy_from_slice(&decoded);
    decoded.zeroize();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_read_back_what_they_write() {
        let octets = Octets([7; 32]);
        assert_eq!(Octets::<32>::decode(&octets.encode()), Ok(octets));
    }

    #[test]
    fn hexadecimal_reads_back_and_nothing_else_is_read() {
        let octets = Octets([0, 0x0f, 0xf0, 0xab]);
        assert_eq!(octets.to_hex(), "000ff0ab");
        assert_eq!(Octets::<4>::from_hex("000ff0ab"), Ok(octets));
        assert_eq!(Octets::<4>::from_hex("000FF0AB"), Ok(octets));
        for text in ["000ff0a", "000ff0ag", "0x0ff0ab", "00 0ff0a", "+00ff0ab"] {
            assert_eq!(Octets::<4>::from_hex(text), Err(OctetsError::NotHexadecimal), "{text}");
        }
        let short = Err(OctetsError::WrongLength { expected: 4, found: 3 });
        assert_eq!(Octets::<4>::from_hex("000ff0"), short);
    }

    #[test]
    fn another_length_or_spelling_is_refused() {
        let text = Octets([0xff; 32]).encode();
        assert_eq!(Octets::<16>::decode(&text), Err(OctetsError::WrongLength { expected: 16, found: 30 }));
        assert_eq!(Octets::<32>::decode(&format!("{text}=")), Err(OctetsError::NotBase64Url));
        assert_eq!(Octets::<32>::decode(&text.replace('_', "/")), Err(OctetsError::NotBase64Url));
        // The last character of 32 octets carries four bits; a set unused bit is a second spelling.
        assert_eq!(Octets::<32>::decode(&text.replace("_8", "_9")), Err(OctetsError::NotBase64Url));
    }

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::<32>::decode(&Octets([9; 32]).encode()).expect("32 octets");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(secret.hash(), sha256(&[9; 32]));
    }
}
