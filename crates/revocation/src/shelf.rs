//! All lists of a deployment. A shelf never changes: a reload makes a new one, and whoever shares it swaps it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::{
    Anchor, CrlAbsence, CrlEvidence, Partition, RevocationReason, VerifiedCrl, VerifiedPath, crl_octets,
};
use rustls_pki_types::UnixTime;

use crate::shelved::Shelved;
use crate::sources::Stamp;
use crate::{CrlFiles, Error, PartitionStatus, Problem};

/// The newest verified list of every partition.
#[derive(Debug)]
pub struct CrlShelf {
    files: CrlFiles,
    anchors: Vec<Anchor>,
    lists: BTreeMap<Partition, Arc<Shelved>>,
    problems: Vec<Problem>,
    /// The files as they were before they were read.
    stamps: Vec<Stamp>,
}

/// A serial that is in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Why it was revoked.
    pub reason: RevocationReason,
    /// When.
    pub revoked_at: UnixTime,
}

impl CrlShelf {
    /// Reads every file. A file that is refused is among [`Self::problems`] and disturbs no other.
    pub fn load(files: CrlFiles, anchors: Vec<Anchor>) -> Self {
        Self { files, anchors, lists: BTreeMap::new(), problems: Vec::new(), stamps: Vec::new() }.reload()
    }

    /// Reads every file again into a new shelf.
    ///
    /// A partition whose file is gone is gone. A list older than the one on this shelf does not replace it, and a
    /// file that is broken now leaves the list that was read from it before, which its nextUpdate bounds.
    pub fn reload(&self) -> Self {
        // Before reading: a file that changes meanwhile differs from its stamp, and is read again the next time.
        let stamps = self.files.stamps();
        let mut problems = Vec::new();
        let mut lists = BTreeMap::new();
        for path in self.paths(&mut problems) {
            match self.read(&path) {
                Ok(list) => keep_newest(&mut lists, Arc::new(list)),
                Err(error) => {
                    if !is_gone(&error) {
                        for list in self.read_from(&path) {
                            keep_newest(&mut lists, Arc::clone(list));
                        }
                    }
                    problems.push(Problem { path, error });
                }
            }
        }
        for (partition, list) in &mut lists {
            let Some(shelved) = self.lists.get(partition).filter(|shelved| list.is_older_than(shelved))
            else {
                continue;
            };
            let (found, number) = (list.crl.number().clone(), shelved.crl.number().clone());
            problems
                .push(Problem { path: list.path.clone(), error: Error::Older { found, shelved: number } });
            *list = Arc::clone(shelved);
        }
        Self { files: self.files.clone(), anchors: self.anchors.clone(), lists, problems, stamps }
    }

    /// True when there is no list at all.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// True while the files are those that were read: a reload would give the same shelf.
    pub fn is_current(&self) -> bool {
        self.files.stamps() == self.stamps
    }

    /// The files that were refused. Whoever loads logs them.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What the lists say about a certificate: revoked by any that covers it, else good by any, else why not.
    pub fn evidence(&self, path: &VerifiedPath, now: UnixTime, max_age: Option<Duration>) -> CrlEvidence {
        self.lists
            .values()
            .map(|list| list.evidence(path, now, max_age))
            .fold(CrlEvidence::none(path, CrlAbsence::MissingPartition), CrlEvidence::or)
    }

    /// Whether any list of this issuer key has the serial: the question at each use of a session, which keeps
    /// nothing of the certificate but these two. `None` is not "good": lists may be stale or missing.
    pub fn find(&self, issuer_key_hash: &[u8; 32], serial: &[u8]) -> Option<Listed> {
        let listed = |list: &Arc<Shelved>| {
            let entry = list.find(serial)?;
            Some(Listed { reason: entry.reason, revoked_at: entry.revoked_at })
        };
        let found = self.lists.values().filter(|list| list.crl.issuer_key_hash().0 == *issuer_key_hash);
        // A revocation that is final outweighs a hold.
        found.filter_map(listed).min_by_key(|listed| listed.reason == RevocationReason::CertificateHold)
    }

    /// Every partition's list.
    pub fn status(&self, now: UnixTime) -> Vec<PartitionStatus> {
        self.lists.values().map(|list| PartitionStatus::new(list, now)).collect()
    }

    /// The files to read. A folder that cannot be listed for the moment is taken to hold what it held.
    fn paths(&self, problems: &mut Vec<Problem>) -> BTreeSet<PathBuf> {
        let mut paths: BTreeSet<PathBuf> = self.files.files.iter().cloned().collect();
        if let Some(directory) = &self.files.directory {
            match CrlFiles::list(directory) {
                Ok(found) => paths.extend(found),
                Err(error) => {
                    let known = self.lists.values().map(|list| &list.path);
                    paths.extend(known.filter(|path| path.parent() == Some(directory)).cloned());
                    problems.push(Problem { path: directory.clone(), error });
                }
            }
        }
        paths
    }

    fn read(&self, path: &Path) -> Result<Shelved, Error> {
        let octets = self.files.read(path)?;
        let crl = VerifiedCrl::verify(crl_octets(&octets)?.into_owned(), &self.anchors)?;
        Ok(Shelved::new(path.to_owned(), crl))
    }

    fn read_from<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Arc<Shelved>> {
        self.lists.values().filter(move |list| list.path == path)
    }
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Io(io) if io.kind() == io::ErrorKind::NotFound)
}

fn keep_newest(lists: &mut BTreeMap<Partition, Arc<Shelved>>, list: Arc<Shelved>) {
    match lists.entry(list.partition.clone()) {
        Entry::Vacant(free) => {
            free.insert(list);
        }
        Entry::Occupied(mut taken) if list.is_newer_than(taken.get()) => {
            taken.insert(list);
        }
        Entry::Occupied(_) => {}
    }
}
