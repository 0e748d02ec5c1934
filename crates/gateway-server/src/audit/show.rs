//! `madoguchi audit export`, `tail` and `key`.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;
use serde_json::json;
use tokio::time::MissedTickBehavior;

use madoguchi_gateway::audit_public_key;
use madoguchi_protocol::Octets;
use madoguchi_storage::{ChainEnd, ChainedRecord, Storage};

use super::arguments::{ExportArguments, KeyArguments, NameLang, TailArguments};
use super::log_of;
use super::names::name;
use super::record::{json_of, json_of_end, octets, text};
use crate::kek::read_kek;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, write_json};
use crate::serve::wait_for_end;
use crate::verify::instant;
use crate::{Config, beside};

pub(super) async fn export(
    arguments: &ExportArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let (store, municipality) = open(&config, &arguments.of.municipality, edge).await?;
    let kek = read_kek(&config.kek_file)?;
    let key = audit_public_key(&*store, &kek, &municipality, edge.random).await?.map(|(jwk, _)| jwk);
    let state = store.audit_chain(&municipality).await?;
    let (start, signed) = match arguments.after.filter(|after| *after > state.start.position) {
        None => (state.start, state.start_signed),
        Some(after) => (place(&*store, &municipality, after).await?, None),
    };
    let mut head = json_of_end(start);
    head["signed"] = json!(signed);
    write_json(
        edge.output,
        &json!({ "madoguchi_audit_export": 1, "municipality": municipality, "start": head, "key": key }),
    )?;
    let mut end = start;
    loop {
        let page = store.chained_audit(&municipality, end.position, PAGE).await?;
        let Some(last) = page.last() else { break };
        end = end_of(last);
        for record in &page {
            write_json(edge.output, &json_of(record))?;
        }
    }
    let mut from = start.position;
    loop {
        let page = store.audit_checkpoints(&municipality, from, PAGE).await?;
        let Some(last) = page.last() else { break };
        from = last.position + 1;
        for checkpoint in page.iter().filter(|checkpoint| checkpoint.position <= end.position) {
            write_json(edge.output, &json!({ "checkpoint": checkpoint.signed }))?;
        }
    }
    Ok(write_json(edge.output, &json!({ "end": json_of_end(end) }))?)
}

pub(super) async fn tail(arguments: &TailArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let (store, municipality) = open(&config, &arguments.of.municipality, edge).await?;
    let end = store.audit_chain(&municipality).await?.end.position;
    let mut after = end.saturating_sub(u64::from(arguments.lines));
    let ended = wait_for_end();
    tokio::pin!(ended);
    let mut interval = tokio::time::interval(LOOK_EVERY);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        loop {
            let page = store.chained_audit(&municipality, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            for record in &page {
                if arguments.common.json {
                    write_json(edge.output, &json_of(record))?;
                } else {
                    writeln!(edge.output, "{}", line(record, arguments.lang))?;
                }
            }
            edge.output.flush()?;
        }
        if !arguments.follow {
            return Ok(());
        }
        tokio::select! {
            _ = interval.tick() => {}
            () = &mut ended => return Ok(()),
        }
    }
}

pub(super) async fn key(arguments: &KeyArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.config)?;
    let (store, municipality) = open(&config, &arguments.of.municipality, edge).await?;
    let kek = read_kek(&config.kek_file)?;
    match audit_public_key(&*store, &kek, &municipality, edge.random).await? {
        Some((jwk, _)) => Ok(write_json(edge.output, &jwk)?),
        None => Err(RegisterError::AuditKeyMissing { municipality }),
    }
}

async fn open(
    config: &Config,
    municipality: &str,
    edge: &CommandEdge<'_>,
) -> Result<(Arc<dyn Storage>, String), RegisterError> {
    let store = beside::to_read(config, edge.clock.clone()).await?;
    let municipality = log_of(config, store.as_deref(), municipality).await?;
    let missing = RegisterError::AuditKeyMissing { municipality: municipality.clone() };
    Ok((store.ok_or(missing)?, municipality))
}

async fn place(store: &dyn Storage, municipality: &str, position: u64) -> Result<ChainEnd, RegisterError> {
    let page = store.chained_audit(municipality, position.saturating_sub(1), 1).await?;
    let found = page.first().filter(|record| record.position == position).map(end_of);
    found.ok_or_else(|| RegisterError::AuditUnknown { municipality: municipality.to_owned(), position })
}

/// The place of a record and its hash, as far as that is one.
fn end_of(record: &ChainedRecord) -> ChainEnd {
    let hash = <[u8; 32]>::try_from(record.hash.as_slice()).unwrap_or_default();
    ChainEnd { position: record.position, hash: Octets(hash) }
}

/// One record on one line, for people.
fn line(record: &ChainedRecord, lang: NameLang) -> String {
    let content = &record.content;
    let at = u64::try_from(content.at).unwrap_or_default();
    let at = instant::format(UnixTime::since_unix_epoch(Duration::from_secs(at)));
    let mut line =
        format!("{at}  {:>8}  {}", record.position, name(&String::from_utf8_lossy(&content.kind), lang));
    let more = [
        text(content.client_id.as_deref()),
        text(content.code.as_deref()),
        octets(content.sign_in.as_deref()),
        text(record.network.as_deref()),
        text(content.evidence.as_deref()),
    ];
    for part in more.into_iter().flatten() {
        line.push_str("  ");
        // What was written by others stays on its line.
        line.extend(part.chars().map(|character| if character.is_control() { '�' } else { character }));
    }
    line
}

const PAGE: u32 = 1000;
const LOOK_EVERY: Duration = Duration::from_secs(1);
