//! A browser without pages: it goes where it is sent, and keeps cookies.

use std::collections::BTreeMap;

use http::header;

use super::lines::{Ask, Asked, Lines, Reply};

/// One with no cookies yet.
#[derive(Clone, Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Goes there.
    pub async fn open(&mut self, lines: &mut Lines, path: &str) -> Result<Asked, String> {
        let asked = lines.ask(&self.dressed(Ask::get(path))).await?;
        self.keep(&asked.reply);
        Ok(asked)
    }

    /// Presses the button of a form.
    pub async fn submit(
        &mut self,
        lines: &mut Lines,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Asked, String> {
        let asked = lines.ask(&self.dressed(Ask::form(path, fields))).await?;
        self.keep(&asked.reply);
        Ok(asked)
    }

    /// A navigation of this browser.
    pub fn dressed(&self, ask: Ask) -> Ask {
        let ask = ask.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { ask } else { ask.header("cookie", cookies.join("; ")) }
    }

    /// Takes the cookies of an answer.
    pub fn keep(&mut self, reply: &Reply) {
        for set in reply.headers.get_all(header::SET_COOKIE) {
            let pair =
                set.to_str().ok().and_then(|set| set.split(';').next()).and_then(|set| set.split_once('='));
            let (name, value) = pair.expect("a cookie");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
