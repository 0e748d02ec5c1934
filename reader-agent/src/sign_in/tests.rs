//! The flow against a gateway that checks like the real one and a card in software that behaves like the real one.

use std::io::Write;

use madoguchi_cert_verify::Anchor;
use madoguchi_mock_card::{
    Card, CardContents, EcdsaForm, Fault, FaultPlan, InstalledApplication, Persona, Scenario, Slot,
};
use madoguchi_protocol::Octets;
use madoguchi_test_pki::{CardOptions, CertificateFault, KeyKind};
use tracing::Level;

use super::*;
use crate::TestAnchors;
use crate::testing::{
    Desktop, FakeGateway, HandClock, Keys, Meanwhile, Mind, Resident, clerk, issue, origin, pki,
};

const TICKET: Octets<32> = Octets([9; 32]);

struct Scene {
    clerk: Clerk<Desktop, Resident>,
    desktop: Desktop,
    gateway: Arc<FakeGateway>,
    mind: Arc<Mutex<Mind>>,
    clock: Arc<HandClock>,
}

impl Scene {
    fn new(card: &CardContents, scenario: &Scenario) -> Self {
        let desktop = Desktop::new(card, scenario);
        let resident = Resident::default();
        let gateway = Arc::new(FakeGateway::default());
        let clock = Arc::new(HandClock::default());
        let clerk = clerk(desktop.clone(), &resident, &gateway, &clock);
        Self { clerk, desktop, gateway, mind: resident.0, clock }
    }

    fn mind(&self, change: impl FnOnce(&mut Mind)) {
        change(&mut self.mind.lock().expect("the mind"));
    }

    /// Runs one sign-in and checks what must hold whatever happened.
    fn run(&mut self) -> Result<(), ErrorCode> {
        let ticket = Secret::decode(&TICKET.encode()).expect("32 octets");
        let end = self.clerk.serve(Order { gateway: origin(), ticket });
        let result = *self.mind.lock().expect("the mind").ends.last().expect("an end");
        let End::Redirect(url) = end else { panic!("{end:?}") };
        let id = Octets([1; 16]);
        let finished = *self.gateway.finished.lock().expect("the count");
        match result {
            Ok(()) => {
                let verifier =
                    url.strip_prefix(&format!("http://localhost:24810/sign-in/{id}/return?v=")).expect("v");
                let verifier = Secret::<32>::decode(verifier).expect("32 octets");
                let claims = self.gateway.claims.lock().expect("the list");
                assert_eq!(claims.last().expect("a claim").return_verifier_hash, verifier.hash());
                assert_eq!(finished, 1);
                assert!(self.gateway.cancelled.lock().expect("the list").is_empty());
            }
            Err(code) => {
                assert_eq!(*url, format!("http://localhost:24810/sign-in/{id}/stopped"));
                assert_eq!(finished, 0);
                // What the gateway itself refused needs no cancel.
                let refused = self.gateway.refuse_finish.lock().expect("the code").is_some();
                let expected: &[ErrorCode] = if refused { &[] } else { &[code] };
                assert_eq!(*self.gateway.cancelled.lock().expect("the list"), expected);
            }
        }
        self.desktop.assert_left_well();
        assert!(self.clerk.running.claim.lock().expect("the claim").is_none());
        result
    }
}

/// The policy of automation for cards of this authority.
fn test_only(ca: &[u8]) -> CardPolicy {
    let anchor = Anchor::new(ca).expect("an anchor");
    CardPolicy::TestOnly(TestAnchors::new(vec![anchor]).expect("not JPKI"))
}

fn with_tries(auth_tries: u8) -> Scenario {
    Scenario { auth_tries, ..Scenario::default() }
}

