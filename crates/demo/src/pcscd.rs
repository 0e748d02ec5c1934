//! A private PC/SC service: the real `pcscd` with vsmartcard's virtual reader, in namespaces of its own.
//!
//! No root, no fixed port, no clash with the machine's own `pcscd`: `unshare` gives it its own `/run`, loopback
//! and user map. The virtual reader's TCP port (an unauthenticated way to insert a card) exists only inside; a mock
//! card enters with `nsenter`. Only the socket folder is shared with the outside, and clients find it by
//! `PCSCLITE_CSOCK_NAME`. USB devices are hidden, so that a developer's real card can never be touched.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::{interval, timeout};

use crate::{Child, DemoError, Program};

/// A running private PC/SC service.
#[derive(Debug)]
pub struct Pcscd {
    child: Child,
    socket: PathBuf,
}

impl Pcscd {
    /// Starts it in `folder` (made when absent) with the virtual reader, and waits until its socket answers.
    pub async fn start(folder: &Path) -> Result<Self, DemoError> {
        Self::with_readers(folder, READER).await
    }

    /// The same without any reader.
    pub async fn without_readers(folder: &Path) -> Result<Self, DemoError> {
        Self::with_readers(folder, "").await
    }

    async fn with_readers(folder: &Path, readers: &str) -> Result<Self, DemoError> {
        let (run, config) = (folder.join("run"), folder.join("reader.conf.d"));
        for path in [&run, &config] {
            fs::create_dir_all(path).map_err(|source| DemoError::File { path: path.clone(), source })?;
        }
        let reader = config.join("vpcd");
        fs::write(&reader, readers).map_err(|source| DemoError::File { path: reader, source })?;
        let unshare = ["unshare", "--user", "--map-root-user", "--mount", "--net", "--"];
        // The socket folder is `$0` of the script; the command to run follows.
        let inside = [OsStr::new("sh"), OsStr::new("-euc"), OsStr::new(INSIDE), run.as_os_str()];
        let launcher = unshare.map(OsStr::new).into_iter().chain(inside);
        let mut child = Program::new("pcscd", "pcscd")
            .args(["--foreground", "--config"])
            .arg(&config)
            .through(launcher)
            .spawn(folder)?;
        let socket = run.join("pcscd.comm");
        let answered = async {
            let mut tick = interval(POLL);
            loop {
                tick.tick().await;
                if child.ended().is_some() {
                    return Err(DemoError::NoReaderService { log: child.log_end() });
                }
                match UnixStream::connect(&socket).await {
                    Ok(_) => return Ok(()),
                    // Not there yet, or there and not listening yet.
                    Err(error)
                        if matches!(
                            error.kind(),
                            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                        ) => {}
                    Err(source) => return Err(DemoError::File { path: socket.clone(), source }),
                }
            }
        };
        match timeout(ANSWERS_WITHIN, answered).await {
            Ok(answered) => answered?,
            Err(_) => return Err(DemoError::NoReaderService { log: child.log_end() }),
        }
        Ok(Self { child, socket })
    }

    /// The socket for `PCSCLITE_CSOCK_NAME`.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Where the virtual reader listens, for a program started with [`Self::spawn_inside`].
    pub fn vpcd(&self) -> &'static str {
        "127.0.0.1:35963"
    }

    /// Starts a program inside the namespaces, such as the mock card.
    pub fn spawn_inside(&self, program: Program, log_folder: &Path) -> Result<Child, DemoError> {
        let Some(id) = self.child.id() else {
            return Err(DemoError::NoReaderService { log: self.child.log_end() });
        };
        let id = id.to_string();
        program
            .through([
                "nsenter",
                "--target",
                &id,
                "--user",
                "--mount",
                "--net",
                "--preserve-credentials",
                "--",
            ])
            .spawn(log_folder)
    }

    /// The process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its process id.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Stops it.
    pub async fn stop(&mut self) {
        self.child.stop().await;
    }
}

/// Run by `sh` as root of the new namespaces: `$0` is the socket folder, the arguments are the command.
/// `/run` becomes ours because `/run/pcscd` may be missing, or may be the machine's own.
const INSIDE: &str = r#"ip link set lo up
mount -t tmpfs none /run
mkdir /run/pcscd
mount --bind "$0" /run/pcscd
if [ -d /dev/bus/usb ]; then mount -t tmpfs none /dev/bus/usb; fi
exec "$@""#;

/// The virtual reader of vsmartcard-vpcd, on its usual port (35963).
const READER: &str = r#"FRIENDLYNAME "Virtual PCD"
DEVICENAME   /dev/null:0x8C7B
LIBPATH      /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID    0x8C7B
"#;

const POLL: Duration = Duration::from_millis(20);
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_answers_and_its_reader_is_only_inside() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut pcscd = Pcscd::start(folder.path()).await.expect("starts");
        assert!(pcscd.socket().exists());
        let listens = "until grep -q ':8C7B ' /proc/net/tcp; do :; done; echo listens";
        let program = Program::new("ports", "sh").args(["-c", listens]);
        let mut inside = pcscd.spawn_inside(program, folder.path()).expect("starts");
        inside.wait_for_line(|line| line == "listens").await.expect("the reader listens inside");
        let own = fs::read_to_string("/proc/net/tcp").expect("read");
        assert!(!own.contains(":8C7B "), "the reader's port is open outside: {own}");
        pcscd.stop().await;
        assert!(pcscd.child().ended().is_some());
    }

    #[tokio::test]
    async fn two_run_side_by_side() {
        let (first, second) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let mut one = Pcscd::start(first.path()).await.expect("starts");
        let mut two = Pcscd::start(second.path()).await.expect("starts");
        assert_ne!(one.socket(), two.socket());
        one.stop().await;
        two.stop().await;
    }
}
