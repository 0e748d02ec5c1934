//! EF 0006: PKCS#11's `CK_TOKEN_INFO` with 32-bit big-endian numbers, as observed on cards.

/// The 160 octets of token information with this label, of which 32 octets count.
pub(crate) fn token_info(label: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(OCTETS);
    for (text, width) in [(label, LABEL_OCTETS), ("MOCK", 32), ("MOCK", 16), ("0000000000000000", 16)] {
        octets.extend(text.bytes().chain(std::iter::repeat(b' ')).take(width));
    }
    for number in
        [FLAGS, 0, 0, 0, 0, LONGEST_PIN, SHORTEST_PIN, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]
    {
        octets.extend_from_slice(&number.to_be_bytes());
    }
    // Hardware and firmware version are ASCII digits on cards, where PKCS#11 has numbers.
    octets.extend_from_slice(b"0301");
    octets.resize(OCTETS, b' ');
    octets
}

/// Width of the label.
pub(crate) const LABEL_OCTETS: usize = 32;
const OCTETS: usize = 160;
/// `CKF_WRITE_PROTECTED | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED`.
const FLAGS: u32 = 0x0000_040E;
const LONGEST_PIN: u32 = 16;
const SHORTEST_PIN: u32 = 4;
/// `CK_UNAVAILABLE_INFORMATION`.
const UNAVAILABLE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_where_cards_have_them() {
        let octets = token_info("JPKIAPICCTOKEN2");
        assert_eq!(octets.len(), 160);
        assert_eq!(&octets[..32], b"JPKIAPICCTOKEN2                 ");
        assert_eq!(&octets[116..124], &[0, 0, 0, 16, 0, 0, 0, 4]);
        assert_eq!(&octets[140..144], b"0301");
    }
}