/// Every ending of a healthy card, on one card: making its keys takes a second.
#[test]
fn pins_and_tries() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    let scene = |tries| Scene::new(&card, &with_tries(tries));

    let mut right = scene(3);
    assert_eq!(right.run(), Ok(()));
    assert_eq!(right.desktop.verifies(), 1);
    assert!(right.mind.lock().expect("the mind").notices.ends_with(&[Notice::Sending]));
    {
        let claims = right.gateway.claims.lock().expect("the list");
        let claim = claims.last().expect("a claim");
        assert_eq!(
            (claim.version, claim.counter, claim.ticket.hash()),
            (1, false, madoguchi_protocol::sha256(&TICKET.0))
        );
    }

    let mut wrong_then_right = scene(3);
    wrong_then_right.mind(|mind| {
        mind.pins = ["0000", "1234"].into();
        mind.again = true;
    });
    assert_eq!(wrong_then_right.run(), Ok(()));
    assert_eq!(wrong_then_right.desktop.verifies(), 2);
    assert_eq!(wrong_then_right.mind.lock().expect("the mind").asked_with, [3, 2]);
    assert_eq!(wrong_then_right.desktop.tries_left(), Some(3));

    let mut wrong = scene(3);
    wrong.mind(|mind| mind.pins = ["0000", "1234"].into());
    assert_eq!(wrong.run(), Err(ErrorCode::PinWrong));
    assert_eq!(
        (wrong.desktop.verifies(), wrong.desktop.tries_left()),
        (1, Some(2)),
        "nothing is retried by itself"
    );

    let mut last = scene(1);
    assert_eq!(last.run(), Err(ErrorCode::PinLastTry));
    assert_eq!((last.desktop.verifies(), last.desktop.tries_left()), (0, Some(1)));

    let mut insists = scene(1);
    insists.mind(|mind| mind.insists = true);
    assert_eq!(insists.run(), Ok(()));

    let mut loses = scene(1);
    loses.mind(|mind| {
        mind.insists = true;
        mind.again = true;
        mind.pins = ["0000", "1234"].into();
    });
    assert_eq!(loses.run(), Err(ErrorCode::PinBlocked));
    assert_eq!((loses.desktop.verifies(), loses.desktop.tries_left()), (1, Some(0)));

    let mut blocked = scene(0);
    assert_eq!(blocked.run(), Err(ErrorCode::PinBlocked));
    assert_eq!(blocked.desktop.verifies(), 0);

    let mut nothing_typed = scene(3);
    nothing_typed.mind(|mind| mind.pins.clear());
    assert_eq!(nothing_typed.run(), Err(ErrorCode::Declined));
    assert_eq!(nothing_typed.desktop.verifies(), 0);
}

#[test]
fn what_stops_it_before_the_card_is_touched() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    let scene = || Scene::new(&card, &Scenario::default());
    let untouched = |scene: &Scene| assert_eq!(*scene.desktop.opened.lock().expect("the count"), 0);

    let mut declined = scene();
    declined.mind(|mind| mind.consent = Err(ErrorCode::Declined));
    assert_eq!(declined.run(), Err(ErrorCode::Declined));
    untouched(&declined);

    let mut unknown_kind = scene();
    unknown_kind.gateway.answer.lock().expect("the answer").kind = "sign-document-v1".to_owned();
    assert_eq!(unknown_kind.run(), Err(ErrorCode::AgentTooOld));
    untouched(&unknown_kind);

    let mut unshowable = scene();
    unshowable.gateway.answer.lock().expect("the answer").display.push(0);
    assert_eq!(unshowable.run(), Err(ErrorCode::RequestInvalid));
    untouched(&unshowable);

    for code in [ErrorCode::SignInUnknown, ErrorCode::TicketUsed, ErrorCode::AgentTooOld] {
        let mut refused = scene();
        *refused.gateway.refuse_claim.lock().expect("the code") = Some(code);
        let ticket = Secret::decode(&TICKET.encode()).expect("32 octets");
        assert_eq!(refused.clerk.serve(Order { gateway: origin(), ticket }), End::Page(code));
        assert!(refused.gateway.cancelled.lock().expect("the list").is_empty());
        untouched(&refused);
    }
}

