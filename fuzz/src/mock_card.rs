//! The mock card under any sequence of commands, resets and losses of power.

use std::collections::HashSet;

use madoguchi_mock_card::{BlockedQuery, Card, Persona, Scenario};

use crate::{
    contents::{AUTH_CERTIFICATE, AUTH_PIN, CONTENTS, PRIVATE_KEYS, SIGN_CERTIFICATE, SIGN_PASSWORD},
    input::Input,
};

/// Runs the sequence, and panics when the card does what it must not.
///
/// The first two octets set switches of the card. After it, each step begins with an octet: `F6` to `FF` are events and whole
/// commands (see `step`), any other is the length of a command that follows.
pub fn mock_card_apdus(input: &[u8]) {
    let mut input = Input::new(input);
    let mut subject = Subject::new(input.u16());
    // A signature takes as long as a thousand other commands. Two, so that there is one after the first and its VERIFY, a
    // loss of power or another application.
    while !input.is_empty() && subject.signatures < 2 {
        step(&mut subject, &mut input);
    }
}

fn step(subject: &mut Subject, input: &mut Input<'_>) {
    match input.octet() {
        0xFF => subject.warm_reset(),
        0xFE => subject.power(false),
        0xFD => subject.power(true),
        // What a fuzzer would take long to find.
        0xFC => subject.command(SELECT_JPKI),
        0xFB => subject.command(&[VERIFY_AUTH, AUTH_PIN].concat()),
        0xFA => subject.command(&[VERIFY_SIGN, SIGN_PASSWORD].concat()),
        // A long one: extended length.
        0xF9 => {
            let length = usize::from(input.u16());
            subject.command(input.octets(length));
        }
        0xF8 => {
            let application = APPLICATIONS[usize::from(input.octet()) % APPLICATIONS.len()];
            subject.command(&[&[0x00, 0xA4, 0x04, 0x0C, 0x0A], application].concat());
        }
        0xF7 => {
            let (class, instruction) = INSTRUCTIONS[usize::from(input.octet()) % INSTRUCTIONS.len()];
            // An offset or a mode, or a short EF identifier.
            let p1 = match input.octet() {
                short @ 0x40..0x80 => 0x80 | (short & 0x1F),
                p1 => p1,
            };
            let mut command = vec![class, instruction, p1, input.octet()];
            let (lc, le) = (input.octet() % 20, input.octet() % 3);
            if lc > 0 {
                command.push(lc);
                command.extend(input.octets(usize::from(lc)));
            }
            match le {
                0 => {}
                1 => command.push(0x00),
                _ => command.push(input.octet()),
            }
            subject.command(&command);
        }
        0xF6 => subject.command(&[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, input.octet() & 0x1F]),
        length => subject.command(input.octets(usize::from(length))),
    }
}

/// The card, and what somebody beside it knows.
struct Subject {
    card: Card,
    powered: bool,
    /// Every value that was the user-authentication PIN or the signature password at some time.
    secrets: HashSet<Vec<u8>>,
    /// A VERIFY succeeded since power came.
    any_success: bool,
    signatures: u32,
    /// A telephone has the user-authentication certificate behind its PIN.
    is_mobile: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    auth_tries: u8,
    sign_tries: u8,
    auth_verified: bool,
    sign_verified: bool,
}

impl Subject {
    fn new(switches: u16) -> Self {
        let on = |bit: u16| switches & (1 << bit) != 0;
        let scenario = Scenario {
            blocked_query: if on(0) {
                BlockedQuery::ReferenceDataNotUsable
            } else {
                BlockedQuery::NoTriesLeft
            },
            warm_reset_clears_login: on(1),
            warm_reset_keeps_df: on(2),
            wrong_verify_keeps_login: on(3),
            wrong_length_is_free: on(4),
            unknown_aid_drops_selection: on(5),
            hashing_signatures: on(6),
            extended_length_everywhere: on(7),
            persona: if on(8) { Persona::Android } else { Persona::Adult },
            verified_query_is_ok: on(9),
            unverified_signature_is_6985: on(10),
            first_command_fails: on(11),
            ..Scenario::default()
        };
        let mut card = Card::new(&CONTENTS, &scenario).expect("a card");
        card.power_on();
        let secrets = HashSet::from([AUTH_PIN.to_vec(), SIGN_PASSWORD.to_vec()]);
        Self { card, powered: true, secrets, any_success: false, signatures: 0, is_mobile: on(8) }
    }

    fn state(&self) -> State {
        State {
            auth_tries: self.card.auth_tries_left().expect("a PIN"),
            sign_tries: self.card.sign_tries_left().expect("a password"),
            auth_verified: self.card.is_auth_verified(),
            sign_verified: self.card.is_sign_verified(),
        }
    }

    fn warm_reset(&mut self) {
        let before = self.state();
        self.card.reset();
        let after = self.state();
        assert_eq!((before.auth_tries, before.sign_tries), (after.auth_tries, after.sign_tries));
        assert!(!after.auth_verified || before.auth_verified);
        assert!(!after.sign_verified || before.sign_verified);
    }

