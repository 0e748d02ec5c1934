//! HTML pages: one frame, one template each, and the headers that every page carries.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use madoguchi_protocol::{ErrorCode, Lang, error_text};

use crate::logo::Logo;
use crate::texts::{PageTexts, page_texts};
use crate::trying_again::TryingAgain;

/// What every page shows.
pub(crate) struct Frame {
    pub(crate) lang: Lang,
    pub(crate) municipality: String,
    pub(crate) test_trust: bool,
    /// The municipality has a colour of its own.
    pub(crate) accent: bool,
    /// Its logo, if it has one.
    pub(crate) logo: Option<Arc<Logo>>,
    pub(crate) texts: &'static PageTexts,
}

impl Frame {
    pub(crate) fn new(lang: Lang, municipality: &str, test_trust: bool) -> Self {
        Self {
            lang,
            municipality: municipality.to_owned(),
            test_trust,
            accent: false,
            logo: None,
            texts: page_texts(lang),
        }
    }
}

/// The page with the button.
#[derive(Template)]
#[template(path = "start.html")]
pub(crate) struct StartPage {
    pub(crate) frame: Frame,
    pub(crate) lead: String,
    pub(crate) service: String,
    pub(crate) purpose: String,
    pub(crate) comparison_code: String,
    pub(crate) sealed: String,
    pub(crate) tag: String,
    pub(crate) other_ports: Vec<u16>,
}

/// The clean page after the return leg.
#[derive(Template)]
#[template(path = "done.html")]
pub(crate) struct DonePage {
    pub(crate) frame: Frame,
    /// Something that the resident must read: the page stays open for it.
    pub(crate) notice: Option<String>,
    pub(crate) tag: String,
    pub(crate) sign_in: String,
}

/// Any page that says why it does not go on, with the ways out that there are.
#[derive(Template)]
#[template(path = "stopped.html")]
pub(crate) struct StoppedPage {
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) what: String,
    pub(crate) action: String,
    /// Sealed form for another try in the same tab.
    pub(crate) again: Option<String>,
    /// Address that carries the OAuth error to the service.
    pub(crate) back: Option<String>,
    pub(crate) code: Option<ErrorCode>,
    /// The resident must take notice: somebody may be trying to use their card.
    pub(crate) alarm: bool,
}

impl StoppedPage {
    /// The page of an error code, without a way on.
    pub(crate) fn of(frame: Frame, title: &str, code: ErrorCode) -> Self {
        let text = error_text(code, frame.lang);
        Self {
            title: title.to_owned(),
            what: text.what.clone(),
            action: text.action.clone(),
            again: None,
            back: None,
            code: Some(code),
            alarm: matches!(code, ErrorCode::PossiblePhishing | ErrorCode::TicketUsed),
            frame,
        }
    }

    fn trying_again(&self) -> TryingAgain {
        self.code.map_or(TryingAgain::MayHelp, TryingAgain::after)
    }

    /// The way back to the service comes first, and looks like it.
    fn back_first(&self) -> bool {
        self.trying_again() != TryingAgain::MayHelp
    }

    /// What the button of another try says.
    fn again_label(&self) -> &'static str {
        match self.trying_again() {
            TryingAgain::NeedsAnotherCard => &self.frame.texts.stopped_other_card,
            TryingAgain::MayHelp | TryingAgain::CannotHelpNow => &self.frame.texts.stopped_again,
        }
    }

    /// The page for whoever may not know more.
    pub(crate) fn neutral(frame: Frame) -> Self {
        let texts = frame.texts;
        Self {
            title: texts.neutral_title.clone(),
            what: texts.neutral_text.clone(),
            action: String::new(),
            again: None,
            back: None,
            code: None,
            alarm: false,
            frame,
        }
    }
}

/// How a page is sent.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub(crate) status: StatusCode,
    /// Origins, beside our own, that the page's forms may lead to.
    pub(crate) form_targets: &'a [String],
    /// `Referrer-Policy`: the agent recognises the start page by its origin; no other page tells anything.
    pub(crate) referrer: &'static str,
}

impl Delivery<'static> {
    pub(crate) const fn plain(status: StatusCode) -> Self {
        Self { status, form_targets: &[], referrer: "no-referrer" }
    }
}

/// Renders a page with its headers.
pub(crate) fn render(page: &impl Template, delivery: Delivery<'_>) -> Response {
    let Ok(html) = page.render() else {
        // A template that compiled fails only when its writer does, and a String's writer does not.
        tracing::error!("a page could not be rendered");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut policy = String::from(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
         base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    );
    for target in delivery.form_targets {
        // Writing to a String cannot fail.
        let _ = write!(policy, " {target}");
    }
    let mut response = (delivery.status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(delivery.referrer));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// 303 (RFC 9110 section 15.4.4) that is not stored and tells no referrer.
pub(crate) fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        tracing::error!("a redirect address is not a header value");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_shown_is_escaped() {
        let frame = Frame::new(Lang::Japanese, "<script>市", true);
        let page = StoppedPage::of(frame, "<b>", ErrorCode::NoCard);
        let html = page.render().expect("a page");
        assert!(!html.contains("<script>市") && !html.contains("<b>"));
        assert!(html.contains(&page_texts(Lang::Japanese).test_banner));
    }

    #[test]
    fn a_page_cannot_be_framed_scripted_or_stored() {
        let frame = Frame::new(Lang::English, "Midori", false);
        let targets = ["http://127.0.0.1:24817".to_owned()];
        let delivery = Delivery { status: StatusCode::OK, form_targets: &targets, referrer: "origin" };
        let response = render(&StoppedPage::neutral(frame), delivery);
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "origin");
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
        assert!(policy.ends_with("form-action 'self' http://127.0.0.1:24817"));
        assert!(!policy.contains("unsafe"));
    }
}