#[test]
fn time_and_interrupts_stop_it_before_verify() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    for (seconds, code) in [(581, ErrorCode::TooLittleTime), (600, ErrorCode::SignInExpired)] {
        let mut scene = Scene::new(&card, &Scenario::default());
        let clock = Arc::clone(&scene.clock);
        scene.mind(|mind| {
            mind.while_typing = Some(Box::new(move || clock.advance(Duration::from_secs(seconds))));
        });
        assert_eq!(scene.run(), Err(code));
        assert_eq!(scene.desktop.verifies(), 0);
    }

    // No gateway gets more of our time than the protocol gives.
    let mut generous = Scene::new(&card, &Scenario::default());
    generous.gateway.answer.lock().expect("the answer").expires_in = u64::MAX;
    let clock = Arc::clone(&generous.clock);
    generous.mind(|mind| mind.while_typing = Some(Box::new(move || clock.advance(Duration::from_mins(10)))));
    assert_eq!(generous.run(), Err(ErrorCode::SignInExpired));

    let mut replaced = Scene::new(&card, &Scenario::default());
    let (running, interrupt) = (replaced.clerk.running.clone(), replaced.clerk.interrupt.clone());
    let gateway = Arc::clone(&replaced.gateway);
    replaced.mind(|mind| {
        mind.while_typing = Some(Box::new(move || {
            // As long as the gateway gives the same answer, nothing happens.
            running.check(&*gateway, &interrupt);
            *gateway.refuse_claim.lock().expect("the code") = Some(ErrorCode::SignInReplaced);
            running.check(&*gateway, &interrupt);
        }));
    });
    assert_eq!(replaced.run(), Err(ErrorCode::SignInReplaced));
    assert_eq!(replaced.desktop.verifies(), 0);
    let claims = replaced.gateway.bodies.lock().expect("the list");
    assert_eq!(claims[0], claims[1], "the same claim");
    assert_eq!(claims[0], claims[2], "the same claim");
}

#[test]
fn the_card_is_pulled_out_at_every_command() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    let mut healthy = Scene::new(&card, &Scenario::default());
    assert_eq!(healthy.run(), Ok(()));
    let all = healthy.desktop.commands.lock().expect("the list").clone();
    let last_needed = all.len() - 1;
    assert_eq!(all[last_needed].0, 0xA4, "the last command leaves the application");
    for at in 1..=last_needed {
        for removal in [Fault::Remove, Fault::RemoveAfter] {
            let fault = FaultPlan::new(removal, u32::try_from(at).expect("a small number"));
            let scenario = Scenario { fault: Some(fault), ..Scenario::default() };
            let mut scene = Scene::new(&card, &scenario);
            assert_eq!(scene.run(), Err(ErrorCode::CardRemoved), "at command {at}");
            assert!(scene.desktop.verifies() <= 1, "at command {at}");
            let told = scene
                .mind
                .lock()
                .expect("the mind")
                .notices
                .contains(&Notice::TryMayBeSpent { tries_left: None });
            assert_eq!(told, all[at - 1].0 == 0x20 && all[at - 1].1 > 0, "at command {at}");
        }
    }
}

