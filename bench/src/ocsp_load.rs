//! Sign-ins' checks with OCSP on: a responder that takes 100 ms, one that dies while residents sign in, and comes back.
//!
//! What is measured is everything between a verified signature and the verdict: path, OCSP, list, table. The responder
//! is in this process and signs with P-256, so that it takes little of the two cores.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use madoguchi_cert_verify::{
    Anchor, CertIdHash, Certificate, PathPolicy, Sources, Verdict, decide, verify_path,
};
use madoguchi_revocation::{
    BreakerSettings, BreakerState, HttpUrl, Method, NoResponderCheck, NonceUse, OcspClient, OcspClientParts,
    OcspLimits, OcspSource as _, Responder, SharedCrls,
};
use madoguchi_test_pki::{CardOptions, KeyKind, Options, TestPki};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use tokio::task::JoinSet;

use crate::shelf::refreshed;
use crate::slow_responder::SlowResponder;
use crate::world::World;

/// Prints what it finds; false when sign-ins were lost, asked twice or did not recover.
pub(crate) fn run() -> bool {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let town = Arc::new(runtime.block_on(Town::new()));
    println!("\nSign-ins' checks with OCSP, a responder of {DELAY:?}, {AT_ONCE} residents at once");
    let mut well = runtime.block_on(rates(&town));
    well &= runtime.block_on(outage(&town));
    well
}

/// An authority with cards, its lists on a shelf, and its responder.
struct Town {
    anchors: Vec<Anchor>,
    policy: PathPolicy,
    cards: Vec<Certificate>,
    crls: Arc<SharedCrls>,
    responder: Arc<SlowResponder>,
    url: HttpUrl,
}

impl Town {
    async fn new() -> Self {
        let random = SystemRandom::new();
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let mut pki = TestPki::create(&options, now(), &random).expect("a PKI");
        let card = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
        let cards = (0..CARDS)
            .map(|_| {
                let card = pki.issue_card(&card, now(), &random).expect("a card");
                Certificate::parse(&card.auth_certificate).expect("a certificate")
            })
            .collect();
        let anchors = vec![Anchor::new(pki.auth_ca()).expect("an anchor")];
        let folder = tempfile::tempdir().expect("a folder");
        let (crls, mut refresher) = refreshed(&folder.path().join("state"), None, &anchors);
        for (name, list) in pki.crls(now(), Duration::from_hours(24), &random).expect("lists") {
            let path = folder.path().join(name);
            std::fs::write(&path, list).expect("written");
            refresher.take(&path, now()).expect("taken");
        }
        let responder = Arc::new(SlowResponder::new(pki, DELAY));
        let address = responder.serve().await;
        let url = HttpUrl::parse(&format!("http://{address}/")).expect("a URL");
        Self { anchors, policy: World::policy(), cards, crls, responder, url }
    }

    fn client(&self, nonce: NonceUse, reuse_for: Duration, open_for: Duration) -> OcspClient {
        let responder = Responder {
            url: self.url.clone(),
            method: Method::Post,
            nonce,
            hash: CertIdHash::Sha1,
            max_age: Duration::from_hours(24),
            reuse_for,
        };
        let breaker = BreakerSettings { open_for, ..OcspLimits::default().breaker };
        OcspClient::new(OcspClientParts {
            responders: vec![responder],
            limits: OcspLimits { breaker, ..OcspLimits::default() },
            anchors: self.anchors.clone(),
            check: Arc::new(NoResponderCheck),
            random: Arc::new(SystemRandom::new()),
            alarms: Arc::default(),
            tls: None,
        })
    }

    /// One sign-in's check: the source that its verdict rests on.
    async fn check(&self, client: Option<&OcspClient>, card: usize) -> &'static str {
        let now = now();
        let certificate = &self.cards[card % self.cards.len()];
        let path = verify_path(certificate, &self.anchors, &self.policy, now).expect("a path");
        let (sources, ocsp) = match client {
            Some(client) => (Sources::Both, client.evidence(&path, now).await),
            None => {
                let none = madoguchi_cert_verify::OcspAbsence::NotConfigured;
                (Sources::CrlOnly, madoguchi_cert_verify::OcspEvidence::none(&path, none))
            }
        };
        let crl = self.crls.shelf().evidence(&path, now, Some(Duration::from_hours(48)));
        match decide(&path, sources, ocsp, crl, &[]).verdict {
            Verdict::NotRevoked(proof) => proof.source().name(),
            _ => "not signed in",
        }
    }

    fn requests(&self) -> u64 {
        self.responder.take_requests()
    }
}

