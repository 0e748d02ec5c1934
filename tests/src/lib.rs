//! Harness library of the end-to-end tests.
