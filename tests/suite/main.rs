//! End-to-end tests and tests of the workspace itself. One binary: it links once.

mod arrows;
mod chromium;
mod clients_cli;
mod configuration_doc;
mod conformance;
mod conformance_doc;
mod crl_cli;
mod doctor;
mod e2e;
mod errors_doc;
mod faults;
mod gateway;
mod integrate_doc;
mod memory;
mod nodes;
mod operations;
mod pkits;
mod revocation;
mod revocation_cli;
mod services;
mod storage;
mod verify_cli;
mod verify_doc;
