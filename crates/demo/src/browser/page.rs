//! A document: its links, forms and `Refresh`.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::referrer::ReferrerPolicy;
use super::{BrowserError, Navigation};

/// What a tab shows.
#[derive(Clone, Debug)]
pub struct Page {
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    pub(super) fn new(url: Url, status: StatusCode, headers: HeaderMap, text: String) -> Self {
        Self { url, status, headers, text }
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The document as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of the first element that the selector finds, trimmed.
    pub fn text_of(&self, selector: &str) -> Option<String> {
        let html = Html::parse_document(&self.text);
        let found = html.select(&parse(selector)?).next()?;
        Some(found.text().collect::<String>().trim().to_owned())
    }

    /// An attribute of the first element that the selector finds.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.text);
        let found = html.select(&parse(selector)?).next()?;
        found.attr(name).map(str::to_owned)
    }

    /// True when the selector finds something.
    pub fn has(&self, selector: &str) -> bool {
        parse(selector)
            .is_some_and(|wanted| Html::parse_document(&self.text).select(&wanted).next().is_some())
    }

    /// The navigation of the first link that the selector finds.
    pub fn link(&self, selector: &str) -> Result<Navigation, BrowserError> {
        let href = self.attribute(selector, "href").ok_or_else(|| self.missing(selector))?;
        let policy = self
            .attribute(selector, "rel")
            .is_some_and(|rel| rel.split(' ').any(|word| word == "noreferrer"));
        let policy = if policy { ReferrerPolicy::NoReferrer } else { self.policy() };
        Ok(Navigation::from_page(&self.url, policy, self.join(&href)?, true))
    }

    /// The navigation of the first form that the selector finds, submitted by its first button.
    pub fn form(&self, selector: &str) -> Result<Navigation, BrowserError> {
        let html = Html::parse_document(&self.text);
        let wanted = parse(selector).ok_or_else(|| self.missing(selector))?;
        let form = html.select(&wanted).next().ok_or_else(|| self.missing(selector))?;
        let fields = fields(form);
        let mut url = self.join(form.attr("action").unwrap_or(""))?;
        if form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post")) {
            return Ok(Navigation::from_page(&self.url, self.policy(), url, true).with_form(&fields));
        }
        url.set_query(None);
        url.query_pairs_mut().extend_pairs(&fields);
        Ok(Navigation::from_page(&self.url, self.policy(), url, true))
    }

    /// The delay and the navigation of `Refresh`, by header or by `meta`.
    pub fn refresh(&self) -> Option<(Duration, Navigation)> {
        let header = self.headers.get("refresh").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let value = header.or_else(|| self.attribute("meta[http-equiv=refresh i]", "content"))?;
        let (seconds, rest) = value.split_once([';', ',']).unwrap_or((&value, ""));
        let seconds = seconds.trim().parse().ok()?;
        let rest = rest.trim();
        let target = rest.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("url"));
        let target = target.map_or("", |(_, target)| target.trim().trim_matches(['"', '\'']));
        let url = if target.is_empty() { self.url.clone() } else { self.join(target).ok()? };
        let navigation = Navigation::from_page(&self.url, self.policy(), url, false);
        Some((Duration::from_secs(seconds), navigation))
    }

    /// The navigation of the reload button. A browser repeats the request with its first initiator; the stand-in
    /// repeats it as typed, which is what follows after a restart.
    pub fn reload(&self) -> Navigation {
        Navigation::typed(self.url.clone())
    }

    /// The same page with another text, as if somebody else had made it. For tests of forged forms.
    pub fn with_text(&self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self.clone() }
    }

    fn policy(&self) -> ReferrerPolicy {
        ReferrerPolicy::of(&self.headers).unwrap_or_default()
    }

    fn join(&self, address: &str) -> Result<Url, BrowserError> {
        self.url.join(address).map_err(|_| BrowserError::Address { address: address.to_owned() })
    }

    pub(crate) fn missing(&self, selector: &str) -> BrowserError {
        BrowserError::Missing {
            url: self.url.origin().ascii_serialization() + self.url.path(),
            status: self.status,
            selector: selector.to_owned(),
        }
    }
}

