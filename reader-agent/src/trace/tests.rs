//! What a trace holds, and what it must not hold.

use std::os::unix::fs::PermissionsExt as _;

use madoguchi_cert_verify::Certificate;
use madoguchi_jpki_card::{CardProfile, JpkiCard, Pin};
use madoguchi_mock_card::{CardContents, Scenario};
use madoguchi_test_pki::CardOptions;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::testing::{Desktop, DesktopCard, HandClock, issue, now, pki};
use crate::{CardReport, Interrupt};

struct Recording {
    folder: TempDir,
    trace: Trace,
}

impl Recording {
    fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let trace =
            Trace::create(&folder.path().join("trace"), Arc::new(HandClock::default())).expect("a file");
        Self { folder, trace }
    }

    fn end(self) -> String {
        assert!(self.trace.finish().expect("all written"), "something was recorded");
        std::fs::read_to_string(self.folder.path().join("trace")).expect("the trace")
    }
}

fn open(contents: &CardContents, scenario: &Scenario, trace: &Trace) -> TracedCard<DesktopCard> {
    let clock = HandClock::default();
    let patience = Patience::new(&clock, Duration::from_mins(1), Interrupt::default());
    let mut source = TracedSource::new(Desktop::new(contents, scenario), trace.clone());
    let place = InsertedCard { reader: "test".to_owned(), count: 1 };
    source.open(&place, &patience).expect("a card")
}

/// The trace of `madoguchi-agent card`.
fn look(contents: &CardContents) -> String {
    let recording = Recording::begin();
    let clock = HandClock::default();
    let patience = Patience::new(&clock, Duration::from_mins(1), Interrupt::default());
    let mut source = TracedSource::new(Desktop::new(contents, &Scenario::default()), recording.trace.clone());
    CardReport::read(&mut source, &patience, now(), &mut |_| {}).expect("a card");
    recording.end()
}

#[test]
fn a_look_at_the_card_is_recorded_without_certificate_and_serial_number() {
    let contents = issue(&mut pki(), &CardOptions::default());
    let recording = Recording::begin();
    let clock = HandClock::default();
    let patience = Patience::new(&clock, Duration::from_mins(1), Interrupt::default());
    let mut source =
        TracedSource::new(Desktop::new(&contents, &Scenario::default()), recording.trace.clone());
    CardReport::read(&mut source, &patience, now(), &mut |_| {}).expect("a card");
    let text = recording.end();

    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    assert_eq!(lines.next().expect("a first line")["format"], "madoguchi-card-trace-1");
    let lines: Vec<Value> = lines.collect();
    assert!(lines.len() > 10, "{text}");
    let label = hex(b"JPKIAPICCTOKEN2");
    assert!(lines.iter().any(|line| line["response"].as_str().is_some_and(|data| data.starts_with(&label))));
    assert!(
        lines.iter().any(|line| line["command"] == "00200080" && line["lc"] == 0 && line["status"] == "63C3")
    );
    assert_eq!(lines.last().expect("a last line")["data"], "A0000001510000", "left for the issuer's domain");
    for line in &lines {
        let command = line["command"].as_str().expect("a command");
        assert!(["00A4", "00B0", "0020"].iter().any(|known| command.starts_with(known)), "{line}");
        assert_eq!(line["data"].is_string(), command.starts_with("00A4"), "{line}");
        let kept = line["response"].as_str().map_or(0, |data| data.len() / 2);
        assert!(kept <= 32, "{line}");
    }

    let certificate = &contents.files.auth_certificate;
    let serial = hex(Certificate::parse(certificate).expect("a certificate").serial());
    assert!(!text.contains(&serial), "the certificate's serial number");
    for piece in certificate.chunks_exact(8) {
        assert!(!text.contains(&hex(piece)), "a piece of the certificate");
    }
}

#[test]
fn a_pin_is_never_recorded() {
    let contents = issue(&mut pki(), &CardOptions::default());
    for digits in ["4821", "1234", "0000"] {
        let recording = Recording::begin();
        let card = open(&contents, &Scenario::default(), &recording.trace);
        let mut card = JpkiCard::select(card, &[CardProfile::TODAY]).expect("a My Number card");
        card.tries_left().expect("a number");
        card.verify_pin(Pin::parse(digits).expect("a PIN"), &mut || true).expect("an answer");
        drop(card);
        let text = recording.end();
        let verify = text.lines().find(|line| line.contains("\"lc\":4")).expect("the VERIFY is there");
        assert!(!verify.contains("data"), "{verify}");
        assert!(!text.contains(&hex(digits.as_bytes())), "{text}");
    }
}

