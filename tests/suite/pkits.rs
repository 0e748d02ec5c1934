//! NIST's suite for path validation, every case with its initial policy settings, through `madoguchi verify --batch`.

use std::collections::BTreeMap;

use madoguchi_tests::verify::{batch, pkits};
use serde_json::Value;

#[test]
fn every_expected_result_is_met_except_where_dsa_is_needed() {
    let cases = pkits::cases();
    assert_eq!(cases.len(), 257, "246 cases, 10 that the package lists for their texts, and 4.8.20");
    let lines: Vec<Value> = cases.iter().map(|case| case.json.clone()).collect();
    let answers = batch(&lines);
    assert_eq!(answers.len(), cases.len());
    let mut table: BTreeMap<Vec<u8>, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["id"], case.name.as_str());
        let met = (answer["verdict"] == "accepted") == case.valid;
        let needs_dsa = ["4.1.4", "4.1.5"].contains(&case.number.as_str());
        if needs_dsa {
            assert_eq!((&answer["verdict"], &answer["error"]), (&"rejected".into(), &"key_dsa".into()));
        } else if !met {
            wrong.push(format!("{} {}: {answer}", case.number, case.name));
        }
        if answer["verdict"] == "accepted" {
            valid_for_what_was_asked(case, answer);
        }
        let section = case.section().split('.').map(|part| part.parse().expect("a number")).collect();
        let counts = table.entry(section).or_default();
        *counts = (counts.0 + usize::from(met), counts.1 + 1);
    }
    for (section, (met, all)) in &table {
        println!("{}.{:<3} {met:>3} of {all}", section[0], section[1]);
    }
    println!("all   {} of {}", table.values().map(|counts| counts.0).sum::<usize>(), cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The policies of the answer are among those of the user.
fn valid_for_what_was_asked(case: &pkits::Case, answer: &Value) {
    let detail = answer["detail"].as_str().expect("a detail");
    let (_, policies) = detail.rsplit_once("policies: ").expect("policies");
    if !case.policies.is_empty() && policies != "none" {
        let asked = |policy: &str| case.policies.iter().any(|asked| asked == policy);
        assert!(policies.split(' ').all(asked), "{}: {policies}, not {:?}", case.number, case.policies);
    }
}
