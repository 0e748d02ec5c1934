//! End-to-end tests and tests of the workspace itself. One binary: it links once.

mod arrows;
mod chromium;
mod configuration_doc;
mod e2e;
mod errors_doc;
mod gateway;
mod pkits;
mod verify_cli;
mod verify_doc;
