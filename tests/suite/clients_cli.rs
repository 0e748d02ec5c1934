//! `madoguchi clients`, `madoguchi municipalities` and `madoguchi audit`: the contract with operators, beside a gateway and without one.

mod audit;
mod clients;
mod gateway;
mod keys;
mod municipalities;
mod world;
