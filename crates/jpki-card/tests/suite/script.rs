//! A card that answers from a script.

use std::{
    cell::{Ref, RefCell},
    collections::VecDeque,
    fmt::Write as _,
    rc::Rc,
};

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use madoguchi_jpki_card::{CardProfile, JpkiCard, JpkiCardError, Pin};
use thiserror::Error;

pub(crate) const LABEL: &str = "4A504B49415049434354 4F4B454E32 2020202020202020202020202020202020 9000";
pub(crate) const OTHER_LABEL: &str =
    "4A504B49415049434354 4F4B454E 202020202020202020202020202020202020 9000";
const SELECTED: [&str; 4] = ["9000", "9000", "9000", LABEL];

/// The transport of a script that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("torn")]
pub(crate) struct Torn;

/// What the card was sent, in hexadecimal digits.
#[derive(Clone, Default)]
pub(crate) struct Sent(Rc<RefCell<Vec<String>>>);

impl Sent {
    pub(crate) fn borrow(&self) -> Ref<'_, Vec<String>> {
        self.0.borrow()
    }

    /// How many VERIFY with data there were.
    pub(crate) fn verifies(&self) -> usize {
        self.borrow().iter().filter(|command| command.starts_with("0020") && command.len() > 10).count()
    }

    /// How often the resident was asked on the keypad.
    pub(crate) fn pads(&self) -> usize {
        self.borrow().iter().filter(|command| command.starts_with("pad")).count()
    }
}

/// Answers in order, and keeps what it was sent.
pub(crate) struct Script {
    answers: VecDeque<Vec<u8>>,
    sent: Sent,
    pad: bool,
}

impl Script {
    pub(crate) fn new(answers: &[&str]) -> (Self, Sent) {
        let sent = Sent::default();
        let answers = answers.iter().map(|answer| octets(answer)).collect();
        (Self { answers, sent: sent.clone(), pad: true }, sent)
    }

    fn answer(&mut self, sent: String) -> Result<ResponseApdu, Torn> {
        self.sent.0.borrow_mut().push(sent);
        let answer = self.answers.pop_front().ok_or(Torn)?;
        Ok(ResponseApdu::parse(&answer).expect("a script of responses"))
    }
}

impl CardTransaction for Script {
    type Error = Torn;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Torn> {
        self.answer(digits(&command.to_octets()))
    }
}

impl PinPad for Script {
    fn has_pin_pad(&self) -> bool {
        self.pad
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, Torn> {
        let PinEntry { command, min_digits, max_digits, timeout } = entry;
        let sent = format!("pad {} {min_digits}-{max_digits} {timeout:?}", digits(&command.to_octets()));
        self.answer(sent).map(|response| response.status())
    }
}

pub(crate) fn select(answers: &[&str]) -> (Result<JpkiCard<Script>, JpkiCardError<Torn>>, Sent) {
    let (script, sent) = Script::new(answers);
    (JpkiCard::select(script, &[CardProfile::TODAY]), sent)
}

/// A card that answers this after its four commands of selection.
pub(crate) fn selected(answers: &[&str]) -> (JpkiCard<Script>, Sent) {
    let (card, sent) = select(&[&SELECTED, answers].concat());
    (card.expect("a card"), sent)
}

pub(crate) fn selected_without_pad() -> JpkiCard<Script> {
    let script = Script { pad: false, ..Script::new(&SELECTED).0 };
    JpkiCard::select(script, &[CardProfile::TODAY]).expect("a card")
}

pub(crate) fn pin() -> Pin {
    Pin::parse("4649").expect("four digits")
}

pub(crate) fn octets(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

pub(crate) fn digits(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut digits, octet| {
        write!(digits, "{octet:02X}").expect("room");
        digits
    })
}
