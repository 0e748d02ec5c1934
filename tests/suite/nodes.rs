//! Gateways as operators run them: killed under load, several on one database, without their database.

mod crash;
mod failover;
mod many;
mod outages;
mod races;
mod world;
