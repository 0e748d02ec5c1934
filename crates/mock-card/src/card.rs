//! The card: its security state and its commands.

use madoguchi_iso7816::{ResponseApdu, StatusWord};

use crate::{
    AnswerToReset, CardContents, InstalledApplication, MockCardError, Persona, Scenario,
    application::Application,
    chance::Chance,
    command::Command,
    issuer_domain::data_objects,
    jpki::{AUTH_PIN, JPKI_AID, SIGN_PIN, jpki},
    pin::Pin,
    printed::Printed,
    text::text,
    town_office::{common, juki},
    visual::visual,
};

mod read;
mod reference_data;
mod select;
mod signature;

/// A My Number card, or whatever else the scenario's persona is.
///
/// Security status lives as observed on real cards: it survives selecting other files, selecting the same
/// application again and a warm reset; it ends with selecting another application and with power.
pub struct Card {
    atr: AnswerToReset,
    applications: Vec<Application>,
    /// Of the issuer security domain.
    data_objects: Vec<(u16, Vec<u8>)>,
    scenario: Scenario,
    chance: Chance,
    powered: bool,
    first_command: bool,
    /// Index into `applications`; `None` is the issuer security domain.
    current_df: Option<usize>,
    current_ef: Option<u16>,
}

impl Card {
    /// A card without power. Refuses contents that might be a real card's.
    pub fn new(contents: &CardContents, scenario: &Scenario) -> Result<Self, MockCardError> {
        let other = scenario.application == InstalledApplication::None;
        let persona = if other { Persona::OtherCard } else { scenario.persona };
        let traits = persona.traits();
        let printed = Printed::of(traits.child);
        // Also for a card that does not get it: contents of the wrong kind never pass unseen.
        let jpki = jpki(contents, scenario)?;
        let mut applications = Vec::new();
        if persona != Persona::OtherCard {
            applications.push(jpki);
        }
        if traits.town_office {
            applications.extend([
                text(contents, &printed),
                visual(contents, &printed),
                juki(contents),
                common(contents, &printed),
            ]);
        }
        let data_objects = if traits.town_office { data_objects(contents, &printed) } else { Vec::new() };
        let atr = match &scenario.atr {
            Some(atr) => atr.clone(),
            None => traits.atr.parse()?,
        };
        Ok(Self {
            atr,
            applications,
            data_objects,
            scenario: scenario.clone(),
            chance: Chance::new(scenario.challenge_seed),
            powered: false,
            first_command: false,
            current_df: None,
            current_ef: None,
        })
    }

    /// The answer to reset.
    pub fn atr(&self) -> &[u8] {
        self.atr.as_octets()
    }

    /// Power comes: the issuer security domain is selected and nothing is verified.
    pub fn power_on(&mut self) {
        self.power_off();
        self.powered = true;
        self.first_command = true;
    }

    /// Power goes, and everything but the retry counters with it.
    pub fn power_off(&mut self) {
        self.powered = false;
        self.drop_selection();
        self.applications.iter_mut().for_each(Application::forget);
    }

    /// Warm reset. What was verified stays verified (measured); whether the application stays selected is not known:
    /// here it does not, unless the scenario says so.
    pub fn reset(&mut self) {
        if self.scenario.warm_reset_keeps_df {
            self.current_ef = None;
        } else {
            self.drop_selection();
        }
        if self.scenario.warm_reset_clears_login {
            self.applications.iter_mut().for_each(Application::forget);
        }
    }

    /// Whether it has power.
    pub fn is_powered(&self) -> bool {
        self.powered
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
        self.pin(AUTH_PIN).map(Pin::tries_left)
    }

    /// Sets the tries left of the user-authentication PIN, as a town office does (at most to 3).
    pub fn set_auth_tries_left(&mut self, tries: u8) {
        self.set_tries_left(AUTH_PIN, tries);
    }

