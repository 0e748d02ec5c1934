//! `docs/integrate.md` against the code: the settings are the tested ones, the codes exist, the personas can be had.

use std::collections::BTreeSet;

use clap::ValueEnum;
use madoguchi_demo::Answer;
use madoguchi_gateway::oauth_error;
use madoguchi_protocol::ErrorCode;
use madoguchi_tests::repository;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of the first fenced block after a heading.
fn block_after(text: &str, heading: &str) -> Vec<String> {
    let rest = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}")).1;
    let block = rest.split("```").nth(1).expect("a block");
    block.lines().skip(1).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Rows of a table by their cells, where the first cell is one word in code.
fn rows(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    text.lines().filter(|line| line.starts_with("| `") && !line.starts_with("| `error`")).map(cells).collect()
}

/// The words in code of a cell.
fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn apaches_settings_are_the_tested_ones() {
    let text = read("docs/integrate.md");
    let tested = read("tests/src/services/apache.rs") + &read("tests/suite/services/apache.rs");
    for line in block_after(&text, "### Apache with mod_auth_openidc") {
        // Values differ; the names of the settings, and the rules, are the same.
        let fixed = ["PKCE", "PassClaims", "Remote", "Auth ", "Alg ", "Rewrite", "AuthType", "Require"];
        let known = if fixed.iter().any(|part| line.contains(part)) {
            // In the test the braces of its format string are doubled.
            tested.contains(&line.replace('{', "{{").replace('}', "}}")) || tested.contains(&line)
        } else {
            tested.contains(line.split(' ').next().expect("a name"))
        };
        assert!(known, "{line}");
    }
}

#[test]
fn the_calls_of_the_libraries_are_the_tested_ones() {
    let text = read("docs/integrate.md");
    for (heading, sources) in [
        ("### Node: openid-client", vec!["tests/services/openid-client.mjs"]),
        ("### A page without a server", vec!["tests/services/spa.html"]),
    ] {
        let tested: String = sources.into_iter().map(read).collect();
        let block = block_after(&text, heading).join("\n");
        for (at, _) in block.match_indices("oidc.") {
            let name: String =
                block[at..].chars().take_while(|letter| letter.is_alphanumeric() || *letter == '.').collect();
            assert!(tested.contains(&name), "{heading}: {name}");
        }
    }
}

/// Each pair of error and code in section 4 is what the gateway sends.
#[test]
fn the_codes_are_those_that_services_receive() {
    let text = read("docs/integrate.md");
    let section = text.split_once("## 4. ").expect("section 4").1;
    let section = section.split_once("From the token endpoint").expect("the other table").0;
    let mut told = 0;
    for row in rows(section) {
        let error = words(&row[0]).next().expect("an error");
        for code in words(&row[1]).filter(|code| *code != "failed") {
            let code: ErrorCode = code.parse().unwrap_or_else(|_| panic!("no such code: {code}"));
            assert_eq!(oauth_error(code).as_str(), error, "{code}");
            told += 1;
        }
    }
    assert!(told > 20, "{told}");
}

/// Every outcome that the demo can produce is a persona, and every persona can be had.
#[test]
fn the_personas_are_the_demos_answers() {
    let text = read("docs/integrate.md");
    let section = text.split_once("## 8. ").expect("section 8").1;
    let named: BTreeSet<&str> = section
        .split("--answer ")
        .skip(1)
        .map(|rest| {
            rest.split(|letter: char| !(letter.is_ascii_lowercase() || letter == '_')).next().expect("a word")
        })
        .collect();
    let values: Vec<_> = Answer::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let known: BTreeSet<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    assert_eq!(named, known);
}
