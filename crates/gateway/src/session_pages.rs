//! The pages about sessions: the offer to go on, the list, the question before signing out.

use askama::Template;

use crate::page::Frame;

/// Who is signed in since when, and the ways on.
#[derive(Template)]
#[template(path = "offer.html")]
pub(crate) struct OfferPage {
    pub(crate) frame: Frame,
    /// When the card was shown, for which service.
    pub(crate) lead: String,
    /// What going on means.
    pub(crate) asks: String,
    pub(crate) service: String,
    pub(crate) purpose: String,
    pub(crate) sealed: String,
}

/// A page without a question that goes on to a service by itself and by a link.
#[derive(Template)]
#[template(path = "onward.html")]
pub(crate) struct OnwardPage {
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) what: String,
    /// Where the link leads, if the browser is expected anywhere.
    pub(crate) onward: Option<String>,
}

/// A resident's sessions.
#[derive(Template)]
#[template(path = "sessions.html")]
pub(crate) struct SessionsPage {
    pub(crate) frame: Frame,
    pub(crate) sessions: Vec<SessionRow>,
    /// The form that ends all of them.
    pub(crate) end_all: Option<String>,
}

/// One browser's sessions on it.
pub(crate) struct SessionRow {
    pub(crate) here: bool,
    pub(crate) since: String,
    pub(crate) until: String,
    pub(crate) services: Vec<SessionService>,
    /// The form that ends it.
    pub(crate) sealed: String,
}

/// A service with the time it was answered last.
pub(crate) struct SessionService {
    pub(crate) name: String,
    pub(crate) at: String,
}

/// The question before signing out.
#[derive(Template)]
#[template(path = "logout.html")]
pub(crate) struct LogoutPage {
    pub(crate) frame: Frame,
    /// Which service sent the browser, if that is known for certain.
    pub(crate) asked_by: Option<String>,
    pub(crate) sealed: String,
}
