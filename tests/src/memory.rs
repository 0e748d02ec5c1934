//! What another process has in its memory, by proc(5): for proofs that a PIN is gone.
//!
//! A program that is not dumpable shows its memory to nobody but root. [`in_own_user_namespace`] starts it where the test, whoever
//! runs it, is allowed to look: whoever made a user namespace has every capability inside it (user_namespaces(7)).

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use madoguchi_demo::Program;

/// A program in a user namespace of its own, in which it is the user that it was.
pub fn in_own_user_namespace(name: &str, program: &Path) -> Program {
    // Entering the namespace clears the parent-death signal, which is therefore set again inside.
    Program::new(name, "unshare").args(OWN_NAMESPACE).arg(program)
}

/// The words before a program's path that start it so.
pub const OWN_NAMESPACE: [&str; 7] =
    ["--user", "--map-root-user", "--", "setpriv", "--pdeathsig", "TERM", "--"];

/// A PIN in one of the forms in which programs keep text.
pub struct Needle {
    form: &'static str,
    octets: Vec<u8>,
}

/// Every form of a PIN that is looked for.
pub fn needles(pin: &str) -> Vec<Needle> {
    let ascii = pin.as_bytes().to_vec();
    let utf_16 = pin.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let one_per_u32 = pin.chars().flat_map(|digit| u32::from(digit).to_le_bytes()).collect();
    let values_per_u32 =
        pin.chars().flat_map(|digit| digit.to_digit(10).unwrap_or(u32::MAX).to_le_bytes()).collect();
    let mut verify = vec![0x00, 0x20, 0x00, 0x80, 0x04];
    verify.extend_from_slice(&ascii);
    [
        (ASCII, ascii),
        ("UTF-16", utf_16),
        ("one per u32", one_per_u32),
        ("one value per u32", values_per_u32),
        ("VERIFY", verify),
    ]
    .map(|(form, octets)| Needle { form, octets })
    .into()
}

/// A place where a needle lies.
pub struct Hit {
    /// The needle's form.
    pub form: &'static str,
    /// False when the digits are a part of a longer decimal or hexadecimal number. The agent reads tables of the kernel that are full of
    /// them, and among ten thousand PINs some lie in one by chance. A copy of a PIN may have a digit beside it by chance too, but not
    /// every time.
    pub alone: bool,
    mapping: String,
    address: u64,
    around: Vec<u8>,
}

impl fmt::Display for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { form, mapping, address, around, .. } = self;
        write!(f, "{form} at {address:x} in {mapping}: {:?}", around.escape_ascii().to_string())
    }
}

/// Every place in the writable mappings of process `pid` where one of the needles lies.
pub fn scan(pid: u32, needles: &[Needle]) -> io::Result<Vec<Hit>> {
    for _ in 1..LOOKS {
        match look(pid, needles) {
            // EIO: something was unmapped meanwhile, such as the stack of a thread that ended. The whole once more.
            Err(error) if error.raw_os_error() == Some(5) => {}
            result => return result,
        }
    }
    look(pid, needles)
}

fn look(pid: u32, needles: &[Needle]) -> io::Result<Vec<Hit>> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut hits = Vec::new();
    let mut seen = 0_usize;
    for line in maps.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(range), Some(permissions)) = (fields.next(), fields.next()) else { continue };
        if !permissions.contains('w') {
            continue;
        }
        let name = fields.nth(3).unwrap_or("anonymous memory");
        let (start, end) = range.split_once('-').ok_or(io::ErrorKind::InvalidData)?;
        let address = |text| u64::from_str_radix(text, 16).map_err(|_| io::ErrorKind::InvalidData);
        let (start, end) = (address(start)?, address(end)?);
        // Empty pages of stacks are most of it.
        let mut page = vec![0; PAGE + OVERLAP];
        let mut before = 0;
        for at in (start..end).step_by(PAGE) {
            let length = (PAGE + OVERLAP).min(usize::try_from(end - at).unwrap_or(usize::MAX));
            let window = &mut page[..length];
            memory.read_exact_at(window, at)?;
            seen += 1;
            let last_before = std::mem::replace(&mut before, window[length.min(PAGE) - 1]);
            if window.iter().all(|octet| *octet == 0) {
                continue;
            }
            for needle in needles {
                for offset in places(window, &needle.octets) {
                    let from = offset.saturating_sub(AROUND);
                    let until = (offset + needle.octets.len() + AROUND).min(length);
                    let left = offset.checked_sub(1).map_or(last_before, |left| window[left]);
                    let right = window.get(offset + needle.octets.len()).copied().unwrap_or(0);
                    let in_number = left.is_ascii_hexdigit() || right.is_ascii_hexdigit();
                    hits.push(Hit {
                        form: needle.form,
                        alone: needle.form != ASCII || !in_number,
                        mapping: name.to_owned(),
                        address: at + offset as u64,
                        around: window[from..until].to_vec(),
                    });
                }
            }
        }
    }
    assert!(seen > LEAST_PAGES, "a running program has more memory than {seen} pages");
    Ok(hits)
}

/// Where a needle begins in the first page of `window`.
fn places(window: &[u8], needle: &[u8]) -> Vec<usize> {
    let page = &window[..window.len().min(PAGE)];
    let mut found = Vec::new();
    for (offset, octet) in page.iter().enumerate() {
        if *octet == needle[0] && window[offset..].starts_with(needle) {
            found.push(offset);
        }
    }
    found
}

const ASCII: &str = "ASCII";
const PAGE: usize = 4096;
/// At least the longest needle, so that none hides between two pages.
const OVERLAP: usize = 64;
/// A program that changes its mappings faster than this is never at rest.
const LOOKS: usize = 20;
const AROUND: usize = 24;
const LEAST_PAGES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_found_across_two_pages_and_once() {
        let mut window = vec![0; PAGE + OVERLAP];
        window[PAGE - 2..PAGE + 2].copy_from_slice(b"4821");
        assert_eq!(places(&window, b"4821"), [PAGE - 2]);
        window[PAGE + 8..PAGE + 12].copy_from_slice(b"4821");
        assert_eq!(places(&window, b"4821"), [PAGE - 2], "the next page has its own turn");
    }

    #[test]
    fn our_own_memory_holds_what_we_put_there_in_every_form() {
        let pin = std::hint::black_box("7390".to_owned());
        let kept: Vec<Vec<u8>> = needles(&pin).into_iter().map(|needle| needle.octets).collect();
        let hits = scan(std::process::id(), &needles(&pin)).expect("our own memory");
        for needle in needles(&pin) {
            assert!(hits.iter().any(|hit| hit.form == needle.form), "{}", needle.form);
        }
        assert!(hits.iter().any(|hit| hit.form == ASCII && hit.alone));
        drop(kept);
    }

    #[test]
    fn digits_inside_a_number_are_told_apart() {
        let kept = std::hint::black_box([" 16739042 ".to_owned(), "fd7390 ".to_owned()]);
        let hits = scan(std::process::id(), &needles(&kept[0][3..7])).expect("our own memory");
        let inside =
            |part: &str| hits.iter().filter(|hit| hit.to_string().contains(part)).collect::<Vec<_>>();
        assert!(inside("16739042").iter().any(|hit| hit.form == ASCII && !hit.alone));
        let hits = scan(std::process::id(), &needles("7390")).expect("our own memory");
        assert!(hits.iter().any(|hit| !hit.alone && hit.to_string().contains("fd7390")));
    }
}
