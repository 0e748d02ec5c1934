//! Online services that others wrote, as real programs: what they expect of an OpenID Provider is not our reading of it.

mod apache;
mod node;
mod operator;
mod spa;

pub use apache::Apache;
pub use node::{OpenIdClient, node_modules};
pub use operator::Operator;
pub use spa::Spa;
