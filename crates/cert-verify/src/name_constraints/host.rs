//! Host names in the preferred name syntax (RFC 1034 section 3.5, RFC 1123 section 2.1), and the subtrees of them.

/// A host name without its trailing dot, letters in lower case. Its first label may be the wildcard `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host(String);

impl Host {
    /// A name of letters, digits, hyphens and (as the field has them) underscores. No wildcard.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let right = text.len() <= MAX_NAME_OCTETS && text.split('.').all(is_label);
        right.then(|| Self(text.to_ascii_lowercase()))
    }

    /// A name whose whole first label may be `*`.
    pub(crate) fn read_pattern(text: &str) -> Option<Self> {
        let Some(rest) = text.strip_prefix("*.") else { return Self::read(text) };
        Self::read(rest).map(|rest| Self(format!("*.{}", rest.0)))
    }

    /// Whether the last label is a number: such a host is an address or nothing (WHATWG URL section 3.5).
    pub(crate) fn ends_in_number(&self) -> bool {
        self.0.rsplit('.').next().is_some_and(|label| label.bytes().all(|octet| octet.is_ascii_digit()))
    }

    /// Whether this name is `base` or has labels in front of it. Every name that a pattern stands for is, too.
    pub(crate) fn is_within(&self, base: &Self) -> bool {
        match self.0.strip_prefix("*.") {
            Some(rest) => within(rest, &base.0),
            None => within(&self.0, &base.0),
        }
    }

    /// Whether this name, or one that the pattern stands for, is within `base`. A wildcard is one label.
    pub(crate) fn may_be_within(&self, base: &Self) -> bool {
        let expansion = || {
            let rest = self.0.strip_prefix("*.")?;
            base.0.split_once('.').filter(|(_, base_rest)| *base_rest == rest)
        };
        self.is_within(base) || expansion().is_some()
    }

    /// Whether this name has at least one label in front of `base`.
    pub(crate) fn is_below(&self, base: &Self) -> bool {
        self != base && within(&self.0, &base.0)
    }
}

fn within(name: &str, base: &str) -> bool {
    name.strip_suffix(base).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_OCTETS).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
}

const MAX_NAME_OCTETS: usize = 253;
const MAX_LABEL_OCTETS: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        Host::read_pattern(text).expect("a host name")
    }

    #[test]
    fn names_have_labels_of_letters_digits_and_hyphens() {
        for right in ["a", "a.b", "A-1.b_c.example", "a.b.", "xn--80ak6aa92e.com", &"a".repeat(63)] {
            assert!(Host::read(right).is_some(), "{right}");
        }
        let long = ["a".repeat(63).as_str(); 4].join(".");
        for wrong in
            ["", ".", "..", ".a", "a..b", "-a", "a-", "a b", "*.a", "a*.b", "é.a", &"a".repeat(64), &long]
        {
            assert!(Host::read(wrong).is_none(), "{wrong}");
        }
        for wrong in ["*", "*.", "*.*", "*.*.a", "a.*", "*a.b", ".*"] {
            assert!(Host::read_pattern(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn within_a_base_is_the_base_or_labels_in_front_of_it() {
        let base = host("Example.com");
        for (name, within) in [
            ("example.com", true),
            ("EXAMPLE.com.", true),
            ("a.b.example.com", true),
            ("notexample.com", false),
            ("com", false),
            ("example.com.jp", false),
            ("*.example.com", true),
            ("*.com", false),
        ] {
            assert_eq!(host(name).is_within(&base), within, "{name}");
        }
        assert!(host("a.example.com").is_below(&base) && !host("example.com").is_below(&base));
        assert!(!host("notexample.com").is_below(&base));
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(host("*.example.com").may_be_within(&host("foo.example.com")));
        assert!(host("*.example.com").may_be_within(&host("example.com")));
        assert!(!host("*.com").may_be_within(&host("foo.bar.com")));
        assert!(!host("*.foo.example.com").may_be_within(&host("bar.example.com")));
        assert!(!host("a.example.com").may_be_within(&host("foo.example.com")));
    }
}
