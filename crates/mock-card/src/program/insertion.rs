//! The card in the reader: the connection to the virtual reader, from insertion to removal.

use std::{
    io::{self, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{Event, Program};
use crate::{Fault, FaultPlan, MockCardError, vpcd};

/// The card in the reader.
pub(super) struct Insertion {
    /// The card's end of the connection: names this insertion.
    pub(super) local: SocketAddr,
    stream: Arc<TcpStream>,
    serving: JoinHandle<()>,
    /// Lets a held command go on; dropped, it lets every wait end.
    pub(super) release: Sender<()>,
    pub(super) held: bool,
}

impl<W: Write> Program<W> {
    /// Puts the card in and waits until the reader asks it something; false when `quit` came first.
    pub(super) fn insert(&mut self) -> Result<bool, MockCardError> {
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
    pub(super) fn remove(&self, insertion: Insertion) {
        let Insertion { stream, serving, release, .. } = insertion;
        // Fails when the connection is closed already, which is what is wanted.
        let _ = stream.shutdown(Shutdown::Both);
        drop(release);
        // Fails when the serving thread panicked; the card is out all the same.
        let _ = serving.join();
        self.slot().remove();
    }
}

/// Ten seconds together, on a machine that is busy building.
const CONNECT_ATTEMPTS: u32 = 100;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);
const FIRST_QUESTION_WITHIN: Duration = Duration::from_secs(10);
