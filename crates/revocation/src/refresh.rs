//! The one who reads lists: takes them from files and downloads into the state folder, and puts what was verified in
//! use. Nobody who looks something up ever waits for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::Anchor;
use madoguchi_protocol::sha256;
use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::download::Downloads;
use crate::incoming::{Incoming, stamp};
use crate::kept_lists::{Judged, KeptLists};
use crate::printable::printable_path;
use crate::rejected::{count, move_aside};
use crate::seen::Seen;
use crate::stamp::Stamp;
use crate::state_dir::StateDir;
use crate::{
    CrlEvent, CrlFiles, CrlObserver, CrlReport, CrlShelf, CrlUrl, Error, FetchLimits, HttpsTrust, Problem,
    SharedCrls, Taken,
};

/// What a refresher works with.
pub struct CrlRefresherParts {
    /// The state folder.
    pub state: StateDir,
    /// Files that somebody else puts in place.
    pub files: CrlFiles,
    /// Addresses to fetch from.
    pub urls: Vec<CrlUrl>,
    /// Who must have issued the certificates of the servers of addresses with `https`.
    pub https: HttpsTrust,
    /// How long a download may take.
    pub limits: FetchLimits,
    /// The longest list, in octets of DER.
    pub max_octets: u64,
    /// Who may sign lists.
    pub anchors: Vec<Anchor>,
    /// Where the lists are used.
    pub shared: Arc<SharedCrls>,
    /// Randomness, for keys of indexes and for the moments of downloads.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    /// The time since some moment; it measures how long work takes.
    pub stopwatch: fn() -> Duration,
    /// Who is told.
    pub observer: Arc<dyn CrlObserver + Send + Sync>,
}

/// Reads lists.
pub struct CrlRefresher {
    pub(crate) parts: CrlRefresherParts,
    pub(crate) lists: KeptLists,
    pub(crate) seen: Seen,
    pub(crate) downloads: Downloads,
    /// Files that may still be written to.
    pending: HashMap<PathBuf, Pending>,
    pub(crate) problems: BTreeMap<String, Problem>,
    /// Whether the drop folder could not be read at the last look.
    folder_lost: bool,
    /// Shelves that somebody may still be reading: the last to let go of a mapping pays for it, which must not be a
    /// sign-in.
    retired: Vec<Arc<CrlShelf>>,
    /// What was taken since the last shelf was put in use.
    unpublished: Vec<Taken>,
}

impl CrlRefresher {
    /// Puts what the state folder holds in use, without reading a file from elsewhere.
    pub fn open(parts: CrlRefresherParts) -> Result<Self, Error> {
        let judged_under = fingerprint(&parts.anchors, parts.max_octets);
        let mut seen = Seen::load(&parts.state, judged_under);
        let (lists, complete) = KeptLists::open(&parts, seen.lists())?;
        if !complete {
            // What was lost may still lie where it came from.
            seen.clear();
        }
        parts.state.save_anchors(&parts.anchors)?;
        let downloads = Downloads::new(&parts, &seen);
        let mut refresher = Self {
            parts,
            lists,
            seen,
            downloads,
            pending: HashMap::new(),
            problems: BTreeMap::new(),
            folder_lost: false,
            retired: Vec::new(),
            unpublished: Vec::new(),
        };
        refresher.publish();
        refresher.report();
        Ok(refresher)
    }

    /// Looks at all files once. One that is refused disturbs no other.
    pub fn look(&mut self, now: UnixTime) {
        self.problems.clear();
        let paths = self.paths();
        // Files of a folder that is out of reach may be back with it, as they were.
        if !self.folder_lost {
            let there: HashSet<&Path> = paths.iter().map(PathBuf::as_path).collect();
            self.seen.retain(&there);
            self.pending.retain(|path, _| there.contains(path.as_path()));
        }
        let mut postponed = Vec::new();
        for path in &paths {
            if self.look_at(path, now, true) == Looked::Postponed {
                postponed.push(path);
            }
        }
        // A delta may have come before its base.
        for path in postponed {
            self.look_at(path, now, false);
        }
        self.finish();
    }

