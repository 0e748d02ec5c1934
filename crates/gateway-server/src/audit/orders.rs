//! `madoguchi audit seal`, `retire` and `erase`.

use std::sync::Arc;

use serde_json::json;

use madoguchi_gateway::AuditLog;
use madoguchi_storage::{AuditErasure, Storage};

use super::arguments::{EraseArguments, RetireArguments, SealArguments};
use super::log_of;
use crate::kek::read_kek;
use crate::operator::audited;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, write_json};
use crate::verify::instant;
use crate::{Config, beside};

pub(super) async fn seal(arguments: &SealArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let (_, _, log) = open(&arguments.common.config, edge).await?;
    log.look_at_all().await?;
    let (sealed, done) = log.seal().await;
    done?;
    log.close().await?;
    if arguments.common.json {
        write_json(edge.output, &json!({ "sealed": sealed }))?;
    } else {
        writeln!(edge.output, "{sealed} records sealed")?;
    }
    Ok(())
}

pub(super) async fn retire(
    arguments: &RetireArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let now = edge.clock.now();
    if arguments.before > now {
        // What is retired is gone for good: a slip in the year must not take it all.
        let now = instant::format(now);
        return Err(RegisterError::Options(format!("--before is in the future; it is {now} now")));
    }
    let (config, store, log) = open(&arguments.common.config, edge).await?;
    let municipality = log_of(&config, Some(&*store), &arguments.of.municipality).await?;
    let order = json!({
        "operator": audited(arguments.ordered.operator.as_deref(), &edge.os_user),
        "reason": arguments.reason,
        "before": arguments.before.as_secs(),
    });
    let retired = log.retire(&municipality, arguments.before, order).await?.unwrap_or(0);
    let addresses = config.audit.addresses_from(edge.clock.now());
    while log.sweep(addresses, SWEEP_ROWS).await? > 0 {}
    log.close().await?;
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": municipality, "retired": retired }))?;
    } else {
        writeln!(
            edge.output,
            "{municipality}: {retired} records before {} retired",
            instant::format(arguments.before)
        )?;
    }
    Ok(())
}

pub(super) async fn erase(
    arguments: &EraseArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let (config, store, log) = open(&arguments.common.config, edge).await?;
    let municipality = log_of(&config, Some(&*store), &arguments.of.municipality).await?;
    let position = arguments.position;
    let order = json!({
        "operator": audited(arguments.ordered.operator.as_deref(), &edge.os_user),
        "reason": arguments.reason,
    });
    match log.erase(&municipality, position, order).await? {
        AuditErasure::Done => {}
        AuditErasure::NotFound => return Err(RegisterError::AuditUnknown { municipality, position }),
        AuditErasure::ErasedBefore => {
            return Err(RegisterError::Options("that record was erased before".to_owned()));
        }
        AuditErasure::Stays => {
            let message = "that record says what was erased or retired, and stays";
            return Err(RegisterError::Options(message.to_owned()));
        }
    }
    // The order has its place before anybody verifies.
    log.close().await?;
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": municipality, "erased": position }))?;
    } else {
        writeln!(edge.output, "{municipality}: the content of the record at {position} is erased")?;
    }
    Ok(())
}

async fn open<'r>(
    config: &std::path::Path,
    edge: &CommandEdge<'r>,
) -> Result<(Config, Arc<dyn Storage>, AuditLog<'r>), RegisterError> {
    let config = Config::read(config)?;
    let kek = Arc::new(read_kek(&config.kek_file)?);
    let store = beside::to_write(&config, edge.clock.clone()).await?;
    let records = u64::from(config.audit.checkpoint_records);
    let log = AuditLog::new(Arc::clone(&store), kek, edge.random, edge.clock.clone(), records);
    Ok((config, store, log))
}

const SWEEP_ROWS: u32 = 1000;
