//! Single requests, for what no browser would send.

use ureq::Body;
use ureq::http::Response;

/// `GET` with these headers, redirects not followed, every status an answer.
pub fn get(url: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = client().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.call().expect("an answer")
}

/// `POST` of a body, redirects not followed, every status an answer.
pub fn post(url: &str, content_type: &str, body: &[u8]) -> Response<Body> {
    client().post(url).header("content-type", content_type).send(body).expect("an answer")
}

/// The body of an answer as JSON.
pub fn json<T: serde::de::DeserializeOwned>(mut answer: Response<Body>) -> T {
    let text = answer.body_mut().read_to_string().expect("a body");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn client() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}
