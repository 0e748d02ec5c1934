//! `madoguchi-mock-card` as a running program: one card, one virtual reader, steered by lines.
//!
//! | line | answer | what happens |
//! |---|---|---|
//! | `insert` | `ok inserted` | the card goes into the reader |
//! | `remove` | `ok removed` | the card comes out |
//! | `tries N` | `ok tries N` | the user-authentication PIN has N tries left, 0 to 3 |
//! | `sign-tries N` | `ok sign-tries N` | the signature password has N tries left, 0 to 5 |
//! | `reset-counters` | `ok reset-counters` | every PIN has all its tries again |
//! | `fault PLAN` | `ok fault PLAN` | this goes wrong at that command, counted from now; `fault none` takes it back |
//! | `go on` | `ok go on` | what an `event hold` or `event unplug` keeps waiting goes on |
//! | `warm-reset` | `ok warm-reset` | the card is reset |
//! | `state` | `ok state auth_tries=3 …` | how the card is |
//! | `quit` | `ok quit` | the program ends |
//!
//! Anything else answers `error …`. The card starts in the reader, and `ready` is the first line of output, written
//! when the reader has seen it. No more lines: the program goes on as it is. Lines that begin with `event` come
//! unasked: `event hold 7` and `event unplug 7` say that the card keeps the answer to the plan's seventh command back until
//! `go on`, because what happens there is for others to do; `event removed` that the fault plan took the card out.

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
    Fault, FaultPlan, MockCardError, Slot,
    vpcd::{self, Ended},
};

#[cfg(unix)]
use crate::control::{self, Control};

/// A card and its virtual reader, before the program runs.
pub struct Program<W> {
    slot: Arc<Mutex<Slot>>,
    address: SocketAddr,
    output: W,
    /// Kept so that the channel outlives the input.
    sender: Sender<Event>,
    events: Receiver<Event>,
    /// Lines that came while the program waited for the reader.
    waiting: VecDeque<(String, Reply)>,
    insertion: Option<Insertion>,
    #[cfg(unix)]
    control: Option<Control>,
}

/// What the program waits for.
pub(crate) enum Event {
    Line(String, Reply),
    /// A command waits for `go on`.
    Held(SocketAddr, FaultPlan),
    Ended(SocketAddr, io::Result<Ended>),
}

/// Where the answer to a line goes.
pub(crate) enum Reply {
    Output,
    #[cfg(unix)]
    Connection(std::os::unix::net::UnixStream),
}

/// The card in the reader.
struct Insertion {
    /// The card's end of the connection: names this insertion.
    local: SocketAddr,
    stream: Arc<TcpStream>,
    serving: JoinHandle<()>,
    /// Lets a held command go on; dropped, it lets every wait end.
    release: Sender<()>,
    held: bool,
}

impl<W: Write> Program<W> {
    /// A program that will put the slot's card into the reader at this address and write to this output.
    pub fn new(slot: Slot, address: SocketAddr, output: W) -> Self {
        let (sender, events) = mpsc::channel();
        Self {
            slot: Arc::new(Mutex::new(slot)),
            address,
            output,
            sender,
            events,
            waiting: VecDeque::new(),
            insertion: None,
            #[cfg(unix)]
            control: None,
        }
    }

    /// The same, steered by a control socket, too.
    #[cfg(unix)]
    pub fn with_control(mut self, control: Control) -> Self {
        self.control = Some(control);
        self
    }

