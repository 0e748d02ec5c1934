//! What the fuzz targets do with their input, and what must hold whatever it is. A rule that does not hold panics.
#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "a target is a program: it makes its own randomness")]

mod answers;
mod apdu;
mod authority;
mod certificate;
mod client_jwts;
mod contents;
mod crl;
mod differential;
mod driver;
mod input;
mod jws;
mod mock_card;
mod ocsp_response;
mod parameters;
mod path_building;
mod planted;
mod second_reader;
mod tlv;
mod tree;
mod watch;

pub use apdu::apdu_parse;
pub use certificate::certificate;
pub use client_jwts::{client_assertion, dpop, request_object};
pub use crl::crl;
pub use differential::differential;
pub use driver::driver_any_card;
pub use jws::jws;
pub use mock_card::mock_card_apdus;
pub use ocsp_response::ocsp_response;
pub use parameters::parameters;
pub use path_building::path_building;
pub use tlv::tlv;
