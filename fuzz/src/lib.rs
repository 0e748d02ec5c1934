//! What the fuzz targets do with their input, and what must hold whatever it is. A rule that does not hold panics.
#![forbid(unsafe_code)]

mod answers;
mod apdu;
mod contents;
mod driver;
mod input;
mod mock_card;
mod planted;
mod tlv;
mod watch;

pub use apdu::apdu_parse;
pub use driver::driver_any_card;
pub use mock_card::mock_card_apdus;
pub use tlv::tlv;
