//! Downloads: which are due, each on a thread of its caller's, and what becomes of what they brought.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::Duration;

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::fetch::{Fetched, Validators};
use crate::incoming::Incoming;
use crate::schedule::Schedule;
use crate::seen::Seen;
use crate::{
    CrlEvent, CrlRefresher, CrlRefresherParts, DownloadHealth, Error, FailedDownload, Fetcher, HttpUrl,
    Problem,
};

/// All addresses.
#[derive(Debug)]
pub(crate) struct Downloads {
    fetcher: Fetcher,
    all: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    url: HttpUrl,
    schedule: Schedule,
    is_running: bool,
    last_good: Option<UnixTime>,
    problem: Option<Problem>,
    last_failure: Option<FailedDownload>,
}

/// One download that is due. [`Self::run`] asks the server; it may take minutes.
#[derive(Debug)]
pub struct Download {
    fetcher: Fetcher,
    url: HttpUrl,
    validators: Validators,
    now: UnixTime,
    incoming: Incoming,
    file: File,
}

/// A download that is over.
#[derive(Debug)]
pub struct Downloaded {
    url: HttpUrl,
    incoming: Incoming,
    fetched: Result<Fetched, Error>,
}

impl Download {
    /// Asks the server.
    pub fn run(mut self) -> Downloaded {
        let fetched = self.fetcher.fetch(&self.url, &self.validators, self.now, &mut self.file);
        Downloaded { url: self.url, incoming: self.incoming, fetched }
    }
}

impl Downloads {
    /// What was noted before is remembered, but for the moment of the next question: that is now.
    pub(crate) fn new(parts: &CrlRefresherParts, seen: &Seen) -> Self {
        let all = parts.urls.iter().map(|url| {
            let noted = seen.download(url.url.as_str()).cloned().unwrap_or_default();
            let known = Known {
                url: url.url.clone(),
                schedule: Schedule::new(url.every),
                is_running: false,
                last_good: noted
                    .last_good
                    .map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds))),
                problem: noted.problem,
                last_failure: noted.last_failure,
            };
            (url.url.to_string(), known)
        });
        Self { fetcher: Fetcher::new(parts.limits, &parts.https, parts.max_octets), all: all.collect() }
    }

    pub(crate) fn health(&self) -> BTreeMap<String, DownloadHealth> {
        let health = self.all.iter().map(|(url, known)| {
            let health = DownloadHealth {
                url: url.clone(),
                last_good: known.last_good.map(|last| last.as_secs()),
                problem: known.problem.clone(),
                last_failure: known.last_failure.clone(),
                next: known.schedule.due().as_secs(),
            };
            (url.clone(), health)
        });
        health.collect()
    }
}

impl Known {
    fn fail(&mut self, problem: Problem, now: UnixTime) {
        let (code, message) = (problem.code.clone(), problem.message.clone());
        self.last_failure = Some(FailedDownload { at: now.as_secs(), code, message });
        self.problem = Some(problem);
    }
}

impl CrlRefresher {
    /// The downloads that are due, as far as not too many are out. Each is out until [`Self::downloaded`] has it back; ask
    /// again then.
    pub fn due(&mut self, now: UnixTime) -> Vec<Download> {
        let mut due = Vec::new();
        let running = self.downloads.all.values().filter(|known| known.is_running).count();
        let known = self.downloads.all.values_mut().enumerate();
        for (index, known) in known.filter(|(_, known)| !known.is_running && known.schedule.is_due(now)) {
            if running + due.len() == MOST_AT_ONCE {
                break;
            }
            match Incoming::create(&self.parts.state, &format!("download-{index}")) {
                Ok((incoming, file)) => {
                    known.is_running = true;
                    due.push(Download {
                        fetcher: self.downloads.fetcher.clone(),
                        validators: self.seen.validators(known.url.as_str()).at(now),
                        now,
                        url: known.url.clone(),
                        incoming,
                        file,
                    });
                }
                Err(error) => {
                    known.schedule.failed(now, 0);
                    known.fail(Problem::new(&known.url, &error), now);
                }
            }
        }
        due
    }

    /// Reads what a download brought. A failure leaves the list that is there.
    pub fn downloaded(&mut self, downloaded: Downloaded, now: UnixTime) {
        let Downloaded { url, incoming, fetched } = downloaded;
        let taken = match fetched {
            Ok(Fetched::NotModified) => {
                self.tell(&CrlEvent::Unchanged { place: url.as_str() });
                Ok(None)
            }
            // What is refused is asked for again without validators: it may be another one by then.
            Ok(Fetched::Octets(validators)) => self.judge(&incoming, url.as_str(), now).map(|judged| {
                let problem = self.note_partition(&url, judged.partition);
                // The right one is asked for by the validators of the right one.
                if problem.is_none() {
                    self.seen.note_validators(url.as_str(), validators.until(judged.next_update));
                }
                problem
            }),
            Err(error) => Err(error),
        };
        let mut chance = [0];
        // Without randomness the moment is the latest one.
        let _ = SecureRandom::fill(&*self.parts.random, &mut chance);
        let (problem, of_taken) = match taken {
            Ok(of_taken) => (None, of_taken),
            Err(error) => (Some(Problem::new(&url, &error)), None),
        };
        if let Some(problem) = &problem {
            self.tell(&CrlEvent::Refused { problem, moved_to: None });
        }
        if let Some(known) = self.downloads.all.get_mut(url.as_str()) {
            known.is_running = false;
            match problem {
                None => {
                    known.schedule.succeeded(now, chance[0]);
                    known.last_good = Some(now);
                    known.problem = None;
                    if let Some(problem) = of_taken {
                        known.fail(problem, now);
                    }
                }
                Some(problem) => {
                    known.schedule.failed(now, chance[0]);
                    known.fail(problem, now);
                }
            }
        }
        self.seen.note_downloads(self.downloads.health());
        self.finish();
    }

    /// Remembers of which partition the list of an address is. Another one than before is taken all the same, and is a
    /// problem as long as there is a list of the former: that one gets none from here any more.
    fn note_partition(&mut self, url: &HttpUrl, partition: String) -> Option<Problem> {
        let before = self.seen.partition(url.as_str()).filter(|before| self.lists.has(before));
        if before.is_none_or(|before| before == partition) {
            self.seen.note_partition(url.as_str(), partition);
            return None;
        }
        let problem = Problem::new(url, &Error::OtherPartition);
        tracing::warn!(place = problem.place, code = problem.code, "a CRL of another partition was fetched");
        Some(problem)
    }

    /// Notes that a download did not come back: its thread is gone.
    pub fn download_lost(&mut self, url: &HttpUrl, now: UnixTime) {
        if let Some(known) = self.downloads.all.get_mut(url.as_str()) {
            known.is_running = false;
            known.schedule.failed(now, 0);
        }
    }
}

impl Download {
    /// Who is asked.
    pub fn url(&self) -> &HttpUrl {
        &self.url
    }
}

/// Each has a thread and a connection, and may lay a whole list on the disk.
const MOST_AT_ONCE: usize = 16;
