//! The lists of the state folder: which one of each partition counts, and what may take its place.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::{Anchor, CRL_SKEW, CrlHead};
use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::incoming::Incoming;
use crate::index::{IndexError, IndexKey, IndexedCrl};
use crate::shelved::{Shelved, ShelvedList};
use crate::state_dir::{Kept, StateDir};
use crate::stem::{Kind, Stem};
use crate::{Building, CrlEvent, CrlRefresherParts, CrlReport, CrlShelf, Error, Problem, Taken};

/// The newest list of each partition and kind, each in the state folder.
#[derive(Debug, Default)]
pub(crate) struct KeptLists {
    lists: BTreeMap<(String, Kind), Arc<ShelvedList>>,
    /// Lists that are gone: nothing older comes back.
    gone: Vec<Stem>,
    /// Lists that are there and cannot be read: told until another one takes their place.
    unread: BTreeMap<(String, Kind), Problem>,
    /// Those whose signature was not verified since the start.
    unverified: Vec<(String, Kind)>,
}

impl KeptLists {
    /// Opens every list of the folder; also says whether nothing was lost of those that were in use before. What is
    /// damaged is made again from the private copy, or goes; a list whose anchor is no longer configured goes. One that
    /// cannot be read keeps no other from being used.
    pub(crate) fn open(
        parts: &CrlRefresherParts,
        before: impl Iterator<Item = Stem>,
    ) -> Result<(Self, bool), Error> {
        let mut kept_lists = Self::default();
        let mut complete = true;
        for kept in parts.state.kept()? {
            complete &= kept_lists.open_one(parts, &kept)?;
        }
        for stem in before {
            let is_lost = kept_lists.newest(&stem).is_none_or(|newest| newest.is_older_than(&stem));
            if is_lost && !kept_lists.is_overtaken(&stem) {
                // Whoever took its files away did not make an older list the newest one.
                kept_lists.unread.insert(key(&stem), lost(&parts.state, &stem));
                kept_lists.gone.push(stem);
                complete = false;
            }
        }
        Ok((kept_lists, complete))
    }

    /// The newest list of each partition and kind that is there or was.
    pub(crate) fn stems(&self) -> impl Iterator<Item = &Stem> {
        self.lists.values().map(|list| &list.stem).chain(&self.gone)
    }

    /// What is wrong with lists that were in use: those that cannot be read, and deltas that were lost.
    pub(crate) fn problems(&self, state: &StateDir) -> impl Iterator<Item = Problem> {
        let complete = self.lists.values().filter(|list| list.stem.kind == Kind::Complete);
        let lost = complete.filter_map(|list| self.lost_delta(&list.stem));
        let problem = |stem: &Stem| {
            Problem {
            place: state.list_path(stem).display().to_string(),
            code: "crl_delta_lost".to_owned(),
            message: "this delta list was lost, and nobody is good by its complete list alone; get it again, or the \
                      next complete list"
                .to_owned(),
        }
        };
        self.unread.values().cloned().chain(lost.map(problem).collect::<Vec<_>>())
    }

    /// Whether it is a delta, and the complete list that is there holds what it said.
    fn is_overtaken(&self, stem: &Stem) -> bool {
        let complete = self.lists.get(&(stem.partition().to_owned(), Kind::Complete));
        stem.kind == Kind::Delta && complete.is_some_and(|complete| !stem.is_delta_above(&complete.stem))
    }

    fn lost_delta(&self, complete: &Stem) -> Option<&Stem> {
        self.gone.iter().find(|gone| gone.is_delta_above(complete))
    }

