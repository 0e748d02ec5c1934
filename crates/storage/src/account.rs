//! Accounts: an identifier that the gateway made, never derived from a certificate.

use std::fmt;

use madoguchi_protocol::Octets;

/// 128 random bits that stand for a resident in one municipality. `sub` is derived from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub Octets<16>);

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It links a resident's visits; logs have no need of it.
        f.write_str("AccountId(..)")
    }
}
