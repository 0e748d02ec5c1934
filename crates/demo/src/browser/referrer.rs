//! Referrer Policy (W3C): what a page tells the next one about itself.

use http::{HeaderMap, header};
use url::Url;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ReferrerPolicy {
    NoReferrer,
    NoReferrerWhenDowngrade,
    Origin,
    OriginWhenCrossOrigin,
    SameOrigin,
    StrictOrigin,
    /// The default of every browser today.
    #[default]
    StrictOriginWhenCrossOrigin,
    UnsafeUrl,
}

impl ReferrerPolicy {
    /// The last policy of the header that is known (section 4.1), so that a page can name a newer one first.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::REFERRER_POLICY).iter();
        let words = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        words.filter_map(|word| Self::parse(word.trim())).next_back()
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "no-referrer" => Self::NoReferrer,
            "no-referrer-when-downgrade" => Self::NoReferrerWhenDowngrade,
            "origin" => Self::Origin,
            "origin-when-cross-origin" => Self::OriginWhenCrossOrigin,
            "same-origin" => Self::SameOrigin,
            "strict-origin" => Self::StrictOrigin,
            "strict-origin-when-cross-origin" => Self::StrictOriginWhenCrossOrigin,
            "unsafe-url" => Self::UnsafeUrl,
            _ => return None,
        })
    }

    /// The `Referer` of a request from `source` to `target` (section 8.3).
    pub(super) fn referer(self, source: &Url, target: &Url) -> Option<Url> {
        let same = source.origin() == target.origin();
        let downgrade = source.scheme() == "https" && !super::jar::is_trustworthy(target);
        let (whole, origin) = (Some(stripped(source)), Some(origin_only(source)));
        match self {
            Self::NoReferrer => None,
            Self::UnsafeUrl => whole,
            Self::Origin => origin,
            Self::SameOrigin => whole.filter(|_| same),
            Self::OriginWhenCrossOrigin => {
                if same {
                    whole
                } else {
                    origin
                }
            }
            Self::StrictOrigin => origin.filter(|_| !downgrade),
            Self::NoReferrerWhenDowngrade => whole.filter(|_| !downgrade),
            Self::StrictOriginWhenCrossOrigin => {
                if same {
                    whole
                } else {
                    origin.filter(|_| !downgrade)
                }
            }
        }
    }

    /// The `Origin` header of a navigation by POST (Fetch, "append a request `Origin` header").
    pub(super) fn origin_header(self, source: &Url, target: &Url) -> String {
        let same = source.origin() == target.origin();
        let hidden = match self {
            Self::NoReferrer => true,
            Self::NoReferrerWhenDowngrade | Self::StrictOrigin | Self::StrictOriginWhenCrossOrigin => {
                source.scheme() == "https" && target.scheme() != "https"
            }
            Self::SameOrigin => !same,
            Self::Origin | Self::OriginWhenCrossOrigin | Self::UnsafeUrl => false,
        };
        if hidden { "null".to_owned() } else { source.origin().ascii_serialization() }
    }
}

fn stripped(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    // A URL with a host can lose its user information; others have none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

fn origin_only(url: &Url) -> Url {
    let mut url = stripped(url);
    url.set_path("/");
    url.set_query(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn referer(policy: &str, target: &str) -> Option<String> {
        let source = Url::parse("http://localhost:1/a?b#c").expect("a URL");
        let target = Url::parse(target).expect("a URL");
        ReferrerPolicy::parse(policy).expect("known").referer(&source, &target).map(String::from)
    }

    #[test]
    fn each_policy_tells_what_it_may() {
        let (same, cross) = ("http://localhost:1/x", "http://127.0.0.1:1/x");
        let (whole, origin) =
            (Some("http://localhost:1/a?b".to_owned()), Some("http://localhost:1/".to_owned()));
        for (policy, to_same, to_cross) in [
            ("no-referrer", &None, &None),
            ("unsafe-url", &whole, &whole),
            ("origin", &origin, &origin),
            ("same-origin", &whole, &None),
            ("origin-when-cross-origin", &whole, &origin),
            ("strict-origin", &origin, &origin),
            ("no-referrer-when-downgrade", &whole, &whole),
            ("strict-origin-when-cross-origin", &whole, &origin),
        ] {
            assert_eq!(&referer(policy, same), to_same, "{policy}");
            assert_eq!(&referer(policy, cross), to_cross, "{policy}");
        }
    }

    #[test]
    fn https_tells_plain_http_nothing() {
        let source = Url::parse("https://machi.example/a").expect("a URL");
        let target = Url::parse("http://machi.example/").expect("a URL");
        assert_eq!(ReferrerPolicy::default().referer(&source, &target), None);
        let loopback = Url::parse("http://127.0.0.1:24817/t/x").expect("a URL");
        let told = ReferrerPolicy::Origin.referer(&source, &loopback).map(String::from);
        assert_eq!(told.as_deref(), Some("https://machi.example/"));
    }
}
