//! The body of a form, by the one strict extractor.

use http::{HeaderMap, header};

use madoguchi_oidc::{ParameterError, Parameters};

/// Reads a body of `application/x-www-form-urlencoded`. Another media type, several or none is refused, so that nothing
/// that a browser sends across sites without asking, `text/plain` above all, is ever read as parameters.
pub(crate) fn urlencoded(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, ParameterError> {
    Parameters::from_body(content_type(headers), body)
}

/// The same for a form of our own, whose hidden field carries a whole request.
pub(crate) fn own_form(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, ParameterError> {
    Parameters::from_own_body(content_type(headers), body)
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_content_type_is_there_and_is_a_forms() {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        let mut headers = HeaderMap::new();
        assert_eq!(urlencoded(&headers, b"a=1").err(), Some(ParameterError::ContentType));
        headers.append(header::CONTENT_TYPE, form.clone());
        assert_eq!(urlencoded(&headers, b"a=1").expect("a form").value("a"), Some("1"));
        headers.append(header::CONTENT_TYPE, form);
        assert_eq!(urlencoded(&headers, b"a=1").err(), Some(ParameterError::ContentType));
    }
}
