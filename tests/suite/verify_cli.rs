//! `madoguchi verify`: the contract with scripts outside, line by line.

mod batch;
mod explain;
mod jpki_auth;
mod one;
mod revocation;
mod world;
