//! The table of figures, with the budgets of those that have one.

use std::fmt;

/// A limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    limit: f64,
    unit: &'static str,
}

impl Budget {
    pub(crate) fn most(limit: f64, unit: &'static str) -> Self {
        Self { limit, unit }
    }
}

/// All figures. Each is printed when it is there: a run of minutes should be seen to go on.
#[derive(Debug, Default)]
pub(crate) struct Table {
    missed: Vec<String>,
}

struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    limit: Option<f64>,
}

impl Table {
    pub(crate) fn new() -> Self {
        println!("{:<78} {:>12} {:>10}", "what", "measured", "budget");
        Self::default()
    }

    pub(crate) fn add(&mut self, what: String, value: f64, budget: Budget) {
        self.print(&Row { what, value, unit: budget.unit, limit: Some(budget.limit) });
    }

    /// A figure without a budget.
    pub(crate) fn note(&mut self, what: String, value: f64, unit: &'static str) {
        self.print(&Row { what, value, unit, limit: None });
    }

    fn print(&mut self, row: &Row) {
        println!("{row}");
        if !row.is_kept() {
            let (what, measured, limit) = (row.what.trim(), row.measured(), row.limit());
            self.missed.push(format!("{what}: {measured} (budget {limit})"));
        }
    }

    /// What is over its budget; what is no number is.
    pub(crate) fn missed(&self) -> &[String] {
        &self.missed
    }
}

impl Row {
    fn is_kept(&self) -> bool {
        self.limit.is_none_or(|limit| self.value <= limit)
    }

    fn measured(&self) -> String {
        figure(self.value, self.unit)
    }

    fn limit(&self) -> String {
        self.limit.map(|limit| format!("{limit} {}", self.unit)).unwrap_or_default()
    }
}

/// Three significant digits.
pub(crate) fn figure(value: f64, unit: &str) -> String {
    let digits = match value {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{value:.digits$} {unit}")
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.limit {
            None => "",
            Some(_) if self.is_kept() => "kept",
            Some(_) => "OVER",
        };
        write!(f, "{:<78} {:>12} {:>10} {verdict}", self.what, self.measured(), self.limit())
    }
}
