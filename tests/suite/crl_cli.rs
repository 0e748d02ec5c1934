//! `madoguchi crl`: the contract with scripts outside, and what is left when its process is killed.

mod commands;
mod gateway;
mod killed;
mod world;
