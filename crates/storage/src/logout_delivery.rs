//! What services have yet to be told about sessions that ended (OpenID Connect Back-Channel Logout 1.0).

use madoguchi_protocol::Octets;

use crate::AccountId;

/// One service that has not been told yet. The row is written in the transaction that ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutDelivery {
    /// Names the row.
    pub number: u64,
    /// The municipality.
    pub municipality: String,
    /// The service.
    pub client_id: String,
    /// Whose session it was.
    pub account: AccountId,
    /// The name of the session.
    pub sid: Octets<16>,
    /// Which try this is, from 1.
    pub tries: u32,
}

/// What waits after a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOff {
    /// This delivery. The service is there and takes others.
    Delivery,
    /// Every delivery to its service: nobody answers there.
    Service,
}
