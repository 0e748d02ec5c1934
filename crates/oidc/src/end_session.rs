//! A request to sign out that a service sends the browser with (OpenID Connect RP-Initiated Logout 1.0).
//!
//! A resident may always sign out: nothing in such a request is an error to them. What it decides is whether the browser
//! may go on to the service afterwards, and that only to an address that is registered for the very client that the
//! gateway's own ID token names.

use form_urlencoded::byte_serialize;

use crate::{Client, Parameters};

/// Path of the end-session endpoint.
pub const PATH_END_SESSION: &str = "/logout";

/// What the request says, unchecked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndSessionRequest<'a> {
    /// An ID token that this issuer gave the client.
    pub id_token_hint: Option<&'a str>,
    /// The client, which the hint names, too.
    pub client_id: Option<&'a str>,
    /// Where the client wants the browser to go.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// What the client recognises the browser by.
    pub state: Option<&'a str>,
    /// Languages of the pages, best first.
    pub ui_locales: &'a str,
}

/// Why the browser does not go on to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndSessionError {
    /// `client_id` is not the one that the hint was given to.
    #[error("client_id is not the audience of id_token_hint")]
    ClientMismatch,
    /// The hint's client is not registered any more, or `id_token_hint` is no ID token of this issuer.
    #[error("id_token_hint is no ID token of this issuer for a registered client")]
    Hint,
    /// Without a hint nobody says that the request is the client's.
    #[error("post_logout_redirect_uri without id_token_hint")]
    HintMissing,
    /// `state` is longer than any honest one.
    #[error("state is longer than {MAX_STATE_OCTETS} octets")]
    State,
    /// Not, octet by octet, a registered one.
    #[error("post_logout_redirect_uri is not registered")]
    Unregistered,
}

impl<'a> EndSessionRequest<'a> {
    /// Reads the parameters; `logout_hint` and unknown ones are ignored.
    pub fn read(parameters: &'a Parameters) -> Self {
        Self {
            id_token_hint: parameters.value("id_token_hint"),
            client_id: parameters.value("client_id"),
            post_logout_redirect_uri: parameters.value("post_logout_redirect_uri"),
            state: parameters.value("state"),
            ui_locales: parameters.value("ui_locales").unwrap_or_default(),
        }
    }

    /// Where the browser goes afterwards: the client's address with `state`, or nowhere. `hinted` is the client that a
    /// verified hint names, `None` when there is no hint or it does not hold.
    pub fn location(&self, hinted: Option<&Client>) -> Result<Option<String>, EndSessionError> {
        let hinted = match (self.id_token_hint, hinted) {
            (Some(_), Some(client)) => Some(client),
            (Some(_), None) => return Err(EndSessionError::Hint),
            (None, _) => None,
        };
        if hinted.zip(self.client_id).is_some_and(|(hinted, client_id)| hinted.id != client_id) {
            return Err(EndSessionError::ClientMismatch);
        }
        let Some(wanted) = self.post_logout_redirect_uri else { return Ok(None) };
        let client = hinted.ok_or(EndSessionError::HintMissing)?;
        let uri = registered(client, wanted)?;
        if self.state.is_some_and(|state| state.len() > MAX_STATE_OCTETS) {
            return Err(EndSessionError::State);
        }
        Ok(Some(with_state(uri, self.state)))
    }
}

/// Section 3.1: exactly one that was registered before, octet by octet.
fn registered<'c>(client: &'c Client, wanted: &str) -> Result<&'c str, EndSessionError> {
    let found = client.post_logout_redirect_uris.iter().find(|uri| uri.as_bytes() == wanted.as_bytes());
    found.map(String::as_str).ok_or(EndSessionError::Unregistered)
}

/// Section 3: `state` is passed back, and nothing else. The empty fragment keeps the browser from carrying over another.
fn with_state(uri: &str, state: Option<&str>) -> String {
    let mut location = uri.to_owned();
    if let Some(state) = state {
        location.push_str(match uri.split_once('?') {
            None => "?state=",
            Some((_, "")) => "state=",
            Some(_) => "&state=",
        });
        location.extend(byte_serialize(state.as_bytes()));
    }
    location.push('#');
    location
}

const MAX_STATE_OCTETS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::client;

    const URI: &str = "https://service.example/signed-out";

    fn registered_client() -> Client {
        let uris = vec![URI.to_owned(), "https://service.example/out?from=mado".to_owned()];
        Client { post_logout_redirect_uris: uris, ..client() }
    }

    fn request(uri: Option<&'static str>, state: Option<&'static str>) -> EndSessionRequest<'static> {
        EndSessionRequest {
            id_token_hint: Some("hint"),
            client_id: None,
            post_logout_redirect_uri: uri,
            state,
            ui_locales: "",
        }
    }

    #[test]
    fn the_browser_goes_to_a_registered_address_with_its_state() {
        let client = registered_client();
        for (uri, state, location) in [
            (Some(URI), Some("a b"), Some("https://service.example/signed-out?state=a+b#")),
            (Some(URI), None, Some("https://service.example/signed-out#")),
            (
                Some("https://service.example/out?from=mado"),
                Some("窓"),
                Some("https://service.example/out?from=mado&state=%E7%AA%93#"),
            ),
            (None, Some("s"), None),
        ] {
            let told = request(uri, state).location(Some(&client));
            assert_eq!(told, Ok(location.map(str::to_owned)), "{uri:?}");
        }
    }

    /// C1, C2: no prefix, no case, no added query, no normalisation, and never another client's.
    #[test]
    fn an_address_that_is_not_registered_is_nowhere() {
        let client = registered_client();
        for uri in [
            "https://service.example/signed-out?",
            "https://service.example/signed-out/",
            "https://service.example/signed-out?a=b",
            "https://SERVICE.example/signed-out",
            "https://service.example:443/signed-out",
            "https://service.example/./signed-out",
            "https://service.example/callback",
            "https://evil.example/signed-out",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(
                request(Some(uri), None).location(Some(&client)),
                Err(EndSessionError::Unregistered),
                "{uri}"
            );
        }
    }

    #[test]
    fn without_a_hint_that_holds_it_goes_nowhere() {
        let client = registered_client();
        let bare = EndSessionRequest { id_token_hint: None, ..request(Some(URI), None) };
        assert_eq!(bare.location(None), Err(EndSessionError::HintMissing));
        // The name alone is nobody's word.
        let named = EndSessionRequest { client_id: Some("kosodate"), ..bare };
        assert_eq!(named.location(None), Err(EndSessionError::HintMissing));
        assert_eq!(request(Some(URI), None).location(None), Err(EndSessionError::Hint));
        let other = EndSessionRequest { client_id: Some("other"), ..request(Some(URI), None) };
        assert_eq!(other.location(Some(&client)), Err(EndSessionError::ClientMismatch));
        let same = EndSessionRequest { client_id: Some(&client.id), ..request(Some(URI), None) };
        assert_eq!(same.location(Some(&client)), Ok(Some(format!("{URI}#"))));
        assert_eq!(EndSessionRequest { post_logout_redirect_uri: None, ..bare }.location(None), Ok(None));
    }

    #[test]
    fn a_state_is_bounded() {
        let client = registered_client();
        let long = "s".repeat(1025);
        let with = |state| {
            EndSessionRequest { state: Some(state), ..request(Some(URI), None) }.location(Some(&client))
        };
        assert!(with(&long[..1024]).is_ok());
        assert_eq!(with(&long), Err(EndSessionError::State));
    }
}
