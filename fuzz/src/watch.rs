//! The wire between driver and card, with somebody who watches what goes over it.

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};

/// Passes commands on and panics when the driver does what it must not.
pub(crate) struct Watch<T> {
    card: T,
    commands: usize,
    /// Whether the JPKI application was selected last, and the card said that it is.
    in_jpki: bool,
    /// The EF selected last in it.
    current_ef: Option<u16>,
    /// Tries left by the answer right before, in this selection.
    counted: Option<u8>,
    /// What was typed and has not been sent yet.
    typed: Option<[u8; 4]>,
    pad_allowed: bool,
    signing: Option<Vec<u8>>,
    last_was_issuer_domain: bool,
    /// P1 and name of a SELECT that was answered 61xx: GET RESPONSE brings its status.
    half_selected: Option<(u8, Vec<u8>)>,
}

impl<T> Watch<T> {
    pub(crate) fn new(card: T) -> Self {
        Self {
            card,
            commands: 0,
            in_jpki: false,
            current_ef: None,
            counted: None,
            typed: None,
            pad_allowed: false,
            signing: None,
            last_was_issuer_domain: false,
            half_selected: None,
        }
    }

    /// A resident types a PIN: one VERIFY may come.
    pub(crate) fn typed(&mut self, pin: [u8; 4]) {
        self.typed = Some(pin);
    }

    /// A resident is asked on the keypad, once.
    pub(crate) fn allow_pad(&mut self) {
        self.pad_allowed = true;
    }

    /// The driver was asked to sign, and this is what the card may be given.
    pub(crate) fn signing(&mut self, input: Vec<u8>) {
        self.signing = Some(input);
    }

    /// What must hold when the driver is done with the card.
    pub(crate) fn end(&self) {
        assert!(self.last_was_issuer_domain, "the card was not left");
    }

    fn before(&mut self, command: &CommandApdu) {
        self.commands += 1;
        assert!(self.commands <= MOST_COMMANDS, "no end of commands");
        let header = (command.class(), command.instruction(), command.p1(), command.p2());
        // GET RESPONSE belongs to the command before it.
        self.last_was_issuer_domain &= header == GET_RESPONSE;
        match (header, command.data()) {
            ((0x00, 0xA4, 0x04, 0x0C), name) => {
                assert!(name == ISSUER_DOMAIN || name == JPKI, "SELECT of {name:02X?}");
                assert_eq!(command.le(), None);
                self.last_was_issuer_domain = name == ISSUER_DOMAIN;
            }
            ((0x00, 0xA4, 0x02, 0x0C), &[high, low]) => {
                let id = u16::from_be_bytes([high, low]);
                assert!(FILES.contains(&id), "SELECT of EF {id:04X}");
                assert!(self.in_jpki, "SELECT of EF {id:04X} outside the JPKI application");
            }
            ((0x00, 0xB0, 0x00..=0x7F, _), []) => assert!(command.le().is_some() && self.in_jpki),
            ((0x00, 0x20, 0x00, 0x80), []) => {
                // With an Le it must be 00: anything else could be taken for an Lc.
                assert!(matches!(command.le(), None | Some(0)), "VERIFY with Le {:?}", command.le());
                assert_eq!(self.current_ef, Some(0x0018));
            }
            ((0x00, 0x20, 0x00, 0x80), data) => {
                assert_eq!(command.le(), None);
                self.verify();
                let typed = self.typed.take().expect("VERIFY that nobody typed, or the second");
                assert_eq!(data, typed);
            }
            ((0x80, 0x2A, 0x00, 0x80), data) => {
                assert_eq!(self.current_ef, Some(0x0017));
                assert_eq!(Some(data), self.signing.as_deref(), "signs what was not asked");
            }
            (GET_RESPONSE, []) => assert!(command.le().is_some()),
            _ => panic!("{command:?}"),
        }
        self.counted = None;
    }

    /// VERIFY comes right after the card said, of this file in this selection, that there are tries.
    fn verify(&mut self) {
        assert!(self.in_jpki && self.current_ef == Some(0x0018), "VERIFY of another file");
        assert!(self.counted.is_some_and(|tries| tries > 0), "VERIFY without a look at the counter");
    }

    fn after(&mut self, command: &CommandApdu, status: Option<StatusWord>) {
        let half_selected = self.half_selected.take();
        match (command.instruction(), command.data()) {
            (0xA4, name) => self.selected(command.p1(), name, status),
            (0xC0, _) => {
                if let Some((p1, name)) = half_selected {
                    self.selected(p1, &name, status);
                }
            }
            (0x20, []) => {
                if let Some(StatusWord::TriesLeft(tries)) = status {
                    self.counted = Some(tries);
                }
            }
            _ => {}
        }
    }

    fn selected(&mut self, p1: u8, name: &[u8], status: Option<StatusWord>) {
        let done = status == Some(StatusWord::Ok);
        if let Some(StatusWord::MoreData(_)) = status {
            self.half_selected = Some((p1, name.to_vec()));
        }
        self.current_ef = None;
        match name {
            &[high, low] if p1 == 0x02 => self.current_ef = done.then(|| u16::from_be_bytes([high, low])),
            name => self.in_jpki = done && name == JPKI,
        }
    }
}

impl<T: CardTransaction> CardTransaction for Watch<T> {
    type Error = T::Error;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, T::Error> {
        self.before(command);
        let answer = self.card.transmit(command);
        self.after(command, answer.as_ref().ok().map(ResponseApdu::status));
        answer
    }
}

impl<T: PinPad> PinPad for Watch<T> {
    fn has_pin_pad(&self) -> bool {
        self.card.has_pin_pad()
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, T::Error> {
        self.commands += 1;
        self.last_was_issuer_domain = false;
        self.verify();
        self.counted = None;
        assert!(std::mem::take(&mut self.pad_allowed), "asked on the keypad twice");
        assert_eq!(*entry.command.to_octets(), [0x00, 0x20, 0x00, 0x80]);
        assert_eq!((entry.min_digits, entry.max_digits), (4, 4));
        self.card.verify_pin_direct(entry)
    }
}

const GET_RESPONSE: (u8, u8, u8, u8) = (0x00, 0xC0, 0x00, 0x00);
const ISSUER_DOMAIN: &[u8] = &[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];
const JPKI: &[u8] = &[0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
/// Token info, availability, user-authentication certificate, key and PIN.
const FILES: [u16; 5] = [0x0006, 0x0008, 0x000A, 0x0017, 0x0018];
/// About sixty commands of a sign-in with three PINs, each with a second attempt and sixteen pieces.
const MOST_COMMANDS: usize = 1100;
