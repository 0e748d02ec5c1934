//! The dependency arrows: `cargo metadata` against the table in `docs/architecture.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use madoguchi_tests::{cargo, repository};

/// Crates that tests anywhere may use: the card and the authority that stand in for real ones, and a database server.
const FOR_TESTS: [&str; 3] = ["madoguchi-mock-card", "madoguchi-test-pki", "madoguchi-test-postgres"];

/// What ships, and what it must never contain.
const SHIPPED: [&str; 2] = ["madoguchi-agent", "madoguchi-gateway-server"];
const NEVER_SHIPPED: [&str; 11] = [
    "madoguchi-mock-card",
    "madoguchi-test-pki",
    "madoguchi-test-postgres",
    "madoguchi-demo",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "p384",
    "openssl-sys",
    "openidconnect",
    "rsa",
];

#[test]
fn every_arrow_is_in_the_table() {
    let table = table();
    let metadata = metadata();
    let ours = members(&metadata);
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        table.keys().collect::<Vec<_>>(),
        "docs/architecture.md lists each member once, and no other"
    );
    for (name, package) in &ours {
        let allowed = &table[name];
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let to = dependency["name"].as_str().expect("a name");
            if !ours.contains_key(to) {
                continue;
            }
            let for_tests = dependency["kind"] == "dev" && FOR_TESTS.contains(&to);
            assert!(
                for_tests || allowed.contains("*") || allowed.contains(to),
                "{name} -> {to} is not in docs/architecture.md"
            );
        }
    }
}

#[test]
fn what_ships_contains_no_test_card_and_no_banned_crate() {
    let metadata = metadata();
    for shipped in SHIPPED {
        let closure = normal_closure(&metadata, shipped);
        assert!(closure.contains("ring"), "{shipped}: the walk reaches its dependencies");
        for never in NEVER_SHIPPED {
            assert!(!closure.contains(never), "{shipped} contains {never}");
        }
    }
    let agent = normal_closure(&metadata, "madoguchi-agent");
    assert!(!agent.contains("madoguchi-gateway") && !agent.contains("madoguchi-storage"));
    let gateway = normal_closure(&metadata, "madoguchi-gateway-server");
    assert!(!gateway.contains("madoguchi-agent") && !gateway.contains("madoguchi-jpki-card"));
}

/// Rows `| crates/x | package | what | may depend on |` of the crate table; `*` means anything.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text =
        std::fs::read_to_string(repository().join("docs/architecture.md")).expect("docs/architecture.md");
    let rows = text.lines().filter(|line| line.starts_with("| `") && line.contains("| `madoguchi-"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let package = cells[2].trim_matches('`').to_owned();
        let allowed = match cells[4] {
            "anything" => BTreeSet::from(["*".to_owned()]),
            names => names
                .split(',')
                .map(|name| name.trim().trim_matches('`'))
                .filter(|name| !name.is_empty() && *name != "–")
                .map(|name| format!("madoguchi-{name}"))
                .collect(),
        };
        (package, allowed)
    })
    .collect()
}

fn metadata() -> Value {
    let output = Command::new(cargo())
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn members(metadata: &Value) -> BTreeMap<String, Value> {
    let members = metadata["workspace_members"].as_array().expect("members");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .filter(|package| members.contains(&package["id"]))
        .map(|package| (package["name"].as_str().expect("a name").to_owned(), package.clone()))
        .collect()
}

/// Names of everything that a package is built from, without what only its tests or build scripts use.
fn normal_closure(metadata: &Value, root: &str) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().expect("packages");
    let name_of: BTreeMap<&str, &str> = packages
        .iter()
        .map(|package| (package["id"].as_str().expect("id"), package["name"].as_str().expect("name")))
        .collect();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| (node["id"].as_str().expect("id"), node))
        .collect();
    let start = name_of.iter().find(|(_, name)| **name == root).map(|(id, _)| *id).expect("the root");
    let mut found = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(id) = waiting.pop() {
        if !found.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().expect("deps") {
            let normal =
                dependency["dep_kinds"].as_array().expect("kinds").iter().any(|kind| kind["kind"].is_null());
            if normal {
                waiting.push(dependency["pkg"].as_str().expect("a package id"));
            }
        }
    }
    found.into_iter().map(|id| name_of[id].to_owned()).collect()
}
