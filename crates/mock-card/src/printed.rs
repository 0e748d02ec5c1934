//! What is printed on the card: on an invented person's, with a number that nobody can have.

use madoguchi_test_pki::Person;

use crate::pin::{Pin, PinFormat};

/// The face and the back of the card.
pub(crate) struct Printed {
    pub(crate) person: &'static Person,
    /// Date of birth, six digits with the year of the era: the key of the age record.
    pub(crate) birth_date_of_era: &'static str,
    /// Last day of the card, YYYYMMDD.
    pub(crate) expiry: &'static str,
    /// セキュリティコード
    pub(crate) security_code: &'static str,
}

impl Printed {
    pub(crate) fn of(child: bool) -> Self {
        if child {
            let person = &Person::CHILD;
            Self { person, birth_date_of_era: "300405", expiry: "20310405", security_code: "0000" }
        } else {
            let person = &Person::ADULT;
            Self { person, birth_date_of_era: "120101", expiry: "20360101", security_code: "0000" }
        }
    }

    /// 照合番号A
    pub(crate) fn pin_a() -> Pin {
        Pin::new(INDIVIDUAL_NUMBER, PinFormat::Fixed(12), 10)
    }

    /// 照合番号B
    pub(crate) fn pin_b(&self) -> Pin {
        Pin::new(&self.code_b(), PinFormat::Fixed(14), 10)
    }

    /// Date of birth, year of expiry, security code.
    fn code_b(&self) -> String {
        format!("{}{}{}", self.birth_date_of_era, &self.expiry[..4], self.security_code)
    }
}

/// 個人番号, and so 照合番号A. Its check digit is wrong, so that it is nobody's.
pub(crate) const INDIVIDUAL_NUMBER: &str = "000000000001";

#[cfg(test)]
mod tests {
    use super::*;

    /// The last digit by the ordinance on individual numbers (平成26年総務省令第85号 第5条): 11 less the remainder
    /// by 11 of the other digits' sum, each times its weight, and 0 where the remainder is 0 or 1.
    fn check_digit(first_eleven: &[u8]) -> u32 {
        let weights = [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6];
        let digits = first_eleven.iter().rev().map(|digit| u32::from(digit - b'0'));
        let remainder = digits.zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11;
        if remainder <= 1 { 0 } else { 11 - remainder }
    }

    #[test]
    fn the_individual_number_is_nobody_s() {
        // An example that circulates in public samples, and is right: the rule above is the rule.
        assert_eq!(check_digit(b"12345678901"), 8);
        let (first, last) = INDIVIDUAL_NUMBER.as_bytes().split_at(11);
        assert_ne!(check_digit(first), u32::from(last[0] - b'0'));
    }

    #[test]
    fn code_b_has_fourteen_digits() {
        for child in [false, true] {
            let code = Printed::of(child).code_b();
            assert!(code.len() == 14 && code.bytes().all(|octet| octet.is_ascii_digit()), "{code}");
        }
    }
}
