//! `madoguchi revocation release`: an operator lets go of what is kept.

use std::io::Write;
use std::sync::Arc;

use ring::rand::SecureRandom;
use serde_json::{Value, json};

use madoguchi_cert_verify::{CrlAnswer, OcspAnswer, Source, VerifiedPath, verify_path};
use madoguchi_storage::{Clock, KeptSelection, Release};

use crate::build::trust;
use crate::revocation::arguments::ReleaseArguments;
use crate::revocation::asked::{Asked, lists};
use crate::revocation::error::CommandError;
use crate::revocation::evidence::wrapped;
use crate::revocation::municipalities;
use crate::revocation::store::{OpenStore, read_certificate, refused_certificate};
use crate::revocation::traced::{Listed, Traced};
use crate::{Config, beside};

pub(super) async fn release(
    arguments: &ReleaseArguments,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    output: &mut dyn Write,
) -> Result<(), CommandError> {
    if arguments.from.zip(arguments.until).is_some_and(|(from, until)| from > until) {
        return Err(CommandError::FromAfterUntil);
    }
    let config = Config::read(&arguments.config)?;
    let municipality = arguments.municipality.as_str();
    municipalities(&config, &clock, Some(municipality)).await?;
    // To read first: an order never makes a database where there is none, and one about nothing is not audited.
    let store = OpenStore::to_read(&config, Arc::clone(&clock)).await?;
    let (selection, about) = selection(arguments, &config, &store, clock.as_ref()).await?;
    let mut count = store.storage.count_selected(municipality, selection).await?;
    if count == 0 {
        return Err(CommandError::NothingMatches { municipality: municipality.to_owned() });
    }
    let now = clock.now();
    if !arguments.dry_run {
        let release =
            Release { selection, operator: arguments.operator.clone(), reason: arguments.reason.clone() };
        let writer = beside::to_write(&config, clock).await?;
        count = writer.release(municipality, release).await?;
    }
    let is_one_certificate = !matches!(about, About::Signer);
    let mut told = Told { count, is_one_certificate, still: Vec::new(), notes: Vec::new() };
    let asked = match about {
        About::Signer => Ok(()),
        About::Certificate(path) => {
            let trust = trust(&config.trust)?;
            let asked = Asked::now(&config, &trust, &path, now, random, arguments.offline).await;
            asked.map(|asked| told.ask(asked))
        }
        About::SignIn(traced) => trust(&config.trust)
            .map_err(CommandError::from)
            .and_then(|trust| lists(&config, &trust))
            .map(|lists| {
                told.ask_lists(traced.listed(lists.as_ref()).as_ref());
            }),
    };
    // It is let go of all the same.
    if let Err(error) = asked {
        told.notes.push(format!("whether a source still says revoked is not known: {error}"));
    }
    if arguments.json {
        writeln!(output, "{}", told.json(municipality, arguments.dry_run))?;
    } else {
        told.write(municipality, arguments.dry_run, output)?;
    }
    Ok(())
}

/// What came of the order.
struct Told {
    count: u64,
    is_one_certificate: bool,
    /// The sources that say revoked, or on hold, now.
    still: Vec<Source>,
    notes: Vec<String>,
}

impl Told {
    fn ask(&mut self, asked: Asked) {
        self.notes.extend(asked.notes);
        if matches!(asked.ocsp.answer(), OcspAnswer::Revoked(_)) {
            self.still.push(Source::Ocsp);
        }
        if matches!(asked.crl.answer(), CrlAnswer::Revoked(_)) {
            self.still.push(Source::Crl);
        }
    }

    /// What can be asked without the certificate.
    fn ask_lists(&mut self, listed: Option<&Listed>) {
        let note = match listed {
            Some(Listed::Yes(_)) => {
                self.still.push(Source::Crl);
                "OCSP was not asked: that needs the certificate"
            }
            Some(Listed::No) => "no list has it; OCSP was not asked: that needs the certificate",
            Some(Listed::Damaged) | None => {
                "whether a source still says revoked is not known: to ask needs the certificate"
            }
        };
        self.notes.push(note.to_owned());
    }

    fn json(&self, municipality: &str, dry_run: bool) -> Value {
        let done = if dry_run { "would_be_released" } else { "released" };
        let mut told = json!({ "municipality": municipality, done: self.count });
        if self.is_one_certificate {
            let names: Vec<_> = self.still.iter().map(|source| source.name()).collect();
            told["still_revoked_by"] = json!(names);
            told["notes"] = json!(self.notes);
        }
        told
    }

    fn write(&self, municipality: &str, dry_run: bool, output: &mut dyn Write) -> std::io::Result<()> {
        let words = if dry_run { "would be let go" } else { "let go, and written to the audit log" };
        let what = match (self.is_one_certificate, self.count) {
            (true, 1) => "1 certificate (1 source)".to_owned(),
            (true, count) => format!("1 certificate ({count} sources)"),
            (false, 1) => "1 kept revocation".to_owned(),
            (false, count) => format!("{count} kept revocations"),
        };
        writeln!(output, "{municipality}: {what} {words}")?;
        for source in &self.still {
            let source = source.name();
            writeln!(output, "still revoked by {source}: it will be kept again at the next sign-in")?;
        }
        let notes = self.notes.iter().flat_map(|note| wrapped(&format!("note: {note}")));
        notes.into_iter().try_for_each(|line| writeln!(output, "{line}"))
    }
}

/// What an order is about, and what can be asked about it.
enum About {
    Certificate(Box<VerifiedPath>),
    SignIn(Box<Traced>),
    Signer,
}

async fn selection(
    arguments: &ReleaseArguments,
    config: &Config,
    store: &OpenStore,
    clock: &dyn Clock,
) -> Result<(KeptSelection, About), CommandError> {
    if let (Some(signer_key), Some(from), Some(until)) =
        (arguments.signer_key, arguments.from, arguments.until)
    {
        return Ok((KeptSelection::Signer { signer_key, from, until }, About::Signer));
    }
    if let Some(sign_in) = arguments.sign_in {
        let traced = Traced::find(store, std::slice::from_ref(&arguments.municipality), sign_in).await?;
        return Ok((KeptSelection::Certificate(traced.certificate()?), About::SignIn(Box::new(traced))));
    }
    let path = arguments.certificate.as_deref().unwrap_or_else(|| std::path::Path::new(""));
    let certificate = read_certificate(path)?;
    let trust = trust(&config.trust)?;
    let verified = verify_path(&certificate, &trust.anchors, &trust.policy, clock.now());
    let verified = verified.map_err(|error| refused_certificate(path, error))?;
    let ids = store.certificate_ids(&arguments.municipality).await?;
    let certificate = ids.id(&verified.issuer_key_hash().0, verified.serial());
    Ok((KeptSelection::Certificate(certificate), About::Certificate(Box::new(verified))))
}
