//! Who wants to see how a judgement comes about.

use std::cell::RefCell;
use std::fmt::Display;

use crate::judge::SourceSeen;
use crate::judge::revocation::Standing;
use crate::path::{Check, Observer, Place};
use crate::{Certificate, Error, Name, NoObserver};

/// Sees everything in the order in which it happens.
pub trait Watch: Observer {
    /// Something that was offered cannot be used; `index` counts from 0 among its kind.
    fn put_aside(&mut self, kind: &str, index: usize, why: &dyn Display);

    /// Whether a certificate is revoked is not known, and that is no reason to refuse it.
    fn not_shown(&mut self, place: Place, subject: &Name, why: &dyn Display);

    /// Whether [`Self::source`] is to be told: finding it out is work.
    fn wants_sources(&self) -> bool {
        false
    }

    /// What one of the lists and responses does for the answer about a certificate, before that answer.
    fn source(&mut self, _place: Place, _subject: &Name, _source: &SourceSeen) {}
}

impl Watch for NoObserver {
    fn put_aside(&mut self, _kind: &str, _index: usize, _why: &dyn Display) {}

    fn not_shown(&mut self, _place: Place, _subject: &Name, _why: &dyn Display) {}
}

/// Path rules and revocation show their checks to the same watcher in turn.
pub(super) struct Shared<'w>(RefCell<&'w mut dyn Watch>);

impl<'w> Shared<'w> {
    pub(super) fn new(watch: &'w mut dyn Watch) -> Self {
        Self(RefCell::new(watch))
    }

    pub(super) fn sources(
        &self,
        place: Place,
        certificate: &Certificate,
        sources: impl FnOnce() -> Vec<SourceSeen>,
    ) {
        // The borrow ends before the sources are asked.
        if !self.0.borrow().wants_sources() {
            return;
        }
        for source in sources() {
            self.0.borrow_mut().source(place, certificate.subject(), &source);
        }
    }

    pub(super) fn revocation(
        &self,
        place: Place,
        certificate: &Certificate,
        standing: &Result<Standing, Error>,
        required: bool,
    ) {
        let mut watch = self.0.borrow_mut();
        let subject = certificate.subject();
        match standing {
            Ok(Standing::Good(_)) => watch.checked(place, subject, Check::Revocation, Ok(())),
            Ok(Standing::Open(error)) if required => {
                watch.checked(place, subject, Check::Revocation, Err(error));
            }
            Ok(Standing::Open(error)) => watch.not_shown(place, subject, error),
            Err(error) => watch.checked(place, subject, Check::Revocation, Err(error)),
        }
    }
}

impl Observer for &Shared<'_> {
    fn path(&mut self, anchor: &Certificate, certificates: &[&Certificate]) {
        self.0.borrow_mut().path(anchor, certificates);
    }

    fn checked(&mut self, place: Place, subject: &Name, check: Check, result: Result<(), &Error>) {
        self.0.borrow_mut().checked(place, subject, check, result);
    }
}
