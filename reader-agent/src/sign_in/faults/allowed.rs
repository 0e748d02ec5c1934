//! `tests/faults.toml`: how a sign-in may end when a fault meets one of its steps. The whole stack is held to the same file.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_mock_card::Fault;

use super::step::Step;

/// The part of the file that is for the agent in process.
pub(super) struct Allowed(BTreeMap<String, Steps>);

type Steps = BTreeMap<String, BTreeSet<String>>;

impl Allowed {
    pub(super) fn read() -> Self {
        let mut sides: BTreeMap<String, BTreeMap<String, Steps>> =
            toml::from_str(include_str!("../../../../tests/faults.toml")).expect("the table");
        let faults = sides.remove("in-process").expect("the part for the agent in process");
        let known: BTreeSet<String> = Fault::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(faults.keys().cloned().collect::<BTreeSet<_>>(), known, "a row for every fault");
        Self(faults)
    }

    /// What may come out: error codes, or `unharmed`, which is what comes out without a fault.
    pub(super) fn outcomes(&self, fault: Fault, step: Step) -> &BTreeSet<String> {
        let steps = &self.0[&fault.to_string()];
        steps.get(&step.to_string()).or_else(|| steps.get("*")).unwrap_or_else(|| panic!("{fault} at {step}"))
    }

    /// Faults and steps that the file names.
    pub(super) fn named(&self) -> BTreeSet<(String, String)> {
        let rows = self.0.iter().flat_map(|(fault, steps)| steps.keys().map(move |step| (fault, step)));
        rows.filter(|(_, step)| *step != "*").map(|(fault, step)| (fault.clone(), step.clone())).collect()
    }
}
