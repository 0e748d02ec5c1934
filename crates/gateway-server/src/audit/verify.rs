//! `madoguchi audit verify`.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use madoguchi_gateway::{Sealer, audit_public_key};
use madoguchi_oidc::jose::PublicJwk;
use madoguchi_storage::{ChainEnd, ChainReport, Storage, verify_chain};

use super::arguments::VerifyArguments;
use super::kept::KeptCheckpoints;
use super::log_of;
use super::record::json_of_end;
use crate::kek::{file_error, read_kek};
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, known, write_fields, write_json};
use crate::regular_file::{MOST_KEY_OCTETS, read_regular};
use crate::verify::instant;
use crate::{Config, beside};

/// What was found of one log.
struct Found {
    municipality: String,
    /// `None`: it has no records yet.
    report: Option<ChainReport>,
    unsealed: u64,
    foreign: usize,
    /// There is something to verify, and no key to verify it with.
    key_missing: bool,
}

impl Found {
    fn whole(&self) -> bool {
        let whole = self.report.as_ref().is_none_or(|report| report.damage.is_none());
        whole && self.foreign == 0 && !self.key_missing && !self.nothing_compared()
    }

    /// Checkpoints that were kept elsewhere are there, and every one of them is of before the log's beginning: so none
    /// says anything of what is left.
    fn nothing_compared(&self) -> bool {
        self.report
            .as_ref()
            .is_some_and(|report| report.kept_before_start > 0 && report.kept_checkpoints == 0)
    }
}

/// Answers whether every log is whole.
pub(super) async fn verify(
    arguments: &VerifyArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<bool, RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let kept = arguments.checkpoint.as_deref().map(KeptCheckpoints::read).transpose()?;
    if kept.as_ref().is_some_and(KeptCheckpoints::is_empty) {
        return Err(RegisterError::NoCheckpoints);
    }
    let Some(store) = beside::to_read(&config, edge.clock.clone()).await? else {
        return Err(RegisterError::AuditNowhere { database: config.database.to_string() });
    };
    let chosen = match &arguments.municipality {
        Some(id) if kept.as_ref().is_some_and(|kept| kept.holds(id)) => BTreeSet::from([id.clone()]),
        Some(id) => BTreeSet::from([log_of(&config, Some(&*store), id).await?]),
        None => every_log(&config, &*store, kept.as_ref()).await?,
    };
    let keys = Keys::of(arguments, &config)?;
    let mut found = Vec::new();
    for id in chosen {
        let Some(key) = keys.find(&*store, &id, edge).await? else {
            let unsealed = store.unsealed_audit().await?;
            let mine = unsealed.iter().find(|unsealed| unsealed.municipality == id);
            let unsealed = mine.map_or(0, |mine| mine.records);
            // What was never sealed has no key; of anything else it was taken away.
            let state = store.audit_chain(&id).await?;
            let empty = state.end == ChainEnd::empty(&id) && state.checkpoint.is_none();
            let key_missing = !empty || kept.as_ref().is_some_and(|kept| kept.holds(&id));
            found.push(Found { municipality: id, report: None, unsealed, foreign: 0, key_missing });
            continue;
        };
        let (kept, foreign) = kept.as_ref().map(|kept| kept.verified(&id, &key)).unwrap_or_default();
        let report = verify_chain(&*store, &id, &key, &kept, None).await?;
        let unsealed = report.unsealed;
        found.push(Found { municipality: id, unsealed, report: Some(report), foreign, key_missing: false });
    }
    if arguments.common.json {
        let all: Vec<_> = found.iter().map(json_of).collect();
        let whole = found.iter().all(Found::whole);
        write_json(edge.output, &json!({ "whole": whole, "municipalities": all }))?;
    } else {
        for found in &found {
            tell(found, edge.output)?;
        }
    }
    Ok(found.iter().all(Found::whole))
}

/// Everybody's who is known, who left a log, or of whom a checkpoint was kept: taking a municipality off the list takes its
/// log from nobody's sight.
async fn every_log(
    config: &Config,
    store: &dyn Storage,
    kept: Option<&KeptCheckpoints>,
) -> Result<BTreeSet<String>, RegisterError> {
    let known = known(config, Some(store)).await?;
    let mut all: BTreeSet<_> = known.into_iter().map(|municipality| municipality.id).collect();
    all.extend(store.audited_municipalities().await?);
    all.extend(kept.iter().flat_map(|kept| kept.municipalities()).cloned());
    Ok(all)
}

/// Where public keys come from.
enum Keys {
    /// The one that was kept elsewhere.
    Given(PublicJwk),
    /// Those of the database.
    Sealed(Sealer),
}

