//! RSA-2048 keys with e = 65537 (RFC 8017 section 3.2), which `ring` uses but does not make.

use std::convert::Infallible;

use crypto_bigint::{
    BoxedUint,
    rand_core::{TryCryptoRng, TryRng},
};
use crypto_primes::{
    Flavor,
    hazmat::{SetBits, SmallFactorsSieveFactory},
    is_prime, sieve_and_find,
};
use num_bigint::BigUint;
use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use crate::{Error, der, oid};

const PRIME_BITS: u32 = 1024;
const PUBLIC_EXPONENT: u32 = 65537;

/// Makes a key and returns it as PKCS#8 (RFC 5958) `PrivateKeyInfo`.
#[expect(clippy::many_single_char_names, reason = "the names of RFC 8017")]
pub(crate) fn generate(random: &dyn SecureRandom) -> Result<Zeroizing<Vec<u8>>, Error> {
    let e = BigUint::from(PUBLIC_EXPONENT);
    let one = BigUint::from(1_u8);
    loop {
        let (first, second) = (prime(random)?, prime(random)?);
        let (p, q) = if first > second { (first, second) } else { (second, first) };
        let (p1, q1) = (&p - &one, &q - &one);
        // None when e divides p - 1 or q - 1, or when p = q: take other primes.
        let (Some(d), Some(q_inverse)) = (e.modinv(&(&p1 * &q1)), q.modinv(&p)) else { continue };
        let (d_p, d_q) = (&d % &p1, &d % &q1);
        let n = &p * &q;
        let integers = [&n, &e, &d, &p, &q, &d_p, &d_q, &q_inverse]
            .map(|i| Zeroizing::new(der::unsigned(&i.to_bytes_be())));
        let mut body = Zeroizing::new(der::unsigned(&[0]));
        for integer in &integers {
            body.extend_from_slice(integer);
        }
        let key = Zeroizing::new(der::sequence(&[&body]));
        let algorithm = der::sequence(&[&der::oid(oid::RSA_ENCRYPTION)?, &der::null()]);
        let version = der::unsigned(&[0]);
        return Ok(Zeroizing::new(der::sequence(&[&version, &algorithm, &der::octet_string(&key)])));
    }
}

/// A random prime whose two highest bits are set, so that the product of two has exactly 2048 bits.
fn prime(random: &dyn SecureRandom) -> Result<BigUint, Error> {
    let not_encodable = || Error::NotEncodable { what: "an RSA prime" };
    let factory = SmallFactorsSieveFactory::<BoxedUint>::new(Flavor::Any, PRIME_BITS, SetBits::TwoMsb)
        .map_err(|_| not_encodable())?;
    let mut adapter = CryptoRandom { random, failed: false };
    let prime = sieve_and_find(&mut adapter, factory, |_, candidate| is_prime(Flavor::Any, candidate))
        .map_err(|_| not_encodable())?
        .ok_or_else(not_encodable)?;
    if adapter.failed {
        return Err(Error::NoRandomness);
    }
    Ok(BigUint::from_bytes_be(&prime.to_be_bytes()))
}

/// `ring`'s random source in the trait that `crypto-primes` wants.
///
/// That trait knows no failure, so a failure is remembered and the key is thrown away.
struct CryptoRandom<'a> {
    random: &'a dyn SecureRandom,
    failed: bool,
}

impl CryptoRandom<'_> {
    fn octets<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        self.failed |= self.random.fill(&mut octets).is_err();
        octets
    }
}

impl TryRng for CryptoRandom<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.octets()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.octets()))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
        self.failed |= self.random.fill(octets).is_err();
        Ok(())
    }
}

impl TryCryptoRng for CryptoRandom<'_> {}
