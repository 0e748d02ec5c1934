//! The card: its security state and its commands.

use madoguchi_iso7816::{Aid, CommandApdu, ResponseApdu, StatusWord};

use crate::{
    BlockedQuery, CardContents, InstalledApplication, MockCardError, Scenario,
    application::{Application, Content},
    jpki::{AUTH_PIN, jpki},
    pin::Pin,
    rsa::MODULUS_OCTETS,
};

/// A My Number card, or with `application = "none"` some other card.
///
/// Security status lives as observed on real cards: it survives selecting other files, selecting the same
/// application again and a warm reset; it ends with selecting another application and with power.
pub struct Card {
    atr: &'static [u8],
    applications: Vec<Application>,
    blocked_query: BlockedQuery,
    powered: bool,
    /// Index into `applications`; `None` is the issuer security domain.
    current_df: Option<usize>,
    current_ef: Option<u16>,
}

impl Card {
    /// A card without power.
    pub fn new(contents: &CardContents, scenario: &Scenario) -> Result<Self, MockCardError> {
        let (atr, applications) = match scenario.application {
            InstalledApplication::Jpki => (MY_NUMBER_CARD_ATR, vec![jpki(contents, scenario)?]),
            InstalledApplication::None => (OTHER_CARD_ATR, vec![]),
        };
        Ok(Self {
            atr,
            applications,
            blocked_query: scenario.blocked_query,
            powered: false,
            current_df: None,
            current_ef: None,
        })
    }

    /// The answer to reset, as a contactless reader makes it up.
    pub fn atr(&self) -> &[u8] {
        self.atr
    }

    /// Power comes: the issuer security domain is selected and nothing is verified.
    pub fn power_on(&mut self) {
        self.power_off();
        self.powered = true;
    }

    /// Power goes, and everything but the retry counters with it.
    pub fn power_off(&mut self) {
        self.powered = false;
        self.current_df = None;
        self.current_ef = None;
        self.applications.iter_mut().for_each(Application::forget);
    }

    /// Warm reset. What was verified stays verified (observed); whether the application stays selected is not
    /// known: here it does not.
    pub fn reset(&mut self) {
        self.current_df = None;
        self.current_ef = None;
    }

    /// Answers one command: data and SW1-SW2. A card without power answers nothing at all.
    pub fn handle(&mut self, apdu: &[u8]) -> Vec<u8> {
        if !self.powered {
            return Vec::new();
        }
        let response = match self.execute(apdu) {
            Ok(data) => ResponseApdu::new(data, StatusWord::Ok),
            Err(status) => ResponseApdu::new(Vec::new(), status),
        };
        response.to_octets().to_vec()
    }

    /// Tries left of the user-authentication PIN; none when there is no such PIN.
    pub fn auth_tries_left(&self) -> Option<u8> {
        self.auth_pin().map(Pin::tries_left)
    }

    /// Sets the tries left of the user-authentication PIN, as a town office does (at most to 3).
    pub fn set_auth_tries_left(&mut self, tries: u8) {
        if let Some(pin) = self.applications.first_mut().and_then(|jpki| jpki.pin_mut(AUTH_PIN)) {
            pin.set_tries_left(tries);
        }
    }

    /// Whether the user-authentication key would sign now, or after selecting its application: the card was left
    /// logged in.
    pub fn is_auth_verified(&self) -> bool {
        self.auth_pin().is_some_and(Pin::is_verified)
    }

    fn auth_pin(&self) -> Option<&Pin> {
        self.applications.first()?.pin(AUTH_PIN)
    }

    fn execute(&mut self, apdu: &[u8]) -> Result<Vec<u8>, StatusWord> {
        let command = CommandApdu::parse(apdu).map_err(|_| StatusWord::WrongLength)?;
        check_class(command.class())?;
        match (command.class(), command.instruction()) {
            (0x00, 0x20) => self.verify(&command),
            (0x00, 0xA4) => self.select(&command),
            (0x00, 0xB0) => self.read_binary(&command),
            // The card has COMPUTE DIGITAL SIGNATURE in the proprietary class only (observed).
            (0x80, 0x2A) => self.compute_digital_signature(&command),
            (_, 0x20 | 0x2A | 0xA4 | 0xB0) => Err(StatusWord::ClassNotSupported),
            _ => Err(StatusWord::InstructionNotSupported),
        }
    }

