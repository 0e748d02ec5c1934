//! Card readers through PC/SC.
//!
//! [`PcscReaders`] finds a card, [`PcscCard`] holds it. The service may be absent, stop and come back at any moment, and its
//! calls take as long as another program, the card or the service itself like: they are made in threads of their own, a
//! watch's for readers and a worker's for one card. Whoever waits for them is woken by an interrupt, and does not wait forever.

mod card;
mod error;
mod held;
mod hold;
mod pin_pad;
mod readers;
mod virtual_readers;
mod watch;
mod worker;

pub use card::PcscCard;
pub use readers::PcscReaders;
