//! The card by its wire, in a slot, and as a program.

mod card;
mod common;
mod program;
mod slot;
