//! A card that answers anything: what an honest card would, until the input says otherwise.

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use thiserror::Error;

use crate::input::Input;

/// One octet of input for each command says what becomes of the honest answer; zeros are an honest card.
pub(crate) struct AnyCard<'a> {
    input: Input<'a>,
    label: &'static [u8],
    current_ef: u16,
    tries: u8,
    right_pin: [u8; 4],
    waiting: Vec<u8>,
}

/// The answer that did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no answer")]
pub struct NoAnswer;

impl<'a> AnyCard<'a> {
    pub(crate) fn new(input: Input<'a>, label: &'static [u8], right_pin: [u8; 4]) -> Self {
        Self { input, label, current_ef: 0, tries: 3, right_pin, waiting: Vec::new() }
    }

    /// What the fuzzer makes of an honest answer.
    fn bend(&mut self, (mut data, mut status): (Vec<u8>, u16)) -> Result<(Vec<u8>, u16), NoAnswer> {
        match self.input.octet() {
            0x01 => status = self.input.u16(),
            0x02 => {
                let keep = usize::from(self.input.octet()).min(data.len());
                data.truncate(keep);
            }
            0x03 => {
                let more = usize::from(self.input.octet());
                data.extend(std::iter::repeat_n(0xEE, more));
            }
            0x04 => {
                let count = usize::from(self.input.octet());
                data = self.input.octets(count).to_vec();
            }
            0x05 => return Err(NoAnswer),
            // In pieces: 61xx now, the rest by GET RESPONSE.
            0x06 => {
                let first = usize::from(self.input.octet()).min(data.len());
                self.waiting = data.split_off(first);
                status = 0x6100 | u16::try_from(self.waiting.len().min(0xFF)).unwrap_or(0);
            }
            0x07 => {
                let at = usize::from(self.input.u16());
                let flip = self.input.octet();
                let length = data.len().max(1);
                if let Some(octet) = data.get_mut(at % length) {
                    *octet ^= flip;
                }
            }
            0x08 => status = 0x6C00 | u16::from(self.input.octet()),
            0x09 => status = 0x6100 | u16::from(self.input.octet()),
            0x0A => status = 0x63C0 | u16::from(self.input.octet() & 0x0F),
            // Far more than anybody asked for.
            0x0B => {
                let more = usize::from(self.input.u16());
                data.resize(data.len() + more, 0x61);
            }
            // The counter is another from the next command on: somebody else's VERIFY, or the town office.
            0x0C => self.tries = self.input.octet() & 0x0F,
            _ => {}
        }
        Ok((data, status))
    }

    /// A card that behaves, as far as a sign-in can tell.
    fn honest(&mut self, command: &CommandApdu) -> (Vec<u8>, u16) {
        match (command.class(), command.instruction(), command.p1()) {
            (0x00, 0xA4, 0x02) => {
                self.current_ef = command.data().iter().fold(0, |id, octet| (id << 8) | u16::from(*octet));
                (Vec::new(), 0x9000)
            }
            (0x00, 0xA4, _) => (Vec::new(), 0x9000),
            (0x00, 0xB0, _) => {
                let offset = usize::from(u16::from_be_bytes([command.p1(), command.p2()]));
                let file = self.file();
                let rest = file.get(offset..).unwrap_or_default();
                (rest[..rest.len().min(command.ne())].to_vec(), 0x9000)
            }
            (0x00, 0x20, _) if command.data().is_empty() => (Vec::new(), 0x63C0 | u16::from(self.tries)),
            (0x00, 0x20, _) => (Vec::new(), self.verify(command.data())),
            (0x80, 0x2A, _) => match command.data().len() {
                48 => ([[0x11; 48], [0x22; 48]].concat(), 0x9000),
                _ => (vec![0x5A; 256], 0x9000),
            },
            (0x00, 0xC0, _) => {
                let take = self.waiting.len().min(command.ne());
                let rest = self.waiting.split_off(take);
                let data = std::mem::replace(&mut self.waiting, rest);
                let status = match self.waiting.len() {
                    0 => 0x9000,
                    more => 0x6100 | u16::try_from(more.min(0xFF)).unwrap_or(0),
                };
                (data, status)
            }
            _ => (Vec::new(), 0x6D00),
        }
    }

    fn verify(&mut self, pin: &[u8]) -> u16 {
        if self.tries == 0 {
            return 0x6984;
        }
        if pin == self.right_pin {
            self.tries = 3;
            return 0x9000;
        }
        self.tries -= 1;
        0x63C0 | u16::from(self.tries)
    }

    fn file(&self) -> Vec<u8> {
        match self.current_ef {
            0x0006 => {
                let mut token = self.label.to_vec();
                token.resize(160, b' ');
                token
            }
            0x0008 => vec![0x8F, 0x8F, 0x00],
            0x000A => {
                let mut file = vec![0x30, 0x82, 0x06, 0x32];
                file.resize(4 + 0x632, 0xC5);
                file.resize(0x800, 0xFF);
                file
            }
            _ => Vec::new(),
        }
    }
}

impl CardTransaction for AnyCard<'_> {
    type Error = NoAnswer;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, NoAnswer> {
        let honest = self.honest(command);
        let (data, status) = self.bend(honest)?;
        Ok(ResponseApdu::new(data, StatusWord::from(status)))
    }
}

impl PinPad for AnyCard<'_> {
    fn has_pin_pad(&self) -> bool {
        true
    }

    fn verify_pin_direct(&mut self, _: &PinEntry) -> Result<StatusWord, NoAnswer> {
        // Somebody types a wrong PIN.
        let honest = (Vec::new(), self.verify(b"0000"));
        let (_, status) = self.bend(honest)?;
        Ok(StatusWord::from(status))
    }
}
