//! `madoguchi revocation kept`: how much is kept, on whose word, and why.

use std::io::Write;
use std::sync::Arc;

use serde_json::json;

use madoguchi_storage::{Clock, KeptCount, KeptRevocations as _};

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
    let store = OpenStore::to_read(&config, clock)?;
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
            writeln!(
                output,
                "{municipality}: {} {} by {} of signer {}, kept from {} to {}",
                count.certificates,
                count.reason.name(),
                count.source.name(),
                count.signer_key.to_hex(),
                instant::format(count.first_kept_at),
                instant::format(count.last_kept_at),
            )?;
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
