//! Mail addresses (RFC 5321 section 4.1.2, as RFC 5280 section 4.2.1.6 narrows them) and their subtrees.

use crate::name_constraints::host::Host;

/// `Local-part@Domain`: a local part of atoms, a domain that is a host name. Quoted local parts and address
/// literals have several spellings for one address; they are not compared, and what is not compared is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailbox {
    local: String,
    host: Host,
}

impl Mailbox {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (local, host) = text.split_once('@')?;
        let right = local.len() <= MAX_LOCAL_OCTETS && local.split('.').all(is_atom);
        let host = Host::read(host)?;
        right.then(|| Self { local: local.to_owned(), host })
    }
}

/// What a mail constraint permits or excludes (RFC 5280 section 4.2.1.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MailSubtree {
    /// `root@example.com`: one mailbox.
    Mailbox(Mailbox),
    /// `example.com`: the mailboxes of one host.
    Host(Host),
    /// `.example.com`: the mailboxes of the hosts below a domain.
    Domain(Host),
}

/// Who compares local parts: an attribute in a subject has no case (RFC 5280 section 4.1.2.6), a subjectAltName
/// has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalPart {
    CaseMatters,
    CaseIgnored,
}

impl MailSubtree {
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text.strip_prefix('.') {
            Some(domain) => Host::read(domain).map(Self::Domain),
            None if text.contains('@') => Mailbox::read(text).map(Self::Mailbox),
            None => Host::read(text).map(Self::Host),
        }
    }

    pub(crate) fn contains(&self, mailbox: &Mailbox, compare: LocalPart) -> bool {
        match self {
            Self::Mailbox(one) => {
                let local = match compare {
                    LocalPart::CaseMatters => one.local == mailbox.local,
                    LocalPart::CaseIgnored => one.local.eq_ignore_ascii_case(&mailbox.local),
                };
                local && one.host == mailbox.host
            }
            Self::Host(host) => *host == mailbox.host,
            Self::Domain(domain) => mailbox.host.is_below(domain),
        }
    }
}

/// RFC 5322 section 3.2.3.
fn is_atom(atom: &str) -> bool {
    !atom.is_empty() && atom.bytes().all(|octet| octet.is_ascii_alphanumeric() || SPECIAL.contains(&octet))
}

const SPECIAL: &[u8] = b"!#$%&'*+-/=?^_`{|}~";
const MAX_LOCAL_OCTETS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_sign_atoms_and_a_host() {
        for right in
            ["a@b", "first.last+tag@example.com", "*@example.com", "**@example.com", "user*@example.com"]
        {
            assert!(Mailbox::read(right).is_some(), "{right}");
        }
        for wrong in [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a@b@c",
            "\"a\"@b",
            "a@[192.0.2.1]",
            "a.@b",
            ".a@b",
            "a..b@c",
            "a b@c",
            "a@.b",
            "<a@b>",
            "a@*.b",
            "é@b",
        ] {
            assert!(Mailbox::read(wrong).is_none(), "{wrong}");
        }
        assert!(Mailbox::read(&format!("{}@b", "a".repeat(65))).is_none());
    }

    #[test]
    fn mailbox_host_and_domain() {
        for (subtree, mailbox, contained) in [
            ("foo@example.com", "foo@example.com", true),
            ("foo@example.com", "foo@EXAMPLE.com", true),
            ("foo@example.com", "Foo@example.com", false),
            ("foo@example.com", "bar@example.com", false),
            ("foo@example.com", "foo@sub.example.com", false),
            ("*@example.com", "*@example.com", true),
            ("*@example.com", "user@example.com", false),
            ("**@example.com", "*@example.com", false),
            ("*@example.com", "*@sub.example.com", false),
            ("example.com", "foo@example.com", true),
            ("example.com", "foo@sub.example.com", false),
            (".example.com", "foo@sub.example.com", true),
            (".example.com", "foo@a.b.example.com", true),
            (".example.com", "foo@example.com", false),
            (".example.com", "foo@notexample.com", false),
        ] {
            let (tree, mail) =
                (MailSubtree::read(subtree).expect(subtree), Mailbox::read(mailbox).expect(mailbox));
            assert_eq!(tree.contains(&mail, LocalPart::CaseMatters), contained, "{subtree} {mailbox}");
        }
        let tree = MailSubtree::read("foo@example.com").expect("a mailbox");
        let upper = Mailbox::read("FOO@example.com").expect("a mailbox");
        assert!(tree.contains(&upper, LocalPart::CaseIgnored));
        for wrong in ["", ".", "invalid@invalid@example.com", "@example.com", "*.example.com", "\"a\"@b.c"] {
            assert!(MailSubtree::read(wrong).is_none(), "{wrong}");
        }
    }
}
