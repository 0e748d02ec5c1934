//! How the OCSP responder behaves, and the switch that changes it while it runs.

use std::{
    str::FromStr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clap::ValueEnum;

use crate::{Error, HttpFault, OcspFault};

/// What a responder does that one without faults would not. Everything at once if so wished; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OcspBehaviour {
    /// What is wrong in each answer.
    pub fault: Option<OcspFault>,
    /// What is said of every certificate, whatever its status is.
    pub status: Option<OcspClaim>,
    /// What is wrong in HTTP.
    pub http: Option<HttpFault>,
    /// How long each answer takes.
    pub delay: Duration,
}

/// A status that is claimed without looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OcspClaim {
    /// good.
    Good,
    /// revoked, for certificateHold.
    Hold,
    /// revoked, for keyCompromise.
    Revoked,
    /// unknown.
    Unknown,
}

/// The behaviour of a responder that may be running: clones are one switch. It also counts requests.
#[derive(Clone, Debug, Default)]
pub struct OcspSwitch {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    behaviour: Mutex<OcspBehaviour>,
    requests: AtomicU64,
}

impl OcspSwitch {
    /// A switch that is set so.
    pub fn new(behaviour: OcspBehaviour) -> Self {
        let switch = Self::default();
        switch.set(behaviour);
        switch
    }

    /// Counts from the next request on.
    pub fn set(&self, behaviour: OcspBehaviour) {
        *self.shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// How it is set.
    pub fn behaviour(&self) -> OcspBehaviour {
        *self.shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests have come, those that got no answer included.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn count_request(&self) -> OcspBehaviour {
        self.shared.requests.fetch_add(1, Ordering::SeqCst);
        self.behaviour()
    }

    /// Obeys a line: settings as [`OcspBehaviour`] reads them, or `requests`. The answer is a line, too.
    pub fn obey(&self, line: &str) -> String {
        if line.trim() == "requests" {
            return format!("ok {}", self.requests());
        }
        match line.parse() {
            Ok(behaviour) => {
                self.set(behaviour);
                "ok".to_owned()
            }
            Err(error) => format!("error {error}"),
        }
    }
}

impl FromStr for OcspBehaviour {
    type Err = Error;

    /// Settings in one line, such as `status revoked delay-ms 200`: `fault NAME`, `status NAME`, `http NAME`,
    /// `delay-ms NUMBER`, each with the names that the command line has. What is not named is right; `right` alone
    /// names nothing.
    fn from_str(line: &str) -> Result<Self, Error> {
        let malformed = || Error::MalformedBehaviour { text: line.to_owned() };
        let mut behaviour = Self::default();
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { return Err(malformed()) };
        let mut setting = Some(first);
        if first == "right" {
            setting = words.next();
            return if setting.is_none() { Ok(behaviour) } else { Err(malformed()) };
        }
        while let Some(name) = setting {
            let value = words.next().ok_or_else(malformed)?;
            match name {
                "fault" => behaviour.fault = Some(named(value).ok_or_else(malformed)?),
                "status" => behaviour.status = Some(named(value).ok_or_else(malformed)?),
                "http" => behaviour.http = Some(named(value).ok_or_else(malformed)?),
                "delay-ms" => {
                    behaviour.delay = Duration::from_millis(value.parse().map_err(|_| malformed())?);
                }
                _ => return Err(malformed()),
            }
            setting = words.next();
        }
        Ok(behaviour)
    }
}

fn named<T: ValueEnum>(name: &str) -> Option<T> {
    T::from_str(name, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let read = |line: &str| line.parse::<OcspBehaviour>().ok();
        let right = OcspBehaviour::default();
        assert_eq!(read("right"), Some(right));
        assert_eq!(
            read("fault try-later"),
            Some(OcspBehaviour { fault: Some(OcspFault::TryLater), ..right })
        );
        let several = OcspBehaviour {
            status: Some(OcspClaim::Hold),
            http: Some(HttpFault::Drip),
            delay: Duration::from_millis(250),
            ..right
        };
        assert_eq!(read(" status hold  http drip delay-ms 250 "), Some(several));
        for bad in
            ["", "right right", "right fault stale", "fault", "fault none", "status", "delay-ms -1", "x y"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_changes_nothing() {
        let switch = OcspSwitch::default();
        assert_eq!(switch.obey("status good"), "ok");
        let set = switch.behaviour();
        assert!(switch.obey("status bad").starts_with("error "));
        assert_eq!(switch.behaviour(), set);
        assert_eq!(switch.obey("right"), "ok");
        assert_eq!(switch.clone().behaviour(), OcspBehaviour::default());
        assert_eq!(switch.obey("requests"), "ok 0");
    }
}
