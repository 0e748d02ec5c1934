//! Where a client may have its addresses: not on the gateway itself, and what the gateway connects to by itself not in a
//! network that only the gateway reaches (CVE-2026-4874, CVE-2020-10770).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::{Client, ClientError};

impl Client {
    /// Refuses an address on one of these origins, those of the gateway: codes would be sent to its own pages, and
    /// scripts of its own origin would count as the client's.
    pub fn check_origins<'o>(&self, own: impl IntoIterator<Item = &'o str>) -> Result<(), ClientError> {
        let own: Vec<&str> = own.into_iter().collect();
        let logout = self.post_logout_redirect_uris.iter().chain(&self.backchannel_logout_uri);
        let mut uris = self.redirect_uris.iter().chain(logout);
        let is_own = |uri: &&String| {
            Url::parse(uri).is_ok_and(|url| own.contains(&url.origin().ascii_serialization().as_str()))
        };
        uris.find(is_own).map_or(Ok(()), |uri| Err(ClientError::OwnOrigin { uri: uri.clone() }))
    }

    /// Refuses a `backchannel_logout_uri` whose host is not one of the world's, as far as it tells by itself. With
    /// `loopback` this computer is one: where all of it is tried on one computer.
    pub fn check_backchannel_host(&self, loopback: bool) -> Result<(), ClientError> {
        let Some(uri) = &self.backchannel_logout_uri else { return Ok(()) };
        let url = Url::parse(uri).ok();
        let good = match url.as_ref().and_then(Url::host) {
            Some(Host::Domain("localhost")) => loopback,
            Some(Host::Domain(name)) => is_public_name(name),
            Some(Host::Ipv4(address)) => may_be_reached(address.into(), loopback),
            Some(Host::Ipv6(address)) => may_be_reached(address.into(), loopback),
            None => false,
        };
        if good { Ok(()) } else { Err(ClientError::BackchannelHost { uri: uri.clone() }) }
    }
}

/// A name that the whole world looks up, as far as the name itself tells: names of one label, with a point at the end, and
/// those of RFC 6761, RFC 6762 and of private networks mean something else at each place.
pub(crate) fn is_public_name(name: &str) -> bool {
    const PRIVATE: [&str; 4] = ["arpa", "internal", "local", "localhost"];
    name.rsplit_once('.').is_some_and(|(_, last)| !last.is_empty() && !PRIVATE.contains(&last))
}

/// Whether the gateway may connect to this address on a service's word: one of the world's, or this computer's with
/// `loopback`. An IPv4 address is the same in its IPv6 spellings.
pub fn may_be_reached(address: IpAddr, loopback: bool) -> bool {
    match address.to_canonical() {
        address if address.is_loopback() => loopback,
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(embedded) => is_public_v4(embedded),
            None => is_public_v6(address),
        },
    }
}

/// The registry of special-purpose addresses (RFC 6890), but for what is reached from everywhere.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmarks = a == 198 && (b == 18 || b == 19);
    let protocol = (a, b, c) == (192, 0, 0);
    !(a == 0
        || a == 127
        || a >= 240
        || shared
        || benchmarks
        || protocol
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

/// Global unicast is 2000::/3, of which some is for documents and protocols.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let documentation = (first, second) == (0x2001, 0xdb8) || (first == 0x3fff && second < 0x1000);
    let protocol = first == 0x2001 && second < 0x200;
    first & 0xe000 == 0x2000 && !documentation && !protocol
}

/// The IPv4 address that a translator makes of this one: NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let of = |octets: [u8; 4]| Some(Ipv4Addr::from(octets));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => of([octets[12], octets[13], octets[14], octets[15]]),
        [0x2002, ..] => of([octets[2], octets[3], octets[4], octets[5]]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::client;

    #[test]
    fn no_address_is_the_gateways_own() {
        let own = ["https://madoguchi.example", "http://localhost:32140"];
        for uri in ["https://madoguchi.example/cb", "http://localhost:32140/sessions"] {
            let uri = uri.to_owned();
            let refused = Err(ClientError::OwnOrigin { uri: uri.clone() });
            let redirect = Client { redirect_uris: vec![uri.clone()], ..client() };
            let signed_out = Client { post_logout_redirect_uris: vec![uri.clone()], ..client() };
            let told = Client { backchannel_logout_uri: Some(uri), ..client() };
            for client in [redirect, signed_out, told] {
                assert_eq!(client.check_origins(own), refused);
                assert_eq!(client.check_origins(["https://madoguchi.example:8443"]), Ok(()));
            }
        }
        // Another port of the host is another program's.
        let beside = vec!["http://localhost:32141/cb".to_owned()];
        assert_eq!(Client { redirect_uris: beside, ..client() }.check_origins(own), Ok(()));
    }

    #[test]
    fn c16_logout_goes_to_hosts_of_the_world() {
        let check = |uri: &str, loopback| {
            let uri = Some(uri.to_owned());
            Client { backchannel_logout_uri: uri, ..client() }.check_backchannel_host(loopback)
        };
        assert_eq!(client().check_backchannel_host(false), Ok(()));
        for uri in
            ["https://service.example/l", "https://192.0.3.1/", "https://[2400:2000::1]/", "https://1.1.1.1/"]
        {
            assert_eq!(check(uri, false), Ok(()), "{uri}");
        }
        for uri in [
            "https://service.example./",
            "https://intranet/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://app.localhost/",
            "https://169.254.169.254/",
            "https://10.1.2.3/",
            "https://[fd00::1]/",
            "https://[::ffff:10.0.0.1]/",
        ] {
            for loopback in [false, true] {
                let refused = Err(ClientError::BackchannelHost { uri: uri.to_owned() });
                assert_eq!(check(uri, loopback), refused, "{uri}");
            }
        }
        for uri in ["http://localhost:1/l", "http://127.0.0.1:1/l", "http://[::1]:1/l"] {
            assert_eq!(check(uri, true), Ok(()), "{uri}");
            assert!(check(uri, false).is_err(), "{uri}");
        }
    }

    #[test]
    fn c16_only_addresses_of_the_world_are_reached() {
        let reached = |text: &str, loopback| may_be_reached(text.parse().expect("an address"), loopback);
        for address in
            ["1.1.1.1", "100.63.0.1", "172.32.0.1", "192.167.255.255", "2400:2000::1", "64:ff9b::1.1.1.1"]
        {
            assert!(reached(address, false), "{address}");
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "100::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:a00:1::1",
            "2002:7f00:1::1",
            "::10.0.0.1",
        ] {
            for loopback in [false, true] {
                assert!(!reached(address, loopback), "{address}");
            }
        }
        for address in ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(reached(address, true) && !reached(address, false), "{address}");
        }
    }
}
