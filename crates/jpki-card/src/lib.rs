//! Host-side driver of the JPKI application (公的個人認証AP) on a My Number card.
//!
//! [`JpkiCard`] does over any `CardTransaction` what a sign-in needs: select, read the user-authentication
//! certificate, ask for the retry counter, verify the [`Pin`] once, sign with the user-authentication key, leave. It does
//! not touch the signature key (署名用) nor any other application of the card, and it does not decide when a PIN
//! may be tried: that is the agent's policy.
//!
//! Which kinds of card there are is data: a [`CardProfile`] each, found by the token's label.
//!
//! Three rules hold here. A PIN is sent at most once, and only right after the card said in the same file that there are
//! as many tries left as the resident was told: [`JpkiCard::verify_pin`] takes it by value, and no layer below repeats a VERIFY. A login on the card is
//! never inherited and never left: another application is selected before and after, also when a [`JpkiCard`] is dropped. What
//! a card answers is bounded before it is believed.

mod card;
mod digest;
mod ecdsa;
mod error;
mod exchange;
mod pin;
mod profile;
mod verify;

pub use card::{Availability, JpkiCard};
pub use digest::DigestAlgorithm;
pub use error::{Command, JpkiCardError};
pub use pin::{Pin, PinError};
pub use profile::CardProfile;
pub use verify::{PadOutcome, VerifyOutcome};
