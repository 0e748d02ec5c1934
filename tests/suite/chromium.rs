//! Sign-ins through real Chromium, against the real parts.

mod elsewhere;
mod forms;
pub(crate) mod home;
mod lured;
mod scripts_off;
mod stopping;
mod whole;
