//! What the crate's tests share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use madoguchi_cert_verify::{Certificate, verify_statement};
use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use madoguchi_jpki_card::Pin;
use madoguchi_mock_card::{Card, CardContents, Scenario, Slot, SlotError};
use madoguchi_protocol::{
    CancelRequest, ClaimAnswer, ClaimRequest, Display, DisplayText, ErrorAnswer, ErrorCode, FinishAnswer,
    FinishRequest, KIND_SIGN_IN, Lang, Octets, Origin, PATH_CANCEL, PATH_CLAIM, PATH_FINISH, SignInStatement,
};
use madoguchi_test_pki::{CardOptions, KeyKind, Options, TestPki};
use ring::rand::{SecureRandom, SystemRandom};
use rustls_pki_types::UnixTime;

use crate::sign_in::{Clerk, RunningClaim};
use crate::{
    CardPolicy, CardSource, Clock, InsertedCard, Interrupt, Notice, Patience, Prompt, ReaderError,
    ShownRequest, Transport, TransportAnswer, TransportError,
};

/// A clerk for residents, of these parts.
pub(crate) fn clerk<S: CardSource>(
    source: S,
    resident: &Resident,
    gateway: &Arc<FakeGateway>,
    clock: &Arc<HandClock>,
) -> Clerk<S, Resident> {
    Clerk {
        source,
        prompt: resident.clone(),
        policy: CardPolicy::Resident,
        card_wait: None,
        counter: false,
        transport: Arc::clone(gateway) as Arc<dyn Transport>,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        random: shared_random(),
        interrupt: Interrupt::default(),
        running: RunningClaim::default(),
    }
}

/// A clock that goes on only when it is told to.
#[derive(Debug)]
pub(crate) struct HandClock {
    monotonic: Mutex<Duration>,
    unix: Mutex<Duration>,
}

impl HandClock {
    pub(crate) fn at(unix: UnixTime) -> Self {
        Self { monotonic: Mutex::default(), unix: Mutex::new(Duration::from_secs(unix.as_secs())) }
    }

    pub(crate) fn advance(&self, time: Duration) {
        *self.monotonic.lock().expect("the clock") += time;
        *self.unix.lock().expect("the clock") += time;
    }
}

impl Default for HandClock {
    fn default() -> Self {
        Self::at(UnixTime::since_unix_epoch(Duration::from_hours(500_000)))
    }
}

impl Clock for HandClock {
    fn monotonic(&self) -> Duration {
        *self.monotonic.lock().expect("the clock")
    }

    fn unix(&self) -> UnixTime {
        UnixTime::since_unix_epoch(*self.unix.lock().expect("the clock"))
    }
}

#[expect(clippy::disallowed_methods, reason = "a test is the edge of its own world")]
pub(crate) fn random() -> SystemRandom {
    SystemRandom::new()
}

pub(crate) fn shared_random() -> Arc<dyn SecureRandom + Send + Sync> {
    Arc::new(random())
}

/// The gateway of the tests.
pub(crate) fn origin() -> Origin {
    Origin::parse("http://localhost:24810").expect("an origin")
}

pub(crate) fn now() -> UnixTime {
    HandClock::default().unix()
}

/// A PKI whose authorities have EC keys, which are made in no time.
pub(crate) fn pki() -> TestPki {
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    TestPki::create(&options, now(), &random()).expect("a PKI")
}

pub(crate) fn issue(pki: &mut TestPki, options: &CardOptions) -> CardContents {
    CardContents {
        files: pki.issue_card(options, now(), &random()).expect("a card"),
        auth_ca_certificate: pki.auth_ca().to_vec(),
        sign_ca_certificate: pki.sign_ca().to_vec(),
    }
}

/// A reader with one card in it, in process.
#[derive(Clone)]
pub(crate) struct Desktop {
    pub(crate) slot: Arc<Mutex<Slot>>,
    /// Instruction and data length of every command.
    pub(crate) commands: Arc<Mutex<Vec<(u8, usize)>>>,
    pub(crate) opened: Arc<Mutex<u32>>,
    /// What the resident does on the reader's keypad, if it has one.
    pub(crate) keypad: Option<Arc<Mutex<VecDeque<Keys>>>>,
    /// Another card that lies there when it is opened for the second time.
    pub(crate) swapped_for: Arc<Mutex<Option<Slot>>>,
    /// Happens while the card works on the command of this number, counted from 1.
    pub(crate) meanwhile: Arc<Mutex<Option<Meanwhile>>>,
}

