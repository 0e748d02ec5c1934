//! The control socket: the program's lines over a Unix socket that only its owner may use.

use std::{
    fs, io,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::mpsc::Sender,
    thread,
    time::Duration,
};

use crate::{
    MockCardError,
    program::{Event, Reply},
};

/// A control socket; it goes with the program.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Makes the socket. One that a dead program left is replaced, one that somebody listens on is not.
    pub fn bind(path: &Path) -> Result<Self, MockCardError> {
        if fs::symlink_metadata(path).is_ok_and(|file| !file.file_type().is_socket()) {
            return Err(MockCardError::ControlIsNoSocket { path: path.to_owned() });
        }
        let bind = || {
            match UnixStream::connect(path) {
                Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
                // Not there, or out of reach: then binding says so.
                Err(_) => {}
            }
            // Nobody else's from the start: the mode after the bind would come a moment late.
            let before = rustix::process::umask(rustix::fs::Mode::from(0o177));
            let listener = UnixListener::bind(path);
            rustix::process::umask(before);
            let listener = listener?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        };
        let listener = bind().map_err(|source| MockCardError::Control { path: path.to_owned(), source })?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Takes connections; each line goes to the program, each answer to the connection it came from.
    pub(crate) fn serve(&self, events: &Sender<Event>) -> io::Result<()> {
        let (listener, events) = (self.listener.try_clone()?, events.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let events = events.clone();
                thread::spawn(move || follow(&stream, &events));
            }
        });
        Ok(())
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Gone already is as well.
        let _ = fs::remove_file(&self.path);
    }
}

fn follow(stream: &UnixStream, events: &Sender<Event>) {
    let Ok(reader) = stream.try_clone() else { return };
    // Who does not read their answers must not stop the card.
    if stream.set_write_timeout(Some(ANSWER_READ_WITHIN)).is_err() {
        return;
    }
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        match reader.by_ref().take(LONGEST_LINE).read_line(&mut line) {
            Ok(1..) => {}
            _ => return,
        }
        let Ok(reply) = stream.try_clone() else { return };
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        if events.send(Event::Line(line, Reply::Connection(reply))).is_err() {
            return;
        }
    }
}

/// Writes an answer to whoever asked; they may have gone.
pub(crate) fn answer(mut stream: &UnixStream, line: &str) {
    let _ = stream.write_all(format!("{line}\n").as_bytes());
}

const LONGEST_LINE: u64 = 4096;
const ANSWER_READ_WITHIN: Duration = Duration::from_secs(5);
