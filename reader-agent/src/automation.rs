//! The front for automation, `--pin-stdin`: nobody looks, so consent is taken as given. Only for test cards, which
//! [`crate::CardPolicy::TestOnly`] sees to.
//!
//! Each sign-in takes one line of standard input as the PIN, and one line is one VERIFY. An empty line says that the resident
//! declines. The first wrong PIN ends automation, and so do a PIN of which the card does not say what became of it and the end of
//! the input; every later sign-in stops before the card is touched. What happens is told as JSON lines:
//! `{"event":"ready","port":24817}`, `{"event":"pin_wanted"}`, `{"event":"finished","result":"proven"}` or with an error code.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;

use madoguchi_jpki_card::Pin;
use madoguchi_protocol::ErrorCode;
use serde_json::json;
use zeroize::Zeroizing;

use crate::keyboard::Line;
use crate::{Notice, Patience, Prompt, ShownRequest};

/// Answers by lines of an input.
pub struct AutomationPrompt {
    events: Box<dyn Write + Send>,
    wanted: Sender<()>,
    given: Receiver<Given>,
    /// For interrupts, which come the same way.
    others: Sender<Given>,
    /// A line is being waited for on behalf of a sign-in that ended meanwhile.
    outstanding: bool,
    /// This sign-in was given a PIN.
    trying: bool,
    over: bool,
}

/// What a wait for a line ends with.
enum Given {
    End,
    Interrupted,
    /// In one place from its first octet on.
    Line(Box<Line>),
}

impl AutomationPrompt {
    /// Reads PINs from `input`, octet by octet and only when one is wanted; tells events on `events`.
    pub fn new(input: impl Read + Send + 'static, events: impl Write + Send + 'static) -> Self {
        let (wanted, wants) = channel();
        let (others, given) = channel();
        let sender = others.clone();
        // A thread of its own, because a read of a pipe cannot be given up when the sign-in ends.
        thread::spawn(move || answer_wants(input, &wants, &sender));
        Self {
            events: Box::new(events),
            wanted,
            given,
            others,
            outstanding: false,
            trying: false,
            over: false,
        }
    }

    /// Tells that the listener is there.
    pub fn tell_ready(&mut self, port: u16) {
        self.tell(&json!({"event": "ready", "port": port}));
    }

    fn tell(&mut self, event: &serde_json::Value) {
        // Nobody may be listening; that changes nothing for the card.
        let _ = writeln!(self.events, "{event}").and_then(|()| self.events.flush());
    }

    fn end(&mut self, code: ErrorCode) -> ErrorCode {
        self.over = true;
        code
    }
}

impl Prompt for AutomationPrompt {
    fn ask_consent(&mut self, _request: &ShownRequest<'_>, patience: &Patience<'_>) -> Result<(), ErrorCode> {
        self.trying = false;
        if self.over { Err(ErrorCode::AutomationEnded) } else { patience.check() }
    }

