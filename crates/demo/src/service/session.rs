//! Sessions, on the server only: the cookie is a random name for an entry of this map.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use madoguchi_protocol::{Octets, OctetsError};
use ring::rand::SecureRandom;

use super::relying_party::{Pending, SignedIn};

/// The cookie. It has no `__Host-` prefix because Safari refuses `Secure` cookies on `http://127.0.0.1`.
pub(super) const COOKIE: &str = "kosodate-session";

pub(super) struct Sessions {
    random: Box<dyn SecureRandom + Send + Sync>,
    map: Mutex<Map>,
}

#[derive(Default)]
struct Map {
    sessions: HashMap<String, Session>,
    by_age: VecDeque<String>,
}

#[derive(Default)]
struct Session {
    csrf: String,
    pending: VecDeque<Pending>,
    signed_in: Option<SignedIn>,
    failed: Option<Failed>,
}

/// The OAuth error (RFC 6749 section 4.1.2.1) that the last attempt ended with.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) error: String,
    pub(super) description: String,
}

/// What a page may know about its session.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) csrf: String,
    pub(super) signed_in: Option<SignedIn>,
    pub(super) failed: Option<Failed>,
}

impl Sessions {
    pub(super) fn new(random: Box<dyn SecureRandom + Send + Sync>) -> Self {
        Self { random, map: Mutex::default() }
    }

    /// What the session of this cookie holds; nothing when there is none.
    pub(super) fn view(&self, id: Option<&str>) -> View {
        let map = self.lock();
        id.and_then(|id| map.sessions.get(id)).map_or_else(View::default, |session| View {
            csrf: session.csrf.clone(),
            signed_in: session.signed_in.clone(),
            failed: session.failed.clone(),
        })
    }

    /// Values for a new request to the gateway.
    pub(super) fn new_pending(&self) -> Result<Pending, OctetsError> {
        Ok(Pending::new(self.random_text()?, self.random_text()?, self.random_text()?))
    }

    /// Keeps what the answer will be compared with, in the session of the cookie or a new one; returns its id.
    pub(super) fn start(&self, id: Option<&str>, pending: Pending) -> Result<String, OctetsError> {
        let (fresh, csrf) = (self.random_text()?, self.random_text()?);
        let mut map = self.lock();
        let id = match id {
            Some(id) if map.sessions.contains_key(id) => id.to_owned(),
            _ => map.insert(fresh, Session { csrf, ..Session::default() }),
        };
        if let Some(session) = map.sessions.get_mut(&id) {
            session.failed = None;
            // Two tabs may sign in at the same time; more than a handful is a loop.
            if session.pending.len() >= MAX_PENDING {
                session.pending.pop_front();
            }
            session.pending.push_back(pending);
        }
        Ok(id)
    }

    /// Takes what was kept for this `state`, once.
    pub(super) fn take_pending(&self, id: Option<&str>, state: &str) -> Option<Pending> {
        let mut map = self.lock();
        let session = map.sessions.get_mut(id?)?;
        let index = session.pending.iter().position(|pending| pending.state == state)?;
        session.pending.remove(index)
    }

    /// Signs in under a new session id, so that an id known before is worth nothing; returns the new id.
    pub(super) fn sign_in(&self, id: Option<&str>, signed_in: SignedIn) -> Result<String, OctetsError> {
        let (fresh, csrf) = (self.random_text()?, self.random_text()?);
        let mut map = self.lock();
        let old = id.and_then(|id| map.remove(id)).unwrap_or_default();
        let session = Session { csrf, pending: old.pending, signed_in: Some(signed_in), failed: None };
        Ok(map.insert(fresh, session))
    }

    /// Remembers how an attempt failed.
    pub(super) fn fail(&self, id: Option<&str>, failed: Failed) {
        let mut map = self.lock();
        if let Some(session) = id.and_then(|id| map.sessions.get_mut(id)) {
            session.failed = Some(failed);
        }
    }