pub(crate) struct Meanwhile {
    pub(crate) at: usize,
    pub(crate) happens: Box<dyn FnMut() + Send>,
}

/// What a resident does on a keypad when it is asked.
#[derive(Clone, Copy)]
pub(crate) enum Keys {
    Pin(&'static str),
    /// Status word of the reader itself: it sends nothing.
    Nothing(u16),
    /// It sends this PIN and says that nothing was typed in time.
    Secretly(&'static str),
}

impl Desktop {
    pub(crate) fn new(contents: &CardContents, scenario: &Scenario) -> Self {
        let card = Card::new(contents, scenario).expect("a card");
        Self {
            slot: Arc::new(Mutex::new(Slot::new(card, scenario))),
            commands: Arc::default(),
            opened: Arc::default(),
            keypad: None,
            swapped_for: Arc::default(),
            meanwhile: Arc::default(),
        }
    }

    pub(crate) fn tries_left(&self) -> Option<u8> {
        self.slot.lock().expect("the slot").card().auth_tries_left()
    }

    /// VERIFY commands that carried a PIN.
    pub(crate) fn verifies(&self) -> usize {
        self.commands
            .lock()
            .expect("the list")
            .iter()
            .filter(|(ins, length)| *ins == 0x20 && *length > 0)
            .count()
    }

    /// Asserts that no login is left on the card, and that every VERIFY came right after a look at the counter.
    pub(crate) fn assert_left_well(&self) {
        assert!(
            !self.slot.lock().expect("the slot").card().is_auth_verified(),
            "the card was left logged in"
        );
        let commands = self.commands.lock().expect("the list");
        let verifies: Vec<_> =
            commands.iter().filter(|(ins, _)| *ins == 0x20).map(|(_, length)| *length).collect();
        for (index, length) in verifies.iter().enumerate() {
            assert!(*length == 0 || (index > 0 && verifies[index - 1] == 0), "{verifies:?}");
        }
    }
}

impl CardSource for Desktop {
    type Card = DesktopCard;

    fn wait(
        &mut self,
        tried: &[InsertedCard],
        _: &Patience<'_>,
        _: &mut dyn FnMut(Notice),
    ) -> Result<Vec<InsertedCard>, ReaderError> {
        let card = InsertedCard { reader: "test".to_owned(), count: 1 };
        Ok(if tried.contains(&card) { Vec::new() } else { vec![card] })
    }

    fn open(&mut self, _: &InsertedCard, _: &Patience<'_>) -> Result<DesktopCard, ReaderError> {
        let mut opened = self.opened.lock().expect("the count");
        *opened += 1;
        if *opened == 2
            && let Some(other) = self.swapped_for.lock().expect("the slot").take()
        {
            *self.slot.lock().expect("the slot") = other;
        }
        let mut slot = self.slot.lock().expect("the slot");
        if !slot.card().is_powered() && slot.is_inserted() {
            slot.power_on();
        }
        Ok(DesktopCard(self.clone()))
    }
}

pub(crate) struct DesktopCard(Desktop);

impl CardTransaction for DesktopCard {
    type Error = ReaderError;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ReaderError> {
        let mut commands = self.0.commands.lock().expect("the list");
        commands.push((command.instruction(), command.data().len()));
        if let Some(meanwhile) = &mut *self.0.meanwhile.lock().expect("what happens")
            && meanwhile.at == commands.len()
        {
            (meanwhile.happens)();
        }
        drop(commands);
        self.0.slot.lock().expect("the slot").transmit(command).map_err(|error| match error {
            SlotError::CardReset => ReaderError::Reset,
            SlotError::HeldByAnother => ReaderError::Busy,
            SlotError::ReaderUnplugged => ReaderError::NoReader,
            _ => ReaderError::Removed,
        })
    }
}

impl PinPad for DesktopCard {
    fn has_pin_pad(&self) -> bool {
        self.0.keypad.is_some()
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, ReaderError> {
        let keypad = self.0.keypad.clone().expect("a keypad");
        let keys = keypad.lock().expect("the keys").pop_front().expect("a resident at the keypad");
        assert_eq!((entry.min_digits, entry.max_digits), (4, 4));
        assert!(entry.timeout >= Duration::from_secs(10) && entry.timeout <= Duration::from_secs(30));
        let digits = match keys {
            Keys::Nothing(status) => return Ok(StatusWord::from(status)),
            Keys::Pin(digits) | Keys::Secretly(digits) => digits,
        };
        let [cla, ins, p1, p2] = entry.command.to_octets()[..] else { panic!("a header alone") };
        let command = CommandApdu::new(cla, ins, p1, p2).with_data(digits.as_bytes());
        let status = self.transmit(&command.expect("a command"))?.status();
        Ok(if matches!(keys, Keys::Secretly(_)) { StatusWord::ExecutionError } else { status })
    }
}

impl Drop for DesktopCard {
    fn drop(&mut self) {
        self.0.slot.lock().expect("the slot").card_mut().power_off();
    }
}

/// A gateway that keeps one sign-in, and checks what the card signed as the real one does.
pub(crate) struct FakeGateway {
    pub(crate) answer: Mutex<ClaimAnswer>,
    /// Answers instead, if set.
    pub(crate) refuse_claim: Mutex<Option<ErrorCode>>,
    pub(crate) refuse_finish: Mutex<Option<ErrorCode>>,
    pub(crate) claims: Mutex<Vec<ClaimRequest>>,
    pub(crate) finished: Mutex<u32>,
    pub(crate) cancelled: Mutex<Vec<ErrorCode>>,
    /// Everything that was sent, for the test of logs.
    pub(crate) bodies: Mutex<Vec<String>>,
}

impl Default for FakeGateway {
    fn default() -> Self {
        let text = DisplayText {
            lang: Lang::Japanese,
            municipality: "みどり市".to_owned(),
            service: "子育て手続き".to_owned(),
            purpose: "サインイン".to_owned(),
        };
        Self {
            answer: Mutex::new(ClaimAnswer {
                sign_in_id: Octets([1; 16]),
                gateway_nonce: Octets([2; 32]),
                client_id: "kosodate".to_owned(),
                kind: KIND_SIGN_IN.to_owned(),
                display: Display::new("さくら・つみき", &[text]).expect("a display").to_der(),
                expires_in: 600,
            }),
            refuse_claim: Mutex::default(),
            refuse_finish: Mutex::default(),
            claims: Mutex::default(),
            finished: Mutex::default(),
            cancelled: Mutex::default(),
            bodies: Mutex::default(),
        }
    }
}

impl FakeGateway {
    fn claim(&self, request: ClaimRequest) -> Result<ClaimAnswer, ErrorCode> {
        self.claims.lock().expect("the list").push(request);
        self.refuse_claim
            .lock()
            .expect("the code")
            .map_or_else(|| Ok(self.answer.lock().expect("the answer").clone()), Err)
    }

    fn finish(&self, request: &FinishRequest) -> Result<FinishAnswer, ErrorCode> {
        if let Some(code) = *self.refuse_finish.lock().expect("the code") {
            return Err(code);
        }
        let claims = self.claims.lock().expect("the list");
        let claim = claims.last().expect("a claim");
        assert_eq!(request.claim_secret.hash(), claim.claim_secret_hash);
        let answer = self.answer.lock().expect("the answer");
        let statement = SignInStatement::new(
            &origin(),
            answer.sign_in_id,
            answer.gateway_nonce,
            &answer.client_id,
            &answer.display,
            claim.return_verifier_hash,
            &request.certificate,
        );
        let certificate = Certificate::parse(&request.certificate).expect("a certificate");
        verify_statement(&statement, &certificate, &request.signature).expect("the card's signature");
        *self.finished.lock().expect("the count") += 1;
        Ok(FinishAnswer { return_within: 60 })
    }

    fn cancel(&self, request: &CancelRequest) {
        let claims = self.claims.lock().expect("the list");
        assert_eq!(request.claim_secret.hash(), claims.last().expect("a claim").claim_secret_hash);
        self.cancelled.lock().expect("the list").push(request.reason);
    }
}

impl Transport for FakeGateway {
    fn post(&self, _: &Origin, path: &str, body: &[u8]) -> Result<TransportAnswer, TransportError> {
        self.bodies.lock().expect("the list").push(String::from_utf8(body.to_vec()).expect("JSON"));
        let answer = match path {
            PATH_CLAIM => {
                self.claim(serde_json::from_slice(body).expect("a claim")).map(|answer| to_json(&answer))
            }
            PATH_FINISH => {
                self.finish(&serde_json::from_slice(body).expect("a finish")).map(|answer| to_json(&answer))
            }
            PATH_CANCEL => {
                self.cancel(&serde_json::from_slice(body).expect("a cancel"));
                Ok(b"{}".to_vec())
            }
            other => panic!("no such path: {other}"),
        };
        Ok(match answer {
            Ok(body) => TransportAnswer { status: 200, body },
            Err(error) => TransportAnswer { status: 409, body: to_json(&ErrorAnswer { error }) },
        })
    }
}

fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("JSON")
}

/// A resident who has made up their mind.
#[derive(Clone, Default)]
pub(crate) struct Resident(pub(crate) Arc<Mutex<Mind>>);

pub(crate) struct Mind {
    pub(crate) consent: Result<(), ErrorCode>,
    pub(crate) pins: VecDeque<&'static str>,
    pub(crate) insists: bool,
    pub(crate) again: bool,
    /// What happens while the PIN is typed.
    pub(crate) while_typing: Option<Box<dyn FnMut() + Send>>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) asked_with: Vec<u8>,
    /// The same, asked to type on the reader.
    pub(crate) asked_on_reader: Vec<u8>,
    pub(crate) ends: Vec<Result<(), ErrorCode>>,
    pub(crate) told_tries: Option<u8>,
}

impl Default for Mind {
    fn default() -> Self {
        Self {
            consent: Ok(()),
            pins: VecDeque::from(["1234"]),
            insists: false,
            again: false,
            while_typing: None,
            notices: Vec::new(),
            asked_with: Vec::new(),
            asked_on_reader: Vec::new(),
            ends: Vec::new(),
            told_tries: None,
        }
    }
}

impl Prompt for Resident {
    fn ask_consent(&mut self, _: &ShownRequest<'_>, _: &Patience<'_>) -> Result<(), ErrorCode> {
        self.0.lock().expect("the mind").consent
    }

