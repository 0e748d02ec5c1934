//! The modules of the current certification plans, each under its name. `docs/conformance.md` names the test of every
//! module; those that a test elsewhere already covers are not repeated here.

mod basic;
mod client_authentication;
mod fapi2;
mod pitfalls;
mod plan;
