//! A card in software, and ways to lose it.

use std::{sync::LazyLock, time::Duration};

use madoguchi_iso7816::{CardTransaction, CommandApdu, ResponseApdu};
use madoguchi_jpki_card::{CardProfile, JpkiCard, JpkiCardError, Pin};
use madoguchi_mock_card::{Card, CardContents, Scenario};
use madoguchi_test_pki::{CardOptions, KeyKind, Options, TestPki};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use thiserror::Error;

/// A card with power.
pub(crate) fn card(scenario: &Scenario) -> Card {
    let mut card = Card::new(&CONTENTS, scenario).expect("a card");
    card.power_on();
    card
}

/// The way to a card, which may be lost at a command. Commands count from 1.
pub(crate) struct Wire<'a> {
    pub(crate) card: &'a mut Card,
    pub(crate) commands: u32,
    loss: Option<(u32, Loss)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The card loses power before the command.
    Card,
    /// The card carries the command out and loses power.
    CardAfter,
    /// The card carries the command out, keeps its power, and the answer does not come through.
    Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no answer")]
pub(crate) struct Lost;

impl<'a> Wire<'a> {
    pub(crate) fn new(card: &'a mut Card) -> Self {
        Self { card, commands: 0, loss: None }
    }

    pub(crate) fn losing(card: &'a mut Card, command: u32, loss: Loss) -> Self {
        Self { card, commands: 0, loss: Some((command, loss)) }
    }
}

impl CardTransaction for Wire<'_> {
    type Error = Lost;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Lost> {
        self.commands += 1;
        let loss = self.loss.filter(|(at, _)| *at == self.commands).map(|(_, loss)| loss);
        if loss == Some(Loss::Card) {
            self.card.power_off();
        }
        let answer = self.card.handle(&command.to_octets());
        if loss == Some(Loss::CardAfter) {
            self.card.power_off();
        }
        if loss.is_some() {
            return Err(Lost);
        }
        // A card without power answers nothing.
        ResponseApdu::parse(&answer).map_err(|_| Lost)
    }
}

pub(crate) fn select<T: CardTransaction>(transaction: T) -> Result<JpkiCard<T>, JpkiCardError<T::Error>> {
    JpkiCard::select(transaction, &[CardProfile::TODAY])
}

/// Every step of a sign-in.
pub(crate) fn sign_in<T: CardTransaction>(
    transaction: T,
    digits: &str,
) -> Result<Vec<u8>, JpkiCardError<T::Error>> {
    let mut card = select(transaction)?;
    card.availability()?;
    card.read_auth_certificate()?;
    card.tries_left()?;
    card.verify_pin(pin(digits), &mut || true)?;
    let signature = card.sign(&[0; 32])?;
    card.leave()?;
    Ok(signature)
}

pub(crate) fn pin(digits: &str) -> Pin {
    Pin::parse(digits).expect("four digits")
}

// Keys take a moment to make: once for each process.
pub(crate) static CONTENTS: LazyLock<CardContents> = LazyLock::new(|| contents(KeyKind::Rsa2048));

/// A card with keys of this kind.
pub(crate) fn contents(key: KeyKind) -> CardContents {
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
    let random = SystemRandom::new();
    let now = UnixTime::since_unix_epoch(Duration::from_hours(490_000));
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now, &random).expect("a PKI");
    let card = CardOptions { pin: "4649".to_owned(), key, ..CardOptions::default() };
    CardContents {
        files: pki.issue_card(&card, now, &random).expect("a card"),
        auth_ca_certificate: pki.auth_ca().to_vec(),
        sign_ca_certificate: pki.sign_ca().to_vec(),
    }
}
