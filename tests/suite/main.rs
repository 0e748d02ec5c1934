//! End-to-end tests and tests of the workspace itself. One binary: it links once.

mod arrows;
mod errors_doc;