impl Keys {
    fn of(arguments: &VerifyArguments, config: &Config) -> Result<Self, RegisterError> {
        let Some(path) = &arguments.key else { return Ok(Self::Sealed(read_kek(&config.kek_file)?)) };
        let text = read_regular(path, MOST_KEY_OCTETS).map_err(|source| file_error(path, source))?;
        let key = PublicJwk::from_json(&text);
        key.map(Self::Given).map_err(|error| RegisterError::Jwks { path: path.clone(), error })
    }

    async fn find(
        &self,
        store: &dyn Storage,
        municipality: &str,
        edge: &CommandEdge<'_>,
    ) -> Result<Option<PublicJwk>, RegisterError> {
        Ok(match self {
            Self::Given(key) => Some(key.clone()),
            Self::Sealed(kek) => {
                audit_public_key(store, kek, municipality, edge.random).await?.map(|(_, key)| key)
            }
        })
    }
}

fn json_of(found: &Found) -> Value {
    let mut told = json!({
        "municipality": found.municipality,
        "whole": found.whole(),
        "unsealed": found.unsealed,
        "foreign_checkpoints": found.foreign,
        "key_missing": found.key_missing,
    });
    if let Some(report) = &found.report {
        told["start"] = json_of_end(report.start);
        told["end"] = json_of_end(report.end);
        told["records"] = json!(report.end.position - report.start.position);
        told["erased"] = json!(report.erased);
        told["forgotten_addresses"] = json!(report.forgotten_addresses);
        told["stored_checkpoints"] = json!(report.stored_checkpoints);
        told["kept_checkpoints"] = json!(report.kept_checkpoints);
        told["kept_before_start"] = json!(report.kept_before_start);
        told["last_checkpoint"] = json!(
            report.last_checkpoint.as_ref().map(|last| json!({ "position": last.position, "at": last.iat }))
        );
        told["damage"] = json!(report.damage.as_ref().map(|damage| json!({
            "position": damage.position,
            "number": damage.number,
            "kind": damage.damage.as_str(),
            "text": damage.damage.to_string(),
        })));
    }
    told
}

fn tell(found: &Found, output: &mut dyn Write) -> Result<(), RegisterError> {
    let verdict = match &found.report {
        Some(ChainReport { damage: Some(_), .. }) => "DAMAGED",
        _ if !found.whole() => "NOT VERIFIED",
        Some(_) => "whole",
        None => "nothing to verify: no record has a place yet",
    };
    writeln!(output, "{}: {verdict}", found.municipality)?;
    let mut fields = Vec::new();
    if let Some(report) = &found.report {
        if let Some(damage) = &report.damage {
            let number = damage.number.map(|number| format!(", record number {number}")).unwrap_or_default();
            fields.push(("  first damage", format!("at position {}{number}", damage.position)));
            fields.push(("", damage.damage.to_string()));
        }
        fields.push((
            "  verified",
            format!("positions {} to {}", report.start.position + 1, report.end.position),
        ));
        fields.push((
            "  checkpoints",
            format!("{} stored, {} kept elsewhere", report.stored_checkpoints, report.kept_checkpoints),
        ));
        if let Some(last) = &report.last_checkpoint {
            let at = UnixTime::since_unix_epoch(Duration::from_secs(last.iat));
            fields.push(("  last signed", format!("position {} at {}", last.position, instant::format(at))));
        }
        if found.nothing_compared() {
            let text = "those kept elsewhere are all of before this log's beginning: nothing was compared";
            fields.push(("", text.to_owned()));
        }
        let signed = report.last_checkpoint.as_ref().map_or(report.start.position, |last| last.position);
        let after = report.end.position - signed;
        let unsigned = match (&report.damage, &report.last_checkpoint) {
            (Some(_), _) => "what comes after the damage was not looked at".to_owned(),
            (None, Some(_)) => format!("{after} records after it"),
            (None, None) => {
                format!("{after} records: who writes to the database could have written them anew")
            }
        };
        fields.push(("  not signed for", unsigned));
        if report.erased > 0 {
            fields.push(("  erased", format!("{} records, by order", report.erased)));
        }
    }
    if found.key_missing {
        let text = "there is none: it was taken away. With one that was kept elsewhere: --key FILE";
        fields.push(("  key", text.to_owned()));
    }
    if found.foreign > 0 {
        let text = format!("{} checkpoints kept elsewhere are not signed by this log's key", found.foreign);
        fields.push(("  foreign", text));
    }
    fields.push(("  unsealed", format!("{} records have no place yet", found.unsealed)));
    if !found.whole() {
        let next = "change nothing, copy database and log stream; docs/audit.md, \"When a log is damaged\"";
        fields.push(("  next", next.to_owned()));
    }
    Ok(write_fields(output, &fields)?)
}
