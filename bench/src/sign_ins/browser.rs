//! A browser without pages: it goes where it is sent, and keeps cookies.

use std::collections::BTreeMap;

use axum::http::{Method, header};

use crate::sign_ins::line::{Answer, FORM, Line};

/// One with no cookies yet.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Goes there.
    pub(crate) async fn open(&mut self, line: &mut Line, path: &str) -> Result<Answer, String> {
        self.navigate(line, Method::GET, path, String::new()).await
    }

    /// Presses the button of a form.
    pub(crate) async fn submit(
        &mut self,
        line: &mut Line,
        path: &str,
        form: String,
    ) -> Result<Answer, String> {
        self.navigate(line, Method::POST, path, form).await
    }

    async fn navigate(
        &mut self,
        line: &mut Line,
        method: Method,
        path: &str,
        form: String,
    ) -> Result<Answer, String> {
        let cookie: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = cookie.join("; ");
        let mut headers = vec![("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        if method == Method::POST {
            headers.push(("content-type", FORM));
        }
        let answer = line.send(method, path, &headers, form).await?;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let pair =
                set.to_str().ok().and_then(|set| set.split(';').next()).and_then(|set| set.split_once('='));
            let (name, value) = pair.ok_or("no cookie")?;
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }
}
