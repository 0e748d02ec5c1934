//! The driver through a whole sign-in, against a card that answers anything.

use std::{cell::RefCell, rc::Rc, time::Duration};

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use madoguchi_jpki_card::{
    CardProfile, DigestAlgorithm, JpkiCard, JpkiCardError, PadOutcome, Pin, VerifyOutcome,
};

use crate::{
    answers::{AnyCard, NoAnswer},
    input::Input,
    planted::Planted,
    watch::Watch,
};

/// Runs a sign-in with this input, and panics when the driver does what it must not.
pub fn driver_any_card(input: &[u8]) {
    let mut input = Input::new(input);
    let flags = input.octet();
    let label: &[u8] = if flags & 0x01 == 0 { b"JPKIAPICCTOKEN2" } else { b"MADOGUCHI-P384-HYPO" };
    let on_pad = flags & 0x02 != 0;
    let drop_it = flags & 0x04 != 0;
    // Which of the PINs that will be typed is right: 0000 never is.
    let right = PINS[usize::from(flags >> 3) % PINS.len()];
    let watch = Rc::new(RefCell::new(Watch::new(AnyCard::new(input, label, right))));
    let wire = Planted::new(Shared(Rc::clone(&watch)));
    // However it ends, the watch looks last.
    let _ = run(wire, &watch, on_pad, drop_it);
    watch.borrow().end();
}

fn run<'a>(
    wire: Planted<Shared<'a>>,
    watch: &RefCell<Watch<AnyCard<'a>>>,
    on_pad: bool,
    drop_it: bool,
) -> Result<(), JpkiCardError<NoAnswer>> {
    let mut card = JpkiCard::select(wire, &[CardProfile::TODAY, CardProfile::HYPOTHETICAL_P384])?;
    card.availability()?;
    let certificate = card.read_auth_certificate()?;
    assert!(certificate.len() <= 4096 && certificate.capacity() <= 8192);
    let mut verified = false;
    for pin in PINS {
        if card.tries_left()? == 0 {
            break;
        }
        let outcome = if on_pad {
            watch.borrow_mut().allow_pad();
            card.verify_pin_on_pad(Duration::from_secs(30), &mut || true)
                .map(|outcome| outcome == PadOutcome::Verified)
        } else {
            watch.borrow_mut().typed(pin);
            let text = std::str::from_utf8(&pin).expect("digits");
            card.verify_pin(Pin::parse(text).expect("a PIN"), &mut || true)
                .map(|outcome| outcome == VerifyOutcome::Verified)
        };
        verified = outcome?;
        if verified {
            break;
        }
    }
    if !verified {
        return Ok(());
    }
    let (digest, input) = match card.profile().digest_algorithm() {
        DigestAlgorithm::Sha256 => ([0xD1; 32].to_vec(), [SHA256_DIGEST_INFO, &[0xD1; 32]].concat()),
        _ => ([0xD1; 48].to_vec(), [0xD1; 48].to_vec()),
    };
    watch.borrow_mut().signing(input);
    let signature = card.sign(&digest)?;
    match card.profile().digest_algorithm() {
        DigestAlgorithm::Sha256 => assert_eq!(signature.len(), 256),
        _ => assert!(signature.len() <= 104 && signature.starts_with(&[0x30])),
    }
    if drop_it {
        drop(card);
        Ok(())
    } else {
        card.leave()
    }
}

/// The watched wire, which the target looks at while the driver has it.
struct Shared<'a>(Rc<RefCell<Watch<AnyCard<'a>>>>);

impl CardTransaction for Shared<'_> {
    type Error = NoAnswer;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, NoAnswer> {
        self.0.borrow_mut().transmit(command)
    }
}

impl PinPad for Shared<'_> {
    fn has_pin_pad(&self) -> bool {
        self.0.borrow().has_pin_pad()
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, NoAnswer> {
        self.0.borrow_mut().verify_pin_direct(entry)
    }
}

const PINS: [[u8; 4]; 4] = [*b"1111", *b"2222", *b"3333", *b"0000"];
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];