    /// SELECT (ISO 7816-4 section 11.2.2).
    fn select(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        match (command.p1(), command.p2(), command.data()) {
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
                Ok(if command.p2() == 0x00 { file_control_information(aid) } else { Vec::new() })
            }
            _ => Err(StatusWord::IncorrectP1P2),
        }
    }

    /// Selects an application by its name or the start of it (observed); an unknown name changes nothing.
    fn select_df(&mut self, name: &[u8]) -> Result<Aid, StatusWord> {
        let (df, aid) = if ISD_AID.starts_with(name) {
            (None, ISD_AID)
        } else {
            let mut named = self.applications.iter().map(|application| application.aid).enumerate();
            let (index, aid) = named.find(|(_, aid)| aid.starts_with(name)).ok_or(StatusWord::NotFound)?;
            (Some(index), aid)
        };
        // Not only when the current DF changes: after a warm reset the issuer security domain is current, yet what
        // was verified before lives on until a DF other than its own is selected.
        for (index, application) in self.applications.iter_mut().enumerate() {
            if Some(index) != df {
                application.forget();
            }
        }
        self.current_df = df;
        self.current_ef = None;
        Ok(aid)
    }

    /// READ BINARY (ISO 7816-4 section 11.3.3), even instruction code.
    fn read_binary(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        let (p1, p2) = (command.p1(), command.p2());
        if !command.data().is_empty() || command.le().is_none() {
            return Err(StatusWord::WrongLength);
        }
        let offset = if p1 & 0x80 == 0 {
            usize::from(u16::from_be_bytes([p1, p2]))
        } else if p1 & 0x60 == 0 {
            self.select_short(p1)?;
            usize::from(p2)
        } else {
            return Err(StatusWord::IncorrectP1P2);
        };
        let (application, id) = self.current()?;
        let Content::Transparent { octets, after } = &application.file(id)?.content else {
            return Err(StatusWord::WrongFileStructure);
        };
        if !application.is_open(*after) {
            return Err(StatusWord::SecurityStatusNotSatisfied);
        }
        let rest =
            octets.get(offset..).filter(|rest| !rest.is_empty()).ok_or(StatusWord::OffsetOutsideFile)?;
        // Past the end: what is left, and 9000 (observed; ISO would have 6282).
        Ok(rest[..rest.len().min(command.ne())].to_vec())
    }

    /// VERIFY (ISO 7816-4 section 11.5.6).
    fn verify(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        if command.p1() != 0x00 {
            return Err(StatusWord::IncorrectP1P2);
        }
        self.select_reference(command.p2())?;
        let blocked_query = self.blocked_query;
        let id = self.current()?.1;
        let application = self.application_mut().ok_or(StatusWord::NoCurrentEf)?;
        let pin = application.pin_mut(id).ok_or(StatusWord::WrongFileStructure)?;
        match command.data() {
            [] => Err(pin.query(blocked_query)),
            data => pin.verify(data).map(|()| Vec::new()),
        }
    }

    /// PERFORM SECURITY OPERATION, COMPUTE DIGITAL SIGNATURE (ISO 7816-8), the card's own form: the input is padded and
    /// signed without a look at it.
    fn compute_digital_signature(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        if command.p1() != 0x00 {
            return Err(StatusWord::IncorrectP1P2);
        }
        self.select_reference(command.p2())?;
        let (application, id) = self.current()?;
        let Content::Key { key, after } = &application.file(id)?.content else {
            return Err(StatusWord::WrongFileStructure);
        };
        if !application.is_open(Some(*after)) {
            return Err(StatusWord::SecurityStatusNotSatisfied);
        }
        match command.le() {
            None => Err(StatusWord::WrongLength),
            Some(_) if command.ne() < MODULUS_OCTETS => Err(StatusWord::WrongLe(0x00)),
            Some(_) => key.sign(command.data()),
        }
    }

    /// P2 of VERIFY and of the signature: 80 is the current EF, 80 with a short EF identifier selects.
    fn select_reference(&mut self, p2: u8) -> Result<(), StatusWord> {
        match p2 {
            0x80 => Ok(()),
            0x81..=0x9F => self.select_short(p2),
            _ => Err(StatusWord::IncorrectP1P2),
        }
    }

    fn select_short(&mut self, octet: u8) -> Result<(), StatusWord> {
        let id = u16::from(octet & 0x1F);
        self.application().ok_or(StatusWord::NotFound)?.file(id)?;
        self.current_ef = Some(id);
        Ok(())
    }

    fn current(&self) -> Result<(&Application, u16), StatusWord> {
        self.application().zip(self.current_ef).ok_or(StatusWord::NoCurrentEf)
    }

    fn application(&self) -> Option<&Application> {
        self.applications.get(self.current_df?)
    }

    fn application_mut(&mut self) -> Option<&mut Application> {
        self.applications.get_mut(self.current_df?)
    }
}

/// Only the basic channel, in the clear (ISO 7816-4 section 5.4.1).
fn check_class(class: u8) -> Result<(), StatusWord> {
    match class & 0x7F {
        0x00 => Ok(()),
        first if first <= 0x0F && first & 0x03 != 0 => Err(StatusWord::ChannelNotSupported),
        0x04 | 0x08 | 0x0C => Err(StatusWord::SecureMessagingNotSupported),
        _ => Err(StatusWord::ClassNotSupported),
    }
}

/// FCI template (6F) with the DF name (84).
fn file_control_information(aid: Aid) -> Vec<u8> {
    let name = aid.as_octets();
    // An AID has at most 16 octets.
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    [&[0x6F, length + 2, 0x84, length], name].concat()
}

/// GlobalPlatform issuer security domain, current at power-on (observed).
const ISD_AID: Aid = match Aid::new(&[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00]) {
    Ok(aid) => aid,
    Err(_) => panic!("an AID has 5 to 16 octets"),
};

/// The most common contactless one.
const MY_NUMBER_CARD_ATR: &[u8] =
    &[0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F];
/// A driving licence's.
const OTHER_CARD_ATR: &[u8] = &[0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x91, 0x81, 0xC1, 0x00, 0xD8];
