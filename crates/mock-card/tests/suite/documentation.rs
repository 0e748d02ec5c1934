//! `docs/mock-card.md` against the code: what is listed there is all that there is.

use std::{collections::BTreeSet, path::Path};

use madoguchi_mock_card::{AnswerToReset, Fault, Persona};

/// First cells, in backquotes, of the table below this heading.
fn first_column(heading: &str) -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mock-card.md");
    let page = std::fs::read_to_string(page).expect("docs/mock-card.md");
    let (_, section) =
        page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_fault_is_in_the_table_and_no_other() {
    assert_eq!(first_column("Faults"), Fault::ALL.map(|fault| fault.to_string()).into());
}

#[test]
fn every_persona_is_in_the_table_and_no_other() {
    assert_eq!(first_column("Personas"), Persona::ALL.map(|persona| persona.to_string()).into());
}

#[test]
fn every_switch_is_in_the_table_and_no_other() {
    // The error that names an unknown key lists them all.
    let error = toml::from_str::<madoguchi_mock_card::Scenario>("nothing = 1").expect_err("no such switch");
    let list = error.message().split_once("expected one of ").expect("a list").1;
    let mut switches: BTreeSet<_> = list.split(", ").map(|name| name.trim_matches('`').to_owned()).collect();
    for elsewhere in ["about", "fault", "persona", "step"] {
        assert!(switches.remove(elsewhere), "{elsewhere} has a section of its own");
    }
    assert_eq!(first_column("Switches"), switches);
}

#[test]
fn every_answer_to_reset_is_listed() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mock-card.md");
    let page = std::fs::read_to_string(page).expect("docs/mock-card.md");
    for (name, _) in AnswerToReset::NAMED {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_line_of_the_program_is_in_the_table() {
    let lines = first_column("Steering a running card");
    let expected = [
        "insert",
        "remove",
        "tries N",
        "sign-tries N",
        "reset-counters",
        "fault PLAN",
        "fault none",
        "go on",
        "warm-reset",
        "state",
        "quit",
    ];
    assert_eq!(lines, expected.map(str::to_owned).into());
}
