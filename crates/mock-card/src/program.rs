//! `madoguchi-mock-card` as a running program: one card, one virtual reader, steered by lines.
//!
//! | line | answer | what happens |
//! |---|---|---|
//! | `insert` | `ok inserted` | the card goes into the reader |
//! | `remove` | `ok removed` | the card comes out |
//! | `tries N` | `ok tries N` | the user-authentication PIN has N tries left |
//! | `quit` | `ok quit` | the program ends |
//!
//! Anything else answers `error …`. The card starts in the reader, and `ready` is the first line of output, written
//! when the reader has seen it. No more lines: the program goes on as it is.

use std::{
    collections::VecDeque,
    io::{self, BufRead, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    MockCardError, Slot,
    vpcd::{self, Ended},
};

/// Runs until `quit`, or until the virtual reader is gone.
pub fn run(
    slot: Slot,
    address: SocketAddr,
    input: impl BufRead + Send + 'static,
    output: impl Write,
) -> Result<(), MockCardError> {
    let (sender, events) = mpsc::channel();
    let lines = sender.clone();
    thread::spawn(move || {
        // Ends with the input; the program goes on without being steered.
        for line in input.lines().map_while(Result::ok) {
            if lines.send(Event::Line(line)).is_err() {
                return;
            }
        }
    });
    let program = Program {
        slot: Arc::new(Mutex::new(slot)),
        address,
        output,
        sender,
        events,
        waiting: VecDeque::new(),
    };
    program.run()
}

struct Program<W> {
    slot: Arc<Mutex<Slot>>,
    address: SocketAddr,
    output: W,
    /// Kept so that the channel outlives the input.
    sender: Sender<Event>,
    events: Receiver<Event>,
    /// Lines that came while the program waited for the reader.
    waiting: VecDeque<String>,
}

enum Event {
    Line(String),
    Ended(SocketAddr, io::Result<Ended>),
}

/// The card in the reader.
struct Insertion {
    /// The card's end of the connection: names this insertion.
    local: SocketAddr,
    stream: Arc<TcpStream>,
    serving: JoinHandle<()>,
}

impl<W: Write> Program<W> {
    fn run(mut self) -> Result<(), MockCardError> {
        let mut insertion = self.insert()?;
        if insertion.is_some() {
            self.answer("ready")?;
        }
        loop {
            let line = match self.next()? {
                Event::Line(line) => line,
                Event::Ended(local, ended) => {
                    // The end of an insertion that a `remove` ended has been dealt with.
                    if insertion.take_if(|insertion| insertion.local == local).is_none() {
                        continue;
                    }
                    match ended {
                        Ok(Ended::CardRemoved) => tracing::info!("the scenario removed the card"),
                        Ok(Ended::ReaderGone) => {
                            return Err(MockCardError::VpcdGone { address: self.address });
                        }
                        Err(error) => {
                            tracing::info!(%error, "the connection to the virtual reader broke");
                            return Err(MockCardError::VpcdGone { address: self.address });
                        }
                    }
                    continue;
                }
            };
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["insert"] if insertion.is_some() => self.answer("error already inserted")?,
                ["insert"] => {
                    insertion = self.insert()?;
                    if insertion.is_some() {
                        self.answer("ok inserted")?;
                    }
                }
                ["remove"] => match insertion.take() {
                    Some(inserted) => {
                        self.remove(inserted);
                        self.answer("ok removed")?;
                    }
                    None => self.answer("error not inserted")?,
                },
                ["tries", number] => match number.parse() {
                    Ok(tries @ 0..=3) => {
                        self.slot().card_mut().set_auth_tries_left(tries);
                        self.answer(&format!("ok tries {tries}"))?;
                    }
                    _ => self.answer("error tries are 0 to 3")?,
                },
                ["quit"] => {
                    if let Some(inserted) = insertion.take() {
                        self.remove(inserted);
                    }
                    return self.answer("ok quit");
                }
                _ => self.answer("error unknown command")?,
            }
        }
    }

    /// Puts the card in and waits until the reader asks it something; none when `quit` came first.
    fn insert(&mut self) -> Result<Option<Insertion>, MockCardError> {
        let absent = |address| move |source| MockCardError::VpcdAbsent { address, source };
        let Some(stream) = self.connect()? else { return Ok(None) };
        let watch = || {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(FIRST_QUESTION_WITHIN))?;
            // pcscd polls its readers, so the question whether there is a card comes by itself.
            if stream.peek(&mut [0])? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            stream.set_read_timeout(None)?;
            stream.local_addr()
        };
        let local = watch().map_err(absent(self.address))?;
        self.slot().insert();
        let stream = Arc::new(stream);
        let serving = thread::spawn({
            let (stream, slot, sender) = (Arc::clone(&stream), Arc::clone(&self.slot), self.sender.clone());
            move || {
                let ended = vpcd::serve(&stream, &slot);
                // The program may be over; then nobody waits for this.
                let _ = sender.send(Event::Ended(local, ended));
                // After the event: whoever sees the card gone and says `insert` finds the program knowing it.
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        Ok(Some(Insertion { local, stream, serving }))
    }

    /// Connects, trying again for a while: pcscd opens the port when it first looks for its reader.
    fn connect(&mut self) -> Result<Option<TcpStream>, MockCardError> {
        let mut attempts = 1;
        loop {
            match TcpStream::connect(self.address) {
                Ok(stream) => return Ok(Some(stream)),
                Err(source)
                    if source.kind() != io::ErrorKind::ConnectionRefused || attempts == CONNECT_ATTEMPTS =>
                {
                    return Err(MockCardError::VpcdAbsent { address: self.address, source });
                }
                Err(_) if attempts == 1 => {
                    tracing::info!("waiting for the virtual reader at {}", self.address);
                }
                Err(_) => {}
            }
            attempts += 1;
            match self.events.recv_timeout(BETWEEN_ATTEMPTS) {
                Ok(Event::Line(line)) if line.trim() == "quit" => {
                    self.waiting.push_front(line);
                    return Ok(None);
                }
                Ok(Event::Line(line)) => self.waiting.push_back(line),
                // Only an insertion before this one can have ended.
                Ok(Event::Ended(..)) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// Takes the card out: closes the connection and waits until nobody serves it.
    fn remove(&self, insertion: Insertion) {
        // Fails when the connection is closed already, which is what is wanted.
        let _ = insertion.stream.shutdown(Shutdown::Both);
        // Fails when the serving thread panicked; the card is out all the same.
        let _ = insertion.serving.join();
        self.slot().remove();
    }

    fn next(&mut self) -> Result<Event, MockCardError> {
        match self.waiting.pop_front() {
            Some(line) => Ok(Event::Line(line)),
            // Never closed: this program holds a sender.
            None => self.events.recv().map_err(|_| MockCardError::VpcdGone { address: self.address }),
        }
    }

    fn answer(&mut self, line: &str) -> Result<(), MockCardError> {
        writeln!(self.output, "{line}")
            .and_then(|()| self.output.flush())
            .map_err(|source| MockCardError::Unsteered { source })
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ten seconds together, on a machine that is busy building.
const CONNECT_ATTEMPTS: u32 = 100;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);
const FIRST_QUESTION_WITHIN: Duration = Duration::from_secs(10);
