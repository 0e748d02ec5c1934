//! vsmartcard's virtual reader driver: the wire to the real PC/SC service.
//!
//! The driver listens; the card connects to it, and the connection is the card in the reader. Both ways: two octets of
//! length, big-endian, then the message. A message of one octet from the driver is for the reader's electronics;
//! only the question for the ATR has an answer. Anything longer is a command APDU.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    sync::{Mutex, PoisonError},
};

use zeroize::Zeroizing;

use crate::{FaultPlan, Slot};

/// How serving a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The fault plan took the card out. The caller closes the connection: only then does the reader see it.
    CardRemoved,
    /// The driver closed the connection.
    ReaderGone,
}

/// Answers the driver until the connection ends. `before` is called, with nothing locked, before a command that will
/// meet a fault; what takes its time takes it there.
pub fn serve(
    mut stream: &TcpStream,
    slot: &Mutex<Slot>,
    before: &mut dyn FnMut(FaultPlan),
) -> io::Result<Ended> {
    loop {
        let Some(message) = receive(stream)? else { return Ok(Ended::ReaderGone) };
        let locked = || slot.lock().unwrap_or_else(PoisonError::into_inner);
        if message.len() > 1 {
            let due = locked().due();
            if let Some(plan) = due {
                before(plan);
            }
        }
        let mut slot = locked();
        let answer = match message.as_slice() {
            [] => continue,
            [control] => {
                match *control {
                    POWER_OFF => slot.power_off(),
                    POWER_ON => slot.power_on(),
                    RESET => slot.reset(),
                    _ => {}
                }
                if *control != ATR {
                    continue;
                }
                slot.atr().to_vec()
            }
            apdu => {
                let Ok(answer) = slot.exchange_below(apdu) else { return Ok(Ended::CardRemoved) };
                answer
            }
        };
        drop(slot);
        stream.write_all(&frame(&answer)?)?;
    }
}

/// The next message; none when the driver closed the connection between two.
fn receive(mut stream: &TcpStream) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut length = [0; 2];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    // The driver writes length and message apart and, by Nagle's algorithm, the second only when the first is
    // acknowledged; left alone, our system waits 40 ms with that at every command.
    #[cfg(target_os = "linux")]
    rustix::net::sockopt::set_tcp_quickack(stream, true)?;
    // A VERIFY among them: wiped.
    let mut message = Zeroizing::new(vec![0; usize::from(u16::from_be_bytes(length))]);
    stream.read_exact(&mut message)?;
    Ok(Some(message))
}

fn frame(answer: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
    Ok([&length.to_be_bytes(), answer].concat())
}

const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const RESET: u8 = 0x02;
const ATR: u8 = 0x04;
