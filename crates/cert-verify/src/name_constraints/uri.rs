//! The host of a URI (RFC 3986 section 3.2.2), which is all that constraints on URIs are about.

use crate::name_constraints::host::Host;

/// The host name in a URI's authority. None when there is no authority, or its host is no name: RFC 5280 section
/// 4.2.1.10 refuses both under a constraint.
pub(crate) fn host(uri: &str) -> Option<Host> {
    let (scheme, rest) = uri.split_once(':')?;
    if !is_scheme(scheme) {
        return None;
    }
    let after = rest.strip_prefix("//")?;
    let authority = after.split(['/', '?', '#']).next()?;
    let host_port = match authority.rsplit_once('@') {
        Some((user, host_port)) if is_user(user) => host_port,
        Some(_) => return None,
        None => authority,
    };
    let host = match host_port.split_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host_port,
    };
    Host::read(host).filter(|host| !host.ends_in_number())
}

/// RFC 3986 section 3.1.
fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
}

/// RFC 3986 section 3.2.1. An octet that it does not have (a second `@`, a backslash) is where readers differ.
fn is_user(user: &str) -> bool {
    user.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:".contains(&octet))
}

/// What a URI constraint permits or excludes: `host.example.com` that host alone, `.example.com` the hosts below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UriSubtree {
    Host(Host),
    Domain(Host),
}

impl UriSubtree {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let subtree = match text.strip_prefix('.') {
            Some(domain) => Self::Domain(Host::read(domain)?),
            None => Self::Host(Host::read(text)?),
        };
        let (Self::Host(host) | Self::Domain(host)) = &subtree;
        (!host.ends_in_number()).then_some(subtree)
    }

    pub(crate) fn contains(&self, host: &Host) -> bool {
        match self {
            Self::Host(one) => one == host,
            Self::Domain(domain) => host.is_below(domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_in_the_authority_and_is_a_name() {
        for right in [
            "http://example.com",
            "https://example.com/path@other.org",
            "ldap://user:pass@example.com:389/dc=x?y#z",
            "http://example.com?q",
            "http://EXAMPLE.com.:80#f",
        ] {
            assert_eq!(host(right), Host::read("example.com"), "{right}");
        }
        for wrong in [
            "",
            "example.com",
            "urn:oid:1.2.3",
            "mailto:a@example.com",
            "//example.com",
            "http:/example.com",
            "http:///path",
            "http://:80/",
            "http://192.0.2.1/",
            "http://1/",
            "http://[2001:db8::1]/",
            "http://*.example.com/",
            "http://example.com:x/",
            "http://a@evil.org\\@example.com/",
            "http://a@b@example.com/",
            "http://exa mple.com/",
            "1http://example.com",
        ] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_host_alone_or_the_hosts_below_a_domain() {
        for (subtree, name, contained) in [
            ("host.example.com", "host.example.com", true),
            ("host.example.com", "HOST.example.com", true),
            ("host.example.com", "my.host.example.com", false),
            (".example.com", "host.example.com", true),
            (".example.com", "my.host.example.com", true),
            (".example.com", "example.com", false),
            (".example.com", "hostexample.com", false),
        ] {
            let tree = UriSubtree::read(subtree).expect(subtree);
            assert_eq!(tree.contains(&Host::read(name).expect(name)), contained, "{subtree} {name}");
        }
        for wrong in ["", ".", "http://example.com", "192.0.2.1", "*.example.com", "example.com:80"] {
            assert!(UriSubtree::read(wrong).is_none(), "{wrong}");
        }
    }
}