    /// Reads one file, wherever it lies. It is not moved.
    pub fn take(&mut self, path: &Path, now: UnixTime) -> Result<(), Error> {
        let taken = self.judge_file(path, now);
        self.finish();
        taken
    }

    /// Verifies one list again that a start took from the disk by its checksums; false when none is left. An unsound
    /// disk or state folder is found so, a little later than the start.
    pub fn verify_one_again(&mut self) -> bool {
        let Some(verified) = self.lists.verify_one_again(&self.parts) else { return false };
        if !verified {
            self.seen.clear();
            self.publish();
            self.finish();
        }
        true
    }

    /// Where the lists are used.
    pub fn shared(&self) -> &Arc<SharedCrls> {
        &self.parts.shared
    }

    /// Whether there is no list at all.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Puts what was taken in use, and says how things are.
    pub(crate) fn finish(&mut self) {
        if !self.unpublished.is_empty() {
            self.publish();
        }
        self.seen.note_lists(self.lists.stems());
        if let Err(error) = self.seen.save(&self.parts.state) {
            let problem = Problem::of_path(&self.parts.state.seen_path(), &error);
            self.problems.insert(problem.place.clone(), problem);
        }
        self.retired.retain(|shelf| Arc::strong_count(shelf) > 1);
        self.report();
    }

    /// Verifies and indexes a private copy and puts it in place. Answers what it is.
    pub(crate) fn judge(&mut self, incoming: &Incoming, place: &str, now: UnixTime) -> Result<Judged, Error> {
        let (taken, judged) = self.lists.take(&self.parts, incoming, place, now)?;
        self.unpublished.extend(taken);
        // Each shelf costs as much as there are partitions; a large list does not wait for the small ones after it.
        if self.unpublished.len() >= PUBLISH_EVERY {
            self.publish();
        }
        Ok(judged)
    }

    fn paths(&mut self) -> Vec<PathBuf> {
        let mut paths = self.parts.files.files.clone();
        let Some(directory) = self.parts.files.directory.clone() else { return paths };
        let was_lost = self.folder_lost;
        match CrlFiles::list(&directory) {
            Ok(found) => {
                paths.extend(found);
                self.folder_lost = false;
                if was_lost {
                    self.tell(&CrlEvent::FolderBack { path: &directory });
                }
            }
            Err(error) => {
                let problem = Problem::of_path(&directory, &Error::FolderUnreadable(error));
                self.folder_lost = true;
                if !was_lost {
                    self.tell(&CrlEvent::FolderLost { path: &directory, problem: &problem });
                }
                self.problems.insert(problem.place.clone(), problem);
            }
        }
        paths
    }

    fn look_at(&mut self, path: &Path, now: UnixTime, may_postpone: bool) -> Looked {
        let before = match stamp(path) {
            Ok(stamp) => stamp,
            Err(error) => return self.note(path, &error),
        };
        if self.seen.knows(path, before) {
            self.problems.extend(self.seen.refusal(path).map(|problem| (problem.place.clone(), problem)));
            return Looked::Done;
        }
        let growing = before.quiet_for(now) < QUIET;
        let pending = match self.pending.get(path) {
            // Written to since the last look, and just now: it is read when that ends.
            Some(pending) if pending.stamp != before && growing => {
                self.problems.insert(pending.problem.place.clone(), pending.problem.clone());
                return Looked::Done;
            }
            Some(pending) if pending.stamp == before && pending.stands_at(now) => pending.clone(),
            _ => match self.judge_file(path, now) {
                Ok(()) => {
                    self.pending.remove(path);
                    self.seen.note(path, before, None);
                    return Looked::Done;
                }
                Err(Error::DeltaWithoutBase) if may_postpone => return Looked::Postponed,
                Err(error) if error.is_ours() => return self.note(path, &error),
                Err(error) => Pending {
                    stamp: before,
                    problem: Problem::of_path(path, &error),
                    waits: match error {
                        Error::DeltaWithoutBase => Waits::ForBase,
                        Error::NotYetValid { this_update } => Waits::Until(this_update),
                        _ => Waits::No,
                    },
                    patience: if error.may_still_come() { PATIENCE } else { QUIET },
                },
            },
        };
        let is_over = before.quiet_for(now) >= pending.patience && !matches!(pending.waits, Waits::Until(_));
        if is_over && stamp(path).ok() == Some(before) {
            self.pending.remove(path);
            self.refuse(path, before, pending.problem);
        } else {
            self.problems.insert(pending.problem.place.clone(), pending.problem.clone());
            self.pending.insert(path.to_owned(), pending);
        }
        Looked::Done
    }

