//! The agent's end of one card: every wait for it can be called off and has an end.

use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use pcsc::{Context, Scope};
use tracing::warn;

use super::error::reader_error;
use super::held::HeldCard;
use super::pin_pad::pin_verify;
use super::worker::{Over, Unanswered, Worker};
use crate::{Interrupt, Patience, ReaderError};

/// A card in a reader that nobody else can use until it is dropped; then it is powered down.
///
/// When a command is not answered in time, or the sign-in is interrupted meanwhile, no further command is sent. As soon as the
/// reader does answer, the card is left and powered down all the same.
pub struct PcscCard {
    /// None only while it is dropped.
    worker: Option<Worker<Option<HeldCard>>>,
    pin_pad: bool,
    /// Something was sent to the card, so that it must be left.
    used: bool,
    /// Why nothing more is asked of it.
    lost: Option<ReaderError>,
    interrupt: Interrupt,
    late: LateCards,
}

/// Cards that nobody waits for any more, and that are not left yet.
#[derive(Clone, Debug, Default)]
pub(super) struct LateCards(Arc<Mutex<Vec<Over>>>);

impl LateCards {
    /// Waits for each of them, at most for `limit`. Whether all are left.
    pub(super) fn left_within(&self, limit: Duration) -> bool {
        let mut cards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cards.retain(|card| !card.within(limit));
        cards.is_empty()
    }

    fn add(&self, card: Over) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(card);
    }
}

impl PcscCard {
    pub(super) fn connect(
        reader: CString,
        pin_pads: bool,
        patience: &Patience<'_>,
        late: &LateCards,
    ) -> Result<Self, ReaderError> {
        if let Some(code) = patience.interrupt().reason() {
            return Err(ReaderError::Interrupted(code));
        }
        let mut card = Self {
            worker: Some(Worker::new(None)),
            pin_pad: false,
            used: false,
            lost: None,
            interrupt: patience.interrupt().clone(),
            late: late.clone(),
        };
        let context = card
            .ask(ANSWER_TIME, ReaderError::ServiceUnavailable, |_| Context::establish(Scope::User))?
            .map_err(reader_error)?;
        let theirs = context.clone();
        let held = card.ask(HOLD_TIME, ReaderError::Busy, move |held| {
            let card = held.insert(HeldCard::hold(theirs, reader, pin_pads)?);
            Ok(card.has_pin_pad())
        });
        if card.lost.is_some() {
            // Perhaps it waits for news of the other program. Its transaction cannot be waited for any shorter.
            thread::spawn(move || context.cancel());
        }
        card.pin_pad = held??;
        Ok(card)
    }

    /// Has the worker do this; `late` is what it means when that takes longer than `limit`.
    fn ask<A: Send + 'static>(
        &mut self,
        limit: Duration,
        late: ReaderError,
        work: impl FnOnce(&mut Option<HeldCard>) -> A + Send + 'static,
    ) -> Result<A, ReaderError> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        let worker = self.worker.as_ref().ok_or(ReaderError::Removed)?;
        worker.ask(limit, &self.interrupt, work).map_err(|unanswered| {
            worker.tell(|held| {
                if let Some(held) = held {
                    held.leave();
                }
            });
            let interrupted = self.interrupt.reason().filter(|_| unanswered == Unanswered::Interrupted);
            self.lost.insert(interrupted.map_or(late, ReaderError::Interrupted)).clone()
        })
    }

    /// The same with the card, that does not answer when it takes too long.
    fn exchange<A: Send + 'static>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut HeldCard) -> Result<A, ReaderError> + Send + 'static,
    ) -> Result<A, ReaderError> {
        self.used = true;
        let late = ReaderError::Reader { reason: format!("no answer for {} seconds", limit.as_secs()) };
        self.ask(limit, late, |held| held.as_mut().map_or(Err(ReaderError::Removed), work))?
    }
}

impl CardTransaction for PcscCard {
    type Error = ReaderError;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ReaderError> {
        let limit = match command.instruction() {
            VERIFY | PERFORM_SECURITY_OPERATION => SLOW_ANSWER_TIME,
            _ => ANSWER_TIME,
        };
        let octets = command.to_octets();
        self.exchange(limit, move |card| card.transmit(&octets))
    }
}

impl PinPad for PcscCard {
    fn has_pin_pad(&self) -> bool {
        self.pin_pad
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, ReaderError> {
        let limit = entry.timeout + SLOW_ANSWER_TIME;
        let structure = pin_verify(entry);
        self.exchange(limit, move |card| card.verify_pin_direct(&structure))
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        let Some(over) = self.worker.take().map(Worker::end) else {
            return;
        };
        // Whoever takes the card next must find it without power. One that does not answer is not waited for once more.
        let limit = if self.lost.is_none() { CLEAN_TIME } else { Duration::ZERO };
        if self.used && !over.within(limit) {
            warn!("the reader does not answer; the card is left when it does");
            self.late.add(over);
        }
    }
}

/// ISO 7816-4 section 11: the commands over which a card may take its time.
const VERIFY: u8 = 0x20;
const PERFORM_SECURITY_OPERATION: u8 = 0x2A;
/// Longest wait for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// Longest wait for the card's answer to a PIN, or for a signature.
const SLOW_ANSWER_TIME: Duration = Duration::from_secs(30);
/// How long another program's hold on the card is waited for.
pub(super) const HOLD_TIME: Duration = Duration::from_secs(3);
/// How long powering the card down is waited for.
const CLEAN_TIME: Duration = Duration::from_secs(5);
