//! What the contract does not say and a server brings along: outages, timeouts, TLS, poolers, clocks, other versions.

mod clock;
mod commits;
mod deadlocks;
mod flow;
mod outages;
mod poolers;
mod schema;
mod standbys;
mod timeouts;
mod tls;
