//! What a sign-in with a fault may end in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::repository;

/// `tests/faults.toml`.
pub(super) struct Allowed {
    in_process: Faults,
    program: Faults,
    unharmed: BTreeSet<String>,
}

type Faults = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

impl Allowed {
    pub(super) fn read() -> Self {
        let text = fs::read_to_string(repository().join("tests/faults.toml")).expect("the table");
        let mut sides: BTreeMap<String, Faults> = toml::from_str(&text).expect("the table");
        let mut side = |name| sides.remove(name).expect("both sides");
        let (in_process, program) = (side("in-process"), side("program"));
        Self { in_process, program, unharmed: BTreeSet::from(["unharmed".to_owned()]) }
    }

    pub(super) fn outcomes(&self, fault: &str, step: Option<&str>) -> &BTreeSet<String> {
        let Some(step) = step.filter(|_| fault != "none") else { return &self.unharmed };
        let steps = self.program.get(fault).unwrap_or_else(|| &self.in_process[fault]);
        steps.get(step).unwrap_or_else(|| &steps["*"])
    }
}
