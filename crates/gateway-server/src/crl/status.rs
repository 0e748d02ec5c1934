//! `madoguchi crl status`.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use madoguchi_revocation::{
    CrlFiles, CrlReport, CrlShelf, DownloadHealth, PartitionHealth, RejectedFile, RevocationHealth, StateDir,
};
use rustls_pki_types::UnixTime;
use serde_json::json;

use crate::Config;
use crate::config::RevocationConfig;
use crate::crl::arguments::StatusArguments;
use crate::crl::tell::{counted, label, printable};
use crate::crl::{CrlEnd, CrlUsage};
use crate::verify::instant;

/// Shows what a state folder holds, whoever writes it, and what lies in `rejected` of a configuration's drop folder. All of
/// it is read from the disk; a gateway that runs is not asked.
pub(super) fn status(
    arguments: &StatusArguments,
    now: UnixTime,
    output: &mut dyn Write,
) -> Result<CrlEnd, CrlUsage> {
    let config = arguments.config.as_deref().map(Config::read).transpose();
    let config = config.map_err(|error| CrlUsage::of_error(&error))?;
    let revocation = config.as_ref().map(|config| &config.revocation);
    let of_config = revocation.and_then(|revocation| revocation.state_dir.as_deref());
    let folder = arguments.folder.as_deref().or(of_config).unwrap_or(Path::new("crl-state"));
    let unusable = |error: madoguchi_revocation::Error| CrlUsage::of_state(folder, &error);
    let state = StateDir::open_to_read(folder).map_err(unusable)?;
    let anchors = state.anchors().map_err(unusable)?;
    let (shelf, mut problems) = CrlShelf::read(&state, &anchors).map_err(unusable)?;
    let is_damaged = !problems.is_empty();
    problems.extend(state.problems());
    let report = CrlReport { problems, ..CrlReport::default() };
    let mut health = RevocationHealth::new(&shelf, &report, &anchors, now);
    health.downloads = downloads(&state, revocation);
    let rejected = rejected(revocation);
    health.rejected = rejected.as_ref().map_or(0, Vec::len);
    let written = if arguments.json {
        write_json(&health, &rejected, output)
    } else {
        write(&health, &rejected, folder, output)
    };
    written.map_err(|error| CrlUsage::of_output(&error))?;
    let is_well = !is_damaged && health.expired == 0 && !health.partitions.is_empty();
    Ok(if is_well { CrlEnd::Done } else { CrlEnd::Refused })
}

/// How the addresses answered: those of the configuration, or all that the folder's writer noted.
fn downloads(state: &StateDir, config: Option<&RevocationConfig>) -> Vec<DownloadHealth> {
    let mut noted = state.downloads();
    let Some(config) = config else { return noted.into_values().collect() };
    let of = |url: String| noted.remove(&url).unwrap_or(DownloadHealth { url, ..DownloadHealth::default() });
    config.crl_urls.iter().map(|url| url.url.to_string()).map(of).collect()
}

/// What was moved aside; an error says why that cannot be seen.
fn rejected(config: Option<&RevocationConfig>) -> Result<Vec<RejectedFile>, String> {
    let directory = config.and_then(|config| config.crl_dir.clone());
    let place = directory.as_deref().map(|directory| directory.join("rejected").display().to_string());
    let files = CrlFiles { directory, files: Vec::new() };
    files.rejected(usize::MAX).map_err(|error| format!("{}: {error}", place.unwrap_or_default()))
}

fn write_json(
    health: &RevocationHealth,
    rejected: &Result<Vec<RejectedFile>, String>,
    output: &mut dyn Write,
) -> std::io::Result<()> {
    let mut all = serde_json::to_value(health)?;
    all["told_by"] = json!("disk");
    match rejected {
        Ok(files) => all["rejected_files"] = json!(files),
        Err(error) => all["rejected_error"] = json!(error),
    }
    writeln!(output, "{all}")
}

