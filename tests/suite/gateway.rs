//! The gateway over HTTP, in process: every rule of a sign-in as a browser, an agent or a service meets it.

mod happy;
