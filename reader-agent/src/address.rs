//! The addresses of the listener: `/t/<gateway tag>/<ticket>`, and the same followed by `/go/<token>` for the link
//! that a resident presses.

use madoguchi_protocol::{Origin, Secret, gateway_tag};

/// A well-formed address. Neither ticket nor token is ever printed.
#[derive(Debug)]
pub(crate) struct Address {
    /// Names the gateway.
    pub(crate) tag: String,
    /// What the gateway gave the browser to carry here.
    pub(crate) ticket: Secret<32>,
    /// There when the resident pressed the link.
    pub(crate) token: Option<Secret<16>>,
}

impl Address {
    /// Reads the path of a request.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix("/t/")?.split('/');
        let tag = parts.next().filter(|tag| is_tag(tag))?.to_owned();
        let ticket = Secret::decode(parts.next()?).ok()?;
        let token = match (parts.next(), parts.next()) {
            (None, _) => None,
            (Some("go"), Some(token)) => Some(Secret::decode(token).ok()?),
            _ => return None,
        };
        parts.next().is_none().then_some(Self { tag, ticket, token })
    }

    /// The path without a token.
    pub(crate) fn path(&self) -> String {
        format!("/t/{}/{}", self.tag, *self.ticket.encode())
    }

    /// The path of the link.
    pub(crate) fn go_path(&self, token: &Secret<16>) -> String {
        format!("{}/go/{}", self.path(), *token.encode())
    }

    /// The configured gateway that the tag names.
    pub(crate) fn gateway<'a>(&self, gateways: &'a [Origin]) -> Option<&'a Origin> {
        gateways.iter().find(|origin| gateway_tag(origin) == self.tag)
    }
}

fn is_tag(tag: &str) -> bool {
    tag.len() == 16 && tag.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use madoguchi_protocol::Octets;

    use super::*;

    #[test]
    fn only_the_two_forms_are_read() {
        let ticket = Octets([7; 32]).encode();
        let token = Octets([8; 16]).encode();
        let tag = "0123456789abcdef";
        let plain = format!("/t/{tag}/{ticket}");
        let go = format!("/t/{tag}/{ticket}/go/{token}");
        let read = Address::parse(&plain).expect("the plain form");
        assert_eq!((read.path(), read.token.is_none()), (plain.clone(), true));
        let read = Address::parse(&go).expect("the link's form");
        assert_eq!(read.go_path(read.token.as_ref().expect("a token")), go);
        for path in [
            "/".to_owned(),
            "/t".to_owned(),
            format!("/t/{tag}"),
            format!("/t/{tag}/"),
            format!("{plain}/"),
            format!("{plain}/go"),
            format!("{plain}/go/"),
            format!("{plain}/stop/{token}"),
            format!("{go}/more"),
            format!("/t/{}/{ticket}", tag.to_uppercase()),
            format!("/t/0123/{ticket}"),
            format!("/t/{tag}/{token}"),
            format!("/x/{tag}/{ticket}"),
        ] {
            assert!(Address::parse(&path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_tag_names_one_of_the_configured_gateways() {
        let origin = Origin::parse("http://localhost:24810").expect("an origin");
        let gateways = [origin.clone()];
        let address =
            |tag: &str| Address::parse(&format!("/t/{tag}/{}", Octets([7; 32]))).expect("an address");
        assert_eq!(address(&gateway_tag(&origin)).gateway(&gateways), Some(&origin));
        assert_eq!(address("0123456789abcdef").gateway(&gateways), None);
    }
}
