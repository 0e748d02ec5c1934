//! What the lines say that steer the program.

use std::io::Write;

use super::Program;
use crate::{FaultPlan, MockCardError};

impl<W: Write> Program<W> {
    /// Does what a line says; answers what to answer.
    pub(super) fn obey(&mut self, line: &str) -> Result<String, MockCardError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Ok(match words.as_slice() {
            ["insert"] if self.insertion.is_some() => "error already inserted".to_owned(),
            ["insert"] => {
                if self.insert()? {
                    "ok inserted".to_owned()
                } else {
                    "error the program ends".to_owned()
                }
            }
            ["remove"] => match self.insertion.take() {
                Some(insertion) => {
                    self.remove(insertion);
                    "ok removed".to_owned()
                }
                None => "error not inserted".to_owned(),
            },
            ["tries"] => "error tries needs a number, 0 to 3: tries 2".to_owned(),
            ["tries", number] => match number.parse() {
                Ok(tries @ 0..=3) => {
                    self.slot().card_mut().set_auth_tries_left(tries);
                    format!("ok tries {tries}")
                }
                _ => "error tries are 0 to 3".to_owned(),
            },
            ["sign-tries"] => "error sign-tries needs a number, 0 to 5: sign-tries 2".to_owned(),
            ["sign-tries", number] => match number.parse() {
                Ok(tries @ 0..=5) => {
                    self.slot().card_mut().set_sign_tries_left(tries);
                    format!("ok sign-tries {tries}")
                }
                _ => "error sign-tries are 0 to 5".to_owned(),
            },
            ["reset-counters"] => {
                self.slot().card_mut().reset_counters();
                "ok reset-counters".to_owned()
            }
            ["fault"] => "error fault needs a plan: fault remove@7, fault seed:42, or fault none".to_owned(),
            ["fault", "none"] => {
                self.slot().set_fault(None);
                "ok fault none".to_owned()
            }
            ["fault", plan] => match plan.parse::<FaultPlan>() {
                Ok(plan) => {
                    self.slot().set_fault(Some(plan));
                    format!("ok fault {plan}")
                }
                Err(error) => format!("error {error}"),
            },
            ["go", "on"] => match self.insertion.as_mut().filter(|insertion| insertion.held) {
                Some(insertion) => {
                    insertion.held = false;
                    // Fails when the connection ended meanwhile, and nothing waits any more.
                    let _ = insertion.release.send(());
                    "ok go on".to_owned()
                }
                None => "error nothing is held".to_owned(),
            },
            ["warm-reset"] => {
                self.slot().reset();
                "ok warm-reset".to_owned()
            }
            ["state"] => self.state(),
            ["quit"] => {
                if let Some(insertion) = self.insertion.take() {
                    self.remove(insertion);
                }
                "ok quit".to_owned()
            }
            _ => format!("error unknown command; there is: {COMMANDS}"),
        })
    }

    fn state(&self) -> String {
        let slot = self.slot();
        let card = slot.card();
        let tries = |tries: Option<u8>| tries.map_or_else(|| "none".to_owned(), |tries| tries.to_string());
        let fault = match (slot.fault(), slot.fault_happened()) {
            (Some(_), _) => "waiting",
            (None, true) => "happened",
            (None, false) => "none",
        };
        format!(
            "ok state auth_tries={} sign_tries={} auth_verified={} sign_verified={} powered={} inserted={} \
             commands={} verifies={} fault={fault} held={}",
            tries(card.auth_tries_left()),
            tries(card.sign_tries_left()),
            card.is_auth_verified(),
            card.is_sign_verified(),
            card.is_powered(),
            slot.is_inserted(),
            slot.commands(),
            slot.verifies(),
            self.insertion.as_ref().is_some_and(|insertion| insertion.held),
        )
    }
}

const COMMANDS: &str = "insert, remove, tries N, sign-tries N, reset-counters, fault PLAN, fault none, go on, \
                        warm-reset, state, quit";