    /// Whether the user-authentication key would sign now, or after selecting its application: the card was left
    /// logged in.
    pub fn is_auth_verified(&self) -> bool {
        self.pin(AUTH_PIN).is_some_and(Pin::is_verified)
    }

    /// Tries left of the signature password; none when there is no such password.
    pub fn sign_tries_left(&self) -> Option<u8> {
        self.pin(SIGN_PIN).map(Pin::tries_left)
    }

    /// Sets the tries left of the signature password (at most to 5).
    pub fn set_sign_tries_left(&mut self, tries: u8) {
        self.set_tries_left(SIGN_PIN, tries);
    }

    /// Whether the signature key would sign now, or after selecting its application.
    pub fn is_sign_verified(&self) -> bool {
        self.pin(SIGN_PIN).is_some_and(Pin::is_verified)
    }

    /// Gives every PIN of every application all its tries again; one that was never given out stays blocked.
    pub fn reset_counters(&mut self) {
        self.applications.iter_mut().flat_map(Application::pins_mut).for_each(Pin::reset_counter);
    }

    fn pin(&self, id: u16) -> Option<&Pin> {
        self.applications.iter().find(|application| application.aid == JPKI_AID)?.pin(id)
    }

    fn set_tries_left(&mut self, id: u16, tries: u8) {
        let jpki = self.applications.iter_mut().find(|application| application.aid == JPKI_AID);
        if let Some(pin) = jpki.and_then(|jpki| jpki.pin_mut(id)) {
            pin.set_tries_left(tries);
        }
    }

    fn execute(&mut self, apdu: &[u8]) -> Result<Vec<u8>, StatusWord> {
        if std::mem::take(&mut self.first_command) && self.scenario.first_command_fails {
            return Err(StatusWord::NoDiagnosis);
        }
        let command = Command::parse(apdu)?;
        check_class(command.class)?;
        if command.extended
            && !self.scenario.extended_length_everywhere
            && !EXTENDED_LENGTH.contains(&command.instruction)
        {
            return Err(StatusWord::WrongLength);
        }
        match (command.class, command.instruction) {
            (0x00, 0x20) => self.verify(&command),
            (0x00, 0x24) => self.change_reference_data(&command),
            (0x00, 0x84) => self.challenge(&command),
            (0x00, 0xA4) => self.select(&command),
            (0x00, 0xB0) => self.read_binary(&command),
            (0x00, 0xB2) => self.read_record(&command),
            (0x00, 0xCA) => self.data_object(&command),
            // The card has COMPUTE DIGITAL SIGNATURE in the proprietary class only (observed).
            (0x80, 0x2A) => self.compute_digital_signature(&command),
            (_, 0x20 | 0x24 | 0x2A | 0x84 | 0xA4 | 0xB0 | 0xB2 | 0xCA) => Err(StatusWord::ClassNotSupported),
            _ => Err(StatusWord::InstructionNotSupported),
        }
    }

    /// Makes the current EF what P2 says: 80 is the current EF, 80 with a short EF identifier selects.
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

    fn drop_selection(&mut self) {
        self.current_df = None;
        self.current_ef = None;
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
        // Channels 1 to 3, and 4 to 19 in the further interindustry class.
        first if first <= 0x0F && first & 0x03 != 0 => Err(StatusWord::ChannelNotSupported),
        0x40..=0x6F if class & 0x80 == 0 => Err(StatusWord::ChannelNotSupported),
        0x08 => Err(SECURE_MESSAGING_UNKNOWN),
        0x04 | 0x0C => Err(StatusWord::SecureMessagingNotSupported),
        _ => Err(StatusWord::ClassNotSupported),
    }
}

/// GET CHALLENGE (which refuses it in its own way) and GET DATA.
const EXTENDED_LENGTH: [u8; 2] = [0x84, 0xCA];
/// 69FC, proprietary: what CLA 08 was seen to answer.
const SECURE_MESSAGING_UNKNOWN: StatusWord = StatusWord::Other(0x69FC);
