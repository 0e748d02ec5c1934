//! `madoguchi revocation`: the contract with operators, beside a gateway that runs, and after one that was killed.

mod explain;
mod kept;
mod release;
mod sign_in;
mod world;
