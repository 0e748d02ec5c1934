//! Bugs planted between driver and watch, to prove that the watch sees such things. Without a `planted_…` feature
//! everything passes as it is.

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};

pub(crate) struct Planted<T> {
    card: T,
    /// The answer came in pieces.
    in_pieces: bool,
}

impl<T> Planted<T> {
    pub(crate) fn new(card: T) -> Self {
        Self { card, in_pieces: false }
    }
}

impl<T: CardTransaction> CardTransaction for Planted<T> {
    type Error = T::Error;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, T::Error> {
        let is_verify = command.instruction() == 0x20 && !command.data().is_empty();
        let answer = |status: u16| Ok(ResponseApdu::new(Vec::new(), StatusWord::from(status)));
        // A driver that sends VERIFY again when its answer is 6Cxx.
        if cfg!(feature = "planted_resend") && is_verify {
            let first = self.card.transmit(command)?;
            return match first.status() {
                StatusWord::WrongLe(_) => self.card.transmit(command),
                _ => Ok(first),
            };
        }
        // A driver that takes 6F00 to the question for the counter for three tries.
        if cfg!(feature = "planted_blind") && command.instruction() == 0x20 && !is_verify {
            let counter = self.card.transmit(command)?;
            return if counter.status() == StatusWord::NoDiagnosis { answer(0x63C3) } else { Ok(counter) };
        }
        // A driver that does not leave after a signature that came in pieces.
        self.in_pieces |= command.instruction() == 0xC0;
        if cfg!(feature = "planted_login_left")
            && self.in_pieces
            && command.p1() == 0x04
            && command.instruction() == 0xA4
        {
            return answer(0x9000);
        }
        // A driver that signs another digest for the later card.
        if cfg!(feature = "planted_other_digest")
            && command.instruction() == 0x2A
            && command.data().len() == 48
        {
            let other =
                CommandApdu::new(0x80, 0x2A, 0x00, 0x80).with_data(&[0; 48]).expect("a digest").with_le(0);
            return self.card.transmit(&other);
        }
        self.card.transmit(command)
    }
}

impl<T: PinPad> PinPad for Planted<T> {
    fn has_pin_pad(&self) -> bool {
        self.card.has_pin_pad()
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, T::Error> {
        self.card.verify_pin_direct(entry)
    }
}
