//! The reader agent: PC/SC, PIN entry, loopback listener