/// The connection breaks at VERIFY, and the card is still there afterwards, or another one is.
#[test]
fn after_a_broken_verify_the_card_is_asked_for_its_tries() {
    let mut pki = pki();
    let (card, other) = (issue(&mut pki, &CardOptions::default()), issue(&mut pki, &CardOptions::default()));
    let mut healthy = Scene::new(&card, &Scenario::default());
    assert_eq!(healthy.run(), Ok(()));
    let commands = healthy.desktop.commands.lock().expect("the list").clone();
    let verify = commands.iter().position(|(ins, length)| *ins == 0x20 && *length > 0).expect("a VERIFY") + 1;
    let scene = |fault| {
        let fault = FaultPlan::new(fault, u32::try_from(verify).expect("a small number"));
        let scene = Scene::new(&card, &Scenario { fault: Some(fault), ..Scenario::default() });
        scene.mind(|mind| mind.pins = ["0000"].into());
        scene
    };
    let told = |scene: &Scene| scene.mind.lock().expect("the mind").notices.last().copied();

    let mut reset = scene(Fault::WarmReset);
    assert_eq!(reset.run(), Err(ErrorCode::CardBusy));
    assert_eq!(told(&reset), Some(Notice::TryMayBeSpent { tries_left: Some(3) }));
    assert_eq!(reset.desktop.tries_left(), Some(3));

    let mut no_diagnosis = scene(Fault::NoDiagnosis);
    assert_eq!(no_diagnosis.run(), Err(ErrorCode::CardError));
    assert_eq!(told(&no_diagnosis), Some(Notice::TryMayBeSpent { tries_left: Some(3) }));
    // One VERIFY, and nothing but questions after it.
    assert_eq!(no_diagnosis.desktop.verifies(), 1);

    let mut swapped = scene(Fault::WarmReset);
    let scenario = Scenario { auth_tries: 1, ..Scenario::default() };
    let slot = Slot::new(Card::new(&other, &scenario).expect("a card"), &scenario);
    *swapped.desktop.swapped_for.lock().expect("the slot") = Some(slot);
    assert_eq!(swapped.run(), Err(ErrorCode::CardBusy));
    assert_eq!(told(&swapped), Some(Notice::TryMayBeSpent { tries_left: None }), "another card lies there");

    let mut blocked = scene(Fault::WarmReset);
    let none_left = with_tries(0);
    let slot = Slot::new(Card::new(&card, &none_left).expect("a card"), &none_left);
    *blocked.desktop.swapped_for.lock().expect("the slot") = Some(slot);
    assert_eq!(blocked.run(), Err(ErrorCode::PinBlocked), "it was the last");
    assert_eq!(told(&blocked), Some(Notice::TryMayBeSpent { tries_left: Some(0) }));
}

#[test]
fn the_pin_is_typed_on_a_reader_that_has_a_keypad() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    let scene = |tries, keys: &[Keys]| {
        let mut scene = Scene::new(&card, &with_tries(tries));
        scene.desktop.keypad = Some(Arc::new(Mutex::new(keys.iter().copied().collect())));
        scene.clerk.source = scene.desktop.clone();
        scene.mind(|mind| mind.again = true);
        scene
    };
    let asked = |scene: &Scene| {
        let mind = scene.mind.lock().expect("the mind");
        assert!(mind.asked_with.is_empty(), "no PIN enters the computer");
        mind.asked_on_reader.clone()
    };

    let mut right = scene(3, &[Keys::Pin("1234")]);
    assert_eq!(right.run(), Ok(()));
    assert_eq!(asked(&right), [3]);
    assert_eq!(right.desktop.verifies(), 1);

    let mut wrong_then_right = scene(3, &[Keys::Pin("0000"), Keys::Pin("1234")]);
    assert_eq!(wrong_then_right.run(), Ok(()));
    assert_eq!(asked(&wrong_then_right), [3, 2]);

    let mut blocked = scene(2, &[Keys::Pin("0000"), Keys::Pin("9999")]);
    blocked.mind(|mind| mind.insists = true);
    assert_eq!(blocked.run(), Err(ErrorCode::PinBlocked));
    assert_eq!(asked(&blocked), [2, 1]);

    let mut cancelled = scene(3, &[Keys::Nothing(0x6401)]);
    assert_eq!(cancelled.run(), Err(ErrorCode::Declined));
    assert_eq!((cancelled.desktop.verifies(), cancelled.desktop.tries_left()), (0, Some(3)));

    let mut slow = scene(3, &[Keys::Nothing(0x6400), Keys::Nothing(0x6403), Keys::Pin("1234")]);
    assert_eq!(slow.run(), Ok(()));
    assert_eq!(asked(&slow), [3, 3, 3]);

    let mut gone = scene(3, &[Keys::Nothing(0x6400)]);
    gone.mind(|mind| mind.again = false);
    assert_eq!(gone.run(), Err(ErrorCode::Declined));

    let mut last = scene(1, &[]);
    assert_eq!(last.run(), Err(ErrorCode::PinLastTry));
    assert_eq!(asked(&last), [0_u8; 0]);

    // A keypad cannot be called off: it is not asked when its time would run into the time that a PIN needs.
    for (left, ends) in [(34, Err(ErrorCode::TooLittleTime)), (35, Ok(()))] {
        let mut late = scene(3, &[Keys::Pin("1234")]);
        late.gateway.answer.lock().expect("the answer").expires_in = left;
        assert_eq!(late.run(), ends, "{left} seconds are left");
    }
    // Nor when the card took the time, over the look at the counter after the last look at the clock.
    let verify = right.desktop.commands.lock().expect("the list").iter().position(|seen| *seen == (0x20, 4));
    for (seconds, ends) in [(550, Ok(())), (551, Err(ErrorCode::TooLittleTime))] {
        let mut stalls = scene(3, &[Keys::Pin("1234")]);
        let clock = Arc::clone(&stalls.clock);
        let happens = Box::new(move || clock.advance(Duration::from_secs(seconds)));
        let at = verify.expect("a VERIFY");
        *stalls.desktop.meanwhile.lock().expect("what happens") = Some(Meanwhile { at, happens });
        assert_eq!(stalls.run(), ends, "the look takes {seconds} seconds");
    }
}