    fn power(&mut self, on: bool) {
        let before = self.state();
        if on {
            self.card.power_on()
        } else {
            self.card.power_off()
        }
        self.powered = on;
        self.any_success = false;
        let after = self.state();
        assert_eq!((before.auth_tries, before.sign_tries), (after.auth_tries, after.sign_tries));
        assert!(!after.auth_verified && !after.sign_verified, "a login outlived the power");
    }

    fn command(&mut self, apdu: &[u8]) {
        let before = self.state();
        let answer = self.handle(apdu);
        let after = self.state();
        if !self.powered {
            assert!(answer.is_empty(), "an answer without power");
            assert!(before == after);
            return;
        }
        let (data, status) = answer.split_last_chunk::<2>().expect("a status word");
        assert!(data.len() <= 65_536);
        let done = *status == [0x90, 0x00] || status[0] == 0x61;
        let instruction = apdu.get(1).copied().unwrap_or_default();
        let sent = data_field(apdu);
        let is_right = instruction == 0x20 && done && self.secrets.contains(sent);
        // A counter rises by the right value only, and falls by one at a time and by VERIFY alone.
        for (before, after) in [(before.auth_tries, after.auth_tries), (before.sign_tries, after.sign_tries)]
        {
            assert!(after <= before || is_right, "a counter rose from {before} to {after}");
            assert!(before <= after + 1, "a counter fell from {before} to {after}");
            assert!(
                before <= after || (instruction == 0x20 && !sent.is_empty()),
                "a counter fell by another command"
            );
        }
        for (before, after, tries) in [
            (before.auth_verified, after.auth_verified, before.auth_tries),
            (before.sign_verified, after.sign_verified, before.sign_tries),
        ] {
            let became = after && !before;
            assert!(!became || (is_right && tries > 0), "verified without the right value");
        }
        self.signatures += u32::from(done && instruction == 0x2A);
        self.any_success |= instruction == 0x20 && done && !sent.is_empty();
        self.never_disclosed(instruction, data, before, done);
        if instruction == 0x24 && done {
            assert!(before.auth_verified || before.sign_verified || self.any_success, "changed by nobody");
            self.secrets.insert(sent.to_vec());
        }
    }

    fn never_disclosed(&self, instruction: u8, data: &[u8], before: State, done: bool) {
        if done && instruction == 0x2A {
            assert!(before.auth_verified || before.sign_verified, "signed for nobody");
        }
        assert!(before.sign_verified || !SIGN_CERTIFICATE.any_in(data), "the signature certificate is out");
        let auth_is_open = !self.is_mobile || before.auth_verified;
        assert!(auth_is_open || !AUTH_CERTIFICATE.any_in(data), "the user-authentication certificate is out");
        assert!(!PRIVATE_KEYS.any_in(data), "a private key is out");
    }

    fn handle(&mut self, apdu: &[u8]) -> Vec<u8> {
        // A planted bug: the access rule is looked at only when reading from the file's start.
        if cfg!(feature = "planted_card") && self.powered && matches!(apdu, [0x00, 0xB0, 0x81, 1..=7, _]) {
            let offset = usize::from(apdu[3]) * 128;
            let file = &CONTENTS.files.sign_certificate;
            let rest = &file[offset.min(file.len())..];
            let wanted = if apdu[4] == 0 { 256 } else { usize::from(apdu[4]) };
            return [&rest[..rest.len().min(wanted)], &[0x90, 0x00]].concat();
        }
        self.card.handle(apdu)
    }
}

/// The data field of a command, short or extended, by its lengths; empty when they do not add up.
fn data_field(apdu: &[u8]) -> &[u8] {
    let Some((_, body)) = apdu.split_at_checked(4) else { return &[] };
    match body {
        [0, high, low, rest @ ..] if !rest.is_empty() => {
            rest.get(..usize::from(u16::from_be_bytes([*high, *low]))).unwrap_or_default()
        }
        [lc, rest @ ..] => rest.get(..usize::from(*lc)).unwrap_or_default(),
        [] => &[],
    }
}

const SELECT_JPKI: &[u8] =
    &[0x00, 0xA4, 0x04, 0x0C, 0x0A, 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
const VERIFY_AUTH: &[u8] = &[0x00, 0x20, 0x00, 0x98, 0x04];
const VERIFY_SIGN: &[u8] = &[0x00, 0x20, 0x00, 0x9B, 0x06];
/// What the card has commands for: SELECT, VERIFY, CHANGE REFERENCE DATA, COMPUTE DIGITAL SIGNATURE, GET CHALLENGE, INTERNAL
/// AUTHENTICATE, READ BINARY, READ RECORD, GET RESPONSE, GET DATA, and the two of secure messaging.
const INSTRUCTIONS: [(u8, u8); 13] = [
    (0x00, 0xA4),
    (0x00, 0x20),
    (0x00, 0x24),
    (0x80, 0x2A),
    (0x00, 0x84),
    (0x00, 0x88),
    (0x00, 0xB0),
    (0x00, 0xB2),
    (0x00, 0xC0),
    (0x00, 0xCA),
    (0x80, 0xCA),
    (0x80, 0xAE),
    (0x80, 0xA2),
];
/// JPKI, text, visual, resident register, common.
const APPLICATIONS: [&[u8]; 5] = [
    &[0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01],
    &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08],
    &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02],
    &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x01],
    &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00],
];
