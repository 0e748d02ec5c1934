//! What is left of a PIN in the memory of the process after the driver is done with it: nothing.
//!
//! A process of its own, with this one test: others would leave PINs of theirs.
#![cfg(target_os = "linux")]

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    ops::Range,
};

use madoguchi_iso7816::{CardTransaction, CommandApdu, ResponseApdu, StatusWord};
use madoguchi_jpki_card::{CardProfile, JpkiCard, Pin, VerifyOutcome};
use ring::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

#[test]
fn nothing_is_left_of_a_pin() {
    let mut memory = Memory::open();
    for round in 0..10 {
        let (needle, typed) = unused_pin(&mut memory);
        // What was typed is the caller's, and wiped by it.
        let pin = Pin::parse(&typed).expect("four digits");
        drop(typed);
        assert_ne!(memory.count(needle), 0, "round {round}: the scan does not find a PIN that is there");
        let mut during = 0;
        let wire = Wire { memory: &mut memory, needle, during: &mut during, right: round % 2 == 0 };
        let mut card = JpkiCard::select(wire, &[CardProfile::TODAY]).expect("a card");
        card.tries_left().expect("a counter");
        let outcome = card.verify_pin(pin).expect("an answer");
        assert_eq!(outcome == VerifyOutcome::Verified, round % 2 == 0);
        drop(card);
        // In the command, and in the octets that a transport makes of it.
        assert!(during >= 2, "round {round}: the scan does not find the PIN while it is sent");
        assert_eq!(memory.count(needle), 0, "round {round}: the PIN is left in memory");
    }
}

/// Answers what a card would, and looks for the PIN while it is being sent.
struct Wire<'a> {
    memory: &'a mut Memory,
    needle: Needle,
    during: &'a mut usize,
    right: bool,
}

#[derive(Clone, Copy, Debug, Error)]
#[error("no answer")]
struct Never;

impl CardTransaction for Wire<'_> {
    type Error = Never;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Never> {
        let octets = command.to_octets();
        let (data, status) = match (command.instruction(), command.data()) {
            (0xB0, _) => {
                let mut label = b"JPKIAPICCTOKEN2".to_vec();
                label.resize(32, b' ');
                (label, 0x9000)
            }
            (0x20, []) => (Vec::new(), 0x63C3),
            (0x20, _) => {
                *self.during = self.memory.count(self.needle);
                (Vec::new(), if self.right { 0x9000 } else { 0x63C2 })
            }
            _ => (Vec::new(), 0x9000),
        };
        drop(octets);
        Ok(ResponseApdu::new(data, StatusWord::from(status)))
    }
}

/// Four digits in a form that is not in memory as they are: each with its upper bits turned.
#[derive(Clone, Copy)]
struct Needle([u8; 4]);

const MASK: u8 = 0xA5;

/// A PIN that is nowhere in memory yet, and what somebody types, in a buffer that is wiped.
fn unused_pin(memory: &mut Memory) -> (Needle, zeroize::Zeroizing<String>) {
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
    let random = SystemRandom::new();
    loop {
        let mut needle = [0; 4];
        random.fill(&mut needle).expect("randomness");
        needle = needle.map(|octet| (b'0' + octet % 10) ^ MASK);
        if memory.count(Needle(needle)) == 0 {
            let mut typed = zeroize::Zeroizing::new(String::with_capacity(4));
            typed.extend(needle.iter().map(|octet| char::from(octet ^ MASK)));
            return (Needle(needle), typed);
        }
    }
}

/// The writable memory of this process.
struct Memory {
    file: File,
    block: Vec<u8>,
}

impl Memory {
    fn open() -> Self {
        Self { file: File::open("/proc/self/mem").expect("own memory"), block: vec![0; BLOCK] }
    }

    /// How often the digits are in it.
    fn count(&mut self, needle: Needle) -> usize {
        let mut found = 0;
        let own = std::ptr::from_ref(&self.block[0]).addr();
        for area in writable_areas() {
            let mut at = area.start;
            while at < area.end {
                let length = BLOCK.min(area.end - at);
                self.file.seek(SeekFrom::Start(u64::try_from(at).expect("an address"))).expect("seek");
                let block = &mut self.block[..length];
                // Some areas, of the kernel's, cannot be read.
                if self.file.read_exact(block).is_err() {
                    break;
                }
                found += block
                    .windows(4)
                    .enumerate()
                    .filter(|(_, window)| window[0] ^ MASK == needle.0[0])
                    .filter(|(_, window)| window.iter().map(|octet| octet ^ MASK).eq(needle.0))
                    // Not what this very buffer holds of the blocks before.
                    .filter(|(offset, _)| !(own..own + BLOCK).contains(&(at + offset)))
                    .count();
                // The next one overlaps by three octets.
                at += if length == BLOCK { BLOCK - 3 } else { length };
            }
        }
        self.block.fill(0);
        found
    }
}

fn writable_areas() -> Vec<Range<usize>> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("own map");
    let area = |line: &str| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let address = |digits| usize::from_str_radix(digits, 16).expect("an address");
        rest.starts_with("rw").then(|| address(start)..address(end))
    };
    maps.lines().filter_map(area).collect()
}

const BLOCK: usize = 1 << 20;