    fn ask_pin(&mut self, _tries_left: u8, patience: &Patience<'_>) -> Result<Pin, ErrorCode> {
        self.tell(&json!({"event": "pin_wanted"}));
        if self.over {
            return Err(ErrorCode::AutomationEnded);
        }
        if !self.outstanding {
            self.wanted.send(()).map_err(|_| self.end(ErrorCode::AutomationEnded))?;
            self.outstanding = true;
        }
        let others = self.others.clone();
        let _waking = patience.interrupt().on(move || {
            let _ = others.send(Given::Interrupted);
        });
        loop {
            patience.check()?;
            match self.given.recv_timeout(patience.left()) {
                Ok(Given::Line(line)) => {
                    self.outstanding = false;
                    if line.as_str().is_empty() {
                        return Err(ErrorCode::Declined);
                    }
                    self.trying = true;
                    return Pin::parse(line.as_str()).map_err(|_| self.end(ErrorCode::AutomationEnded));
                }
                Ok(Given::End) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.end(ErrorCode::AutomationEnded));
                }
                Ok(Given::Interrupted) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn ask_pin_on_reader(&mut self, _tries_left: u8, _patience: &Patience<'_>) -> Result<(), ErrorCode> {
        // Nobody is there to type. The program uses no keypads in automation.
        Err(self.end(ErrorCode::AutomationEnded))
    }

    fn ask_reader_again(&mut self, _patience: &Patience<'_>) -> Result<(), ErrorCode> {
        Err(self.end(ErrorCode::AutomationEnded))
    }

    fn ask_last_try(&mut self, _patience: &Patience<'_>) -> Result<(), ErrorCode> {
        Err(ErrorCode::PinLastTry)
    }

    fn ask_again(&mut self, _tries_left: u8, _patience: &Patience<'_>) -> Result<(), ErrorCode> {
        Err(ErrorCode::PinWrong)
    }

    fn notice(&mut self, notice: Notice) {
        // The PIN may have been wrong.
        self.over |= matches!(notice, Notice::TryMayBeSpent { .. });
    }

    fn tell_end(&mut self, result: Result<(), ErrorCode>, _tries_left: Option<u8>) {
        if self.trying && matches!(result, Err(ErrorCode::PinWrong | ErrorCode::PinBlocked)) {
            self.over = true;
        }
        let result = result.map_or_else(ErrorCode::as_str, |()| "proven");
        self.tell(&json!({"event": "finished", "result": result}));
    }
}

fn answer_wants(mut input: impl Read, wants: &Receiver<()>, given: &Sender<Given>) {
    while wants.recv().is_ok() {
        let line = read_line(&mut input);
        let ended = line.is_none();
        if given.send(line.map_or(Given::End, Given::Line)).is_err() || ended {
            return;
        }
    }
}

/// One line without its end; absent at the end of the input, even after a part of a line.
fn read_line(input: &mut impl Read) -> Option<Box<Line>> {
    let mut line = Box::new(Line::new());
    let mut octet = Zeroizing::new([0]);
    loop {
        match input.read(octet.as_mut_slice()) {
            Ok(1) => match octet[0] {
                b'\n' => return Some(line),
                b'\r' => {}
                octet => line.push(octet),
            },
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::Interrupt;
    use crate::testing::HandClock;

    #[derive(Clone, Default)]
    struct Events(Arc<Mutex<Vec<u8>>>);

    impl Write for Events {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("the events").write(octets)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn prompt(input: &'static str) -> (AutomationPrompt, Events) {
        let events = Events::default();
        (AutomationPrompt::new(Cursor::new(input), events.clone()), events)
    }

    fn ask(prompt: &mut AutomationPrompt) -> Result<(), ErrorCode> {
        let clock = HandClock::default();
        prompt.ask_pin(3, &Patience::new(&clock, Duration::from_mins(1), Interrupt::default())).map(|_| ())
    }

    #[test]
    fn a_line_is_a_pin_an_empty_one_declines_and_the_end_ends() {
        let (mut prompt, events) = prompt("1234\n\n1234\r\n12");
        assert_eq!(ask(&mut prompt), Ok(()));
        assert_eq!(ask(&mut prompt), Err(ErrorCode::Declined));
        assert_eq!(ask(&mut prompt), Ok(()));
        assert_eq!(ask(&mut prompt), Err(ErrorCode::AutomationEnded));
        assert_eq!(ask(&mut prompt), Err(ErrorCode::AutomationEnded));
        let events = String::from_utf8(events.0.lock().expect("the events").clone()).expect("text");
        assert_eq!(events, "{\"event\":\"pin_wanted\"}\n".repeat(5));
    }

    #[test]
    fn a_line_that_is_no_pin_ends_automation() {
        let (mut prompt, _) = prompt("12345\n1234\n");
        assert_eq!(ask(&mut prompt), Err(ErrorCode::AutomationEnded));
        assert!(prompt.over);
    }

    #[test]
    fn the_first_wrong_pin_ends_automation() {
        let (mut prompt, events) = prompt("1234\n");
        prompt.tell_ready(24817);
        prompt.tell_end(Ok(()), None);
        prompt.tell_end(Err(ErrorCode::PinBlocked), None);
        assert!(!prompt.over, "blocked before: nobody tried");
        assert_eq!(ask(&mut prompt), Ok(()));
        prompt.tell_end(Err(ErrorCode::PinWrong), None);
        assert!(prompt.over);
        let events = String::from_utf8(events.0.lock().expect("the events").clone()).expect("text");
        assert_eq!(
            events,
            "{\"event\":\"ready\",\"port\":24817}\n{\"event\":\"finished\",\"result\":\"proven\"}\n\
             {\"event\":\"finished\",\"result\":\"pin_blocked\"}\n{\"event\":\"pin_wanted\"}\n\
             {\"event\":\"finished\",\"result\":\"pin_wrong\"}\n"
        );
    }

    #[test]
    fn a_pin_of_which_nothing_is_known_ends_automation() {
        for tries_left in [None, Some(3)] {
            let (mut prompt, _) = prompt("1234\n1234\n");
            assert_eq!(ask(&mut prompt), Ok(()));
            prompt.notice(Notice::Signing);
            assert!(!prompt.over);
            prompt.notice(Notice::TryMayBeSpent { tries_left });
            prompt.tell_end(Err(ErrorCode::CardRemoved), None);
            assert_eq!(ask(&mut prompt), Err(ErrorCode::AutomationEnded));
        }
    }

    #[test]
    fn an_interrupt_ends_the_wait_for_a_line() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut prompt = AutomationPrompt::new(reader, Events::default());
        let clock = HandClock::default();
        let interrupt = Interrupt::default();
        interrupt.stop();
        let patience = Patience::new(&clock, Duration::from_mins(1), interrupt);
        assert_eq!(prompt.ask_pin(3, &patience).map(|_| ()), Err(ErrorCode::Declined));
        drop(writer);
    }
}
