//! What the chain's hashes are made of: format 1.
//!
//! - content digest = SHA-256("madoguchi audit content v1" 00 ‖ salt ‖ fields), each field 00 where it is absent, else 01, its
//!   length in eight octets, and its octets;
//! - network digest = SHA-256("madoguchi audit network v1" 00 ‖ its own salt ‖ address), a field of the content: so an address
//!   is forgotten and the record still verifies;
//! - hash = SHA-256("madoguchi audit link v1" 00 ‖ hash before ‖ position ‖ number ‖ content digest), so a content is erased
//!   with its salt and the chain still verifies;
//! - before the first record stands SHA-256("madoguchi audit start v1" 00 ‖ municipality): no two chains begin alike.
//!
//! Without the salts nobody can try out what an erased record said.

use madoguchi_protocol::{Octets, sha256};

/// The format of records that this version seals.
pub const AUDIT_FORMAT: u32 = 1;

/// The values of a record octet by octet, whatever they mean: one that a newer version wrote, or that was tampered with,
/// has a digest too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditContent {
    /// When, in seconds since 1970.
    pub at: i64,
    /// What.
    pub kind: Vec<u8>,
    /// Which sign-in.
    pub sign_in: Option<Vec<u8>>,
    /// Which service.
    pub client_id: Option<Vec<u8>>,
    /// Why.
    pub code: Option<Vec<u8>>,
    /// What it was decided by.
    pub evidence: Option<Vec<u8>>,
    /// Stands for the network address.
    pub network_digest: Option<Vec<u8>>,
}

impl AuditContent {
    /// The content digest.
    pub fn digest(&self, municipality: &str, salt: &[u8]) -> Octets<32> {
        let mut octets = domain(b"madoguchi audit content v1");
        octets.extend_from_slice(salt);
        let fields = [
            Some(municipality.as_bytes()),
            Some(&self.at.to_be_bytes()),
            Some(&*self.kind),
            self.sign_in.as_deref(),
            self.client_id.as_deref(),
            self.code.as_deref(),
            self.evidence.as_deref(),
            self.network_digest.as_deref(),
        ];
        for field in fields {
            match field {
                Some(field) => {
                    octets.push(1);
                    octets.extend_from_slice(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
                    octets.extend_from_slice(field);
                }
                None => octets.push(0),
            }
        }
        sha256(&octets)
    }
}

/// What stands for a network address in a record.
pub(super) fn network_digest(salt: &[u8], address: &[u8]) -> Octets<32> {
    let mut octets = domain(b"madoguchi audit network v1");
    octets.extend_from_slice(salt);
    octets.extend_from_slice(address);
    sha256(&octets)
}

/// The hash of a record in its place.
pub(super) fn link(before: Octets<32>, position: u64, number: i64, content_digest: &[u8]) -> Octets<32> {
    let mut octets = domain(b"madoguchi audit link v1");
    octets.extend_from_slice(&before.0);
    octets.extend_from_slice(&position.to_be_bytes());
    octets.extend_from_slice(&number.to_be_bytes());
    octets.extend_from_slice(content_digest);
    sha256(&octets)
}

/// The hash before the first record of a municipality.
pub fn chain_start(municipality: &str) -> Octets<32> {
    let mut octets = domain(b"madoguchi audit start v1");
    octets.extend_from_slice(municipality.as_bytes());
    sha256(&octets)
}

/// A salt of one use at one position.
pub(super) fn salt(use_: &[u8], seed: Octets<32>, position: u64) -> Octets<32> {
    let mut octets = domain(use_);
    octets.extend_from_slice(&seed.0);
    octets.extend_from_slice(&position.to_be_bytes());
    sha256(&octets)
}

fn domain(name: &[u8]) -> Vec<u8> {
    let mut octets = name.to_vec();
    octets.push(0);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> AuditContent {
        AuditContent {
            at: 1,
            kind: b"k".to_vec(),
            sign_in: Some(vec![2; 16]),
            client_id: Some(b"c".to_vec()),
            code: None,
            evidence: Some(b"{}".to_vec()),
            network_digest: None,
        }
    }

    #[test]
    fn every_part_counts() {
        let digest = |content: AuditContent| content.digest("midori", &[7; 32]);
        let base = digest(content());
        assert_eq!(base, digest(content()));
        let others = [
            AuditContent { at: 2, ..content() },
            AuditContent { kind: b"l".to_vec(), ..content() },
            AuditContent { sign_in: None, ..content() },
            AuditContent { client_id: Some(b"d".to_vec()), ..content() },
            AuditContent { code: Some(Vec::new()), ..content() },
            AuditContent { evidence: Some(b"{ }".to_vec()), ..content() },
            AuditContent { network_digest: Some(vec![1; 32]), ..content() },
            // The same octets in another field.
            AuditContent { client_id: None, code: Some(b"c".to_vec()), ..content() },
        ];
        for other in others {
            assert_ne!(digest(other.clone()), base, "{other:?}");
        }
        assert_ne!(content().digest("aoba", &[7; 32]), base);
        assert_ne!(content().digest("midori", &[8; 32]), base);
        let linked = link(base, 1, 2, &[3; 32]);
        for other in [
            link(chain_start("a"), 1, 2, &[3; 32]),
            link(base, 2, 2, &[3; 32]),
            link(base, 1, 3, &[3; 32]),
            link(base, 1, 2, &[4; 32]),
        ] {
            assert_ne!(other, linked);
        }
        assert_ne!(chain_start("a"), chain_start("b"));
    }
}
