//! The sample online service, and every part wired on loopback
