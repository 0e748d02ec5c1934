//! Address ranges (RFC 5280 section 4.2.1.10): an address and a mask of the same length, in the style of CIDR.

use std::net::IpAddr;

/// A range of IPv4 or of IPv6 addresses; one kind is never within the other, mapped addresses included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    V4 { address: u32, mask: u32 },
    V6 { address: u128, mask: u128 },
}

impl Network {
    /// Eight octets or thirty-two; the ones of the mask stand before its zeros.
    pub(crate) fn read(octets: &[u8]) -> Option<Self> {
        if let Some((address, mask)) = octets.split_first_chunk::<4>()
            && let Ok(mask) = <[u8; 4]>::try_from(mask)
        {
            let (address, mask) = (u32::from_be_bytes(*address), u32::from_be_bytes(mask));
            return (mask.leading_ones() == mask.count_ones()).then_some(Self::V4 { address, mask });
        }
        let (address, mask) = octets.split_first_chunk::<16>()?;
        let (address, mask) = (u128::from_be_bytes(*address), u128::from_be_bytes(mask.try_into().ok()?));
        (mask.leading_ones() == mask.count_ones()).then_some(Self::V6 { address, mask })
    }

    pub(crate) fn contains(&self, candidate: &IpAddr) -> bool {
        match (*self, candidate) {
            (Self::V4 { address, mask }, IpAddr::V4(other)) => (u32::from(*other) ^ address) & mask == 0,
            (Self::V6 { address, mask }, IpAddr::V6(other)) => (u128::from(*other) ^ address) & mask == 0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(octets: &[u8], address: &str) -> bool {
        Network::read(octets).expect("a range").contains(&address.parse().expect("an address"))
    }

    #[test]
    fn addresses_within_a_range() {
        let net = [192, 0, 2, 0, 255, 255, 255, 0];
        assert!(contains(&net, "192.0.2.0") && contains(&net, "192.0.2.255"));
        assert!(!contains(&net, "192.0.3.0") && !contains(&net, "::ffff:192.0.2.1"));
        assert!(contains(&[0; 8], "203.0.113.9") && !contains(&[0; 8], "::1"));
        assert!(contains(&[0; 32], "2001:db8::1") && !contains(&[0; 32], "192.0.2.1"));
        let mut one = [0; 32];
        one[15] = 1;
        one[16..].fill(255);
        assert!(contains(&one, "::1") && !contains(&one, "::2"));
        assert!(contains(&[128, 0, 0, 0, 128, 0, 0, 0], "128.0.0.0"));
        assert!(!contains(&[128, 0, 0, 0, 128, 0, 0, 0], "127.255.255.255"));
    }

    #[test]
    fn other_lengths_and_masks_with_holes_are_refused() {
        for length in (0..=33).filter(|length| *length != 8 && *length != 32) {
            assert_eq!(Network::read(&vec![0; length]), None, "{length}");
        }
        for mask in [[255, 255, 255, 253], [255, 253, 0, 0], [64, 0, 0, 0], [255, 0, 255, 0]] {
            assert_eq!(Network::read(&[[0; 4], mask].concat()), None, "{mask:?}");
        }
        let mut v6 = [0; 32];
        v6[17] = 1;
        assert_eq!(Network::read(&v6), None);
    }
}
