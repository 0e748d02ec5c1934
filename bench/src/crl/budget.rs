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

/// All figures in order.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    limit: Option<f64>,
}

impl Table {
    pub(crate) fn add(&mut self, what: String, value: f64, budget: Budget) {
        self.rows.push(Row { what, value, unit: budget.unit, limit: Some(budget.limit) });
    }

    /// A figure without a budget.
    pub(crate) fn note(&mut self, what: String, value: f64, unit: &'static str) {
        self.rows.push(Row { what, value, unit, limit: None });
    }

    /// What is over its budget; what is no number is.
    pub(crate) fn missed(&self) -> impl Iterator<Item = String> {
        self.rows
            .iter()
            .filter(|row| !row.is_kept())
            .map(|row| format!("{}: {} (budget {})", row.what.trim(), row.measured(), row.limit()))
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

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<78} {:>12} {:>10}", "what", "measured", "budget")?;
        for row in &self.rows {
            let verdict = match row.limit {
                None => "",
                Some(_) if row.is_kept() => "kept",
                Some(_) => "OVER",
            };
            writeln!(f, "{:<78} {:>12} {:>10} {verdict}", row.what, row.measured(), row.limit())?;
        }
        Ok(())
    }
}
