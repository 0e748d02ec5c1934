//! Records, state machines, repository traits and their conformance suite
