//! Whole sign-ins through the real parts: pcscd, vpcd, the shipped agent, the gateway, the sample service. One test for
//! each line of what can go wrong.

mod card;
mod certificate;
mod demo;
mod next_card;
mod opensc;
mod other_card;
mod readers;
mod return_leg;
mod scenarios;
mod service;
mod sign_in;
mod terminal;
mod ticket;
mod tls;
