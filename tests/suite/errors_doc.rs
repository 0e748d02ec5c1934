//! `docs/errors.md` against the code: every error code has its row, and the row says what the service receives.

use std::collections::BTreeMap;

use madoguchi_gateway::oauth_error;
use madoguchi_protocol::ErrorCode;

use madoguchi_tests::repository;

#[test]
fn every_code_has_its_row_and_every_row_its_code() {
    let rows = rows();
    let mut codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(rows.keys().map(String::as_str).collect::<Vec<_>>(), codes);
}

#[test]
fn the_rows_say_what_services_receive() {
    for (code, cells) in rows() {
        let code: ErrorCode = code.parse().expect("a code");
        let receives = &cells[3];
        if receives.contains('`') {
            let error = oauth_error(code);
            let documented = receives.contains(&format!("`{}`", error.as_str()));
            assert!(documented, "{code}: the gateway sends {error}, docs/errors.md says {receives}");
        }
    }
}

/// Rows by code, each with its cells: code, who is told, meaning, what the service receives, what to look at.
fn rows() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(repository().join("docs/errors.md")).expect("docs/errors.md");
    text.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<String> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            (cells[0].trim_matches('`').to_owned(), cells)
        })
        .collect()
}
