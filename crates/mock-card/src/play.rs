//! A scenario's steps played in process: each is done, and what came is compared with what it says.

use thiserror::Error;

use crate::{Act, Slot, SlotError, Step, Unexpected, hex::to_hex};

/// How a step came out otherwise than it says.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StepFailure {
    /// Another answer.
    #[error("{header}: {unexpected}")]
    Answer {
        /// CLA INS P1 P2 of the command; its data may be a PIN.
        header: String,
        /// What was to come, and what came.
        unexpected: Unexpected,
    },
    /// No answer.
    #[error("{header}: {reason}")]
    NoAnswer {
        /// CLA INS P1 P2 of the command.
        header: String,
        /// Why.
        reason: SlotError,
    },
    /// Another number of tries left.
    #[error("expected {key} = {expected}, got {}", .given.map_or_else(|| "none".to_owned(), |tries| tries.to_string()))]
    Tries {
        /// The key of the step: `tries` or `sign_tries`.
        key: &'static str,
        /// What the step says.
        expected: u8,
        /// What the card has; none when it has no such PIN.
        given: Option<u8>,
    },
}

impl Slot {
    /// Does a step of a scenario.
    pub fn play(&mut self, step: &Step) -> Result<(), StepFailure> {
        match step.act() {
            Act::Command(command) => {
                let header = || to_hex(&command[..command.len().min(4)]);
                let answer = self.exchange(command);
                let answer = answer.map_err(|reason| StepFailure::NoAnswer { header: header(), reason })?;
                step.check_answer(&answer)
                    .map_err(|unexpected| StepFailure::Answer { header: header(), unexpected })?;
            }
            Act::WarmReset => self.reset(),
            Act::PowerCycle => {
                self.power_off();
                self.power_on();
            }
            Act::Remove => self.remove(),
            Act::Insert => self.insert(),
        }
        let card = self.card();
        for (key, expected, given) in [
            ("tries", step.tries(), card.auth_tries_left()),
            ("sign_tries", step.sign_tries(), card.sign_tries_left()),
        ] {
            if let Some(expected) = expected.filter(|expected| Some(*expected) != given) {
                return Err(StepFailure::Tries { key, expected, given });
            }
        }
        Ok(())
    }
}
