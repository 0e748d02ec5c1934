//! The municipalities of the test PKI. Prefecture number 99 does not exist, so no code is a real one's.

use crate::Error;

/// A municipality that issues cards.
#[derive(Debug, PartialEq, Eq)]
pub struct Municipality {
    /// Five digits, as in the common names of certificates and the file names of lists.
    pub code: &'static str,
    /// Romanised prefecture, as in distinguished names.
    pub prefecture: &'static str,
    /// Romanised municipality, as in distinguished names.
    pub name: &'static str,
    /// Japanese prefecture and municipality.
    pub japanese: &'static str,
}

/// The municipalities of the test PKI that have a name and lists of their own.
pub const MUNICIPALITIES: [Municipality; 2] = [
    Municipality {
        code: "99201",
        prefecture: "Midori-ken",
        name: "Midori-shi",
        japanese: "みどり県みどり市",
    },
    Municipality {
        code: "99202",
        prefecture: "Midori-ken",
        name: "Hinata-shi",
        japanese: "みどり県ひなた市",
    },
];

/// As many more as make Japan's number: without a name of their own, by their codes 90001 to 91739.
static NUMBERED: [Municipality; NUMBERED_COUNT] = {
    const NONE: Municipality = Municipality { code: "", prefecture: "", name: "", japanese: "" };
    let mut all = [NONE; NUMBERED_COUNT];
    let mut index = 0;
    while index < NUMBERED_COUNT {
        // Unwrap safety: digits are text; checked when compiled.
        let Ok(code) = str::from_utf8(&CODES[index]) else { panic!("digits are text") };
        all[index] =
            Municipality { code, prefecture: "Kazu-ken", name: code, japanese: "かず県のまち" };
        index += 1;
    }
    all
};

static CODES: [[u8; 5]; NUMBERED_COUNT] = {
    let mut all = [*b"90000"; NUMBERED_COUNT];
    let mut index = 0;
    while index < NUMBERED_COUNT {
        let mut rest = index + 1;
        let mut place = 4;
        while rest > 0 {
            all[index][place] = DIGITS[rest % 10];
            rest /= 10;
            place -= 1;
        }
        index += 1;
    }
    all
};

const DIGITS: &[u8; 10] = b"0123456789";

const NUMBERED_COUNT: usize = 1_739;

impl Municipality {
    /// Japan's number of municipalities: those of the test PKI, and others that have only a number.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        MUNICIPALITIES.iter().chain(&NUMBERED)
    }

    /// The municipality of this code.
    pub fn find(code: &str) -> Result<&'static Self, Error> {
        Self::all()
            .find(|municipality| municipality.code == code)
            .ok_or_else(|| Error::UnknownMunicipality { code: code.to_owned() })
    }

    /// The one after this, and after the last the first.
    pub(crate) fn next(&self) -> &'static Self {
        let after = MUNICIPALITIES.iter().skip_while(|other| other.code != self.code).nth(1);
        after.unwrap_or(&MUNICIPALITIES[0])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn as_many_as_in_japan_and_each_found_by_its_code() {
        let codes: HashSet<&str> = Municipality::all().map(|municipality| municipality.code).collect();
        assert_eq!(codes.len(), 1_741);
        assert!(codes.contains("90001") && codes.contains("91739"));
        for code in codes {
            assert_eq!(Municipality::find(code).unwrap().code, code);
        }
        for bad in ["90000", "91740", "13101", "9000", ""] {
            assert!(Municipality::find(bad).is_err(), "{bad}");
        }
    }
}
