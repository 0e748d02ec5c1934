//! Which lists replace each other.

use std::fmt;

use madoguchi_protocol::{Octets, sha256};

use crate::Name;
use crate::crl::scope::Scope;

/// What lists replace each other: same issuer name, same issuer key, same scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    issuer: Vec<u8>,
    issuer_key: Octets<32>,
    scope: Vec<u8>,
    label: String,
}

impl Partition {
    pub(crate) fn new(issuer: &Name, issuer_key: Octets<32>, scope: &Scope) -> Self {
        let label = scope.names().iter().map(ToString::to_string).collect::<Vec<String>>().join(" | ");
        Self { issuer: issuer.normal().to_vec(), issuer_key, scope: scope.key(), label }
    }

    /// SHA-256 over all that makes the partition: a name for files that outlive the process.
    pub fn id(&self) -> Octets<32> {
        let length = u64::try_from(self.issuer.len()).unwrap_or(u64::MAX).to_be_bytes();
        sha256(&[&length, &*self.issuer, &self.issuer_key.0, &self.scope].concat())
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