fn write(
    health: &RevocationHealth,
    rejected: &Result<Vec<RejectedFile>, String>,
    folder: &Path,
    output: &mut dyn Write,
) -> std::io::Result<()> {
    let folder = printable(&folder.display().to_string());
    writeln!(output, "as {folder} has it at {}", at(health.at))?;
    health.partitions.iter().try_for_each(|partition| write_partition(partition, output))?;
    if health.partitions.is_empty() {
        writeln!(output, "no list")?;
    }
    for problem in &health.problems {
        let (place, message) = (printable(&problem.place), printable(&problem.message));
        writeln!(output, "{place}\n  {message} ({})", problem.code)?;
    }
    health.downloads.iter().try_for_each(|download| write_download(download, output))?;
    write_rejected(rejected, output)?;
    for anchor in &health.anchors {
        let key: String = anchor.key.chars().take(16).collect();
        let left = match u64::try_from(anchor.days_left) {
            Ok(days) => format!("{} left, until", counted(days, "day", "days")),
            Err(_) => "OVER since".to_owned(),
        };
        writeln!(output, "anchor {key}: {left} {}", at(anchor.not_after))?;
    }
    let worst = health.worst_age_seconds.map_or("none".to_owned(), age);
    let count = counted(health.partitions.len() as u64, "partition", "partitions");
    let expired = match health.expired {
        0 => "none".to_owned(),
        expired => expired.to_string(),
    };
    writeln!(output, "{count}, {expired} past nextUpdate, oldest {worst}")
}

fn write_partition(partition: &PartitionHealth, output: &mut dyn Write) -> std::io::Result<()> {
    let newest = partition.delta.as_ref().unwrap_or(&partition.complete);
    writeln!(
        output,
        "{}:\n  list {}{}, {}, {} old,\n  {} {}",
        label(&partition.label),
        partition.complete.number,
        partition.delta.as_ref().map(|delta| format!(" with delta {}", delta.number)).unwrap_or_default(),
        counted(partition.complete.entries, "entry", "entries"),
        age(partition.age_seconds),
        if partition.expired { "past nextUpdate since" } else { "nextUpdate" },
        at(newest.next_update),
    )
}

fn write_download(download: &DownloadHealth, output: &mut dyn Write) -> std::io::Result<()> {
    let state = match (&download.problem, download.last_good, &download.last_failure) {
        (Some(_), ..) => "FAILING",
        (None, None, None) => "not asked yet",
        (None, ..) => "well",
    };
    writeln!(output, "download {}: {state}", printable(&download.url))?;
    if state == "not asked yet" {
        return Ok(());
    }
    match download.last_good {
        None => writeln!(output, "  no good answer yet")?,
        Some(last_good) => writeln!(output, "  last good answer {}", at(last_good))?,
    }
    writeln!(output, "  next try {}", at(download.next))?;
    match &download.last_failure {
        None => Ok(()),
        Some(failure) => {
            let message = printable(&failure.message);
            writeln!(output, "  last failure {}\n    {message} ({})", at(failure.at), failure.code)
        }
    }
}

fn write_rejected(
    rejected: &Result<Vec<RejectedFile>, String>,
    output: &mut dyn Write,
) -> std::io::Result<()> {
    let files = match rejected {
        Ok(files) => files,
        Err(error) => return writeln!(output, "rejected files cannot be listed: {}", printable(error)),
    };
    for file in files.iter().take(MOST_REJECTED) {
        writeln!(output, "rejected {} {}", at(file.at), printable(&file.path.display().to_string()))?;
        let reason = match (&*file.message, &*file.code) {
            ("", "") => "without its .reason".to_owned(),
            (message, code) => format!("{} ({})", printable(message), printable(code)),
        };
        writeln!(output, "  {reason}")?;
    }
    match files.len().saturating_sub(MOST_REJECTED) {
        0 => Ok(()),
        1 => writeln!(output, "and an older rejected file"),
        more => writeln!(output, "and {more} older rejected files"),
    }
}

fn at(seconds: u64) -> String {
    instant::format(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

fn age(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours} h {minutes:02} min")
}

/// A page of a terminal; --json has all.
const MOST_REJECTED: usize = 10;
