//! Traces: what they show, what they never show, and cards that answer from one.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use madoguchi_mock_card::{Card, Fault, FaultPlan, Replay, Scenario, Slot, Trace, TraceError};

use crate::common::{SIGN_PASSWORD, card, digits, files, octets, verify};

const SELECT_ISD: &str = "00A4040C 07 A0000001510000";
const SELECT_JPKI: &str = "00A4040C 0A D392F000260100000001";
const QUERY: &str = "00200098";
const HEAD: &str = "{\"format\":\"madoguchi-card-trace-1\"}\n";

/// What a trace wrote.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("the paper").clone()).expect("UTF-8")
    }
}

impl Write for Paper {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the paper").write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn traced(scenario: &Scenario) -> (Slot, Paper) {
    let mut slot = Slot::new(card(scenario), scenario);
    let paper = Paper::default();
    let mut ticks = 0;
    let clock = move || {
        ticks += 1;
        Duration::from_millis(ticks)
    };
    slot.set_trace(Trace::new(paper.clone(), clock, slot.atr()).expect("a trace"));
    (slot, paper)
}

fn replaying(trace: &str) -> Slot {
    let scenario = Scenario::default();
    let mut slot = Slot::new(card(&scenario), &scenario);
    slot.set_replay(Replay::parse(trace).unwrap_or_else(|error| panic!("{error}: {trace}")));
    slot
}

fn send(slot: &mut Slot, command: &str) -> String {
    digits(&slot.exchange(&octets(command)).expect("an answer"))
}