/// 6400 can be the reader's "nothing typed" and the card's "something went wrong": only the counter tells.
#[test]
fn no_try_was_used_on_the_keypad_only_when_the_counter_says_so() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    for (tries, left, code) in [(3, 2, ErrorCode::CardError), (1, 0, ErrorCode::PinBlocked)] {
        let mut scene = Scene::new(&card, &with_tries(tries));
        scene.desktop.keypad = Some(Arc::new(Mutex::new([Keys::Secretly("0000")].into())));
        scene.clerk.source = scene.desktop.clone();
        scene.mind(|mind| {
            mind.insists = true;
            mind.again = true;
        });
        assert_eq!(scene.run(), Err(code));
        let mind = scene.mind.lock().expect("the mind");
        assert_eq!(mind.asked_on_reader, [tries], "and not once more");
        assert_eq!(mind.notices.last(), Some(&Notice::TryMayBeSpent { tries_left: Some(left) }));
    }
}

#[test]
fn a_panic_leaves_the_card_clean_and_the_clerk_at_work() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    let mut scene = Scene::new(&card, &Scenario::default());
    scene.mind(|mind| mind.while_typing = Some(Box::new(|| panic!("on purpose"))));
    assert_eq!(scene.run(), Err(ErrorCode::Internal));
    assert_eq!(scene.desktop.commands.lock().expect("the list").last().map(|(ins, _)| *ins), Some(0xA4));
    // The gateway was told; the next one is another sign-in to it.
    scene.gateway.cancelled.lock().expect("the list").clear();
    assert_eq!(scene.run(), Ok(()));
}

#[test]
fn after_a_wrong_pin_the_tries_left_are_told_at_the_end() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    let mut wrong = Scene::new(&card, &Scenario::default());
    wrong.mind(|mind| mind.pins = ["0000"].into());
    assert_eq!(wrong.run(), Err(ErrorCode::PinWrong));
    assert_eq!(wrong.mind.lock().expect("the mind").told_tries, Some(2));
}

/// Nobody has such a card: only automation with test cards looks for it.
#[test]
fn the_hypothetical_card_signs_for_test_anchors_only() {
    let mut pki = pki();
    let options = CardOptions { key: KeyKind::P384, ..CardOptions::default() };
    let card = issue(&mut pki, &options);
    for ecdsa_form in [EcdsaForm::Raw, EcdsaForm::Der] {
        let scenario = Scenario { persona: Persona::NextGenerationP384, ecdsa_form, ..Scenario::default() };
        let mut scene = Scene::new(&card, &scenario);
        scene.clerk.policy = test_only(pki.auth_ca());
        assert_eq!(scene.run(), Ok(()), "{ecdsa_form:?}");
    }
    let scenario = Scenario { persona: Persona::NextGenerationP384, ..Scenario::default() };
    let mut resident = Scene::new(&card, &scenario);
    assert_eq!(resident.run(), Err(ErrorCode::NotMyNumberCard));
    assert_eq!(resident.desktop.verifies(), 0);
}

