//! Every scenario file, step by step, in process. The end-to-end tests play the same files through the real PC/SC service.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use madoguchi_mock_card::{Card, CardContents, Persona, Scenario, Slot};
use madoguchi_test_pki::{CardOptions, KeyKind, Options, TestPki};

use crate::common::{issue, now, random};

/// Files are written for the card that `madoguchi-test-pki issue` makes without options.
static CONTENTS: LazyLock<[CardContents; 2]> = LazyLock::new(|| {
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now(), &random()).expect("a PKI");
    let today = CardOptions { name: "default".to_owned(), ..CardOptions::default() };
    let next = CardOptions { name: "p384".to_owned(), key: KeyKind::P384, ..CardOptions::default() };
    [issue(&mut pki, &today), issue(&mut pki, &next)]
});

#[test]
fn every_scenario_comes_out_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for entry in fs::read_dir(folder).expect("the scenarios") {
        let path = entry.expect("an entry").path();
        assert_eq!(
            path.extension().and_then(|extension| extension.to_str()),
            Some("toml"),
            "{}",
            path.display()
        );
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let scenario = Scenario::read(&path).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        failures.extend(play(&name, &scenario));
        seen.insert(name);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Those that documentation names; a folder that was moved must not pass.
    for name in ["sign-in", "blocked", "login-lifetime", "warm-reset-ends-login", "signature"] {
        assert!(seen.contains(name), "{name}");
    }
}

/// What did not come out as the scenario says.
fn play(name: &str, scenario: &Scenario) -> Vec<String> {
    let mut failures = Vec::new();
    if scenario.about.is_empty() || scenario.steps.is_empty() {
        failures.push(format!("{name}: says not what it is about, or has no steps"));
    }
    let next = scenario.persona == Persona::NextGenerationP384;
    let card =
        Card::new(&CONTENTS[usize::from(next)], scenario).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut slot = Slot::new(card, scenario);
    for (number, step) in scenario.steps.iter().enumerate() {
        if let Err(failure) = slot.play(step) {
            failures.push(format!("{name}, step {}, {:?}: {failure}", number + 1, step.say()));
        }
    }
    failures
}

#[test]
fn the_test_of_scenarios_can_fail() {
    let step = |text: &str| {
        let scenario = toml::from_str::<Scenario>(&format!("about = \"x\"\n[[step]]\nsay = \"y\"\n{text}"));
        play("z", &scenario.expect("a scenario"))
    };
    assert_eq!(step("command = \"00 A4 00 00\"\nstatus = \"6A86\"\ntries = 3"), Vec::<String>::new());
    assert_eq!(
        step("command = \"00 A4 00 00\"\nstatus = \"9000\""),
        ["z, step 1, \"y\": 00A40000: expected 9000, got 6A86"]
    );
    assert_eq!(step("do = \"warm-reset\"\ntries = 2"), ["z, step 1, \"y\": expected tries = 2, got 3"]);
    assert_eq!(step("do = \"warm-reset\"\nsign_tries = 4").len(), 1);
    let pulled_out =
        "do = \"remove\"\n[[step]]\nsay = \"w\"\ncommand = \"00 20 00 98 04 31323334\"\nstatus = \"9000\"";
    assert_eq!(step(pulled_out), ["z, step 2, \"w\": 00200098: the card was removed"], "and no PIN");
    assert_eq!(play("z", &Scenario::default()), ["z: says not what it is about, or has no steps"]);
}
