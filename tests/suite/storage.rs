//! The database as an operator sees it: over the shipped program.

mod backup;
mod drain;
mod health;
mod migrate;
mod state;
mod world;