/// Behind the label lies the token's serial number, and behind the availability nothing that we know.
#[test]
fn more_than_what_is_the_same_on_every_card_is_not_kept() {
    let contents = issue(&mut pki(), &CardOptions::default());
    let recording = Recording::begin();
    let mut card = open(&contents, &Scenario::default(), &recording.trace);
    let select = |p1, data: &[u8]| CommandApdu::new(0x00, 0xA4, p1, 0x0C).with_data(data).expect("data");
    let read = |offset, le| CommandApdu::new(0x00, 0xB0, 0x00, offset).with_le(le);
    let jpki = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
    card.transmit(&select(0x04, &jpki)).expect("an answer");
    let mut kept = Vec::new();
    for (file, offset, le) in [(0x06, 0, 32), (0x06, 0, 33), (0x06, 80, 16), (0x08, 0, 3), (0x0A, 0, 3)] {
        card.transmit(&select(0x02, &[0x00, file])).expect("an answer");
        let answer = card.transmit(&read(offset, le)).expect("an answer");
        assert_eq!((answer.status(), answer.data().len()), (StatusWord::Ok, usize::from(le)));
    }
    drop(card);
    for line in recording.end().lines().filter(|line| line.contains("00B000")) {
        let line: Value = serde_json::from_str(line).expect("JSON");
        kept.push(line["response"].is_string());
    }
    assert_eq!(kept, [true, false, false, true, false]);
}

#[test]
fn a_command_without_answer_is_recorded_too() {
    let contents = issue(&mut pki(), &CardOptions::default());
    let scenario: Scenario = toml::from_str("fault = \"remove@4\"").expect("a scenario");
    let recording = Recording::begin();
    let card = open(&contents, &scenario, &recording.trace);
    let selected = JpkiCard::select(card, &[CardProfile::TODAY]);
    assert!(selected.is_err());
    drop(selected);
    let text = recording.end();
    let line = text.lines().nth(4).expect("the fourth command");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(line["error"], "card_removed");
    assert!(line["status"].is_null());
}

#[test]
fn the_file_is_its_owners_and_never_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace");
    drop(Trace::create(&path, Arc::new(HandClock::default())).expect("a new file"));
    let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(&path).expect("the file");
    let again = Trace::create(&path, Arc::new(HandClock::default())).map(|_| ());
    assert!(matches!(again, Err(TraceError::Exists)), "{again:?}");
    assert_eq!(std::fs::read(&path).expect("the file"), before);
    let nowhere = Trace::create(&folder.path().join("no/trace"), Arc::new(HandClock::default())).map(|_| ());
    assert!(matches!(nowhere, Err(TraceError::NoFolder)), "{nowhere:?}");
}

#[test]
fn where_nothing_was_said_no_file_is_left_and_the_next_look_may_have_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace");
    for _ in 0..2 {
        let trace = Trace::create(&path, Arc::new(HandClock::default())).expect("a new file");
        assert!(!trace.finish().expect("no failure"));
    }
    assert!(!path.exists());
    let recording = Recording::begin();
    let contents = issue(&mut pki(), &CardOptions::default());
    let mut card = open(&contents, &Scenario::default(), &recording.trace);
    card.transmit(&CommandApdu::new(0x00, SELECT, 0x04, 0x0C)).expect("an answer");
    assert!(recording.trace.finish().expect("no failure"));
    assert!(recording.folder.path().join("trace").exists());
}

/// The table of `docs/first-real-card.md` is what is sent, in that order.
#[test]
fn the_first_real_card_gets_what_its_page_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/first-real-card.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let table = page.lines().filter(|line| line.starts_with('|') && line.contains("| `00"));
    let expected: Vec<(String, String)> = table
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let command = cells[2].trim_matches('`').trim_end_matches("` and an offset");
            (command.to_owned(), cells[3].trim_matches('`').to_owned())
        })
        .collect();
    assert_eq!(expected.len(), 12);

    let contents = issue(&mut pki(), &CardOptions::default());
    let text = look(&contents);
    let mut sent: Vec<(String, String)> = text
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|line| {
            let part = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            let (command, data) = (part("command"), part("data"));
            // The blocks after the header of the certificate are one row.
            let block = command.starts_with("00B0") && command != "00B00000";
            (if block { "00B0".to_owned() } else { command }, data)
        })
        .collect();
    sent.dedup();
    assert_eq!(sent, expected);
}