/// The successful controls of a form (HTML, section 4.10.21.4), its first submit button included.
fn fields(form: ElementRef<'_>) -> Vec<(String, String)> {
    let Some(controls) = parse("input[name], textarea[name], select[name], button[name]") else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    let mut pressed = false;
    for control in form.select(&controls).filter(|control| control.attr("disabled").is_none()) {
        let kind = control.attr("type").unwrap_or("").to_ascii_lowercase();
        let value = match (control.value().name(), kind.as_str()) {
            ("input", "checkbox" | "radio") if control.attr("checked").is_none() => continue,
            ("input", "checkbox" | "radio") => control.attr("value").unwrap_or("on").to_owned(),
            ("input", "button" | "reset" | "image" | "file") | ("button", "button" | "reset") => continue,
            ("input", "submit") | ("button", _) => {
                if std::mem::replace(&mut pressed, true) {
                    continue;
                }
                control.attr("value").unwrap_or("").to_owned()
            }
            ("select", _) => selected(control),
            ("textarea", _) => control.text().collect(),
            _ => control.attr("value").unwrap_or("").to_owned(),
        };
        fields.push((control.attr("name").unwrap_or("").to_owned(), value));
    }
    fields
}

fn selected(select: ElementRef<'_>) -> String {
    let find = |selector| parse(selector).and_then(|wanted| select.select(&wanted).next());
    let option = find("option[selected]").or_else(|| find("option"));
    option.map_or_else(String::new, |option| {
        option.attr("value").map_or_else(|| option.text().collect(), str::to_owned)
    })
}

fn parse(selector: &str) -> Option<Selector> {
    Selector::parse(selector).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(headers: &[(&'static str, &'static str)], text: &str) -> Page {
        let url = Url::parse("http://localhost:1/a/b?c").expect("a URL");
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        });
        Page::new(url, StatusCode::OK, headers.collect(), text.to_owned())
    }

    #[test]
    fn links_are_relative_to_the_page() {
        let page = page(&[("referrer-policy", "origin")], r#"<a class=x href="../z">z</a>"#);
        let link = page.link("a.x").expect("a link");
        assert_eq!(link.url().as_str(), "http://localhost:1/z");
        assert_eq!(link.referer().map(String::from).as_deref(), Some("http://localhost:1/"));
        assert!(matches!(page.link("a.y"), Err(BrowserError::Missing { .. })));
    }

    #[test]
    fn a_form_sends_its_successful_controls() {
        let html = r#"<form method=post action=go><input type=hidden name=sealed value="a&amp;b"><input name=off disabled value=1>
            <input type=checkbox name=no><input type=checkbox name=yes checked>
            <select name=s><option value=1>1<option value=2 selected>2</select>
            <button name=do value=first>1</button><button name=do value=second>2</button></form>"#;
        let form = page(&[], html).form("form").expect("a form");
        assert_eq!(form.url().as_str(), "http://localhost:1/a/go");
        let body = form.request(&[]).expect("a request").into_body();
        assert_eq!(String::from_utf8(body).as_deref(), Ok("sealed=a%26b&yes=on&s=2&do=first"));
    }

    #[test]
    fn refresh_comes_by_header_or_meta() {
        let same = page(&[("refresh", "1")], "").refresh().expect("a refresh");
        assert_eq!((same.0, same.1.url().as_str()), (Duration::from_secs(1), "http://localhost:1/a/b?c"));
        let other = page(&[("refresh", "0; url=/next")], "").refresh().expect("a refresh");
        assert_eq!(other.1.url().as_str(), "http://localhost:1/next");
        let meta =
            page(&[], r#"<meta http-equiv="Refresh" content="2;URL='/m'">"#).refresh().expect("a refresh");
        assert_eq!((meta.0, meta.1.url().path()), (Duration::from_secs(2), "/m"));
        assert!(page(&[], "").refresh().is_none());
    }
}
