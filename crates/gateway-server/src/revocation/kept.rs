//! `madoguchi revocation kept`: how much is kept, on whose word, and why.

use std::io::Write;
use std::sync::Arc;

use serde_json::json;

use madoguchi_storage::{Clock, KeptCount};

use crate::Config;
use crate::revocation::arguments::KeptArguments;
use crate::revocation::error::CommandError;
use crate::revocation::municipalities;
use crate::revocation::store::OpenStore;
use crate::verify::instant;

pub(super) async fn kept(
    arguments: &KeptArguments,
    clock: Arc<dyn Clock>,
    output: &mut dyn Write,
) -> Result<(), CommandError> {
    let config = Config::read(&arguments.config)?;
    let chosen = municipalities(&config, &clock, arguments.municipality.as_deref()).await?;
    let store = OpenStore::to_read(&config, clock).await?;
    let mut all = Vec::new();
    for municipality in chosen {
        let counts = store.storage.count_kept(&municipality).await?;
        all.push((municipality, counts));
    }
    if arguments.json {
        let all: Vec<_> = all
            .iter()
            .map(|(municipality, counts)| {
                json!({ "id": municipality, "kept": counts.iter().map(count_json).collect::<Vec<_>>() })
            })
            .collect();
        writeln!(output, "{}", json!({ "municipalities": all }))?;
        return Ok(());
    }
    for (municipality, counts) in all {
        if counts.is_empty() {
            writeln!(output, "{municipality}: nothing is kept")?;
        }
        for count in counts {
            let certificates = if count.certificates == 1 { "certificate" } else { "certificates" };
            let (reason, source) = (count.reason.name(), count.source.name());
            let (from, until) = (instant::format(count.first_kept_at), instant::format(count.last_kept_at));
            let number = count.certificates;
            writeln!(output, "{municipality}: {number} {certificates}, {reason}, on the word of {source}")?;
            writeln!(output, "  signer {}", count.signer_key.to_hex())?;
            writeln!(output, "  kept from {from} to {until}")?;
        }
    }
    Ok(())
}

fn count_json(count: &KeptCount) -> serde_json::Value {
    json!({
        "source": count.source.name(),
        "signer_key": count.signer_key.to_hex(),
        "reason": count.reason.name(),
        "certificates": count.certificates,
        "first_kept_at": instant::format(count.first_kept_at),
        "last_kept_at": instant::format(count.last_kept_at),
    })
}
