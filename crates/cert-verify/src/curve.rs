//! Whether a point lies on P-256 or P-384 (SP 800-186 section 3.2.1): y^2 = x^3 - 3x + b.
//!
//! ring says so only where it verifies with a key, and with a target's key nothing is verified. Public numbers, each
//! once: neither constant time nor speed matters.

/// A curve: its prime and its b, the most significant limb first.
pub(crate) struct Curve<const N: usize> {
    p: [u64; N],
    b: [u64; N],
}

/// secp256r1.
pub(crate) const P256: Curve<4> = Curve {
    p: [0xffff_ffff_0000_0001, 0, 0x0000_0000_ffff_ffff, u64::MAX],
    b: [0x5ac6_35d8_aa3a_93e7, 0xb3eb_bd55_7698_86bc, 0x651d_06b0_cc53_b0f6, 0x3bce_3c3e_27d2_604b],
};

/// secp384r1.
pub(crate) const P384: Curve<6> = Curve {
    p: [u64::MAX, u64::MAX, u64::MAX, 0xffff_ffff_ffff_fffe, 0xffff_ffff_0000_0000, 0x0000_0000_ffff_ffff],
    b: [
        0xb331_2fa7_e23e_e7e4,
        0x988e_056b_e3f8_2d19,
        0x181d_9c6e_fe81_4112,
        0x0314_088f_5013_875a,
        0xc656_398d_8a2e_d19d,
        0x2a85_c8ed_d3ec_2aef,
    ],
};

impl<const N: usize> Curve<N> {
    /// Whether an uncompressed point is one of the curve. The point at infinity has no such form.
    pub(crate) fn has(&self, point: &[u8]) -> bool {
        let Some((&0x04, coordinates)) = point.split_first() else { return false };
        let Some((x, y)) = coordinates.split_at_checked(N * 8) else { return false };
        let (Some(x), Some(y)) = (self.element(x), self.element(y)) else { return false };
        let three_x = self.sum(&self.sum(&x, &x), &x);
        let cube = self.product(&self.product(&x, &x), &x);
        self.sum(&self.product(&y, &y), &three_x) == self.sum(&cube, &self.b)
    }

    /// A number below the prime.
    fn element(&self, octets: &[u8]) -> Option<[u64; N]> {
        let (limbs, rest) = octets.as_chunks::<8>();
        let mut number = [0; N];
        if limbs.len() != N || !rest.is_empty() {
            return None;
        }
        for (to, limb) in number.iter_mut().zip(limbs) {
            *to = u64::from_be_bytes(*limb);
        }
        (number < self.p).then_some(number)
    }

    fn sum(&self, one: &[u64; N], other: &[u64; N]) -> [u64; N] {
        let mut sum = *one;
        let mut carry = false;
        for (limb, other) in sum.iter_mut().zip(other).rev() {
            let (first, over) = limb.overflowing_add(*other);
            let (second, over_again) = first.overflowing_add(u64::from(carry));
            (*limb, carry) = (second, over || over_again);
        }
        if carry || sum >= self.p {
            let mut borrow = false;
            for (limb, p) in sum.iter_mut().zip(&self.p).rev() {
                let (first, under) = limb.overflowing_sub(*p);
                let (second, under_again) = first.overflowing_sub(u64::from(borrow));
                (*limb, borrow) = (second, under || under_again);
            }
        }
        sum
    }

    /// Bit by bit from the most significant one.
    fn product(&self, one: &[u64; N], other: &[u64; N]) -> [u64; N] {
        let mut product = [0; N];
        for limb in other {
            for bit in (0..u64::BITS).rev() {
                product = self.sum(&product, &product);
                if limb >> bit & 1 == 1 {
                    product = self.sum(&product, one);
                }
            }
        }
        product
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        let digit = |digit: char| u8::try_from(digit.to_digit(16).expect("a digit")).expect("a digit");
        let digits: Vec<u8> = hex.chars().filter(char::is_ascii_hexdigit).map(digit).collect();
        digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
    }

    fn judge<const N: usize>(curve: &Curve<N>, point: &[u8]) {
        assert_eq!(point.len(), N * 16 + 1);
        assert!(curve.has(point));
        for place in 0..point.len() {
            for bit in 0..8 {
                let mut other = point.to_vec();
                if let Some(octet) = other.get_mut(place) {
                    *octet ^= 1 << bit;
                }
                assert!(!curve.has(&other), "{place} {bit}");
            }
        }
        assert!(!curve.has(&[point, &[0]].concat()) && !curve.has(point.split_last().expect("octets").1));
        assert!(!curve.has(&[&[4][..], &vec![0; N * 16]].concat()) && !curve.has(&[]));
    }

    #[test]
    fn points_of_the_curve_and_their_neighbours() {
        // The generators of SP 800-186 section 3.2.1.
        judge(
            &P256,
            &octets(
                "04 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296
                4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
            ),
        );
        judge(
            &P384,
            &octets(
                "04 aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7
                3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
            ),
        );
    }

    /// The same point written with a coordinate that is one prime longer.
    #[test]
    fn coordinates_are_below_the_prime() {
        for p in [P256.p, [u64::MAX; 4]] {
            assert_eq!(P256.element(&p.map(u64::to_be_bytes).concat()), None);
        }
        let [first, second, third, last] = P256.p;
        let below = [first, second, third, last - 1];
        assert_eq!(P256.element(&below.map(u64::to_be_bytes).concat()), Some(below));
    }
}
