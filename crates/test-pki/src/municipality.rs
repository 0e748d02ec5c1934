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

/// All municipalities of the test PKI.
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

impl Municipality {
    /// The municipality of this code.
    pub fn find(code: &str) -> Result<&'static Self, Error> {
        MUNICIPALITIES
            .iter()
            .find(|municipality| municipality.code == code)
            .ok_or_else(|| Error::UnknownMunicipality { code: code.to_owned() })
    }

    /// The one after this, and after the last the first.
    pub(crate) fn next(&self) -> &'static Self {
        let after = MUNICIPALITIES.iter().skip_while(|other| other.code != self.code).nth(1);
        after.unwrap_or(&MUNICIPALITIES[0])
    }
}
