//! Lines typed on a terminal, read octet by octet into a buffer that is wiped, without echo where asked.
//!
//! The terminal is put back into its state on every way out: return, error, panic. Ctrl-C stays a signal, which the
//! program turns into an interrupt that the patience tells of.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};

use madoguchi_protocol::ErrorCode;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::{Zeroize, Zeroizing};

use crate::Patience;

/// The terminal of the resident's session.
pub(crate) struct Keyboard {
    tty: File,
}

/// A line as it was typed, without its end. Wiped when dropped.
pub(crate) struct Line {
    octets: Zeroizing<[u8; MAX_LINE]>,
    length: usize,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { octets: Zeroizing::new([0; MAX_LINE]), length: 0 }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.octets.get(..self.length).and_then(|octets| str::from_utf8(octets).ok()).unwrap_or("\u{fffd}")
    }

    /// Keeps one more octet. What does not fit makes the line one that nothing accepts.
    pub(crate) fn push(&mut self, octet: u8) {
        match self.octets.get_mut(self.length) {
            Some(place) => {
                *place = octet;
                self.length += 1;
            }
            None => self.spoil(),
        }
    }

    fn spoil(&mut self) {
        self.octets.fill(0xff);
    }

    /// Takes the last character back; tells how many columns it took on the terminal.
    fn pop(&mut self) -> usize {
        while self.length > 0 {
            self.length -= 1;
            if let Some(place) = self.octets.get_mut(self.length) {
                let octet = *place;
                place.zeroize();
                match octet {
                    // The octets of one character after its first (RFC 3629).
                    0x80..=0xbf => {}
                    // Kana, kanji and full-width forms have three octets or more.
                    0xe0.. => return 2,
                    _ => return 1,
                }
            }
        }
        0
    }
}

impl Keyboard {
    /// The terminal that the program was started in.
    pub(crate) fn open() -> io::Result<Self> {
        let tty = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        tcgetattr(&tty)?;
        Ok(Self { tty })
    }

    /// Shows text. A terminal that is gone ends the next question.
    pub(crate) fn show(&self, text: &str) {
        let _ = (&self.tty).write_all(text.as_bytes());
    }

    /// Shows nothing of what is typed until the answer is dropped: many type the PIN too early, or on the computer when the
    /// reader asks for it. None when the terminal is gone, which the next question finds out.
    pub(crate) fn quiet(&self) -> Option<Quiet> {
        Quiet::begin(&self.tty).ok()
    }

    /// Shows a question and reads one line. What was typed before the question is thrown away: nobody agrees in advance.
    /// The terminal's own echo is off before the question appears, so that a PIN typed at once is not shown.
    pub(crate) fn ask(&self, question: &str, echo: bool, patience: &Patience<'_>) -> Result<Line, ErrorCode> {
        let _quiet = Quiet::begin(&self.tty).map_err(|_| ErrorCode::Declined)?;
        self.show(question);
        let mut line = Line::new();
        loop {
            patience.check()?;
            let mut octet = Zeroizing::new([0]);
            match rustix::io::read(&self.tty, octet.as_mut_slice()) {
                // Nothing typed for a while, or nobody there any more.
                Ok(0) if tcgetattr(&self.tty).is_ok() => continue,
                Ok(1) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Ok(_) | Err(_) => return Err(ErrorCode::Declined),
            }
            match octet[0] {
                b'\n' | b'\r' => break,
                END_OF_INPUT => {
                    self.show("\r\n");
                    return Err(ErrorCode::Declined);
                }
                BACKSPACE | DELETE => {
                    let columns = line.pop();
                    if echo {
                        self.show(&"\u{8} \u{8}".repeat(columns));
                    }
                }
                octet if octet < b' ' => {}
                octet => {
                    line.push(octet);
                    if echo {
                        let _ = (&self.tty).write_all(&[octet]);
                    }
                }
            }
        }
        self.show("\r\n");
        Ok(line)
    }
}

/// Terminal modes for a question or a whole sign-in; the old ones come back when it is dropped.
pub(crate) struct Quiet {
    tty: File,
    before: Termios,
}

impl Quiet {
    fn begin(tty: &File) -> io::Result<Self> {
        let tty = tty.try_clone()?;
        let before = tcgetattr(&tty)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON);
        // A read returns after two tenths of a second at the latest.
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = 2;
        // Neither a core file with a PIN in it, nor a shell left without echo, nor a stop with the card logged in.
        modes.special_codes[SpecialCodeIndex::VQUIT] = DISABLED;
        modes.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
        tcsetattr(&tty, OptionalActions::Flush, &modes)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Flush: an overlong PIN must not end up in the shell that comes after us.
        let _ = tcsetattr(&self.tty, OptionalActions::Flush, &self.before);
    }
}

const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
/// `_POSIX_VDISABLE` on Linux.
const DISABLED: u8 = 0;
/// Ctrl-D.
const END_OF_INPUT: u8 = 0x04;
/// A longer line is not an answer to anything we ask.
const MAX_LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Line {
        let mut line = Line::new();
        text.bytes().for_each(|octet| line.push(octet));
        line
    }

    #[test]
    fn a_line_holds_what_was_typed_and_takes_characters_back() {
        let mut line = typed("はい");
        assert_eq!(line.as_str(), "はい");
        assert_eq!(line.pop(), 2);
        assert_eq!(line.as_str(), "は");
        assert_eq!(line.pop(), 2);
        assert_eq!(line.pop(), 0);
        assert_eq!(typed("y").pop(), 1);
        assert_eq!(line.as_str(), "");
    }

    #[test]
    fn an_overlong_line_answers_nothing() {
        let line = typed(&"1234".repeat(17));
        assert_eq!(line.as_str(), "\u{fffd}");
        assert!(!line.as_str().contains("1234"));
    }
}
