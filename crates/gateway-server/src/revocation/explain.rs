//! `madoguchi revocation explain`: what each source says of a certificate, what is kept, and which rule decides.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::{
    CrlAbsence, CrlEvidence, OcspAbsence, OcspEvidence, VerifiedPath, decide, verify_path,
};
use madoguchi_gateway::{EvidenceRecord, Trust};
use madoguchi_revocation::{Alarms, CrlShelf, NoOcsp, OcspSource, StateDir};
use madoguchi_storage::{Clock, KeptRecord, KeptRevocations as _};

use crate::build::trust;
use crate::revocation::arguments::ExplainArguments;
use crate::revocation::error::CommandError;
use crate::revocation::explanation::{Explanation, Judged};
use crate::revocation::municipalities;
use crate::revocation::store::{OpenStore, read_certificate, refused_certificate};
use crate::{Config, ocsp};

pub(super) async fn explain(
    arguments: &ExplainArguments,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    output: &mut dyn Write,
) -> Result<(), CommandError> {
    let config = Config::read(&arguments.config)?;
    let chosen = municipalities(&config, arguments.municipality.as_deref())?;
    let trust = trust(&config.trust)?;
    let now = clock.now();
    let certificate = read_certificate(&arguments.certificate)?;
    let path = verify_path(&certificate, &trust.anchors, &trust.policy, now)
        .map_err(|error| refused_certificate(&arguments.certificate, error))?;
    let mut notes = Vec::new();
    let ocsp =
        if arguments.offline {
            notes.push("OCSP was not asked (--offline)".to_owned());
            OcspEvidence::none(&path, OcspAbsence::Unreachable)
        } else {
            let client = ocsp::client(&config.revocation, &trust.anchors, random, Arc::<Alarms>::default())?;
            match client {
                Some(client) => {
                    let evidence = client.evidence(&path, now).await;
                    let failed = client.health(now).responders.into_iter();
                    notes.extend(failed.filter_map(|responder| {
                        Some(format!("{}: {}", responder.url, responder.last_failure?))
                    }));
                    evidence
                }
                None => NoOcsp.evidence(&path, now).await,
            }
        };
    let crl = from_lists(&config, &trust, &path, now, &mut notes);
    let mut judged = Vec::new();
    for municipality in chosen {
        let kept = kept(&config, &clock, municipality, &path, &mut notes).await?;
        let kept_now: Vec<_> = kept.iter().map(|record| record.kept).collect();
        let decision = decide(&path, config.revocation.sources.sources(), ocsp, crl, &kept_now);
        let evidence = EvidenceRecord::new(&decision, &kept_now);
        judged.push(Judged { municipality: municipality.to_owned(), decision, kept, evidence });
    }
    let explanation = Explanation { at: now, ocsp: ocsp.answer(), crl: crl.answer(), judged, notes };
    if arguments.json {
        writeln!(output, "{}", explanation.to_json())?;
    } else {
        write!(output, "{explanation}")?;
    }
    Ok(())
}

/// What the lists say that the gateway keeps in its state folder.
fn from_lists(
    config: &Config,
    trust: &Trust,
    path: &VerifiedPath,
    now: UnixTime,
    notes: &mut Vec<String>,
) -> CrlEvidence {
    let Some(folder) = config.revocation.state_dir.as_deref().filter(|_| config.revocation.has_lists())
    else {
        return CrlEvidence::none(path, CrlAbsence::NotConfigured);
    };
    let shelf = StateDir::open_to_read(folder).and_then(|state| CrlShelf::read(&state, &trust.anchors));
    match shelf {
        Ok(shelf) => {
            let max_age = Duration::from_secs(config.revocation.max_age_hours.saturating_mul(3600));
            shelf.evidence(path, now, Some(max_age))
        }
        Err(error) => {
            notes.push(format!("{}: {error}; has the gateway run?", folder.display()));
            CrlEvidence::none(path, CrlAbsence::MissingPartition)
        }
    }
}

async fn kept(
    config: &Config,
    clock: &Arc<dyn Clock>,
    municipality: &str,
    path: &VerifiedPath,
    notes: &mut Vec<String>,
) -> Result<Vec<KeptRecord>, CommandError> {
    if !config.database.exists() {
        let note = format!("{}: there is no database yet, and nothing is kept", config.database.display());
        if !notes.contains(&note) {
            notes.push(note);
        }
        return Ok(Vec::new());
    }
    let store = OpenStore::to_read(config, Arc::clone(clock))?;
    match store.certificate_ids(municipality).await {
        Ok(ids) => {
            let certificate = ids.id(&path.issuer_key_hash().0, path.serial());
            Ok(store.storage.kept(municipality, certificate).await?)
        }
        Err(error @ CommandError::NeverServed { .. }) => {
            notes.push(error.to_string());
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}
