//! The pages of the loopback listener: plain HTML without script, in Japanese, plain Japanese and English one below the
//! other. Nothing of a request is on them: what a service asks for is shown only in the agent's own front.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use madoguchi_protocol::{ErrorCode, Lang, Origin, error_text, sha256};

use crate::texts::{self, Sentence};

/// While the sign-in runs.
pub(crate) fn waiting() -> String {
    page(texts::WAITING, |lang| paragraph(texts::WAITING_ACTION.text(lang)))
}

/// While another one runs.
pub(crate) fn busy() -> String {
    page(texts::BUSY, |lang| paragraph(texts::BUSY_ACTION.text(lang)))
}

/// Before anything is sent anywhere: one link to press.
pub(crate) fn asking(gateway: &Origin, go_path: &str) -> String {
    page(texts::ASKING, |lang| {
        format!(
            "{}{}<p class=\"go\"><a href=\"{}\" rel=\"noreferrer\">{}</a></p>\n",
            paragraph(texts::ASKING_ACTION.text(lang)),
            paragraph(&format!("{}: {gateway}", texts::GATEWAY.text(lang))),
            escape(go_path),
            escape(texts::START.text(lang)),
        )
    })
}

/// What went wrong and what to do.
pub(crate) fn error(code: ErrorCode) -> String {
    let mut body = String::new();
    for lang in Lang::ALL {
        let text = error_text(code, lang);
        section(&mut body, lang, &text.what, &paragraph(&text.action));
    }
    let _ = writeln!(body, "<p class=\"code\">{}</p>", escape(code.as_str()));
    document(&error_text(code, Lang::Japanese).what, &body)
}

/// The policy of every page: nothing but its own style, known by its hash.
pub(crate) static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        STANDARD.encode(sha256(STYLE.as_bytes()))
    )
});

fn page(title: Sentence, inner: impl Fn(Lang) -> String) -> String {
    let mut body = String::new();
    for lang in Lang::ALL {
        section(&mut body, lang, title.text(lang), &inner(lang));
    }
    document(title.text(Lang::Japanese), &body)
}

// Writing to a String cannot fail, here and below.
fn section(body: &mut String, lang: Lang, title: &str, inner: &str) {
    let level = if lang == Lang::default() { "h1" } else { "h2" };
    let _ = write!(
        body,
        "<section lang=\"{}\">\n<{level}>{}</{level}>\n{inner}</section>\n",
        lang.tag(),
        escape(title)
    );
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escape(title)
    )
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escape(text))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;font:1.125rem/1.8 'BIZ UDPGothic','Hiragino Sans','Noto Sans JP',sans-serif;\
line-break:strict;word-break:auto-phrase}\
main{max-width:38rem;margin:0 auto;padding:2rem 1.25rem}\
section+section{margin-top:2rem;padding-top:1.5rem;border-top:1px solid}\
h1{font-size:1.6rem;line-height:1.4}\
h2{font-size:1.2rem;line-height:1.4}\
.go a{display:inline-block;padding:.6rem 1.4rem;border:2px solid;border-radius:.4rem;font-weight:bold}\
.code{margin-top:2rem;font-size:.85rem}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_in_three_languages_without_script() {
        let origin = Origin::parse("http://localhost:24810").expect("an origin");
        let mut pages = vec![waiting(), busy(), asking(&origin, "/t/x/y/go/z")];
        pages.extend(ErrorCode::ALL.iter().map(|code| error(*code)));
        for page in pages {
            assert!(page.contains("<html lang=\"ja\">"));
            for lang in Lang::ALL {
                assert_eq!(page.matches(&format!("<section lang=\"{}\">", lang.tag())).count(), 1);
            }
            assert_eq!(page.matches("<h1>").count(), 1);
            for forbidden in ["<script", "javascript:", "http-equiv", "style=", " on", "src="] {
                let found = page
                    .split('<')
                    .skip(1)
                    .filter_map(|tag| tag.split('>').next())
                    .any(|tag| format!("<{tag}").contains(forbidden));
                assert!(!found, "{forbidden}");
            }
        }
    }

    #[test]
    fn the_link_is_on_the_asking_page_and_the_code_on_the_error_page() {
        let origin = Origin::parse("http://localhost:24810").expect("an origin");
        assert!(asking(&origin, "/t/x/y/go/z").contains("href=\"/t/x/y/go/z\""));
        assert!(error(ErrorCode::GatewayNotAllowed).contains("gateway_not_allowed"));
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
