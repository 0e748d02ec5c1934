//! Invented people, and the attributes (基本4情報) that a signature certificate has of them.

/// Somebody who does not exist, and whose data says so.
#[derive(Debug, PartialEq, Eq)]
pub struct Person {
    /// 氏名, with a full-width space between the parts.
    pub name: &'static str,
    /// 性別: 1 male, 2 female.
    pub sex: &'static str,
    /// Digit of the era of birth: 4 is 平成.
    pub era: &'static str,
    /// 生年月日, YYYYMMDD.
    pub birth_date: &'static str,
    /// 住所, with full-width digits.
    pub address: &'static str,
}

impl Person {
    /// Whoever holds a card of the test PKI.
    pub const ADULT: Self = Self {
        name: "架空　みどり",
        sex: "2",
        era: "4",
        birth_date: "20000101",
        address: "みどり県みどり市架空町１丁目２番３号",
    };

    /// A child, too young for a signature certificate.
    pub const CHILD: Self =
        Self { name: "架空　ひなた", sex: "1", era: "4", birth_date: "20180405", ..Self::ADULT };

    /// JPKI's attribute numbers in JPKI's order. 2 and 6 tell, digit by digit, which characters of 1 and 5 are
    /// substitutes: none.
    pub(crate) fn attributes(&self) -> [(u8, String); 6] {
        let substitutes = |text: &str| "0".repeat(text.chars().count());
        [
            (1, self.name.to_owned()),
            (4, format!("{}{}", self.era, self.birth_date)),
            (3, self.sex.to_owned()),
            (5, self.address.to_owned()),
            (2, substitutes(self.name)),
            (6, substitutes(self.address)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_in_jpki_s_order() {
        let attributes = Person::ADULT.attributes();
        assert_eq!(attributes.each_ref().map(|(number, _)| *number), [1, 4, 3, 5, 2, 6]);
        let [name, birth_date, sex, address, name_substitutes, address_substitutes] =
            attributes.map(|(_, text)| text);
        assert_eq!((birth_date.as_str(), sex.as_str()), ("420000101", "2"));
        // A digit for each character.
        assert_eq!((name_substitutes.len(), name.chars().count()), (6, 6));
        assert_eq!((address_substitutes.len(), address.chars().count()), (18, 18));
    }
}