    /// Runs until `quit`, or until the virtual reader is gone.
    pub fn run(mut self, input: impl BufRead + Send + 'static) -> Result<(), MockCardError> {
        let lines = self.sender.clone();
        thread::spawn(move || {
            // Ends with the input; the program goes on without being steered.
            for line in input.lines().map_while(Result::ok) {
                if lines.send(Event::Line(line, Reply::Output)).is_err() {
                    return;
                }
            }
        });
        #[cfg(unix)]
        if let Some(control) = &self.control {
            control.serve(&self.sender).map_err(|source| MockCardError::Unsteered { source })?;
        }
        if self.insert()? {
            self.print("ready")?;
        }
        loop {
            match self.next()? {
                Event::Line(line, reply) => {
                    let answer = self.obey(&line)?;
                    self.answer(&reply, &answer)?;
                    if answer == "ok quit" {
                        return Ok(());
                    }
                }
                Event::Held(local, plan) => {
                    if let Some(insertion) = self.insertion.as_mut().filter(|other| other.local == local) {
                        insertion.held = true;
                        self.print(&format!("event {} {}", plan.fault(), plan.at_apdu()))?;
                    }
                }
                Event::Ended(local, ended) => self.end_of(local, ended)?,
            }
        }
    }

    /// Does what a line says; answers what to answer.
    fn obey(&mut self, line: &str) -> Result<String, MockCardError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Ok(match words.as_slice() {
            ["insert"] if self.insertion.is_some() => "error already inserted".to_owned(),
            ["insert"] => {
                if self.insert()? {
                    "ok inserted".to_owned()
                } else {
                    "error the program ends".to_owned()
                }
            }
            ["remove"] => match self.insertion.take() {
                Some(insertion) => {
                    self.remove(insertion);
                    "ok removed".to_owned()
                }
                None => "error not inserted".to_owned(),
            },
            ["tries", number] => match number.parse() {
                Ok(tries @ 0..=3) => {
                    self.slot().card_mut().set_auth_tries_left(tries);
                    format!("ok tries {tries}")
                }
                _ => "error tries are 0 to 3".to_owned(),
            },
            ["sign-tries", number] => match number.parse() {
                Ok(tries @ 0..=5) => {
                    self.slot().card_mut().set_sign_tries_left(tries);
                    format!("ok sign-tries {tries}")
                }
                _ => "error sign-tries are 0 to 5".to_owned(),
            },
            ["reset-counters"] => {
                self.slot().card_mut().reset_counters();
                "ok reset-counters".to_owned()
            }
            ["fault", "none"] => {
                self.slot().set_fault(None);
                "ok fault none".to_owned()
            }
            ["fault", plan] => match plan.parse::<FaultPlan>() {
                Ok(plan) => {
                    self.slot().set_fault(Some(plan));
                    format!("ok fault {plan}")
                }
                Err(error) => format!("error {error}"),
            },
            ["go", "on"] => match self.insertion.as_mut().filter(|insertion| insertion.held) {
                Some(insertion) => {
                    insertion.held = false;
                    // Fails when the connection ended meanwhile, and nothing waits any more.
                    let _ = insertion.release.send(());
                    "ok go on".to_owned()
                }
                None => "error nothing is held".to_owned(),
            },
            ["warm-reset"] => {
                self.slot().reset();
                "ok warm-reset".to_owned()
            }
            ["state"] => self.state(),
            ["quit"] => {
                if let Some(insertion) = self.insertion.take() {
                    self.remove(insertion);
                }
                "ok quit".to_owned()
            }
            _ => format!("error unknown command; there is: {COMMANDS}"),
        })
    }

    fn state(&self) -> String {
        let slot = self.slot();
        let card = slot.card();
        let tries = |tries: Option<u8>| tries.map_or_else(|| "none".to_owned(), |tries| tries.to_string());
        let fault = match (slot.fault(), slot.fault_happened()) {
            (Some(_), _) => "waiting",
            (None, true) => "happened",
            (None, false) => "none",
        };
        format!(
            "ok state auth_tries={} sign_tries={} auth_verified={} sign_verified={} powered={} inserted={} \
             commands={} verifies={} fault={fault} held={}",
            tries(card.auth_tries_left()),
            tries(card.sign_tries_left()),
            card.is_auth_verified(),
            card.is_sign_verified(),
            card.is_powered(),
            slot.is_inserted(),
            slot.commands(),
            slot.verifies(),
            self.insertion.as_ref().is_some_and(|insertion| insertion.held),
        )
    }

    fn end_of(&mut self, local: SocketAddr, ended: io::Result<Ended>) -> Result<(), MockCardError> {
        // The end of an insertion that a `remove` ended has been dealt with.
        if self.insertion.take_if(|insertion| insertion.local == local).is_none() {
            return Ok(());
        }
        match ended {
            Ok(Ended::CardRemoved) => self.print("event removed"),
            Ok(Ended::ReaderGone) => Err(MockCardError::VpcdGone { address: self.address }),
            Err(error) => {
                tracing::info!(%error, "the connection to the virtual reader broke");
                Err(MockCardError::VpcdGone { address: self.address })
            }
        }
    }

    /// Puts the card in and waits until the reader asks it something; false when `quit` came first.
    fn insert(&mut self) -> Result<bool, MockCardError> {
        let absent = |address| move |source| MockCardError::VpcdAbsent { address, source };
        let Some(stream) = self.connect()? else { return Ok(false) };
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
        let (release, released) = mpsc::channel();
        let serving = thread::spawn({
            let (stream, slot, sender) = (Arc::clone(&stream), Arc::clone(&self.slot), self.sender.clone());
            move || {
                let mut before = |plan: FaultPlan| match plan.fault() {
                    Fault::Hold | Fault::Unplug => {
                        // The program may be over, and the card may be taken out: then nothing is waited for.
                        let _ = sender.send(Event::Held(local, plan));
                        let _ = released.recv();
                    }
                    Fault::SlowAnswer => _ = released.recv_timeout(plan.delay()),
                    _ => {}
                };
                let ended = vpcd::serve(&stream, &slot, &mut before);
                // The program may be over; then nobody waits for this.
                let _ = sender.send(Event::Ended(local, ended));
                // After the event: whoever sees the card gone and says `insert` finds the program knowing it.
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        self.insertion = Some(Insertion { local, stream, serving, release, held: false });
        Ok(true)
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
                Ok(Event::Line(line, reply)) if line.trim() == "quit" => {
                    self.waiting.push_front((line, reply));
                    return Ok(None);
                }
                Ok(Event::Line(line, reply)) => self.waiting.push_back((line, reply)),
                // Only an insertion before this one can have ended.
                Ok(Event::Ended(..) | Event::Held(..))
                | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// Takes the card out: closes the connection and waits until nobody serves it.
    fn remove(&self, insertion: Insertion) {
        let Insertion { stream, serving, release, .. } = insertion;
        // Fails when the connection is closed already, which is what is wanted.
        let _ = stream.shutdown(Shutdown::Both);
        drop(release);
        // Fails when the serving thread panicked; the card is out all the same.
        let _ = serving.join();
        self.slot().remove();
    }

    fn next(&mut self) -> Result<Event, MockCardError> {
        match self.waiting.pop_front() {
            Some((line, reply)) => Ok(Event::Line(line, reply)),
            // Never closed: this program holds a sender.
            None => self.events.recv().map_err(|_| MockCardError::VpcdGone { address: self.address }),
        }
    }

    fn answer(&mut self, reply: &Reply, line: &str) -> Result<(), MockCardError> {
        match reply {
            Reply::Output => self.print(line),
            #[cfg(unix)]
            Reply::Connection(stream) => {
                control::answer(stream, line);
                Ok(())
            }
        }
    }

    fn print(&mut self, line: &str) -> Result<(), MockCardError> {
        writeln!(self.output, "{line}")
            .and_then(|()| self.output.flush())
            .map_err(|source| MockCardError::Unsteered { source })
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const COMMANDS: &str = "insert, remove, tries N, sign-tries N, reset-counters, fault PLAN, fault none, go on, \
                        warm-reset, state, quit";

/// Ten seconds together, on a machine that is busy building.
const CONNECT_ATTEMPTS: u32 = 100;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);
const FIRST_QUESTION_WITHIN: Duration = Duration::from_secs(10);
