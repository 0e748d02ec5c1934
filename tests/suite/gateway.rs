//! The gateway over HTTP, in process: every rule of a sign-in as a browser, an agent or a service meets it.

mod answer;
mod authorize;
mod bounds;
mod cancel;
mod claim;
mod decline;
mod discovery;
mod finish;
mod happy;
mod kept;
mod municipalities;
mod ocsp;
mod pages;
mod properties;
mod return_leg;
mod revocation;
mod secrets;
mod start;
mod status;
mod stopped;
mod tabs;
mod token;
mod userinfo;
