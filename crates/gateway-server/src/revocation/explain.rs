//! `madoguchi revocation explain`: what each source says of a certificate, what is kept, and which rule decides.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use ring::rand::SecureRandom;
use serde_json::Value;

use madoguchi_cert_verify::{VerifiedPath, decide, verify_path};
use madoguchi_gateway::EvidenceRecord;
use madoguchi_storage::{Clock, KeptRecord};

use crate::Config;
use crate::build::trust;
use crate::revocation::arguments::ExplainArguments;
use crate::revocation::asked::{Asked, lists};
use crate::revocation::error::CommandError;
use crate::revocation::explanation::{Explanation, Judged};
use crate::revocation::municipalities;
use crate::revocation::store::{OpenStore, read_certificate, refused_certificate};
use crate::revocation::traced::{Now, Traced};

pub(super) async fn explain(
    arguments: &ExplainArguments,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    output: &mut dyn Write,
) -> Result<(), CommandError> {
    let config = Config::read(&arguments.config)?;
    let chosen = municipalities(&config, &clock, arguments.municipality.as_deref()).await?;
    let trust = trust(&config.trust)?;
    let now = clock.now();
    if let Some(sign_in) = arguments.sign_in {
        let store = OpenStore::to_read(&config, clock).await?;
        let traced = Traced::find(&store, &chosen, sign_in).await?;
        let listed = traced.listed(lists(&config, &trust)?.as_ref());
        return tell(&Now { traced, at: now, listed }, Now::to_json, arguments.json, output);
    }
    // The command line has one of both.
    let file = arguments.certificate.as_deref().unwrap_or(Path::new(""));
    let certificate = read_certificate(file)?;
    let path = verify_path(&certificate, &trust.anchors, &trust.policy, now)
        .map_err(|error| refused_certificate(file, error))?;
    let Asked { ocsp, has_ocsp, crl, mut notes } =
        Asked::now(&config, &trust, &path, now, random, arguments.offline).await?;
    let mut judged = Vec::new();
    for municipality in chosen {
        let kept = kept(&config, &clock, &municipality, &path, &mut notes).await?;
        let kept_now: Vec<_> = kept.iter().map(|record| record.kept).collect();
        let decision = decide(&path, config.revocation.sources.sources(), ocsp, crl, &kept_now);
        let evidence = EvidenceRecord::new(&decision, &kept_now);
        judged.push(Judged { municipality, decision, kept, evidence, has_ocsp });
    }
    tell(&Explanation { at: now, judged, notes }, Explanation::to_json, arguments.json, output)
}

fn tell<T: Display>(
    told: &T,
    to_json: impl FnOnce(&T) -> Value,
    json: bool,
    output: &mut dyn Write,
) -> Result<(), CommandError> {
    if json {
        writeln!(output, "{}", to_json(told))?;
    } else {
        write!(output, "{told}")?;
    }
    Ok(())
}

async fn kept(
    config: &Config,
    clock: &Arc<dyn Clock>,
    municipality: &str,
    path: &VerifiedPath,
    notes: &mut Vec<String>,
) -> Result<Vec<KeptRecord>, CommandError> {
    let there = OpenStore::to_read(config, Arc::clone(clock)).await;
    if let Err(CommandError::NoDatabase { database }) = there {
        let note = format!("{database}: there is no database yet, and nothing is kept");
        if !notes.contains(&note) {
            notes.push(note);
        }
        return Ok(Vec::new());
    }
    let store = there?;
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
