//! `madoguchi crl forget`.

use std::io::Write;

use madoguchi_revocation::{CrlReport, CrlShelf, Error, RevocationHealth, StateDir};
use rustls_pki_types::UnixTime;

use crate::crl::arguments::ForgetArguments;
use crate::crl::tell::{counted, label};
use crate::crl::{CrlEnd, CrlUsage};

/// Takes the lists of a partition away that a CA gave up: they are past their nextUpdate, and nothing replaces them.
pub(super) fn forget(
    arguments: &ForgetArguments,
    now: UnixTime,
    output: &mut dyn Write,
) -> Result<CrlEnd, CrlUsage> {
    let ForgetArguments { folder, partition } = arguments;
    let unusable = |error: Error| CrlUsage::of_state(folder, &error);
    // A folder that is absent is not made.
    drop(StateDir::open_to_read(folder).map_err(unusable)?);
    let state = StateDir::open(folder).map_err(unusable)?;
    let anchors = state.anchors().map_err(unusable)?;
    let (shelf, _) = CrlShelf::read(&state, &anchors).map_err(unusable)?;
    let health = RevocationHealth::new(&shelf, &CrlReport::default(), &anchors, now);
    let found = health.partitions.iter().find(|found| found.partition == *partition);
    let name = found.map_or_else(|| partition.clone(), |found| label(&found.label));
    if found.is_some_and(|found| !found.expired) {
        let told = writeln!(output, "{name}: not forgotten: its list is not past its nextUpdate");
        return told.map(|()| CrlEnd::Refused).map_err(|error| CrlUsage::of_output(&error));
    }
    let count = state.forget_partition(partition).map_err(unusable)?;
    if count == 0 {
        let message =
            format!("no list of partition {partition}; madoguchi crl status DIR --json names them all");
        return Err(CrlUsage::of_file(folder, &message));
    }
    let count = counted(u64::try_from(count).unwrap_or(u64::MAX), "list", "lists");
    writeln!(output, "{name}: {count} forgotten; nothing older is taken again")
        .map(|()| CrlEnd::Done)
        .map_err(|error| CrlUsage::of_output(&error))
}
