//! The shipped binary against a reader driver of our own: the protocol of vsmartcard's, on a socket.
//!
//! That the real driver and pcscd are content is for the end-to-end tests; here is what they cannot show.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::common::{octets, save};

const ATR: &str = "3B888001000005E0B381A1007F";
const SELECT_JPKI: &str = "00A4040C 0A D392F000260100000001";
const RIGHT_PIN: &str = "00200098 04 34363439";
const SIGN: &str = "802A0097 01 AA 00";

#[test]
fn the_reader_s_electronics_and_the_card_s_commands() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "");
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(program.line(), "ready");
    // On, off and reset have no answer: the next answer is the next question's.
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C3");
    reader.ask(&octets(RIGHT_PIN), "9000");
    reader.tell(&[0x02]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("802A0097 01 AA"), "6700");
    reader.tell(&[0x00]);
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets(SIGN), "6982");
    assert_eq!(program.tell("quit"), "ok quit");
    reader.assert_closed();
    assert!(program.wait().success());
}

#[test]
fn lines_steer_it() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "auth_tries = 1");
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(program.line(), "ready");
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C1");
    assert_eq!(program.tell("tries 2"), "ok tries 2");
    reader.ask(&octets("00200098"), "63C2");
    for refused in ["tries 4", "tries", "tries many", "hello", "", "insert"] {
        assert!(program.tell(refused).starts_with("error "), "{refused}");
    }
    assert_eq!(program.tell("remove"), "ok removed");
    reader.assert_closed();
    assert!(program.tell("remove").starts_with("error "));
    program.write("insert");
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(program.line(), "ok inserted");
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C2");
}

#[test]
fn the_end_of_standard_input_is_not_the_end() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "");
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(program.line(), "ready");
    program.input = None;
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
}

#[test]
fn a_card_that_the_scenario_removes_can_be_put_in_again() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "remove_at_apdu = 2");
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(program.line(), "ready");
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.tell(&octets("00200098"));
    reader.assert_closed();
    program.write("insert");
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(program.line(), "ok inserted");
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C3");
}

#[test]
fn a_reader_that_goes_away_ends_it_with_a_reason() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "");
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(program.line(), "ready");
    let address = reader.address.clone();
    drop(reader);
    assert!(!program.wait().success());
    assert!(program.errors().contains(&format!("the virtual reader (vpcd) at {address} is gone")));
}

#[test]
fn a_reader_that_comes_late_is_waited_for() {
    // A port that was free a moment ago: taken, given back, and taken again when the program is on its way.
    let address = Reader::listen().address;
    let mut program = Program::start_at(&address, "");
    assert!(program.error().contains("waiting for the virtual reader"));
    program.write("tries 2");
    let mut reader = Reader::listen_at(&address);
    reader.accept();
    reader.ask(&[0x04], ATR);
    assert_eq!(program.line(), "ready");
    // What was said meanwhile was heard.
    assert_eq!(program.line(), "ok tries 2");
}

#[test]
fn waiting_for_a_reader_can_be_ended() {
    let address = Reader::listen().address;
    let mut program = Program::start_at(&address, "");
    assert!(program.error().contains("waiting for the virtual reader"));
    assert_eq!(program.tell("quit"), "ok quit");
    assert!(program.wait().success());
}

#[test]
fn other_machines_are_no_place_for_test_keys() {
    let mut program = Program::start_at("192.0.2.1:35963", "");
    assert!(!program.wait().success());
    assert!(program.errors().contains("not a loopback address"));
}

/// The driver's side: it listens, the card comes.
struct Reader {
    address: String,
    listener: TcpListener,
    card: Option<TcpStream>,
}

impl Reader {
    fn listen() -> Self {
        Self::listen_at("127.0.0.1:0")
    }

    fn listen_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        Self { address, listener, card: None }
    }

    fn accept(&mut self) {
        let (card, _) = self.listener.accept().expect("a card");
        card.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
        self.card = Some(card);
    }

    fn tell(&mut self, message: &[u8]) {
        let length = u16::try_from(message.len()).expect("a short message").to_be_bytes();
        let card = self.card.as_mut().expect("a card");
        card.write_all(&[&length, message].concat()).expect("a card that listens");
    }

    fn ask(&mut self, message: &[u8], answer: &str) {
        self.tell(message);
        let card = self.card.as_mut().expect("a card");
        let mut length = [0; 2];
        card.read_exact(&mut length).expect("an answer");
        let mut given = vec![0; usize::from(u16::from_be_bytes(length))];
        card.read_exact(&mut given).expect("a whole answer");
        assert_eq!(given, octets(answer), "{message:02X?}");
    }

    fn assert_closed(&mut self) {
        let mut card = self.card.take().expect("a card");
        assert_eq!(card.read(&mut [0]).expect("a closed connection"), 0);
    }
}

struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    errors: BufReader<ChildStderr>,
    _folder: TempDir,
}

impl Program {
    fn start(reader: &Reader, scenario: &str) -> Self {
        Self::start_at(&reader.address, scenario)
    }

    fn start_at(vpcd: &str, scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        save(folder.path());
        let scenario_file = folder.path().join("scenario.toml");
        std::fs::write(&scenario_file, scenario).expect("a scenario");
        let mut child = Command::new(env!("CARGO_BIN_EXE_madoguchi-mock-card"))
            .args(["--vpcd", vpcd, "--pki"])
            .arg(folder.path())
            .arg("--scenario")
            .arg(scenario_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("an output"));
        let errors = BufReader::new(child.stderr.take().expect("its errors"));
        Self { child, input, output, errors, _folder: folder }
    }

    fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("an input");
        input.write_all(format!("{line}\n").as_bytes()).expect("a program that listens");
    }

    fn tell(&mut self, line: &str) -> String {
        self.write(line);
        self.line()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("its end")
    }

    /// The next line of its log.
    fn error(&mut self) -> String {
        let mut line = String::new();
        self.errors.read_line(&mut line).expect("a line");
        line
    }

    /// All of its log that is left.
    fn errors(&mut self) -> String {
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
