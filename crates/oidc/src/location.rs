//! Addresses that carry the answer back to the service (RFC 6749 sections 4.1.2 and 4.1.2.1), always with `iss`
//! (RFC 9207).

use form_urlencoded::byte_serialize;

use crate::{AuthorizationCode, Description, OAuthError};

/// The redirect URI with the code. The address is a secret until the code is redeemed.
pub fn success_location(
    redirect_uri: &str,
    code: &AuthorizationCode,
    state: Option<&str>,
    iss: &str,
) -> String {
    location(redirect_uri, &[("code", Some(&*code.encode())), ("state", state), ("iss", Some(iss))])
}

/// The redirect URI with an error.
pub fn error_location(
    redirect_uri: &str,
    error: OAuthError,
    description: Description,
    state: Option<&str>,
    iss: &str,
) -> String {
    location(
        redirect_uri,
        &[
            ("error", Some(error.as_str())),
            ("error_description", Some(description.as_str())),
            ("state", state),
            ("iss", Some(iss)),
        ],
    )
}

/// Keeps the query that the redirect URI has. The empty fragment at the end keeps the browser from carrying over
/// the fragment of the page before (RFC 9110 section 10.2.2).
fn location(redirect_uri: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut location = redirect_uri.to_owned();
    let mut separator = match redirect_uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    for (name, value) in parameters {
        if let Some(value) = value {
            location.extend([separator, name, "="]);
            location.extend(byte_serialize(value.as_bytes()));
            separator = "&";
        }
    }
    location.push('#');
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISS: &str = "https://madoguchi.example";
    const CODE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

    fn success(redirect_uri: &str, state: Option<&str>) -> String {
        let code = AuthorizationCode::parse(CODE).expect("a code");
        success_location(redirect_uri, &code, state, ISS)
    }

    /// RFC 9207: the issuer is there with a code and with an error.
    #[test]
    fn the_issuer_is_always_there() {
        let expected = format!(
            "https://a.example/cb?code={CODE}&state=s%26code%3D1&iss=https%3A%2F%2Fmadoguchi.example#"
        );
        assert_eq!(success("https://a.example/cb", Some("s&code=1")), expected);

        let description = Description::new("no + card");
        let location =
            error_location("https://a.example/cb", OAuthError::AccessDenied, description, Some("s"), ISS);
        let expected = "https://a.example/cb?error=access_denied&error_description=no+%2B+card&state=s\
                        &iss=https%3A%2F%2Fmadoguchi.example#";
        assert_eq!(location, expected);
    }

    #[test]
    fn no_state_is_not_an_empty_state() {
        assert!(!success("https://a.example/cb", None).contains("state"));
    }

    #[test]
    fn the_query_of_the_redirect_uri_is_kept() {
        assert!(
            success("https://a.example/cb?t=%E7%AA%93", None)
                .starts_with("https://a.example/cb?t=%E7%AA%93&code=Bw")
        );
        assert!(success("https://a.example/cb?", None).starts_with("https://a.example/cb?code=Bw"));
    }

    #[test]
    fn c22_no_fragment_can_be_inherited() {
        let description = Description::new("x");
        let error = error_location("https://a.example/", OAuthError::ServerError, description, None, ISS);
        for location in [success("https://a.example/?t=1", None), error] {
            // What a browser does: RFC 9110 section 10.2.2.
            let url = url::Url::parse(&location).expect("a location");
            assert_eq!(url.fragment(), Some(""), "{location}");
        }
    }
}
