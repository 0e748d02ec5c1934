//! `docs/configuration.md` against the code: the example is accepted, and every key has its row.

use std::collections::BTreeSet;

use madoguchi_gateway_server::Config;

use madoguchi_tests::repository;

fn page() -> String {
    std::fs::read_to_string(repository().join("docs/configuration.md")).expect("docs/configuration.md")
}

fn example() -> String {
    let page = page();
    let block =
        page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the example");
    block.replace("<base64url of SHA-256 of the secret>", &"A".repeat(43))
}

fn read(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("madoguchi.toml");
    std::fs::write(&file, text).expect("written");
    Config::read(&file).map_err(|error| error.to_string())
}

#[test]
fn the_example_is_accepted() {
    read(&example()).expect("the example of the page");
}

/// The parser names the keys that it knows when it meets one that it does not.
#[test]
fn every_key_has_its_row_and_every_row_its_key() {
    let documented: BTreeSet<String> = page()
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| {
            let keys = line.split('|').nth(1).expect("a first cell").to_owned();
            keys.split(',').map(|key| key.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let mut known = BTreeSet::new();
    for (prefix, table) in [
        ("", ""),
        ("tls.", "[tls]"),
        ("trust.", "[trust]"),
        ("revocation.", "[revocation]"),
        ("sign_in.", "[sign_in]"),
        ("municipality.", "[[municipality]]"),
        ("municipality.client.", "[[municipality]]\n[[municipality.client]]"),
    ] {
        let error = read(&format!("{table}\nno_such_key = 1\n")).expect_err("an unknown key");
        let expected = error.split("expected").nth(1).unwrap_or_else(|| panic!("{table}: {error}"));
        known.extend(expected.split('`').skip(1).step_by(2).map(|key| format!("{prefix}{key}")));
    }
    // Tables, not keys.
    for table in ["tls", "trust", "revocation", "sign_in", "municipality", "municipality.client"] {
        assert!(known.remove(table), "{table}");
    }
    assert_eq!(documented, known);
}
