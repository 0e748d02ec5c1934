//! How the pages' handlers fail: an error code, in the frame of the municipality.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use madoguchi_protocol::ErrorCode;
use madoguchi_storage::StorageError;

use crate::page::{Delivery, Frame, StoppedPage, render};
use crate::store_failure::store_failed;
use crate::tenant::Tenant;

/// A page that says what went wrong. Causes go to the log, never here.
pub(crate) struct PageFailure {
    frame: Box<Frame>,
    code: Option<ErrorCode>,
    status: StatusCode,
}

impl Tenant {
    /// The failure of a page.
    pub(crate) fn failure(&self, code: ErrorCode) -> PageFailure {
        let status = match code {
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        PageFailure { frame: Box::new(self.frame()), code: Some(code), status }
    }

    /// The neutral 404: the same for whatever is not there, not this browser's, or not to be told.
    pub(crate) fn not_found(&self) -> PageFailure {
        PageFailure { frame: Box::new(self.frame()), code: None, status: StatusCode::NOT_FOUND }
    }

    /// The store failed: logged, and told as `internal`, with the status that says whether it may pass.
    pub(crate) fn storage_failure(&self, error: &StorageError) -> PageFailure {
        PageFailure {
            status: store_failed(&self.municipality.id, error),
            ..self.failure(ErrorCode::Internal)
        }
    }
}

impl IntoResponse for PageFailure {
    fn into_response(self) -> Response {
        let frame = *self.frame;
        let delivery = Delivery::plain(self.status);
        match self.code {
            None => render(&StoppedPage::neutral(frame), delivery),
            Some(code) => {
                let title = match code {
                    ErrorCode::PossiblePhishing => &frame.texts.phishing_title,
                    _ => &frame.texts.error_title,
                };
                render(&StoppedPage::of(frame, title, code), delivery)
            }
        }
    }
}
