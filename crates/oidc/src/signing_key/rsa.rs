//! Makes RSA keys (RFC 8017 section 3.2), which `ring` uses but does not make. No OpenSSL, and every intermediate number
//! is wiped.

use std::convert::Infallible;

use crypto_bigint::rand_core::{TryCryptoRng, TryRng};
use crypto_bigint::{BoxedUint, ConcatenatingMul as _, NonZero, Odd, Resize as _};
use crypto_primes::hazmat::{SetBits, SmallFactorsSieveFactory};
use crypto_primes::{Flavor, is_prime, sieve_and_find};
use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use super::der;
use crate::CryptoError;

/// A fresh key of 2048 bits with e = 65537 as PKCS#8.
pub(super) fn generate(random: &dyn SecureRandom) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    loop {
        let (p, q) = (prime(random)?, prime(random)?);
        // None: e divides p - 1 or q - 1, or p = q. Other primes are taken.
        if let Some(key) = key_of(p, q) {
            return Ok(key);
        }
    }
}

/// The key of two primes of [`PRIME_BITS`] each, in any order.
#[expect(clippy::many_single_char_names, reason = "the names of RFC 8017")]
fn key_of(first: Zeroizing<BoxedUint>, second: Zeroizing<BoxedUint>) -> Option<Zeroizing<Vec<u8>>> {
    let (p, q) = if *first > *second { (first, second) } else { (second, first) };
    let one = BoxedUint::one_with_precision(PRIME_BITS);
    let minus_one = |prime: &BoxedUint| {
        let less = NonZero::new(prime.wrapping_sub(&one)).into_option()?;
        Some(Zeroizing::new(less))
    };
    let (p1, q1) = (minus_one(&p)?, minus_one(&q)?);
    let n = p.concatenating_mul(&*q);
    let number =
        |not_zero: &NonZero<BoxedUint>| -> Zeroizing<BoxedUint> { Zeroizing::new(not_zero.as_ref().clone()) };
    let phi = Zeroizing::new(NonZero::new(number(&p1).concatenating_mul(&*number(&q1))).into_option()?);
    let e = BoxedUint::from(PUBLIC_EXPONENT).resize(2 * PRIME_BITS);
    let d = Zeroizing::new(e.invert_mod(&phi).into_option()?);
    let (d_p, d_q) = (Zeroizing::new(d.rem(&*p1)), Zeroizing::new(d.rem(&*q1)));
    let modulus = Zeroizing::new(Odd::new((*p).clone()).into_option()?);
    let q_inverse = Zeroizing::new(q.invert_odd_mod(&modulus).into_option()?);
    let mut integers = Zeroizing::new(der::integer(&[0]));
    for number in [&n, &e, &d, &p, &q, &d_p, &d_q, &q_inverse] {
        let octets = Zeroizing::new(number.to_be_bytes());
        integers.extend_from_slice(&Zeroizing::new(der::integer(&octets)));
    }
    Some(der::pkcs8(der::RSA_ENCRYPTION, &Zeroizing::new(der::sequence(&integers))))
}

/// A random prime whose two highest bits are set, so that the product of two has exactly twice the bits.
fn prime(random: &dyn SecureRandom) -> Result<Zeroizing<BoxedUint>, CryptoError> {
    let factory = SmallFactorsSieveFactory::<BoxedUint>::new(Flavor::Any, PRIME_BITS, SetBits::TwoMsb)
        .map_err(|_| CryptoError::MalformedKey)?;
    let mut adapter = CryptoRandom { random, failed: false };
    let found = sieve_and_find(&mut adapter, factory, |_, candidate| is_prime(Flavor::Any, candidate));
    let prime = found.ok().flatten().map(Zeroizing::new);
    if adapter.failed { Err(CryptoError::NoRandomness) } else { prime.ok_or(CryptoError::NoRandomness) }
}

/// `ring`'s random source in the trait that `crypto-primes` wants. That trait knows no failure, so a failure is
/// remembered and the key is thrown away.
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

const PRIME_BITS: u32 = 1024;
const PUBLIC_EXPONENT: u32 = 65537;

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: u64) -> Zeroizing<BoxedUint> {
        Zeroizing::new(BoxedUint::from(value).resize(PRIME_BITS))
    }

    /// e divides 65537 * 4 (its p is 262149 = 4 * 65537 + 1, whatever else it is), and a prime alone is no key.
    #[test]
    fn primes_that_make_no_key_make_none() {
        let with_e = 4 * u64::from(PUBLIC_EXPONENT) + 1;
        assert!(key_of(number(with_e), number(101)).is_none());
        assert!(key_of(number(101), number(101)).is_none());
        assert!(key_of(number(101), number(103)).is_some());
    }
}