#[test]
fn other_cards_are_left_alone() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    let scenario = Scenario { application: InstalledApplication::None, ..Scenario::default() };
    let mut scene = Scene::new(&card, &scenario);
    assert_eq!(scene.run(), Err(ErrorCode::NotMyNumberCard));

    for (fault, code) in [
        (CertificateFault::Expired, ErrorCode::CertificateExpired),
        (CertificateFault::NotYetValid, ErrorCode::CertificateNotYetValid),
        (CertificateFault::SignatureCertificate, ErrorCode::CertificateUnusable),
        (CertificateFault::CaFlag, ErrorCode::CertificateUnusable),
    ] {
        let options = CardOptions { fault: Some(fault), ..CardOptions::default() };
        let card = issue(&mut pki, &options);
        let mut scene = Scene::new(&card, &Scenario::default());
        assert_eq!(scene.run(), Err(code), "{fault:?}");
        assert_eq!(scene.desktop.verifies(), 0, "{fault:?}");
    }
}

/// The card of another authority, and a good one of the test anchor.
#[test]
fn automation_meets_only_cards_of_the_test_anchor() {
    let (mut ours, mut theirs) = (pki(), pki());
    let policy = test_only(ours.auth_ca());
    let strange = issue(&mut theirs, &CardOptions::default());
    let mut scene = Scene::new(&strange, &Scenario::default());
    scene.clerk.policy = policy;
    assert_eq!(scene.run(), Err(ErrorCode::TestCardOnly));
    assert!(scene.desktop.commands.lock().expect("the list").iter().all(|(ins, _)| *ins != 0x20));

    // Another policy is fine, an expired certificate is not.
    let policy = test_only(ours.auth_ca());
    let options = CardOptions { fault: Some(CertificateFault::WrongPolicy), ..CardOptions::default() };
    let card = issue(&mut ours, &options);
    let mut scene = Scene::new(&card, &Scenario::default());
    scene.clerk.policy = policy;
    assert_eq!(scene.run(), Ok(()));
}

#[test]
fn the_gateway_may_still_refuse_the_proof() {
    let mut pki = pki();
    let card = issue(&mut pki, &CardOptions::default());
    for code in [ErrorCode::CertificateRevoked, ErrorCode::CannotCheck] {
        let mut scene = Scene::new(&card, &Scenario::default());
        *scene.gateway.refuse_finish.lock().expect("the code") = Some(code);
        assert_eq!(scene.run(), Err(code));
    }
}

#[test]
fn no_log_holds_a_secret() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl Write for Log {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("the log").write(octets)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut pki = pki();
    let options = CardOptions { pin: "7391".to_owned(), ..CardOptions::default() };
    let card = issue(&mut pki, &options);
    let certificate = card.files.auth_certificate.clone();
    let mut scene = Scene::new(&card, &Scenario::default());
    scene.mind(|mind| {
        mind.pins = ["7390", "7391"].into();
        mind.again = true;
    });
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || assert_eq!(scene.run(), Ok(())));
    let log = String::from_utf8(log.0.lock().expect("the log").clone()).expect("text");
    assert!(log.contains("sign-in proven"), "the log is captured: {log}");
    let mut secrets = vec!["7390".to_owned(), "7391".to_owned(), TICKET.encode()];
    let inside = |list: String| list.trim_matches(['[', ']']).to_owned();
    let (hex, decimal) =
        (inside(format!("{:02x?}", &certificate[..8])), inside(format!("{:?}", &certificate[..8])));
    secrets.extend([hex.clone(), hex.replace(", ", ""), decimal]);
    for body in scene.gateway.bodies.lock().expect("the list").iter() {
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        secrets.extend(
            body.as_object()
                .expect("an object")
                .iter()
                .filter(|(name, _)| {
                    !matches!(name.as_str(), "version" | "agent_version" | "kinds" | "counter")
                })
                .filter_map(|(_, value)| value.as_str().map(str::to_owned)),
        );
    }
    assert!(secrets.len() > 10);
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
}
