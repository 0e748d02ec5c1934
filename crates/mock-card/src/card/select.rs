//! SELECT (ISO 7816-4 section 11.2.2).

use madoguchi_iso7816::{Aid, StatusWord};

use super::Card;
use crate::{command::Command, issuer_domain::ISSUER_DOMAIN_AID};

impl Card {
    pub(super) fn select(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        match (command.p1, command.p2, command.data.as_slice()) {
            // MF: no effect when an application is current, refused right after power-on (observed).
            (0x00, 0x00, []) if self.current_df.is_some() => Ok(Vec::new()),
            (0x00, 0x00, []) => Err(StatusWord::IncorrectP1P2),
            (0x00, 0x00 | 0x0C, _) => Err(StatusWord::NotFound),
            (0x02, 0x0C, &[high, low]) => {
                let id = u16::from_be_bytes([high, low]);
                self.application().ok_or(StatusWord::NotFound)?.file(id)?;
                self.current_ef = Some(id);
                Ok(Vec::new())
            }
            (0x02, 0x0C, _) => Err(StatusWord::LcInconsistent),
            (0x04, 0x00 | 0x0C, name) => {
                let aid = self.select_df(name)?;
                Ok(if command.p2 == 0x00 { file_control_information(aid) } else { Vec::new() })
            }
            _ => Err(StatusWord::IncorrectP1P2),
        }
    }

    /// Selects an application by its name or the start of it (observed). Of several that begin so it is the first in
    /// the order issuer security domain, JPKI, text, visual, 住基, common (inferred).
    fn select_df(&mut self, name: &[u8]) -> Result<Aid, StatusWord> {
        let (df, aid) = if ISSUER_DOMAIN_AID.starts_with(name) {
            (None, ISSUER_DOMAIN_AID)
        } else {
            let mut named = self.applications.iter().map(|application| application.aid).enumerate();
            let Some((index, aid)) = named.find(|(_, aid)| aid.starts_with(name)) else {
                // An unknown name changes nothing, unless the scenario says so: not known.
                if self.scenario.unknown_aid_drops_selection {
                    self.make_current(None);
                }
                return Err(StatusWord::NotFound);
            };
            (Some(index), aid)
        };
        self.make_current(df);
        Ok(aid)
    }

    fn make_current(&mut self, df: Option<usize>) {
        // Not only when the current DF changes: after a warm reset the issuer security domain is current, yet what
        // was verified before lives on until a DF other than its own is selected.
        for (index, application) in self.applications.iter_mut().enumerate() {
            if Some(index) != df {
                application.forget();
            }
        }
        self.current_df = df;
        self.current_ef = None;
    }
}

/// FCI template (6F) with the DF name (84).
fn file_control_information(aid: Aid) -> Vec<u8> {
    let name = aid.as_octets();
    // An AID has at most 16 octets.
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    [&[0x6F, length + 2, 0x84, length], name].concat()
}
