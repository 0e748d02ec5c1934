//! `madoguchi clients` and `madoguchi municipalities`: the contract with operators, beside a gateway and without one.

mod clients;
mod gateway;
mod municipalities;
mod world;