#[test]
fn it_is_as_documented() {
    let fault = Some(FaultPlan::new(Fault::Remove, 7));
    let (mut slot, paper) = traced(&Scenario { fault, ..Scenario::default() });
    for command in
        [SELECT_JPKI, "00B08800 03", QUERY, "00200098 04 34363439", "802A0097 01 AA 00", "00B08A00 04"]
    {
        send(&mut slot, command);
    }
    slot.exchange(&octets(QUERY)).expect_err("no card");
    let signature_and_header = |line: &str| line.contains("response_sha256");
    let text = paper.text();
    let lines: Vec<_> = text.lines().filter(|line| !signature_and_header(line)).collect();
    let program = concat!("madoguchi-mock-card ", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        lines,
        [
            &format!(
                r#"{{"format":"madoguchi-card-trace-1","program":"{program}","atr":"3B888001000005E0B381A1007F"}}"#
            ),
            r#"{"ms":1,"command":"00A4040C","lc":10,"data":"D392F000260100000001","status":"9000","response_octets":0}"#,
            r#"{"ms":2,"command":"00B08800","lc":0,"le":3,"status":"9000","response_octets":3,"response":"8F8F00"}"#,
            r#"{"ms":3,"command":"00200098","lc":0,"status":"63C3","response_octets":0}"#,
            r#"{"ms":4,"command":"00200098","lc":4,"status":"9000","response_octets":0}"#,
            r#"{"ms":7,"event":"fault remove@7"}"#,
            r#"{"ms":8,"event":"remove"}"#,
            r#"{"ms":9,"event":"power-off"}"#,
            r#"{"ms":10,"command":"00200098","lc":0,"error":"the card was removed"}"#,
        ]
    );
    let hash = ring::digest::digest(&ring::digest::SHA256, &files().auth_certificate[..4]);
    let header = format!(r#""response_octets":4,"response_sha256":"{}""#, digits(hash.as_ref()));
    assert!(
        text.lines().filter(|line| signature_and_header(line)).any(|line| line.contains(&header)),
        "{text}"
    );
}

#[test]
fn no_pin_is_in_it_whatever_command_carries_it() {
    let (mut slot, paper) = traced(&Scenario::default());
    send(&mut slot, SELECT_JPKI);
    let pins: Vec<String> = (0..1000).map(|number| format!("{:04}", number * 7 + 13)).collect();
    for (number, pin) in pins.iter().map(String::as_str).chain([SIGN_PASSWORD]).enumerate() {
        let pin = digits(pin.as_bytes());
        let length = pin.len() / 2;
        // VERIFY as it should be, in classes and with lengths that it should not have; CHANGE and RESET RETRY COUNTER;
        // commands that nobody knows; and nothing that is a command.
        let header =
            ["00200098", "00200080", "80200098", "0C200098", "00240180", "002C0098", "00DA0098", "00D60000"];
        let header = header[number % header.len()];
        for command in [
            format!("{header} {length:02X} {pin}"),
            format!("{header} {length:02X} {pin} 00"),
            format!("{header} {:02X} {pin}", length + 1),
            format!("{header} 00 00{length:02X} {pin}"),
            format!("{header} {pin}"),
        ] {
            send(&mut slot, &command);
        }
    }
    let text = paper.text();
    assert_eq!(text.lines().filter(|line| line.contains("command")).count(), 1 + 5 * 1001);
    for line in text.lines().filter(|line| line.contains("\"data\"")) {
        assert!(line.contains("\"command\":\"00A4040C\""), "{line}");
    }
    for pin in pins.iter().map(String::as_str).chain([SIGN_PASSWORD]) {
        assert!(!text.contains(&digits(pin.as_bytes())), "{pin} is in the trace");
    }
    assert!(!text.contains(SIGN_PASSWORD));
    assert!(slot.verifies() > 0);
}

#[test]
fn no_certificate_is_in_it() {
    let (mut slot, paper) = traced(&Scenario::default());
    send(&mut slot, SELECT_JPKI);
    slot.exchange(&verify_short(0x9B, SIGN_PASSWORD)).expect("an answer");
    for file in ["0001", "0002", "000A", "000B"] {
        send(&mut slot, &format!("00A4020C 02 {file}"));
        for block in 0..8 {
            assert!(send(&mut slot, &format!("00B0{block:02X}00 00")).ends_with("9000"), "{file} {block}");
        }
    }
    // Not everything that is answered while the token information is selected is the token information.
    send(&mut slot, "00A4020C 02 0006");
    assert!(send(&mut slot, "00840000 08").ends_with("9000"));
    // The same identifiers in another application are other files.
    send(&mut slot, "00A4040C 0A D3921000310001010408");
    send(&mut slot, "00200091 04 34363439");
    send(&mut slot, "00B08600 00");
    send(&mut slot, "00B08800 00");
    let text = paper.text();
    assert!(!text.contains("\"response\""), "{text}");
    for certificate in [&files().auth_certificate, &files().sign_certificate] {
        for part in certificate.chunks(8) {
            assert!(!text.contains(&digits(part)));
        }
    }
}

/// VERIFY with a short EF identifier.
fn verify_short(p2: u8, text: &str) -> Vec<u8> {
    let mut command = verify(text);
    command[3] = p2;
    command
}

#[test]
fn a_replayed_card_answers_as_the_trace_says() {
    let label = digits(b"SOMEBODY ELSE'S LABEL           ");
    let trace = format!(
        r#"{HEAD}{{"ms":0,"event":"power-on"}}
{{"ms":1,"command":"00A4040C","lc":7,"data":"A0000001510000","status":"6F00","response_octets":0}}
{{"ms":2,"command":"00A4040C","lc":7,"data":"A0000001510000","status":"9000","response_octets":0,"new key":1}}
{{"ms":3,"command":"00A4040C","lc":10,"data":"D392F000260100000001","status":"9000","response_octets":0}}
{{"ms":4,"command":"00B08600","lc":0,"le":32,"status":"9000","response_octets":32,"response":"{label}"}}
{{"ms":5,"command":"00B08A00","lc":0,"le":4,"status":"9000","response_octets":4}}
{{"ms":6,"command":"00200098","lc":0,"status":"63C2","response_octets":0}}
{{"ms":7,"command":"00200098","lc":0,"error":"card_removed"}}
"#
    );
    let mut slot = replaying(&trace);
    assert_eq!(slot.card().auth_tries_left(), Some(2), "the mock's own card has the same tries");
    for _ in 0..2 {
        assert_eq!(send(&mut slot, SELECT_ISD), "6F00");
        assert_eq!(send(&mut slot, SELECT_ISD), "9000");
        assert_eq!(send(&mut slot, SELECT_JPKI), "9000");
        assert_eq!(send(&mut slot, "00B08600 20"), format!("{label}9000"));
        assert_eq!(send(&mut slot, QUERY), "63C2");
        // What the trace does not show comes from the mock's own card, and so does what it never asked.
        assert_eq!(send(&mut slot, "00B08A00 04"), format!("{}9000", digits(&files().auth_certificate[..4])));
        assert_eq!(send(&mut slot, "00B08A00 08"), format!("{}9000", digits(&files().auth_certificate[..8])));
        // Another Le, another name: other commands.
        assert_eq!(send(&mut slot, "00B08600 0F"), format!("{}9000", digits(b"JPKIAPICCTOKEN2")));
        assert_eq!(send(&mut slot, "00A4040C 07 A0000000030000"), "6A82");
        // With power it begins again.
        slot.power_off();
        slot.power_on();
    }
    // However little was asked before.
    assert_eq!(send(&mut slot, SELECT_ISD), "6F00");
    slot.power_on();
    // Of a PIN the trace knows nothing: the mock's own card judges it, and from then on its counter counts.
    assert_eq!(send(&mut slot, SELECT_ISD), "6F00");
    assert_eq!(send(&mut slot, SELECT_JPKI), "9000");
    assert_eq!(send(&mut slot, "00200098 04 30303030"), "63C1");
    assert_eq!(send(&mut slot, QUERY), "63C1");
    assert_eq!(send(&mut slot, "00200098 04 34363439"), "9000");
    assert_eq!(send(&mut slot, QUERY), "63C3");
}

#[test]
fn a_blocked_card_is_replayed_as_blocked() {
    for status in ["63C0", "6983", "6984"] {
        let trace = format!(
            r#"{HEAD}{{"command":"00A4040C","lc":10,"data":"D392F000260100000001","status":"9000"}}
{{"command":"00A4020C","lc":2,"data":"0018","status":"9000"}}
{{"command":"00200080","lc":0,"status":"{status}"}}
{{"command":"00A4020C","lc":2,"data":"001B","status":"9000"}}
{{"command":"00200080","lc":0,"status":"63C4"}}"#
        );
        let mut slot = replaying(&trace);
        assert_eq!((slot.card().auth_tries_left(), slot.card().sign_tries_left()), (Some(0), Some(4)));
        send(&mut slot, SELECT_JPKI);
        send(&mut slot, "00A4020C 02 0018");
        assert_eq!(send(&mut slot, "00200080"), status);
        assert_eq!(send(&mut slot, "00200080 04 34363439"), "6984");
    }
}

#[test]
fn the_same_command_about_another_file_is_another_question() {
    // Both PINs are asked for by the same four octets, and so are all files read.
    let trace = format!(
        r#"{HEAD}{{"command":"00A4040C","lc":10,"data":"D392F000260100000001","status":"9000"}}
{{"command":"00A4020C","lc":2,"data":"0018","status":"9000"}}
{{"command":"00200080","lc":0,"status":"63C2"}}
{{"command":"00A4020C","lc":2,"data":"001B","status":"9000"}}
{{"command":"00200080","lc":0,"status":"63C4"}}
{{"command":"00A4020C","lc":2,"data":"0006","status":"9000"}}
{{"command":"00B00000","lc":0,"le":3,"status":"9000","response_octets":3,"response":"414141"}}
{{"event":"power-on"}}
{{"command":"00200080","lc":0,"status":"6A88"}}"#
    );
    let mut slot = replaying(&trace);
    send(&mut slot, SELECT_JPKI);
    for (file, status) in [("001B", "63C4"), ("0018", "63C2"), ("0018", "63C2"), ("001B", "63C4")] {
        send(&mut slot, &format!("00A4020C 02 {file}"));
        assert_eq!(send(&mut slot, "00200080"), status, "{file}");
    }
    // A file that the trace never read is not answered from one that it did.
    send(&mut slot, "00A4020C 02 0008");
    assert_eq!(send(&mut slot, "00B00000 03"), "8F8F009000");
    send(&mut slot, "00A4020C 02 0006");
    assert_eq!(send(&mut slot, "00B00000 03"), "4141419000");
    // Nor is an application, and without any selection the trace's own answer for that comes.
    send(&mut slot, "00A4040C 0A D3921000310001010408");
    send(&mut slot, "00A4020C 02 0006");
    assert_ne!(send(&mut slot, "00B00000 03"), "4141419000");
    slot.power_on();
    assert_eq!(send(&mut slot, "00200080"), "6A88", "the mock's own answer would be 6986");
}

#[test]
fn what_one_mock_card_traced_another_replays() {
    let commands = [
        SELECT_ISD,
        SELECT_JPKI,
        "00A4020C 02 0006",
        "00B00000 A0",
        "00A4020C 02 0008",
        "00B00000 03",
        "00A4020C 02 000A",
        "00B00000 04",
        "00B00000 00",
        "00B00600 32",
        "00A4020C 02 0018",
        "00200080",
        SELECT_ISD,
    ];
    let (mut slot, paper) = traced(&Scenario {
        auth_tries: 1,
        token_label: Some("JPKIAPIOSTOKEN".to_owned()),
        availability: Some([0x00, 0x8F, 0x01]),
        first_command_fails: true,
        ..Scenario::default()
    });
    let original: Vec<_> = commands.iter().map(|command| send(&mut slot, command)).collect();
    assert_eq!(original[0], "6F00");
    let mut slot = replaying(&paper.text());
    let replayed: Vec<_> = commands.iter().map(|command| send(&mut slot, command)).collect();
    assert_eq!(replayed[..6], original[..6]);
    assert_eq!(replayed[11], "63C1");
    assert_eq!(slot.card().auth_tries_left(), Some(1));
    // The label of an iPhone puts the certificate behind the PIN: so the trace says, too.
    assert_eq!(replayed[7], original[7]);
}

#[test]
fn what_is_no_trace_says_why() {
    let check = |text: &str, error: TraceError| assert_eq!(Replay::parse(text).err(), Some(error), "{text}");
    let line = |line, reason: &str| TraceError::Line { line, reason: reason.to_owned() };
    check("", TraceError::NotATrace);
    check("{\"format\":\"madoguchi-card-trace-2\"}", TraceError::NotATrace);
    check(HEAD, TraceError::Empty);
    check(&HEAD.replace('}', ",\"atr\":\"3\"}"), line(1, "atr is not hexadecimal"));
    for (wrong, reason) in [
        ("{}", "neither a command nor an event"),
        (r#"{"event":"reset","command":"00200098","status":"9000"}"#, "both a command and an event"),
        (r#"{"command":"00200098"}"#, "a command has either a status or an error"),
        (
            r#"{"command":"00200098","status":"9000","error":"gone"}"#,
            "a command has either a status or an error",
        ),
        (r#"{"command":"00","error":"gone"}"#, "command is not four octets"),
        (r#"{"command":"00","status":"9000"}"#, "command is not four octets"),
        (r#"{"command":"00200098","status":"90"}"#, "status is not two octets"),
        (r#"{"command":"0020009","status":"9000"}"#, "not hexadecimal"),
        (r#"{"command":"00A40000","lc":2,"data":"00","status":"9000"}"#, "lc is not the length of data"),
        (
            r#"{"command":"00B00000","le":2,"status":"9000","response_octets":1,"response":"0000"}"#,
            "response_octets is not the length of response",
        ),
    ] {
        check(&format!("{HEAD}\n{wrong}"), line(3, reason));
    }
    let Err(TraceError::Line { line: 2, reason }) = Replay::parse(&format!("{HEAD}[")) else {
        panic!("JSON?")
    };
    assert!(reason.contains("EOF"), "{reason}");
}

#[test]
fn the_trace_s_answer_to_reset_is_replayed() {
    let command = r#"{"command":"00200098","status":"6986"}"#;
    let slot = replaying(&format!("{}{command}", HEAD.replace('}', ",\"atr\":\"3B00\"}")));
    assert_eq!(slot.atr(), [0x3B, 0x00]);
    let slot = replaying(&format!("{HEAD}{command}"));
    assert_eq!(slot.atr(), Card::atr(slot.card()));
}
