//! Card readers through PC/SC.
//!
//! [`PcscReaders`] finds a card, [`PcscCard`] holds it. The service may be absent, stop and come back at any moment, and some
//! of its calls take as long as another program likes: what can take long runs in a thread of its own, and whoever waits for
//! it is woken by an interrupt.

mod card;
mod error;
mod hold;
mod pin_pad;
mod readers;
mod virtual_readers;
mod watch;

pub use card::PcscCard;
pub use readers::PcscReaders;
