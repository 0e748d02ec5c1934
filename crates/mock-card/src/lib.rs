//! A My Number card (個人番号カード) in software: bytes in, bytes out.
//!
//! [`Card`] behaves as public measurements say that the plastic does, and where they are silent it does what ISO
//! 7816-4 says; the error type of every command is the status word. It stands on purpose on its own feet: it does not share the host-side
//! driver's constants, so that a wrong file id on either side makes a test fail.
//!
//! A card lies in a [`Slot`], which plays the fault plan of a [`Scenario`]. A slot is used in process (it is a
//! `CardTransaction`) or behind the real PC/SC service through vsmartcard's virtual reader ([`vpcd`]).
//!
//! For tests only: the keys it holds are files that anybody on the machine may read.

mod application;
mod card;
mod contents;
mod error;
mod jpki;
mod pin;
mod rsa;
mod scenario;
mod slot;
mod token_info;

pub mod program;
pub mod vpcd;

pub use card::Card;
pub use contents::CardContents;
pub use error::MockCardError;
pub use scenario::{BlockedQuery, InstalledApplication, Scenario};
pub use slot::{CardRemoved, Slot};
