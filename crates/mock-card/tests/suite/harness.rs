//! The shipped program, and a reader driver of our own: the protocol of vsmartcard's, on a socket.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::common::{octets, save};

pub(crate) const ATR: &str = "3B888001000005E0B381A1007F";
pub(crate) const SELECT_JPKI: &str = "00A4040C 0A D392F000260100000001";

/// The driver's side: it listens, the card comes.
pub(crate) struct Reader {
    pub(crate) address: String,
    listener: TcpListener,
    card: Option<TcpStream>,
}

impl Reader {
    pub(crate) fn listen() -> Self {
        Self::listen_at("127.0.0.1:0")
    }

    pub(crate) fn listen_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        Self { address, listener, card: None }
    }

    pub(crate) fn accept(&mut self) {
        let (card, _) = self.listener.accept().expect("a card");
        card.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
        self.card = Some(card);
    }

    pub(crate) fn tell(&mut self, message: &[u8]) {
        let length = u16::try_from(message.len()).expect("a short message").to_be_bytes();
        let card = self.card.as_mut().expect("a card");
        card.write_all(&[&length, message].concat()).expect("a card that listens");
    }

    pub(crate) fn ask(&mut self, message: &[u8], answer: &str) {
        self.tell(message);
        self.hear(answer);
    }

    pub(crate) fn hear(&mut self, answer: &str) {
        let card = self.card.as_mut().expect("a card");
        let mut length = [0; 2];
        card.read_exact(&mut length).expect("an answer");
        let mut given = vec![0; usize::from(u16::from_be_bytes(length))];
        card.read_exact(&mut given).expect("a whole answer");
        assert_eq!(given, octets(answer));
    }

    pub(crate) fn assert_closed(&mut self) {
        let mut card = self.card.take().expect("a card");
        assert_eq!(card.read(&mut [0]).expect("a closed connection"), 0);
    }
}

pub(crate) struct Program {
    child: Child,
    pub(crate) input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    errors: BufReader<ChildStderr>,
    folder: TempDir,
}

impl Program {
    pub(crate) fn start(reader: &Reader, scenario: &str) -> Self {
        Self::start_at(&reader.address, scenario)
    }

    pub(crate) fn start_at(vpcd: &str, scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("scenario.toml"), scenario).expect("a scenario");
        Self::start_in(folder, vpcd, &["--scenario", "scenario.toml"])
    }

    /// Plays a scenario's steps.
    pub(crate) fn play(scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("scenario.toml"), scenario).expect("a scenario");
        Self::run(folder, &["--play", "scenario.toml"])
    }

    /// With other arguments; files are in the folder where it runs.
    pub(crate) fn start_with(reader: &Reader, args: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), &reader.address, args)
    }

    pub(crate) fn start_in(folder: TempDir, vpcd: &str, args: &[&str]) -> Self {
        Self::run(folder, &[&["--vpcd", vpcd], args].concat())
    }

    fn run(folder: TempDir, args: &[&str]) -> Self {
        if !folder.path().join("pki").exists() {
            save(&folder.path().join("pki"));
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_madoguchi-mock-card"))
            .args(["--pki", "pki"])
            .args(args)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("an output"));
        let errors = BufReader::new(child.stderr.take().expect("its errors"));
        Self { child, input, output, errors, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Reads until the card is in the reader.
    pub(crate) fn insert(&mut self, reader: &mut Reader) {
        self.arrive(reader, "ready");
    }

    /// Puts a card in that was taken out.
    pub(crate) fn insert_again(&mut self, reader: &mut Reader) {
        self.write("insert");
        self.arrive(reader, "ok inserted");
    }

    fn arrive(&mut self, reader: &mut Reader, said: &str) {
        reader.accept();
        reader.ask(&[0x04], ATR);
        assert_eq!(self.line(), said);
        reader.tell(&[0x01]);
    }

    pub(crate) fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("an input");
        input.write_all(format!("{line}\n").as_bytes()).expect("a program that listens");
    }

    pub(crate) fn tell(&mut self, line: &str) -> String {
        self.write(line);
        self.line()
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("its end")
    }

    /// The next line of its log.
    pub(crate) fn error(&mut self) -> String {
        let mut line = String::new();
        self.errors.read_line(&mut line).expect("a line");
        line
    }

    /// All of its log that is left.
    pub(crate) fn errors(&mut self) -> String {
        let mut text = String::new();
        self.errors.read_to_string(&mut text).expect("text");
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails when it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
