//! `madoguchi crl status`.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use madoguchi_revocation::{CrlReport, CrlShelf, RevocationHealth, StateDir};
use rustls_pki_types::UnixTime;

use crate::Config;
use crate::crl::arguments::StatusArguments;
use crate::crl::tell::label;
use crate::crl::{CrlEnd, CrlUsage};
use crate::verify::instant;

/// Shows what a state folder holds, whoever writes it.
pub(super) fn status(
    arguments: &StatusArguments,
    now: UnixTime,
    output: &mut dyn Write,
) -> Result<CrlEnd, CrlUsage> {
    let config = arguments.config.as_deref().map(Config::read).transpose();
    let config = config.map_err(|error| CrlUsage::new(error.to_string()))?;
    let of_config = config.as_ref().and_then(|config| config.revocation.state_dir.as_deref());
    let folder = arguments.folder.as_deref().or(of_config).unwrap_or(Path::new("crl-state"));
    let unusable = |error: madoguchi_revocation::Error| CrlUsage::of_state(folder, &error);
    let state = StateDir::open_to_read(folder).map_err(unusable)?;
    let anchors = state.anchors().map_err(unusable)?;
    let (shelf, mut problems) = CrlShelf::read(&state, &anchors).map_err(unusable)?;
    let is_damaged = !problems.is_empty();
    problems.extend(state.problems());
    let report = CrlReport { problems, ..CrlReport::default() };
    let health = RevocationHealth::new(&shelf, &report, &anchors, now);
    let written = if arguments.json {
        serde_json::to_writer(&mut *output, &health)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(output))
    } else {
        write(&health, output)
    };
    written.map_err(|error| CrlUsage::of_output(&error))?;
    let is_well = !is_damaged && health.expired == 0 && !health.partitions.is_empty();
    Ok(if is_well { CrlEnd::Done } else { CrlEnd::Refused })
}

fn write(health: &RevocationHealth, output: &mut dyn Write) -> std::io::Result<()> {
    for partition in &health.partitions {
        let newest = partition.delta.as_ref().unwrap_or(&partition.complete);
        let next_update =
            instant::format(UnixTime::since_unix_epoch(Duration::from_secs(newest.next_update)));
        writeln!(
            output,
            "{}: list {}{}, {} entries, {} old, {} {next_update}",
            label(&partition.label),
            partition.complete.number,
            partition.delta.as_ref().map(|delta| format!(" with delta {}", delta.number)).unwrap_or_default(),
            partition.complete.entries,
            age(partition.age_seconds),
            if partition.expired { "past nextUpdate since" } else { "nextUpdate" },
        )?;
    }
    if health.partitions.is_empty() {
        writeln!(output, "no list")?;
    }
    let worst = health.worst_age_seconds.map_or("none".to_owned(), age);
    let (count, expired) = (health.partitions.len(), health.expired);
    writeln!(output, "{count} partitions, {expired} past their nextUpdate, oldest {worst}")?;
    for problem in &health.problems {
        writeln!(output, "{}: {} ({})", problem.place, problem.message, problem.code)?;
    }
    for anchor in &health.anchors {
        let key: String = anchor.key.chars().take(16).collect();
        let end = instant::format(UnixTime::since_unix_epoch(Duration::from_secs(anchor.not_after)));
        writeln!(output, "anchor {key}: {} days left, until {end}", anchor.days_left)?;
    }
    Ok(())
}

fn age(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours} h {minutes:02} min")
}
