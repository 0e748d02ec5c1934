//! Lists from where somebody else puts them to the shelf in use.

mod drop_folder;
mod fetch;
mod https;
mod lost;
mod restart;
mod scopes;
mod shelf;
#[path = "../support/tls.rs"]
mod tls;
mod world;
