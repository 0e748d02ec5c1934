//! The card by its wire, in a slot, and as a program.

mod applications;
mod card;
mod common;
#[cfg(unix)]
mod control;
mod documentation;
mod fault;
mod harness;
mod persona;
mod pin;
mod program;
mod properties;
mod refusal;
mod scenarios;
mod signature;
mod slot;
mod switches;
mod trace;
