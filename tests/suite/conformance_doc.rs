//! `docs/conformance.md` against the tests: what it names is there, and nothing that should be named is missing.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_tests::repository;

/// How many modules each plan has. Those of other countries' profiles are not counted for FAPI 2.0.
const PLANS: [(&str, usize); 5] = [
    ("Plan `oidcc-basic`", 38),
    ("Plan `oidcc-config`", 1),
    ("Plan `oidcc-rp-initiated-logout`", 11),
    ("Plan `oidcc-backchannel-logout`", 2),
    ("Plan `fapi2-security-profile-final`", 58),
];

#[test]
fn every_test_that_is_named_exists() {
    let mut sources: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let text = text();
    let mut count = 0;
    for named in text.split('`').skip(1).step_by(2) {
        let Some((path, name)) = named.split_once(".rs::") else { continue };
        let tests = sources.entry(path).or_insert_with(|| tests_of(&format!("{path}.rs")));
        assert!(tests.contains(name), "{path}.rs has no test {name}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}

#[test]
fn every_module_has_one_row_with_a_test() {
    let sections = sections();
    for (plan, modules) in PLANS {
        let rows = sections.get(plan).unwrap_or_else(|| panic!("no {plan}"));
        let names: BTreeSet<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!((names.len(), rows.len()), (modules, modules), "{plan}");
        for row in rows {
            assert!(row[1].contains(".rs::"), "{}: {}", row[0], row[1]);
        }
    }
}

/// The tests that stand for a module of a plan are all in the table: none is forgotten.
#[test]
fn every_module_test_has_its_row() {
    let text = text();
    for file in ["basic", "client_authentication", "fapi2"] {
        let path = format!("tests/suite/conformance/{file}.rs");
        for name in
            tests_of(&path).iter().filter(|name| name.starts_with("oidcc_") || name.starts_with("fapi2_"))
        {
            assert!(text.contains(&format!("`{path}::{name}`")), "{name} has no row");
        }
    }
}

#[test]
fn every_pitfall_has_its_row() {
    let sections = sections();
    let rows = &sections["What others fell into"];
    let numbers: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let expected: Vec<String> = (1..=25).map(|number| format!("C{number}")).collect();
    assert_eq!(numbers, expected);
    assert!(rows.iter().all(|row| row[2].contains(".rs::")));
}

fn text() -> String {
    std::fs::read_to_string(repository().join("docs/conformance.md")).expect("docs/conformance.md")
}

/// The cells of each table's rows, by the heading above.
fn sections() -> BTreeMap<String, Vec<Vec<String>>> {
    let mut sections: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    let mut heading = String::new();
    for line in text().lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut heading);
        } else if line.starts_with("| `") || line.starts_with("| C") {
            let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            sections.entry(heading.clone()).or_default().push(cells);
        }
    }
    sections
}

/// The names of the tests in a source file: functions under a test attribute.
fn tests_of(path: &str) -> BTreeSet<String> {
    let source =
        std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (mut names, mut marked) = (BTreeSet::new(), false);
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| marked) {
            names.insert(rest.split('(').next().expect("a name").to_owned());
            marked = false;
        }
    }
    names
}