    /// The same for whoever only looks: nothing is written, and nothing is verified again. Also says which of the newest
    /// pairs cannot be used: nothing older answers in their place.
    pub(crate) fn read(
        state: &StateDir,
        anchors: &[Anchor],
    ) -> Result<(Self, Vec<(Kept, IndexError)>), Error> {
        let mut kept_lists = Self::default();
        let mut unread: Vec<(Kept, IndexError)> = Vec::new();
        let (kept, without) = state.kept()?.into_iter().partition::<Vec<_>, _>(|kept| kept.has_list);
        let gone = without.into_iter().filter(|kept| !kept.has_index);
        kept_lists.gone.extend(gone.map(|kept| kept.stem));
        for kept in kept {
            let is_unread = unread.iter().any(|(newest, _)| newest.stem.replaces(&kept.stem));
            if is_unread || kept_lists.lists.contains_key(&key(&kept.stem)) {
                continue;
            }
            let (list, index) = (state.list_path(&kept.stem), state.index_path(&kept.stem));
            match IndexedCrl::open(&list, &index, anchors) {
                Ok(crl) => kept_lists.insert(kept.stem, crl, None),
                Err(error) => unread.push((kept, error)),
            }
        }
        Ok((kept_lists, unread))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// A shelf of them.
    pub(crate) fn shelf(&self) -> CrlShelf {
        let complete = self.lists.iter().filter(|((_, kind), _)| *kind == Kind::Complete);
        CrlShelf::new(complete.map(|((partition, _), complete)| {
            let delta = self.lists.get(&(partition.clone(), Kind::Delta));
            let is_lost = self.lost_delta(&complete.stem).is_some();
            Arc::new(Shelved::new(Arc::clone(complete), delta.cloned(), is_lost))
        }))
    }

    /// Verifies and indexes a private copy and puts it in place; nothing is taken when it is the list that is there. Also
    /// answers what it is.
    pub(crate) fn take(
        &mut self,
        parts: &CrlRefresherParts,
        incoming: &Incoming,
        place: &str,
        now: UnixTime,
    ) -> Result<(Option<Taken>, Judged), Error> {
        if let Some(list) = self.same_as(incoming)? {
            parts.observer.event(&CrlEvent::Unchanged { place });
            return Ok((None, Judged::of(&list.stem, list.crl.head())));
        }
        let start = (parts.stopwatch)();
        let crl = IndexedCrl::build(
            incoming.list(),
            &parts.anchors,
            new_key(parts)?,
            parts.max_octets,
            &progress(parts, place),
        )?;
        let stem = stem_of(crl.head());
        let judged = Judged::of(&stem, crl.head());
        if self.is_there(&stem, &crl)? {
            parts.observer.event(&CrlEvent::Unchanged { place });
            return Ok((None, judged));
        }
        has_begun(crl.head(), now)?;
        self.may_be_used(&crl)?;
        parts.state.place(incoming.list(), &crl, &stem)?;
        let build = (parts.stopwatch)().saturating_sub(start);
        let taken = Taken {
            place: place.to_owned(),
            partition: crl.head().partition(),
            is_delta: stem.kind == Kind::Delta,
            number: crl.head().number().clone(),
            entries: u64::try_from(crl.entry_count()).unwrap_or(u64::MAX),
            milliseconds: u64::try_from(build.as_millis()).unwrap_or(u64::MAX),
        };
        self.replace(parts, stem, crl, build)?;
        Ok((Some(taken), judged))
    }

    /// Verifies the signature of one list that was opened by its checksums. `None` when none is left; false when it does
    /// not hold, and the list goes.
    pub(crate) fn verify_one_again(&mut self, parts: &CrlRefresherParts) -> Option<bool> {
        let list = loop {
            // One that was replaced meanwhile has been verified.
            if let Some(list) = self.lists.get(&self.unverified.pop()?) {
                break Arc::clone(list);
            }
        };
        if list.build.is_some() || list.crl.reverify(&parts.anchors).is_ok() {
            return Some(true);
        }
        self.lists.remove(&key(&list.stem));
        // A list that cannot be taken away now is refused again at the next start.
        drop(self.forget(parts, list.stem.clone(), "its signature does not verify any more"));
        Some(false)
    }

    fn open_one(&mut self, parts: &CrlRefresherParts, kept: &Kept) -> Result<bool, Error> {
        let state = &parts.state;
        let stem = &kept.stem;
        if !kept.has_list {
            if !kept.has_index {
                self.gone.push(stem.clone());
                return Ok(true);
            }
            // Its list was to follow and did not, or was taken away: it may still lie where it came from.
            state.remove_index(stem)?;
            return Ok(false);
        }
        // Left by an end between two steps: the newer one was put in place, the older one not yet taken away.
        if self.newest(stem).is_some_and(|newest| stem.is_older_than(&newest)) {
            state.remove(stem)?;
            return Ok(true);
        }
        let (list, index) = (state.list_path(stem), state.index_path(stem));
        let opened = match IndexedCrl::open(&list, &index, &parts.anchors) {
            Err(IndexError::Refused(_)) => {
                self.forget(parts, stem.clone(), "no configured anchor may have signed it")?;
                return Ok(true);
            }
            Ok(crl) => Ok((crl, None)),
            Err(_) => index_again(parts, kept),
        };
        match opened {
            Ok((crl, build)) if stem_of(crl.head()) == *stem => {
                self.unverified.push(key(stem));
                self.insert(stem.clone(), crl, build);
                Ok(true)
            }
            Ok(_) => {
                self.forget(parts, stem.clone(), "it is not the list that its name says")?;
                Ok(false)
            }
            Err(error) if error.is_ours() => {
                let problem = Problem::of_path(&list, &error);
                parts.observer.event(&CrlEvent::Refused { problem: &problem, moved_to: None });
                self.unread.insert(key(stem), problem);
                self.gone.push(stem.clone());
                Ok(false)
            }
            Err(_) => {
                self.forget(parts, stem.clone(), "the private copy is damaged")?;
                self.unread.insert(key(stem), lost(state, stem));
                Ok(false)
            }
        }
    }

    /// The newest list of a partition and kind that is there or was.
    fn newest(&self, stem: &Stem) -> Option<Stem> {
        let there = self.lists.get(&key(stem)).map(|list| list.stem.clone());
        there.into_iter().chain(self.gone.iter().filter(|gone| gone.replaces(stem)).cloned()).max()
    }

    /// Whether this very list is there; nothing older takes its place, and no other of its number.
    fn is_there(&self, stem: &Stem, crl: &IndexedCrl) -> Result<bool, Error> {
        let Some(newest) = self.newest(stem) else { return Ok(false) };
        let number = crl.head().number().clone();
        if stem.is_older_than(&newest) {
            return Err(Error::Older { found: number, shelved: newest.number().to_owned() });
        }
        match self.lists.get(&key(stem)) {
            Some(list) if list.stem == *stem && list.crl.der() == crl.der() => Ok(true),
            Some(list) if list.stem == *stem => Err(Error::SameNumber { number }),
            _ => Ok(false),
        }
    }

    /// The list that is there with the octets of this copy: it was verified, under whatever name it comes again.
    fn same_as(&self, incoming: &Incoming) -> Result<Option<&ShelvedList>, Error> {
        let octets = File::open(incoming.list())?.metadata()?.len();
        let of_length = self.lists.values().filter(|list| u64::try_from(list.crl.der().len()) == Ok(octets));
        for list in of_length {
            if is_read_as(&mut File::open(incoming.list())?, list.crl.der())? {
                return Ok(Some(list));
            }
        }
        Ok(None)
    }

    /// Whether there is a list of a partition, by its name in the folder.
    pub(crate) fn has(&self, partition: &str) -> bool {
        self.lists.contains_key(&(partition.to_owned(), Kind::Complete))
    }

    /// A delta needs the list that it changes.
    fn may_be_used(&self, crl: &IndexedCrl) -> Result<(), Error> {
        let head = crl.head();
        if head.base().is_none() {
            return Ok(());
        }
        let partition = stem_of(head).partition().to_owned();
        let complete = self.lists.get(&(partition, Kind::Complete)).ok_or(Error::DeltaWithoutBase)?;
        let complete = complete.crl.head();
        if head.number() <= complete.number() {
            let (found, shelved) = (head.number().clone(), complete.number().to_string());
            return Err(Error::Older { found, shelved });
        }
        if head.changes(complete) { Ok(()) } else { Err(Error::DeltaWithoutBase) }
    }

    fn replace(
        &mut self,
        parts: &CrlRefresherParts,
        stem: Stem,
        crl: IndexedCrl,
        build: Duration,
    ) -> Result<(), Error> {
        let mut over: Vec<Stem> =
            self.lists.get(&key(&stem)).map(|list| list.stem.clone()).into_iter().collect();
        let (gone, kept) = std::mem::take(&mut self.gone).into_iter().partition(|gone| gone.replaces(&stem));
        self.gone = kept;
        over.extend::<Vec<Stem>>(gone);
        if stem.kind == Kind::Complete {
            // A complete list that holds what the delta said.
            let delta = (stem.partition().to_owned(), Kind::Delta);
            let is_over = |list: &Arc<ShelvedList>| list.crl.head().number() <= crl.head().number();
            if self.lists.get(&delta).is_some_and(is_over) {
                over.extend(self.lists.remove(&delta).map(|list| list.stem.clone()));
            }
            let is_over = |gone: &Stem| {
                gone.kind == Kind::Delta
                    && gone.partition() == stem.partition()
                    && !gone.is_delta_above(&stem)
            };
            let (gone, kept) = std::mem::take(&mut self.gone).into_iter().partition(is_over);
            self.gone = kept;
            over.extend::<Vec<Stem>>(gone);
        }
        over.retain(|old| *old != stem);
        parts.state.is_back(&stem)?;
        self.insert(stem, crl, Some(build));
        over.iter().try_for_each(|old| parts.state.remove(old))
    }

    fn insert(&mut self, stem: Stem, crl: IndexedCrl, build: Option<Duration>) {
        self.unread.remove(&key(&stem));
        self.lists.insert(key(&stem), Arc::new(ShelvedList { stem, crl, build }));
    }

    fn forget(&mut self, parts: &CrlRefresherParts, stem: Stem, why: &'static str) -> Result<(), Error> {
        parts.state.forget(&stem)?;
        parts.observer.event(&CrlEvent::Gone { path: parts.state.list_path(&stem), why });
        self.gone.push(stem);
        Ok(())
    }
}

/// Makes the index of a private copy again, as of a list that just came.
fn index_again(parts: &CrlRefresherParts, kept: &Kept) -> Result<(IndexedCrl, Option<Duration>), Error> {
    let start = (parts.stopwatch)();
    let list = parts.state.list_path(&kept.stem);
    let place = list.display().to_string();
    let progress = progress(parts, &place);
    let crl = IndexedCrl::build(&list, &parts.anchors, new_key(parts)?, parts.max_octets, &progress)?;
    crl.save(&parts.state.index_path(&kept.stem))?;
    Ok((crl, Some((parts.stopwatch)().saturating_sub(start))))
}

/// Whether a file has these octets and no others.
fn is_read_as(file: &mut File, mut octets: &[u8]) -> io::Result<bool> {
    let mut part = [0; 16 * 1024];
    loop {
        let read = file.read(&mut part)?;
        let Some((first, rest)) = octets.split_at_checked(read) else { return Ok(false) };
        if part.get(..read) != Some(first) {
            return Ok(false);
        }
        if read == 0 {
            return Ok(rest.is_empty());
        }
        octets = rest;
    }
}

/// A list that is in use.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) next_update: UnixTime,
    /// Its partition, as in the names of files.
    pub(crate) partition: String,
}

