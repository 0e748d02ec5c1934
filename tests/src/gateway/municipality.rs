//! The municipalities of the tests.

use madoguchi_protocol::Origin;

/// A municipality of the gateway under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Town {
    /// Its id in records.
    pub id: &'static str,
    /// Its origin and issuer.
    pub issuer: &'static str,
    /// Its Japanese name.
    pub name: &'static str,
}

/// みどり市, where most things happen.
pub const MIDORI: Town = Town { id: "midori", issuer: "http://localhost:24810", name: "みどり市" };
/// ひなた市: another port of the same host, so a browser sends it the same cookies.
pub const HINATA: Town = Town { id: "hinata", issuer: "http://localhost:24811", name: "ひなた市" };
/// かわ町, behind TLS.
pub const KAWA: Town = Town { id: "kawa", issuer: "https://mado.kawa.example", name: "かわ町" };

impl Town {
    /// All of them.
    pub const ALL: [Self; 3] = [MIDORI, HINATA, KAWA];

    /// Its origin.
    pub fn origin(self) -> Origin {
        Origin::parse(self.issuer).expect("an origin")
    }

    /// An address of its gateway.
    pub fn url(self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}