    fn judge_file(&mut self, path: &Path, now: UnixTime) -> Result<(), Error> {
        let incoming = Incoming::copy(&self.parts.state, "file", path, self.parts.max_octets)?;
        self.judge(&incoming, &printable_path(path), now).map(drop)
    }

    fn note(&mut self, path: &Path, error: &Error) -> Looked {
        let problem = Problem::of_path(path, error);
        self.problems.insert(problem.place.clone(), problem);
        Looked::Done
    }

    fn refuse(&mut self, path: &Path, judged: Stamp, problem: Problem) {
        let in_folder =
            self.parts.files.directory.as_deref().is_some_and(|folder| path.parent() == Some(folder));
        let moved = if in_folder { move_aside(path, judged, &problem) } else { Ok(None) };
        let moved_to = match moved {
            // Replaced in between: the next look reads the new one.
            Ok(None) if in_folder => return,
            Ok(moved_to) => moved_to,
            // Not ours to move: it stays, and is named once.
            Err(_) => None,
        };
        self.tell(&CrlEvent::Refused { problem: &problem, moved_to: moved_to.as_deref() });
        if moved_to.is_none() {
            self.seen.note(path, judged, Some(&problem));
            self.problems.insert(problem.place.clone(), problem);
        }
    }

    fn publish(&mut self) {
        let before = self.parts.shared.replace(self.lists.shelf());
        self.retired.push(before);
        // Only now are they in use.
        for taken in std::mem::take(&mut self.unpublished) {
            self.tell(&CrlEvent::Taken(&taken));
        }
    }

    fn report(&self) {
        self.parts.shared.tell(CrlReport {
            problems: self.problems.values().cloned().chain(self.lists.problems(&self.parts.state)).collect(),
            building: None,
            rejected: self.parts.files.directory.as_deref().map_or(0, count),
            downloads: self.downloads.health(),
        });
    }

    pub(crate) fn tell(&self, event: &CrlEvent<'_>) {
        self.parts.observer.event(event);
    }
}

impl fmt::Debug for CrlRefresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrlRefresher").field("state", &self.parts.state).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Looked {
    Done,
    Postponed,
}

/// A file that is refused as it is, and may become another.
#[derive(Clone, Debug)]
struct Pending {
    stamp: Stamp,
    problem: Problem,
    waits: Waits,
    /// How long nobody must have written to it before it is refused for good.
    patience: Duration,
}

impl Pending {
    /// Whether another judgement of the same octets would end the same.
    fn stands_at(&self, now: UnixTime) -> bool {
        match self.waits {
            Waits::No => true,
            Waits::ForBase => false,
            Waits::Until(this_update) => now < this_update,
        }
    }
}

/// What a list waits for that is good otherwise.
#[derive(Clone, Copy, Debug)]
enum Waits {
    No,
    ForBase,
    /// Its thisUpdate: it stays where it is, as a problem.
    Until(UnixTime),
}

/// What a judgement depends on beside the file.
fn fingerprint(anchors: &[Anchor], max_octets: u64) -> String {
    let mut all: Vec<u8> = anchors.iter().flat_map(|anchor| anchor.certificate().sha256().0).collect();
    all.extend(max_octets.to_be_bytes());
    sha256(&all).to_hex()
}

/// A file that nobody wrote to for so long is taken to be as its writer wants it.
const QUIET: Duration = Duration::from_secs(2);
/// One that is cut short may have a slow writer, and a delta's base may be on its way.
const PATIENCE: Duration = Duration::from_mins(1);
const PUBLISH_EVERY: usize = 64;
