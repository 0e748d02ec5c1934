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
        let Some(stream) = self.connect()? else { return Ok(false) };
        let local =
            watch(&stream, FIRST_QUESTION_WITHIN).map_err(|error| no_question(self.address, error))?;
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
            match TcpStream::connect_timeout(&self.address, FIRST_QUESTION_WITHIN) {
                Ok(stream) => return Ok(Some(stream)),
                // A driver that has a card lets the next wait, one even before the connection stands.
                Err(source) if source.kind() == io::ErrorKind::TimedOut => {
                    return Err(no_question(self.address, source));
                }
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

/// Waits for the reader's first question; answers the card's end of the connection.
fn watch(stream: &TcpStream, within: Duration) -> io::Result<SocketAddr> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(within))?;
    // pcscd polls its readers, so the question whether there is a card comes by itself.
    if stream.peek(&mut [0])? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    stream.set_read_timeout(None)?;
    stream.local_addr()
}

/// What it means that no question came.
fn no_question(address: SocketAddr, source: io::Error) -> MockCardError {
    match source.kind() {
        // Which of the two a read tells that waited in vain is the system's choice.
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => MockCardError::VpcdSilent { address },
        _ => MockCardError::VpcdAbsent { address, source },
    }
}

/// Ten seconds together, on a machine that is busy building.
const CONNECT_ATTEMPTS: u32 = 100;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);
const FIRST_QUESTION_WITHIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_reader_that_has_a_card_already_is_told_apart_from_one_that_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        // As the driver does with a second card: connected by the system, and never accepted.
        let stream = TcpStream::connect(address).expect("a connection");
        let error = watch(&stream, Duration::from_millis(1)).expect_err("nobody asks");
        let error = no_question(address, error);
        assert!(matches!(error, MockCardError::VpcdSilent { .. }), "{error}");
        drop(listener);
        let error = watch(&stream, FIRST_QUESTION_WITHIN).expect_err("nobody is there");
        let error = no_question(address, error);
        assert!(matches!(error, MockCardError::VpcdAbsent { .. }), "{error}");
    }

    #[test]
    fn the_other_slot_is_named() {
        let told = |address: &str| {
            MockCardError::VpcdSilent { address: address.parse().expect("an address") }.to_string()
        };
        assert_eq!(
            told("127.0.0.1:35963"),
            "nothing asks for this card: the reader at 127.0.0.1:35963 has a card already? (the other slot: 35964)"
        );
        assert!(told("127.0.0.1:35964").ends_with("(the other slot: 35963)"));
        assert!(told("127.0.0.1:1").ends_with("has a card already?"));
    }
}
