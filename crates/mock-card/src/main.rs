//! Placeholder until its step lands.
fn main() {}
