//! Whole sign-ins through the real parts: pcscd, vpcd, the shipped agent, the gateway, the sample service. One test for
//! each line of what can go wrong.

mod card;
mod certificate;
mod demo;
mod opensc;
mod return_leg;
mod service;
mod sign_in;
mod terminal;
mod ticket;
mod tls;
