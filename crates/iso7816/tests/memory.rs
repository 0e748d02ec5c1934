//! What is left in the memory of the process of a command's data, which may be a PIN: nothing.
//!
//! With more data than a PIN has, because an allocator writes over the first octets of what it gets back: a PIN of four
//! octets would seem wiped when it is not.
#![cfg(target_os = "linux")]

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    ops::Range,
};

use madoguchi_iso7816::{CommandApdu, ResponseApdu, StatusWord};

#[test]
fn nothing_is_left_of_a_command_or_an_answer() {
    let mut memory =
        Memory { file: File::open("/proc/self/mem").expect("own memory"), block: vec![0; BLOCK] };
    assert_eq!(memory.count(), 0, "the secret is there before");

    let data = Secret::new();
    let command = CommandApdu::new(0x00, 0x20, 0x00, 0x80).with_data(data.0.as_slice()).expect("data");
    let octets = command.to_octets();
    let (command, read) = (command.with_le(0), CommandApdu::parse(&octets).expect("a command"));
    let shown = format!("{command:?}");
    assert!(memory.count() >= 4, "the scan does not find what is there");
    drop((command, read, octets));
    assert_eq!(memory.count(), 1, "a command is left");

    let answer = ResponseApdu::new(data.0.to_vec(), StatusWord::Ok);
    let octets = answer.to_octets();
    let read = ResponseApdu::parse(&octets).expect("an answer");
    assert!(memory.count() >= 4, "the scan does not find what is there");
    drop((answer, read, octets));
    assert_eq!(memory.count(), 1, "an answer is left");

    drop(data);
    assert_eq!(memory.count(), 0, "the test itself leaves the secret");
    drop(shown);
}

/// Octets that are nowhere else.
struct Secret(Box<[u8; 200]>);

impl Secret {
    fn new() -> Self {
        let mut octets = Box::new([0; 200]);
        octets.iter_mut().enumerate().for_each(|(index, octet)| *octet = secret(index));
        Self(octets)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Read again, so that the wiping is not left out as without use.
        assert!(std::hint::black_box(&self.0).iter().all(|octet| *octet == 0));
    }
}

/// Octet `index` of the secret, which is written down nowhere.
fn secret(index: usize) -> u8 {
    let [.., octet] = (index + 1).wrapping_mul(0x9E37_79B9).to_be_bytes().map(|octet| octet ^ 0x5C);
    octet ^ u8::try_from(index % 251).expect("an octet").rotate_left(3)
}

/// The writable memory of this process.
struct Memory {
    file: File,
    block: Vec<u8>,
}

impl Memory {
    /// How often the middle of the secret is in it.
    fn count(&mut self) -> usize {
        let own = std::ptr::from_ref(&self.block[0]).addr();
        let first = secret(NEEDLE.start);
        let mut found = 0;
        for area in writable_areas() {
            let mut at = area.start;
            while at < area.end {
                let length = BLOCK.min(area.end - at);
                self.file.seek(SeekFrom::Start(u64::try_from(at).expect("an address"))).expect("seek");
                // Some areas, of the kernel's, cannot be read.
                if self.file.read_exact(&mut self.block[..length]).is_err() {
                    break;
                }
                found += self.block[..length]
                    .windows(NEEDLE.len())
                    .enumerate()
                    .filter(|(_, window)| window[0] == first && window.iter().copied().eq(NEEDLE.map(secret)))
                    // Not what this very buffer holds of the blocks before.
                    .filter(|(offset, _)| !(own..own + BLOCK).contains(&(at + offset)))
                    .count();
                // The next block overlaps by a needle.
                at += if length == BLOCK { BLOCK - NEEDLE.len() + 1 } else { length };
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

const NEEDLE: Range<usize> = 100..116;
const BLOCK: usize = 1 << 20;
