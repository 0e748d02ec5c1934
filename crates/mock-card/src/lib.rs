//! A My Number card (個人番号カード) in software: bytes in, bytes out.
//!
//! [`Card`] behaves as public measurements say that the plastic does, and where they are silent it does what ISO
//! 7816-4 says; the error type of every command is the status word. What is not known, or not of all cards, is a switch
//! of the [`Scenario`]; whose card it is, a [`Persona`]. It stands on purpose on its own feet: it does not share the
//! host-side driver's constants, so that a wrong file id on either side makes a test fail.
//!
//! A card lies in a [`Slot`], which plays the fault plan of a [`Scenario`]. A slot is used in process (it is a
//! `CardTransaction`) or behind the real PC/SC service through vsmartcard's virtual reader ([`vpcd`]).
//!
//! For tests only: it refuses what may be a real card's, and the keys it holds are files of the test PKI.

mod application;
mod atr;
mod card;
mod chance;
mod command;
mod contents;
mod der;
mod ec;
mod error;
mod fault;
mod fault_answer;
mod hex;
mod issuer_domain;
mod jpki;
mod key;
mod persona;
mod pin;
mod placeholder;
mod play;
mod printed;
mod refusal;
mod replay;
mod rsa;
mod scenario;
mod selection;
mod slot;
mod step;
mod text;
mod tlv;
mod token_info;
mod town_office;
mod trace;
mod visual;

#[cfg(unix)]
pub mod control;
pub mod program;
pub mod vpcd;

pub use atr::AnswerToReset;
pub use card::Card;
pub use contents::CardContents;
pub use ec::EcdsaForm;
pub use error::MockCardError;
pub use fault::{Fault, FaultPlan, FaultPlanError};
pub use persona::Persona;
pub use play::StepFailure;
pub use replay::{Replay, TraceError};
pub use scenario::{BlockedQuery, InstalledApplication, Scenario};
pub use slot::{Slot, SlotError};
pub use step::{Act, Step, Unexpected};
pub use trace::Trace;
