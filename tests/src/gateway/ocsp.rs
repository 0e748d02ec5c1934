//! OCSP without a network: the test PKI's responder, asked in process.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use madoguchi_cert_verify::{
    Anchor, CertIdHash, NoncePolicy, OcspAbsence, OcspEvidence, OcspSettings, ResponderStanding,
    VerifiedPath, ocsp_evidence, ocsp_request,
};
use madoguchi_revocation::OcspSource;
use madoguchi_test_pki::{OcspBehaviour, OcspClaim, OcspFault, TestPki};
use rustls_pki_types::UnixTime;
use tokio::sync::Semaphore;

use super::random;

/// A responder that does what it is told to.
pub struct TestOcsp {
    pki: Arc<Mutex<TestPki>>,
    behaviour: Mutex<Option<OcspBehaviour>>,
    asked: Semaphore,
    may_answer: Semaphore,
    waits: Mutex<bool>,
}

impl TestOcsp {
    pub(crate) fn new(pki: Arc<Mutex<TestPki>>) -> Self {
        let waits = Mutex::new(false);
        let (asked, may_answer) = (Semaphore::new(0), Semaphore::new(0));
        Self { pki, behaviour: Mutex::new(Some(OcspBehaviour::default())), asked, may_answer, waits }
    }

    /// Answers rightly.
    pub fn right(&self) {
        self.behave(Some(OcspBehaviour::default()));
    }

    /// Does not answer.
    pub fn silent(&self) {
        self.behave(None);
    }

    /// Says this of every certificate.
    pub fn says(&self, status: OcspClaim) {
        self.behave(Some(OcspBehaviour { status: Some(status), ..OcspBehaviour::default() }));
    }

    /// Answers with something wrong in it.
    pub fn faulty(&self, fault: OcspFault) {
        self.behave(Some(OcspBehaviour { fault: Some(fault), ..OcspBehaviour::default() }));
    }

    fn behave(&self, behaviour: Option<OcspBehaviour>) {
        *self.behaviour.lock().expect("a lock") = behaviour;
    }

    /// From now on each answer waits for [`Self::let_answer`].
    pub fn hold_answers(&self) {
        *self.waits.lock().expect("a lock") = true;
    }

    /// From now on answers wait for nothing; one that waits still does.
    pub fn answer_at_once(&self) {
        *self.waits.lock().expect("a lock") = false;
    }

    /// Waits until somebody has asked and waits for an answer.
    pub async fn was_asked(&self) {
        self.asked.acquire().await.expect("an open semaphore").forget();
    }

    /// Lets one answer go.
    pub fn let_answer(&self) {
        self.may_answer.add_permits(1);
    }

    fn answer(&self, path: &VerifiedPath, now: UnixTime) -> OcspEvidence {
        let behaviour = *self.behaviour.lock().expect("a lock");
        let Some(behaviour) = behaviour else { return OcspEvidence::none(path, OcspAbsence::Unreachable) };
        let pki = self.pki.lock().expect("a lock");
        let anchor = Anchor::new(pki.auth_ca()).expect("an anchor");
        let request = ocsp_request(path.certificate(), anchor.public_key(), CertIdHash::Sha1, None, None);
        let request = request.expect("a request");
        let response = pki.answer_ocsp_so(&request, behaviour, now, random()).expect("a response");
        let trusted = |_: &_| ResponderStanding::Good;
        let settings = OcspSettings::default();
        ocsp_evidence(path, &anchor, &response, NoncePolicy::Ignore, &settings, &trusted, now).0
    }
}

#[async_trait]
impl OcspSource for TestOcsp {
    async fn evidence(&self, path: &VerifiedPath, now: UnixTime) -> OcspEvidence {
        if *self.waits.lock().expect("a lock") {
            self.asked.add_permits(1);
            self.may_answer.acquire().await.expect("an open semaphore").forget();
        }
        self.answer(path, now)
    }
}