    /// Ends the session when `csrf` is its own token.
    pub(super) fn sign_out(&self, id: Option<&str>, csrf: &str) -> bool {
        let mut map = self.lock();
        let Some(id) = id else { return false };
        // The token is compared as its hash: how long the comparison takes says nothing about it.
        let hash = |text: &str| madoguchi_protocol::sha256(text.as_bytes());
        let own = map.sessions.get(id).is_some_and(|session| hash(&session.csrf) == hash(csrf));
        own && map.remove(id).is_some()
    }

    fn random_text(&self) -> Result<String, OctetsError> {
        Octets::<32>::generate(self.random.as_ref()).map(|octets| octets.encode())
    }

    fn lock(&self) -> MutexGuard<'_, Map> {
        // The map is whole after every statement, also if another thread panicked.
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Map {
    fn insert(&mut self, id: String, session: Session) -> String {
        while self.by_age.len() >= MAX_SESSIONS {
            let Some(oldest) = self.by_age.pop_front() else { break };
            self.sessions.remove(&oldest);
        }
        self.by_age.push_back(id.clone());
        self.sessions.insert(id.clone(), session);
        id
    }

    fn remove(&mut self, id: &str) -> Option<Session> {
        self.by_age.retain(|other| other != id);
        self.sessions.remove(id)
    }
}

const MAX_PENDING: usize = 8;
const MAX_SESSIONS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions {
        #[expect(clippy::disallowed_methods, reason = "a test needs randomness from somewhere")]
        Sessions::new(Box::new(ring::rand::SystemRandom::new()))
    }

    fn signed_in() -> SignedIn {
        SignedIn { claims: serde_json::Map::new() }
    }

    #[test]
    fn a_state_is_taken_once_and_only_in_its_session() {
        let sessions = sessions();
        let pending = sessions.new_pending().expect("random");
        let state = pending.state.clone();
        let id = sessions.start(None, pending).expect("random");
        let other = sessions.start(None, sessions.new_pending().expect("random")).expect("random");
        assert!(sessions.take_pending(Some(&other), &state).is_none());
        assert!(sessions.take_pending(None, &state).is_none());
        assert!(sessions.take_pending(Some(&id), &state).is_some());
        assert!(sessions.take_pending(Some(&id), &state).is_none());
    }

    #[test]
    fn a_sign_in_changes_the_session_id() {
        let sessions = sessions();
        let before = sessions.start(None, sessions.new_pending().expect("random")).expect("random");
        let after = sessions.sign_in(Some(&before), signed_in()).expect("random");
        assert!(sessions.view(Some(&before)).signed_in.is_none());
        assert!(sessions.view(Some(&after)).signed_in.is_some());
    }

    #[test]
    fn signing_out_needs_the_token() {
        let sessions = sessions();
        let id = sessions.sign_in(None, signed_in()).expect("random");
        assert!(!sessions.sign_out(Some(&id), ""));
        assert!(!sessions.sign_out(Some(&id), "guess"));
        let csrf = sessions.view(Some(&id)).csrf;
        assert!(sessions.sign_out(Some(&id), &csrf));
        assert!(sessions.view(Some(&id)).signed_in.is_none());
    }

    #[test]
    fn a_client_id_of_the_cookie_is_never_taken_over() {
        let sessions = sessions();
        let id = sessions.start(Some("chosen by somebody"), sessions.new_pending().expect("random"));
        assert_ne!(id.expect("random"), "chosen by somebody");
    }

    #[test]
    fn the_oldest_session_gives_way() {
        let sessions = sessions();
        let first = sessions.sign_in(None, signed_in()).expect("random");
        for _ in 0..MAX_SESSIONS {
            sessions.sign_in(None, signed_in()).expect("random");
        }
        assert!(sessions.view(Some(&first)).signed_in.is_none());
        assert_eq!(sessions.lock().sessions.len(), MAX_SESSIONS);
    }
}