/// So many checks, so many at once.
async fn checks(
    town: &Arc<Town>,
    client: Option<&Arc<OcspClient>>,
    count: usize,
    card: fn(usize) -> usize,
) -> (Duration, BTreeMap<&'static str, u64>) {
    let next = Arc::new(AtomicU64::new(0));
    let mut residents = JoinSet::new();
    let start = Instant::now();
    for _ in 0..AT_ONCE {
        let (town, client, next) = (Arc::clone(town), client.cloned(), Arc::clone(&next));
        residents.spawn(async move {
            let mut outcomes = BTreeMap::<_, u64>::new();
            loop {
                let number = usize::try_from(next.fetch_add(1, Ordering::SeqCst)).expect("a number");
                if number >= count {
                    return outcomes;
                }
                *outcomes.entry(town.check(client.as_deref(), card(number)).await).or_default() += 1;
            }
        });
    }
    let mut outcomes = BTreeMap::<_, u64>::new();
    while let Some(resident) = residents.join_next().await {
        for (outcome, count) in resident.expect("a resident") {
            *outcomes.entry(outcome).or_default() += count;
        }
    }
    (start.elapsed(), outcomes)
}

/// Distinct certificates, the same ones again, and one certificate that everybody waits for.
async fn rates(town: &Arc<Town>) -> bool {
    let hour = Duration::from_hours(1);
    let each: fn(usize) -> usize = |number| number;
    let same: fn(usize) -> usize = |_| 0;
    let keeping = Arc::new(town.client(NonceUse::Prefer, hour, hour));
    let asking = Arc::new(town.client(NonceUse::Require, hour, hour));
    let mut well = true;
    println!("  {:<58} {:>12} {:>10}  rests on", "", "sign-ins/s", "requests");
    let rows: [(&str, Option<&Arc<OcspClient>>, usize, fn(usize) -> usize, Option<u64>); 4] = [
        ("no OCSP: lists only", None, CARDS, each, Some(0)),
        ("OCSP, each certificate once", Some(&keeping), CARDS, each, Some(CARDS as u64)),
        ("the same certificates again: kept answers", Some(&keeping), CARDS, each, Some(0)),
        ("one certificate, a nonce required: one request for all", Some(&asking), CARDS, same, None),
    ];
    for (name, client, count, card, expected) in rows {
        let (time, outcomes) = checks(town, client, count, card).await;
        let requests = town.requests();
        let rate = count as f64 / time.as_secs_f64();
        println!("  {name:<58} {rate:>12.0} {requests:>10}  {outcomes:?}");
        // A resident who has an answer comes again at once: about as many wait for each request as there are.
        let few = (count / AT_ONCE) as u64 * 2 + 2;
        well &= expected.map_or(requests <= few, |expected| requests == expected);
        well &= !outcomes.contains_key("not signed in");
    }
    well
}

/// Residents keep coming while the responder dies and comes back.
async fn outage(town: &Arc<Town>) -> bool {
    println!(
        "\n  The responder accepts and says nothing from second {DIES} to second {BACK}; the breaker opens for {OPEN_FOR:?}"
    );
    println!(
        "  {:>6} {:>12} {:>12} {:>14} {:>10}  breaker",
        "second", "ocsp+crl/s", "crl/s", "not signed in", "requests"
    );
    let client = Arc::new(town.client(NonceUse::Require, Duration::ZERO, OPEN_FOR));
    let stop = Arc::new(AtomicBool::new(false));
    let counts: Arc<[AtomicU64; 3]> = Arc::default();
    let mut residents = JoinSet::new();
    for resident in 0..AT_ONCE {
        let (town, client, stop, counts) =
            (Arc::clone(town), Arc::clone(&client), Arc::clone(&stop), Arc::clone(&counts));
        residents.spawn(async move {
            let mut card = resident;
            while !stop.load(Ordering::SeqCst) {
                let place = match town.check(Some(&client), card).await {
                    "ocsp+crl" => 0,
                    "crl" => 1,
                    _ => 2,
                };
                counts[place].fetch_add(1, Ordering::SeqCst);
                card += AT_ONCE;
                // A resident takes a moment; without it lists alone would fill both cores.
                tokio::time::sleep(DELAY).await;
            }
        });
    }
    let (mut well, mut was_open, mut last) = (true, false, [0; 3]);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.tick().await;
    town.requests();
    for second in 1..=SECONDS {
        tick.tick().await;
        let [both, lists, lost] = [0, 1, 2].map(|place| counts[place].swap(0, Ordering::SeqCst));
        let state = client.health(now()).responders[0].breaker;
        println!("  {second:>6} {both:>12} {lists:>12} {lost:>14} {:>10}  {}", town.requests(), state.name());
        was_open |= state == BreakerState::Open;
        well &= lost == 0;
        last = [both, lists, lost];
        town.responder.fall_silent((DIES..BACK).contains(&second));
    }
    stop.store(true, Ordering::SeqCst);
    residents.join_all().await;
    well && was_open && last[0] > 0 && last[1] == 0
}

/// The edge of this program.
fn now() -> UnixTime {
    UnixTime::now()
}

const DELAY: Duration = Duration::from_millis(100);
const AT_ONCE: usize = 200;
const CARDS: usize = 2000;
/// Shorter than the gateway's 30 s, so that the run is short.
const OPEN_FOR: Duration = Duration::from_secs(5);
const DIES: u64 = 4;
const BACK: u64 = 14;
const SECONDS: u64 = 24;
