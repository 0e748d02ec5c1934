//! `docs/verify.md` against the code: every error code has its row.

use std::collections::BTreeSet;

use madoguchi_tests::repository;

#[test]
fn every_code_has_its_row_and_every_row_its_code() {
    let text = std::fs::read_to_string(repository().join("docs/verify.md")).expect("docs/verify.md");
    let (_, tables) = text.split_once("## Error codes").expect("the tables");
    let rows: Vec<&str> = tables
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(code, _)| code)
        .collect();
    let documented: BTreeSet<String> = rows.iter().map(|&code| code.to_owned()).collect();
    assert_eq!(documented.len(), rows.len(), "a row twice");
    let made: BTreeSet<String> = SOURCES.iter().flat_map(|source| codes(source)).collect();
    assert!(made.len() > 150, "{}", made.len());
    assert_eq!(documented, made);
}

/// The strings in a file's functions that name codes.
fn codes(source: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join("crates").join(source)).expect(source);
    let mut found = Vec::new();
    for function in ["fn code(", "fn refused("] {
        for (_, body) in text.match_indices(function).map(|(place, _)| text.split_at(place)) {
            let end = body.find("\n    }\n").into_iter().chain(body.find("\n}\n")).min().expect("an end");
            let code = |part: &&str| {
                !part.is_empty() && part.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
            };
            found.extend(body[..end].split('"').skip(1).step_by(2).filter(code).map(str::to_owned));
        }
    }
    assert!(!found.is_empty(), "{source} names no code any more");
    found
}

const SOURCES: [&str; 9] = [
    "cert-verify/src/algorithm.rs",
    "cert-verify/src/crl/error.rs",
    "cert-verify/src/der/rule.rs",
    "cert-verify/src/error.rs",
    "cert-verify/src/name_constraints/error.rs",
    "cert-verify/src/ocsp/error.rs",
    "cert-verify/src/policy_graph/error.rs",
    "cert-verify/src/public_key.rs",
    "gateway-server/src/verify/material.rs",
];
