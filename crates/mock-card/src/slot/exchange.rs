//! What befalls the card in its slot: one command, the fault that it meets, and the answer.

use madoguchi_iso7816::{CardTransaction, CommandApdu, Iso7816Error, ResponseApdu};
use zeroize::Zeroizing;

use super::{Place, Slot, SlotError};
use crate::{Fault, FaultPlan, fault_answer, selection::read_offset};

impl Slot {
    /// One command and its answer.
    pub fn exchange(&mut self, apdu: &[u8]) -> Result<Vec<u8>, SlotError> {
        self.present()?;
        let plan = self.receive(apdu);
        let file = self.selection.file_of(apdu);
        let end = match plan.map(|plan| plan.fault()) {
            Some(Fault::WarmReset) => {
                self.reset();
                Err(SlotError::CardReset)
            }
            Some(Fault::Hold) => Err(SlotError::HeldByAnother),
            _ => self.carry_out(apdu, plan),
        };
        self.write_down(apdu, file, &end);
        end
    }

    /// The same as the reader's driver sees it: who resets or holds the card is the affair of programs, above it.
    pub(crate) fn exchange_below(&mut self, apdu: &[u8]) -> Result<Vec<u8>, SlotError> {
        self.present()?;
        let plan = self.receive(apdu);
        if plan.is_some_and(|plan| plan.fault() == Fault::WarmReset) {
            self.reset();
        }
        let file = self.selection.file_of(apdu);
        let end = self.carry_out(apdu, plan);
        self.write_down(apdu, file, &end);
        end
    }

    fn present(&self) -> Result<(), SlotError> {
        match self.place {
            Place::Inserted => Ok(()),
            Place::Taken => Err(SlotError::CardRemoved),
            Place::Unplugged => Err(SlotError::ReaderUnplugged),
        }
    }

    /// Counts a command; answers the fault that it meets, which then has happened.
    fn receive(&mut self, apdu: &[u8]) -> Option<FaultPlan> {
        self.commands += 1;
        if carries_pin(apdu) {
            self.verifies += 1;
        }
        let commands = self.commands;
        let planned = self.planned.take_if(|planned| planned.is_due(commands))?;
        self.fault_happened = true;
        let plan = planned.plan;
        self.note(&format!("fault {plan}"));
        Some(plan)
    }

    fn carry_out(&mut self, apdu: &[u8], plan: Option<FaultPlan>) -> Result<Vec<u8>, SlotError> {
        let Some(plan) = plan else { return Ok(self.execute(apdu)) };
        Ok(match plan.fault() {
            Fault::Remove => {
                self.remove();
                return Err(SlotError::CardRemoved);
            }
            Fault::RemoveAfter => {
                self.execute(apdu);
                self.remove();
                return Err(SlotError::CardRemoved);
            }
            Fault::Unplug => {
                self.remove();
                self.place = Place::Unplugged;
                return Err(SlotError::ReaderUnplugged);
            }
            Fault::WarmReset | Fault::Hold => self.execute(apdu),
            Fault::PowerLoss => {
                self.power_on();
                self.execute(apdu)
            }
            Fault::NoDiagnosis => vec![0x6F, 0x00],
            Fault::MoreData => {
                let answer = self.execute(apdu);
                let (answer, waiting) = fault_answer::more_data(answer);
                self.waiting = waiting;
                answer
            }
            // Without effect: only a command that changes nothing is tried out to know its Le.
            Fault::WrongLe if apdu.get(1) == Some(&0xB0) => fault_answer::wrong_le(&self.execute(apdu)),
            Fault::WrongLe => vec![0x6C, 0x00],
            Fault::ShortRead => fault_answer::short_read(self.execute(apdu)),
            Fault::LyingLength => fault_answer::lying_length(self.execute(apdu)),
            Fault::Garbage => fault_answer::garbage(self.execute(apdu), plan.seed()),
            Fault::SlowAnswer => {
                self.delayed += plan.delay();
                self.execute(apdu)
            }
            Fault::WrongLabel => {
                self.wrong_label = true;
                self.execute(apdu)
            }
            Fault::Spurious6985 => vec![0x69, 0x85],
            Fault::BlockedPin => {
                self.card.set_auth_tries_left(0);
                self.execute(apdu)
            }
        })
    }

    /// The card's own answer, after what GET RESPONSE can still fetch.
    fn execute(&mut self, apdu: &[u8]) -> Vec<u8> {
        let waiting = std::mem::take(&mut self.waiting);
        if let ([_, 0xC0, 0x00, 0x00, le], false) = (apdu, waiting.is_empty()) {
            let (answer, rest) = fault_answer::get_response(waiting, *le);
            self.waiting = rest;
            return answer;
        }
        let own = self.card.handle(apdu);
        let answer = match &mut self.replay {
            Some(replay) => replay.answer(apdu, &self.selection, own),
            None => own,
        };
        self.selection.note(apdu, &answer);
        match read_offset(apdu) {
            Some(offset) if self.wrong_label && self.selection.file_of(apdu) == Some(TOKEN_INFO) => {
                fault_answer::wrong_label(answer, offset)
            }
            _ => answer,
        }
    }

    fn write_down(&mut self, apdu: &[u8], file: Option<u16>, end: &Result<Vec<u8>, SlotError>) {
        if let Some(trace) = &mut self.trace {
            trace.exchange(apdu, file, end);
        }
    }
}

impl CardTransaction for Slot {
    type Error = SlotError;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, SlotError> {
        let answer = Zeroizing::new(self.exchange(&command.to_octets())?);
        // A card without power answers nothing.
        ResponseApdu::parse(&answer).map_err(|_: Iso7816Error| SlotError::CardRemoved)
    }
}

/// VERIFY with a data field.
fn carries_pin(apdu: &[u8]) -> bool {
    matches!(apdu, [_, 0x20, _, _, _, _, ..])
}

/// EF with the token information.
const TOKEN_INFO: u16 = 0x0006;
