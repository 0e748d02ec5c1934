//! Revocation lists at national scale: one table of the budgets, measured in one run, and other programs on the same list.
//!
//! Every part is a process of its own, so that what one leaves in memory is not another's.

mod asking;
mod beside;
mod budget;
mod build;
mod child;
mod growth;
mod lists;
mod lookup;
pub(crate) mod memory;
mod partitions;
mod peers;
mod plot;
mod replace;
mod restart;
mod serials;
mod sign_in;
pub(crate) mod timing;

use std::path::Path;

use crate::crl::budget::{Budget, Table};
use crate::crl::child::{Values, run_part};
use crate::crl::lists::{Shape, make_lists};

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Entries of the list that most is measured with.
    pub(crate) entries: u64,
    /// Only these parts; all when empty.
    pub(crate) parts: Vec<String>,
    /// Where the plot goes; nowhere when absent.
    pub(crate) plot: Option<std::path::PathBuf>,
}

/// The parts, in this order.
const PARTS: [&str; 9] =
    ["build", "lookup", "replace", "beside", "sign-in", "restart", "partitions", "growth", "peers"];

/// Prints all tables; whether every budget is kept.
pub(crate) fn run(wish: &Wish) -> Result<bool, String> {
    if let Some(unknown) = wish.parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(format!("no part {unknown:?}; there are {}", PARTS.join(", ")));
    }
    let asked = |part: &str| wish.parts.is_empty() || wish.parts.iter().any(|one| one == part);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let at = folder.path();
    println!("revocation lists: {}", memory::machine());
    let needs_lists = PARTS.iter().any(|part| asked(part) && !["partitions", "growth"].contains(part));
    make_lists(at, wish.entries, needs_lists)?;
    let mut table = Table::new();
    for shape in [Shape::Jp, Shape::R20] {
        if asked("build") {
            build_rows(&run_part("build", at, wish.entries, shape)?, shape, &mut table);
        }
    }
    for shape in [Shape::Jp, Shape::R20] {
        if asked("lookup") {
            lookup_rows(&run_part("lookup", at, wish.entries, shape)?, shape, &mut table);
        }
    }
    if asked("sign-in") {
        sign_in_rows(&run_part("sign-in", at, wish.entries, Shape::Jp)?, &mut table);
    }
    if asked("replace") {
        replace_rows(&run_part("replace", at, wish.entries, Shape::Jp)?, &mut table);
    }
    if asked("beside") {
        beside_rows(&run_part("beside", at, wish.entries, Shape::Jp)?);
    }
    if asked("restart") {
        restart_rows(&run_part("restart", at, wish.entries, Shape::Jp)?, &mut table);
    }
    if asked("partitions") {
        partition_rows(&run_part("partitions", at, wish.entries * 2, Shape::Jp)?, &mut table);
    }
    if asked("growth") {
        let growth = growth::run(at, wish.entries, &mut table)?;
        println!("\n{}", growth.table());
        if let Some(path) = &wish.plot {
            std::fs::write(path, growth.plot()).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    if asked("peers") {
        println!("\n{}", peers::table(&peers::run(at, wish.entries)?));
    }
    for missed in table.missed() {
        println!("over its budget: {missed}");
    }
    Ok(table.missed().is_empty())
}

/// One part, in the process that was started for it: prints its values.
pub(crate) fn run_in_this_process(
    name: &str,
    folder: &Path,
    entries: u64,
    shape: &str,
) -> Result<(), String> {
    let shape = Shape::named(shape).ok_or("no such shape")?;
    match name {
        "make" => lists::make(folder, entries, shape),
        "build" => build::run(folder, entries, shape),
        "build-memory" => build::run_for_memory(folder, entries, shape),
        "lookup" => lookup::run(folder, entries, shape),
        "replace" => replace::run(folder, entries, shape),
        "beside" => beside::run(folder, entries, shape),
        "sign-in" => sign_in::run(folder, entries, shape),
        "restart" => restart::run(folder, entries, shape),
        "make-partitions" => partitions::make(folder, entries),
        "partitions" => partitions::run(folder, entries),
        "growth" => growth::run_one(folder, entries, shape),
        _ => peers::run_one(name, folder, shape)?,
    }
    Ok(())
}

fn build_rows(values: &Values, shape: Shape, table: &mut Table) {
    let name = |what: &str| format!("{what}, {}", shape.describe());
    table.note(name("`ring` verifies the signature"), values.get("ring"), "s");
    table.note(name("verify, read strictly, index"), values.get("build"), "s");
    table.add(
        name("  in signature verifications"),
        values.get("build") / values.get("ring"),
        Budget::most(2.5, "x"),
    );
    let best = values.get("build-best") / values.get("ring-best");
    table.note(name("  the same, the best round of each"), best, "x");
    let cpu = values.get("build-cpu") / values.get("ring-cpu");
    table.note(name("  the same in CPU time, of both cores"), cpu, "x");
    table.add(
        name("peak anonymous memory for each entry"),
        values.get("peak-anonymous"),
        Budget::most(16.0, "B"),
    );
    let resident = if shape == Shape::R20 { 16.0 } else { 8.0 };
    table.add(name("index for each entry"), values.get("index"), Budget::most(resident, "B"));
    table.note(name("  in its file"), values.get("index-file"), "B");
}

fn lookup_rows(values: &Values, shape: Shape, table: &mut Table) {
    let name = |what: &str| format!("{what}, {}", shape.describe());
    let load = values.get("load");
    table.note(name("one dependent load, table as large as index and list"), load, "ns");
    for what in ["hit", "miss"] {
        table.note(name(&format!("lookup, {what}")), values.get(what), "ns");
        table.add(
            name(&format!("  {what} in dependent loads")),
            values.get(what) / load,
            Budget::most(3.0, "x"),
        );
        table.note(name(&format!("  {what} alone: median")), values.get(&format!("{what}-p50")), "ns");
        table.note(
            name(&format!("  {what} alone: 99 of 100 within")),
            values.get(&format!("{what}-p99")),
            "ns",
        );
    }
}

fn sign_in_rows(values: &Values, table: &mut Table) {
    for (what, text) in [("hit", "revoked"), ("miss", "not revoked")] {
        table.add(format!("revocation of a sign-in, {text}"), values.get(what), Budget::most(1000.0, "ns"));
        table.note(format!("  {text}: 99 of 100 within"), values.get(&format!("{what}-p99")), "ns");
    }
}

fn replace_rows(values: &Values, table: &mut Table) {
    table.note(
        "a list of these entries replaced: from new file to in use".to_owned(),
        values.get("replace"),
        "s",
    );
    table.note("  the same, were it not nice".to_owned(), values.get("replace-rudely"), "s");
    asked_rows(values, table);
}

fn beside_rows(values: &Values) {
    println!(
        "\n{:<40} {:>9} {:>9} {:>9} {:>12} {:>10}",
        "lookups while another thread", "p50, ns", "p99, ns", "p99.9, ns", "p99 to idle", "once, s"
    );
    for (place, piece) in beside::PIECES.iter().enumerate() {
        let [p50, p99, most, ratio, took] =
            ["p50", "p99", "p99.9", "ratio", "took"].map(|what| values.get(&format!("{place}-{what}")));
        println!("{piece:<40} {p50:>9.0} {p99:>9.0} {most:>9.0} {ratio:>10.2} x {took:>10.3}");
    }
    println!();
}

fn restart_rows(values: &Values, table: &mut Table) {
    table.add("restart: files to ready".to_owned(), values.get("open") * 1e3, Budget::most(100.0, "ms"));
    table.note("  slowest of all rounds".to_owned(), values.get("slowest") * 1e3, "ms");
    table.note(
        "  with all of the gateway's start that is about lists".to_owned(),
        values.get("gateway") * 1e3,
        "ms",
    );
}

fn partition_rows(values: &Values, table: &mut Table) {
    let cpu = values.get("cpu");
    table.add(
        "1,741 partitions, twice the entries: CPU of a refresh".to_owned(),
        cpu,
        Budget::most(10.0, "s"),
    );
    table.note("  wall clock".to_owned(), values.get("wall"), "s");
    table.note("  `ring` verifies all signatures".to_owned(), values.get("ring"), "s");
    table.note("  wall clock beside lookups".to_owned(), values.get("asked"), "s");
    asked_rows(values, table);
}

/// Lookups with nothing beside them, beside a thread that only computes, and beside a refresh.
fn asked_rows(values: &Values, table: &mut Table) {
    for what in ["p50", "p99", "p99.9"] {
        let beside = [
            ("idle", "idle"),
            ("loaded", "beside a busy core"),
            ("busy", "during it"),
            ("rude", "during it, were it not nice"),
        ];
        for (name, text) in beside {
            table.note(format!("  lookup {what}, {text}"), values.get(&format!("{name}-{what}")), "ns");
        }
    }
    let to_idle = |what: &str| values.get(&format!("{what}-p99")) / values.get("idle-p99");
    table.note("  p99 during it, were it not nice, to idle".to_owned(), to_idle("rude"), "x");
    table.add("  p99 during it, to idle".to_owned(), to_idle("busy"), Budget::most(1.2, "x"));
}
