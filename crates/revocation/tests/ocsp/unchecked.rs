//! A responder whose certificate has no id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1): the lists in use say whether
//! it is revoked, and nobody else is asked.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::{OcspAbsence, OcspAnswer};
use madoguchi_revocation::{
    BreakerState, CrlFiles, CrlRefresher, CrlRefresherParts, FetchLimits, HttpsTrust, ListedResponders,
    SharedCrls, StateDir, Unobserved,
};
use madoguchi_test_pki::{CrlFault, OcspBehaviour, OcspClaim, OcspFault, RevocationReason, TestPki};
use tempfile::TempDir;

use crate::world::{TestClient, TestResponder, fault, is_good, later, limits, now, random, responder, world};

/// Lists in use.
struct Lists {
    crls: Arc<SharedCrls>,
    refresher: CrlRefresher,
    folder: TempDir,
}

impl Lists {
    fn none() -> Self {
        let (folder, crls) = (tempfile::tempdir().expect("a folder"), Arc::<SharedCrls>::default());
        let parts = CrlRefresherParts {
            state: StateDir::open(&folder.path().join("state")).expect("a state folder"),
            files: CrlFiles::default(),
            urls: Vec::new(),
            https: HttpsTrust::System,
            limits: FetchLimits::default(),
            max_octets: 1 << 20,
            anchors: vec![world().anchor.clone()],
            shared: Arc::clone(&crls),
            random: Arc::new(random()),
            stopwatch: || Duration::ZERO,
            observer: Arc::new(Unobserved),
        };
        Self { crls, refresher: CrlRefresher::open(parts).expect("an empty state folder"), folder }
    }

    /// Each municipality's list; the responder is on the first one's.
    fn of(lists: &[Vec<u8>]) -> Self {
        let mut all = Self::none();
        for der in lists {
            all.take(der);
        }
        all
    }

    fn take(&mut self, der: &[u8]) {
        let file = self.folder.path().join("a.crl");
        std::fs::write(&file, der).expect("written");
        self.refresher.take(&file, now()).expect("a list");
    }

    fn client(&self, server: &TestResponder) -> TestClient {
        let check =
            ListedResponders { crls: Arc::clone(&self.crls), max_age: Some(Duration::from_hours(48)) };
        TestClient::checked(vec![responder(server.address)], limits(), Arc::new(check))
    }
}

/// The lists of both municipalities at a moment, with the responder revoked or not.
fn lists(revoked: Option<RevocationReason>, wrong: Option<CrlFault>, seconds: u64) -> Vec<Vec<u8>> {
    let mut pki = TestPki::load(world().folder.path(), &random()).expect("the PKI");
    if let Some(reason) = revoked {
        pki.revoke(pki.responder_serial(), reason, now()).expect("revoked");
    }
    let (at, day) = (later(seconds), Duration::from_hours(24));
    let lists = match wrong {
        None => pki.crls(at, day, &random()),
        Some(fault) => pki.faulty_crls(at, day, fault, &random()),
    };
    lists.expect("lists").into_iter().map(|(_, der)| der).collect()
}

#[tokio::test]
async fn a_list_that_covers_the_responder_decides_whether_its_answers_count() {
    use RevocationReason::{CertificateHold, KeyCompromise, Unspecified};
    let (revoked, unchecked) = (OcspAbsence::ResponderRevoked, OcspAbsence::ResponderUnchecked);
    let here = |lists: Vec<Vec<u8>>| lists[..1].to_vec();
    let elsewhere = |lists: Vec<Vec<u8>>| lists[1..].to_vec();
    for (which, lists, expected) in [
        ("not listed", here(lists(None, None, 0)), None),
        ("revoked", here(lists(Some(KeyCompromise), None, 0)), Some(revoked)),
        ("revoked without a reason", here(lists(Some(Unspecified), None, 0)), Some(revoked)),
        ("on hold", here(lists(Some(CertificateHold), None, 0)), Some(revoked)),
        // What is revoked stays so, however old the list is; what is not listed needs a fresh one.
        ("listed by a stale list", here(lists(Some(KeyCompromise), Some(CrlFault::Stale), 0)), Some(revoked)),
        ("stale", here(lists(None, Some(CrlFault::Stale), 0)), Some(unchecked)),
        ("another municipality's", elsewhere(lists(None, None, 0)), Some(unchecked)),
        ("of CA certificates", here(lists(None, Some(CrlFault::OnlyCaCertificates), 0)), Some(unchecked)),
        ("none", Vec::new(), Some(unchecked)),
    ] {
        let server = TestResponder::with(fault(OcspFault::ResponderUnchecked)).await;
        let client = Lists::of(&lists).client(&server);
        let answer = client.ask(0, now()).await;
        match expected {
            None => assert!(is_good(answer), "{which}: {answer:?}"),
            Some(absence) => assert_eq!(answer, OcspAnswer::None(absence), "{which}"),
        }
        let alarm = (expected == Some(revoked)).then_some("ocsp_responder_revoked");
        assert_eq!(client.raised(), Vec::from_iter(alarm), "{which}");
        assert_eq!(server.requests(), 1, "{which}: nobody is asked about the responder");
    }
}

/// With the list, and not before, and whatever the responder says.
#[tokio::test]
async fn a_list_that_comes_later_makes_the_answers_count_without_a_restart() {
    let revoked = OcspBehaviour { status: Some(OcspClaim::Revoked), ..fault(OcspFault::ResponderUnchecked) };
    let server = TestResponder::with(revoked).await;
    let mut running = Lists::none();
    let client = running.client(&server);
    // Ours to mend, not the responder's: however many ask, it is not left alone.
    for asked in 1..=5 {
        assert_eq!(client.ask(0, now()).await, OcspAnswer::None(OcspAbsence::ResponderUnchecked));
        assert_eq!(server.requests(), asked);
    }
    assert_eq!(client.client.health(now()).responders[0].breaker, BreakerState::Closed);
    running.take(&lists(None, None, 0)[0]);
    assert!(matches!(client.ask(0, now()).await, OcspAnswer::Revoked(_)));
    server.switch.set(fault(OcspFault::ResponderUnchecked));
    assert!(is_good(client.ask(1, now()).await));
    // And the next one takes them away.
    running.take(&lists(Some(RevocationReason::KeyCompromise), None, 60).remove(0));
    assert_eq!(client.ask(2, later(60)).await, OcspAnswer::None(OcspAbsence::ResponderRevoked));
}

/// A certificate with id-pkix-ocsp-nocheck is believed as long as it is valid (RFC 6960 section 4.2.2.2.1).
#[tokio::test]
async fn with_nocheck_no_list_is_asked() {
    let server = TestResponder::start().await;
    let lists = Lists::of(&lists(Some(RevocationReason::KeyCompromise), None, 0)[..1]);
    assert!(is_good(lists.client(&server).ask(0, now()).await));
}
