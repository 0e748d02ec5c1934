//! `madoguchi revocation release`: an operator lets go of what is kept.

use std::io::Write;
use std::sync::Arc;

use serde_json::json;

use madoguchi_cert_verify::verify_path;
use madoguchi_storage::{Clock, KeptRevocations as _, KeptSelection, Release};
use madoguchi_storage_sqlite::SqliteStore;

use crate::Config;
use crate::build::trust;
use crate::revocation::arguments::ReleaseArguments;
use crate::revocation::error::CommandError;
use crate::revocation::municipalities;
use crate::revocation::store::{OpenStore, read_certificate, refused_certificate};

pub(super) async fn release(
    arguments: &ReleaseArguments,
    clock: Arc<dyn Clock>,
    output: &mut dyn Write,
) -> Result<(), CommandError> {
    let config = Config::read(&arguments.config)?;
    let municipality = arguments.municipality.as_str();
    municipalities(&config, Some(municipality))?;
    // To read first: an order never makes a database where there is none.
    let store = OpenStore::to_read(&config, Arc::clone(&clock))?;
    let selection = selection(arguments, &config, &store, clock.as_ref()).await?;
    let count = if arguments.dry_run {
        store.storage.count_selected(municipality, selection).await?
    } else {
        let release =
            Release { selection, operator: arguments.operator.clone(), reason: arguments.reason.clone() };
        let writer = SqliteStore::open(&config.database, clock, config.sign_in)?;
        writer.release(municipality, release).await?
    };
    let done = if arguments.dry_run { "would_be_released" } else { "released" };
    if arguments.json {
        writeln!(output, "{}", json!({ "municipality": municipality, done: count }))?;
    } else {
        let words =
            if arguments.dry_run { "would be let go" } else { "let go, and written to the audit log" };
        writeln!(output, "{municipality}: {count} kept revocations {words}")?;
    }
    Ok(())
}

async fn selection(
    arguments: &ReleaseArguments,
    config: &Config,
    store: &OpenStore,
    clock: &dyn Clock,
) -> Result<KeptSelection, CommandError> {
    if let (Some(signer_key), Some(from), Some(until)) =
        (arguments.signer_key, arguments.from, arguments.until)
    {
        return Ok(KeptSelection::Signer { signer_key, from, until });
    }
    let path = arguments.certificate.as_deref().unwrap_or_else(|| std::path::Path::new(""));
    let certificate = read_certificate(path)?;
    let trust = trust(&config.trust)?;
    let verified = verify_path(&certificate, &trust.anchors, &trust.policy, clock.now());
    let verified = verified.map_err(|error| refused_certificate(path, error))?;
    let ids = store.certificate_ids(&arguments.municipality).await?;
    Ok(KeptSelection::Certificate(ids.id(&verified.issuer_key_hash().0, verified.serial())))
}