    fn ask_pin(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<Pin, ErrorCode> {
        let mut mind = self.0.lock().expect("the mind");
        mind.asked_with.push(tries_left);
        // Outside the lock, so that it may panic.
        if let Some(mut happens) = mind.while_typing.take() {
            drop(mind);
            happens();
            mind = self.0.lock().expect("the mind");
            mind.while_typing = Some(happens);
        }
        patience.check()?;
        let pin = mind.pins.pop_front().ok_or(ErrorCode::Declined)?;
        Ok(Pin::parse(pin).expect("a PIN"))
    }

    fn ask_pin_on_reader(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<(), ErrorCode> {
        self.0.lock().expect("the mind").asked_on_reader.push(tries_left);
        patience.check()
    }

    fn ask_reader_again(&mut self, _: &Patience<'_>) -> Result<(), ErrorCode> {
        if self.0.lock().expect("the mind").again { Ok(()) } else { Err(ErrorCode::Declined) }
    }

    fn ask_last_try(&mut self, _: &Patience<'_>) -> Result<(), ErrorCode> {
        if self.0.lock().expect("the mind").insists { Ok(()) } else { Err(ErrorCode::PinLastTry) }
    }

    fn ask_again(&mut self, _: u8, _: &Patience<'_>) -> Result<(), ErrorCode> {
        if self.0.lock().expect("the mind").again { Ok(()) } else { Err(ErrorCode::PinWrong) }
    }

    fn notice(&mut self, notice: Notice) {
        self.0.lock().expect("the mind").notices.push(notice);
    }

    fn tell_end(&mut self, result: Result<(), ErrorCode>, tries_left: Option<u8>) {
        let mut mind = self.0.lock().expect("the mind");
        mind.ends.push(result);
        mind.told_tries = tries_left;
    }
}
