//! `madoguchi clients` and `madoguchi municipalities`: the contract with operators, beside a gateway and without one.

mod clients;
mod gateway;
mod keys;
mod municipalities;
mod world;
