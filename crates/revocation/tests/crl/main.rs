//! Lists from where somebody else puts them to the shelf in use.

mod drop_folder;
mod fetch;
mod lost;
mod https;
mod restart;
mod shelf;
#[path = "../support/tls.rs"]
mod tls;
mod world;
