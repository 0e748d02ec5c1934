//! Which lists replace each other.

use std::fmt;

use madoguchi_protocol::Octets;

use crate::crl::scope::Scope;

/// What lists replace each other: same issuer key, same scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    issuer_key: Octets<32>,
    scope: Vec<u8>,
    label: String,
}

impl Partition {
    pub(crate) fn new(issuer_key: Octets<32>, scope: &Scope) -> Self {
        let label = scope.names().iter().map(ToString::to_string);
        Self { issuer_key, scope: scope.key(), label: label.collect::<Vec<String>>().join(" | ") }
    }

    /// SHA-256 of the SubjectPublicKeyInfo of the key that signed the lists.
    pub fn issuer_key_hash(&self) -> Octets<32> {
        self.issuer_key
    }
}

impl fmt::Display for Partition {
    /// The distribution point's names, for an operator; empty when the lists cover all of the issuer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.label, f)
    }
}
