//! Checkpoints that were kept elsewhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use madoguchi_oidc::jose::{CompactJws, PublicJwk};
use madoguchi_storage::{AuditCheckpoint, CheckpointError, CheckpointKind};

use crate::ServerError;
use crate::kek::file_error;

/// The statements in a file by municipality, not yet believed.
#[derive(Default)]
pub(super) struct KeptCheckpoints(BTreeMap<String, Vec<String>>);

impl KeptCheckpoints {
    /// Finds them in any text: a line may be one, or a log's line with one in it.
    pub(super) fn read(path: &Path) -> Result<Self, ServerError> {
        let failed = |source| file_error(path, source);
        let mut found = BTreeMap::<String, Vec<String>>::new();
        for line in BufReader::new(File::open(path).map_err(failed)?).split(b'\n') {
            let line = line.map_err(failed)?;
            let line = String::from_utf8_lossy(&line);
            let of_jws =
                |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
            for word in line.split(|character| !of_jws(character)).filter(|word| word.starts_with("eyJ")) {
                let Ok(jws) = CompactJws::parse(word) else { continue };
                if jws.typ() == Some(CheckpointKind::Checkpoint.typ())
                    && let Some(municipality) = jws.unverified_string("municipality")
                {
                    found.entry(municipality).or_default().push(word.to_owned());
                }
            }
        }
        Ok(Self(found))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose they say they are.
    pub(super) fn municipalities(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// Whether there are any of a municipality.
    pub(super) fn holds(&self, municipality: &str) -> bool {
        self.0.contains_key(municipality)
    }

    /// Those of a municipality in the order of their places, and how many its key did not sign.
    pub(super) fn verified(&self, municipality: &str, key: &PublicJwk) -> (Vec<AuditCheckpoint>, usize) {
        let texts = self.0.get(municipality).map(Vec::as_slice).unwrap_or_default();
        let verify = |text: &String| -> Result<_, CheckpointError> {
            AuditCheckpoint::verify(text, CheckpointKind::Checkpoint, municipality, key)
        };
        let mut good: Vec<_> = texts.iter().filter_map(|text| verify(text).ok()).collect();
        let foreign = texts.len() - good.len();
        good.sort_by_key(|checkpoint| (checkpoint.position, checkpoint.iat));
        good.dedup();
        (good, foreign)
    }
}
