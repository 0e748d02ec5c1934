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

mod insertion;
mod lines;

use std::{
    collections::VecDeque,
    io::{self, BufRead, Write},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use self::insertion::Insertion;
use crate::{FaultPlan, MockCardError, Slot, vpcd::Ended};

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