impl Judged {
    fn of(stem: &Stem, head: &CrlHead) -> Self {
        Self { next_update: head.next_update(), partition: stem.partition().to_owned() }
    }
}

/// What to do about a list that was in use.
fn lost(state: &StateDir, stem: &Stem) -> Problem {
    Problem {
        place: state.list_path(stem).display().to_string(),
        code: "crl_lost".to_owned(),
        message: "this list was in use and is not there any more; get it again, or a newer one".to_owned(),
    }
}

/// A list of a time to come says good of nobody yet, and nothing older could take its place again: one wrong clock at the
/// issuer would shut its partition until then.
fn has_begun(head: &CrlHead, now: UnixTime) -> Result<(), Error> {
    let this_update = head.this_update();
    if this_update.as_secs() > now.as_secs().saturating_add(CRL_SKEW.as_secs()) {
        return Err(Error::NotYetValid { this_update });
    }
    Ok(())
}

fn key(stem: &Stem) -> (String, Kind) {
    (stem.partition().to_owned(), stem.kind)
}

fn stem_of(head: &CrlHead) -> Stem {
    let kind = if head.base().is_some() { Kind::Delta } else { Kind::Complete };
    Stem::new(&head.partition(), kind, head.number(), head.this_update())
}

fn new_key(parts: &CrlRefresherParts) -> Result<IndexKey, Error> {
    let mut random = [0; 8];
    let filled = SecureRandom::fill(&*parts.random, &mut random);
    filled.map_err(|_| std::io::Error::other("no randomness"))?;
    Ok(IndexKey::new(random))
}

/// Tells the observer, and health now and then.
fn progress<'a>(parts: &'a CrlRefresherParts, place: &'a str) -> impl Fn(u64, u64) + 'a {
    let told = Cell::new(Duration::ZERO);
    move |done, octets| {
        parts.observer.event(&CrlEvent::Building { place, done, octets });
        let now = (parts.stopwatch)();
        if now.saturating_sub(told.get()) >= TELL_EVERY {
            told.set(now);
            let building = Some(Building { place: place.to_owned(), done, octets });
            parts.shared.tell(CrlReport { building, ..parts.shared.report().as_ref().clone() });
        }
    }
}

const TELL_EVERY: Duration = Duration::from_millis(500);
