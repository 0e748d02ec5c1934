//! What stands on command lines, read where it stands: the message names the option, and the exit code is 2.

use madoguchi_gateway::{Accent, AccentError};
use madoguchi_oidc::{RedirectUriError, check_redirect_uri};
use madoguchi_protocol::{DisplayError, Origin, OriginError, check_text};

use crate::config::{check_municipality_id, check_municipality_origin};

/// A text that residents read.
pub(crate) fn text(text: &str) -> Result<String, DisplayError> {
    check_text(text).map(|()| text.to_owned())
}

/// An address of a service.
pub(crate) fn uri(text: &str) -> Result<String, RedirectUriError> {
    check_redirect_uri(text).map(|()| text.to_owned())
}

/// The colour of pages.
pub(crate) fn colour(text: &str) -> Result<String, AccentError> {
    Accent::parse(text).map(|_| text.to_owned())
}

/// The id of a new municipality.
pub(crate) fn municipality_id(text: &str) -> Result<String, &'static str> {
    check_municipality_id(text).map(|()| text.to_owned())
}

/// The origin of a new municipality.
pub(crate) fn origin(text: &str) -> Result<Origin, OriginRefused> {
    let origin = text.parse().map_err(OriginRefused::Form)?;
    check_municipality_origin(&origin).map_err(OriginRefused::Host)?;
    Ok(origin)
}

/// Why an origin cannot be a municipality's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OriginRefused {
    #[error(transparent)]
    Form(OriginError),
    #[error("{0}")]
    Host(&'static str),
}
