//! Lists from where somebody else puts them to the shelf in use.

mod drop_folder;
mod fetch;
mod restart;
mod shelf;
mod world;
