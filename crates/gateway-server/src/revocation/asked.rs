//! What each source says of a certificate now, for a command beside a gateway.

use std::sync::Arc;

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::{CrlAbsence, CrlEvidence, OcspAbsence, OcspEvidence, VerifiedPath};
use madoguchi_gateway::Trust;
use madoguchi_revocation::{Alarms, CrlShelf, NoOcsp, OcspSource, SharedCrls, StateDir};

use crate::crl::state::unusable;
use crate::revocation::error::CommandError;
use crate::{Config, ocsp};

/// What was asked and what came.
pub(super) struct Asked {
    pub(super) ocsp: OcspEvidence,
    /// False: `--offline`, and what `ocsp` says means nothing.
    pub(super) has_ocsp: bool,
    pub(super) crl: CrlEvidence,
    /// What an operator should know about how it was found.
    pub(super) notes: Vec<String>,
}

impl Asked {
    /// Asks the lists of the state folder, and the responders unless `offline`. Lists that are configured and cannot be
    /// read are an error: without them there is no verdict.
    pub(super) async fn now(
        config: &Config,
        trust: &Trust,
        path: &VerifiedPath,
        now: UnixTime,
        random: Arc<dyn SecureRandom + Send + Sync>,
        offline: bool,
    ) -> Result<Self, CommandError> {
        let lists = lists(config, trust)?;
        let has_lists = lists.is_some();
        let crls = Arc::new(SharedCrls::from(lists.unwrap_or_default()));
        let crl = if has_lists {
            crls.evidence(path, now, Some(config.revocation.max_age()))
        } else {
            CrlEvidence::none(path, CrlAbsence::NotConfigured)
        };
        let mut notes = Vec::new();
        if offline {
            notes.push("OCSP was not asked (--offline)".to_owned());
            let ocsp = OcspEvidence::none(path, OcspAbsence::Unreachable);
            return Ok(Self { ocsp, has_ocsp: false, crl, notes });
        }
        let alarms = Arc::<Alarms>::default();
        let client = ocsp::client(&config.revocation, &trust.anchors, crls, random, alarms)?;
        let ocsp = match client {
            Some(client) => {
                let evidence = client.evidence(path, now).await;
                let failed = client.health(now).responders.into_iter();
                notes.extend(failed.filter_map(|responder| {
                    Some(format!("responder {} failed: {}", responder.url, responder.last_failure?))
                }));
                evidence
            }
            None => NoOcsp.evidence(path, now).await,
        };
        Ok(Self { ocsp, has_ocsp: true, crl, notes })
    }
}

/// The lists that the gateway keeps in its state folder, where it has any source of them.
pub(super) fn lists(config: &Config, trust: &Trust) -> Result<Option<CrlShelf>, CommandError> {
    let Some(folder) = config.revocation.state_dir.as_deref().filter(|_| config.revocation.has_lists())
    else {
        return Ok(None);
    };
    let lists = StateDir::open_to_read(folder).and_then(|state| CrlShelf::read(&state, &trust.anchors));
    let (shelf, unread) = lists.map_err(|error| CommandError::Lists { message: unusable(folder, &error) })?;
    if let Some(problem) = unread.first() {
        let message = format!("{}: {} ({})", problem.place, problem.message, problem.code);
        return Err(CommandError::Lists { message });
    }
    Ok(Some(shelf))
}
