//! The card's RSA: PKCS#1 v1.5 type 1 padding (RFC 8017 section 9.2, step 3 on) over whatever it is given, PSS, and the
//! private-key operation by CRT (section 5.2.1). Not constant time: these are test keys.

use madoguchi_iso7816::StatusWord;
use num_bigint::BigUint;
use ring::digest::{SHA256, digest};

use crate::der::{INTEGER, OCTET_STRING, SEQUENCE, value};

/// An RSA-2048 private key.
pub(crate) struct RsaKey {
    p: BigUint,
    q: BigUint,
    d_p: BigUint,
    d_q: BigUint,
    q_inverse: BigUint,
}

impl RsaKey {
    /// Reads PKCS#8 (RFC 5958) or PKCS#1 (RFC 8017 appendix A.1.2).
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, &'static str> {
        let (mut fields, _) = value(der, SEQUENCE)?;
        fields = value(fields, INTEGER)?.1;
        if fields.first() == Some(&SEQUENCE) {
            let after_algorithm = value(fields, SEQUENCE)?.1;
            let (pkcs1, _) = value(after_algorithm, OCTET_STRING)?;
            return Self::from_der(pkcs1);
        }
        let mut next = || -> Result<BigUint, &'static str> {
            let (integer, rest) = value(fields, INTEGER)?;
            fields = rest;
            Ok(BigUint::from_bytes_be(integer))
        };
        let (modulus, _, _) = (next()?, next()?, next()?);
        let key = Self { p: next()?, q: next()?, d_p: next()?, d_q: next()?, q_inverse: next()? };
        if modulus.bits() != 8 * MODULUS_OCTETS as u64 {
            return Err("the modulus has not 2048 bits");
        }
        if &key.p * &key.q != modulus {
            return Err("the primes are not the modulus's");
        }
        Ok(key)
    }

    /// Signs 1 to 245 octets, whatever they are.
    pub(crate) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, StatusWord> {
        if input.is_empty() || input.len() > MODULUS_OCTETS - PADDING_AT_LEAST {
            return Err(StatusWord::WrongLength);
        }
        let mut encoded = vec![0xFF; MODULUS_OCTETS - input.len()];
        encoded[0] = 0x00;
        encoded[1] = 0x01;
        encoded[MODULUS_OCTETS - input.len() - 1] = 0x00;
        encoded.extend_from_slice(input);
        Ok(self.private_operation(&encoded))
    }

    /// Signs a SHA-256 hash by RSASSA-PSS with MGF1 (RFC 8017 section 9.1.1). emBits is 2047.
    pub(crate) fn sign_pss(&self, hash: &[u8], salt: &[u8]) -> Vec<u8> {
        let h = digest(&SHA256, &[&[0; 8], hash, salt].concat());
        let mut db = vec![0; MODULUS_OCTETS - h.as_ref().len() - 1];
        let salt_at = db.len() - salt.len();
        db[salt_at - 1] = 0x01;
        db[salt_at..].copy_from_slice(salt);
        let blocks = (0_u32..).flat_map(|counter| {
            digest(&SHA256, &[h.as_ref(), &counter.to_be_bytes()].concat()).as_ref().to_vec()
        });
        db.iter_mut().zip(blocks).for_each(|(octet, mask)| *octet ^= mask);
        db[0] &= 0x7F;
        self.private_operation(&[&db, h.as_ref(), &[0xBC]].concat())
    }

    fn private_operation(&self, encoded: &[u8]) -> Vec<u8> {
        let message = BigUint::from_bytes_be(encoded);
        let s1 = message.modpow(&self.d_p, &self.p);
        let s2 = message.modpow(&self.d_q, &self.q);
        // (s1 - s2) modulo p without going below zero.
        let difference = (s1 + &self.p - (&s2 % &self.p)) % &self.p;
        let h = (difference * &self.q_inverse) % &self.p;
        let signature = (s2 + h * &self.q).to_bytes_be();
        let mut octets = vec![0; MODULUS_OCTETS - signature.len()];
        octets.extend_from_slice(&signature);
        octets
    }
}

/// Octets of the modulus, and of every signature.
pub(crate) const MODULUS_OCTETS: usize = 256;
const PADDING_AT_LEAST: usize = 11;
