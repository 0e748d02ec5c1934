//! Which addresses the gateway connects to when a service registered the name. Decided at each connection, by what the name
//! leads to in that moment: a name that led elsewhere when it was registered is no way into the gateway's own network.

use std::net::{IpAddr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use madoguchi_oidc::may_be_reached;

/// How far the gateway reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Wherever a name leads: services are in private networks.
    Anywhere,
    /// Addresses of the world, and this computer where the URI itself says so.
    WorldAndLoopback,
    /// Addresses of the world alone.
    World,
}

/// Looks names up, and keeps of what they lead to what may be reached.
#[derive(Debug)]
pub(crate) struct ReachResolver(pub(crate) Reach);

impl Resolver for ReachResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let loopback = match self.0 {
            Reach::Anywhere => return Ok(found),
            Reach::World => false,
            Reach::WorldAndLoopback => uri.host().is_some_and(is_loopback),
        };
        let mut reached = self.empty();
        for address in found.iter().filter(|address| may_be_reached(address.ip(), loopback)) {
            reached.push(*address);
        }
        if reached.is_empty() {
            let refused = "the name leads to a network that services are not told in; \
                           where that is meant: backchannel_private_networks = true";
            return Err(ureq::Error::Io(std::io::Error::other(refused)));
        }
        Ok(reached)
    }
}

/// A host that says by itself that it is this computer.
fn is_loopback(host: &str) -> bool {
    let v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match v6 {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback()),
        None => host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_says_itself_that_it_is_this_computer() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "service.example", "10.0.0.1", "[fe80::1]", "fe80::1"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
