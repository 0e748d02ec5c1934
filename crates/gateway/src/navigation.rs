//! Is this request a top-level navigation that somebody made? The return leg and the hand-out change state on GET, so
//! prefetches, frames and fetches must not reach them (Fetch Metadata; `Sec-Purpose` and the older `Purpose`).

use http::HeaderMap;

/// True for a top-level navigation. Browsers that send no Fetch Metadata are taken at their word.
pub(crate) fn is_navigation(headers: &HeaderMap) -> bool {
    navigates(headers, &["document"])
}

/// The same, or one in a frame, by which scripts of services ask with `prompt=none`.
pub(crate) fn may_answer_silently(headers: &HeaderMap) -> bool {
    navigates(headers, &["document", "iframe"])
}

fn navigates(headers: &HeaderMap, to: &[&str]) -> bool {
    let all = |name: &str, good: &[&str]| {
        headers.get_all(name).iter().all(|sent| good.iter().any(|good| sent == good))
    };
    all("sec-fetch-mode", &["navigate"])
        && all("sec-fetch-dest", to)
        && !headers.contains_key("sec-purpose")
        && !headers.contains_key("purpose")
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_a_navigation_of_a_document_passes() {
        let navigate = ("sec-fetch-mode", "navigate");
        let document = ("sec-fetch-dest", "document");
        for good in [&[][..], &[navigate, document], &[document]] {
            assert!(is_navigation(&headers(good)), "{good:?}");
        }
        for bad in [
            &[("sec-fetch-mode", "cors")][..],
            &[("sec-fetch-mode", "no-cors"), document],
            &[navigate, ("sec-fetch-dest", "iframe")],
            &[navigate, document, ("sec-purpose", "prefetch")],
            &[navigate, document, ("sec-purpose", "prefetch;prerender")],
            &[navigate, document, ("purpose", "prefetch")],
        ] {
            assert!(!is_navigation(&headers(bad)), "{bad:?}");
        }
    }

    #[test]
    fn a_frame_may_be_answered_and_nothing_else_beside() {
        let navigate = ("sec-fetch-mode", "navigate");
        let frame = ("sec-fetch-dest", "iframe");
        for good in [&[][..], &[navigate, ("sec-fetch-dest", "document")], &[navigate, frame]] {
            assert!(may_answer_silently(&headers(good)), "{good:?}");
        }
        for bad in [
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")][..],
            &[("sec-fetch-dest", "image")],
            &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
            &[navigate, ("sec-fetch-dest", "object")],
            &[navigate, frame, ("sec-purpose", "prefetch")],
            &[navigate, frame, ("purpose", "prefetch")],
        ] {
            assert!(!may_answer_silently(&headers(bad)), "{bad:?}");
        }
    }
}
