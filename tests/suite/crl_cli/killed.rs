//! `kill -9` at random moments of indexing and replacing: every answer afterwards is the old list's or the new one's.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use madoguchi_tests::town::random;
use ring::rand::SecureRandom as _;

use super::world::{NEW, OLD, SHARED, World, copy};

const ROUNDS: usize = 100;

/// Serials of the old list alone, of both, of the new one alone, of none.
const ASKED: [u64; 8] = [0, SHARED - 1, SHARED, OLD - 1, OLD, NEW - 1, NEW, NEW + 5];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    Old,
    New,
}

#[test]
fn a_hundred_kills_leave_the_old_list_or_the_new_one() {
    let world = World::new();
    let (code, _, errors) = world.run("index old.crl --anchor ca.der --out base");
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(answered(&world, "base"), Answered::Old);
    let whole = time_of_a_whole_run(&world);
    let (mut old, mut new, mut early) = (0, 0, 0);
    for round in 0..ROUNDS {
        let state = format!("state-{round}");
        copy(&world.file("base"), &world.file(&state));
        let drop_folder = world.file("drop");
        let _ = fs::remove_dir_all(&drop_folder);
        fs::create_dir(&drop_folder).expect("a folder");
        fs::copy(world.file("new.crl"), drop_folder.join("new.crl")).expect("copied");
        let arguments = match round % 2 {
            0 => format!("index new.crl --anchor ca.der --out {state} --json"),
            _ => format!("watch drop --anchor ca.der --out {state}"),
        };
        let mut command = world.command(&arguments);
        let (mut running, lines) = Running::start(&mut command);
        // After so many lines, or after so long, whichever comes first.
        let (count, delay) = if round % 4 < 2 {
            (usize::MAX, whole.mul_f64(f64::from(number(1000)) / 900.0))
        } else {
            (usize::try_from(number(20)).expect("small"), Duration::from_secs(20))
        };
        let seen = read_until(&lines, count, delay);
        running.kill();
        let taken = seen.iter().any(|line| line.contains(r#""event":"taken""#));
        match answered(&world, &state) {
            Answered::Old => {
                assert!(!taken, "round {round}: the new list was in use and is not: {seen:?}");
                old += 1;
            }
            Answered::New => {
                early += usize::from(!taken);
                new += 1;
            }
        }
        // What is left is no obstacle.
        if round % 10 == 0 {
            let (code, _, errors) = world.run(&format!("index new.crl --anchor ca.der --out {state}"));
            assert_eq!(code, Some(0), "round {round}: {errors}");
            assert_eq!(answered(&world, &state), Answered::New, "round {round}");
        }
        fs::remove_dir_all(world.file(&state)).expect("removed");
    }
    println!(
        "{ROUNDS} kills: {old} left the old list, {new} the new one, {early} of these before it was told"
    );
    assert_eq!(old + new, ROUNDS);
    assert!(old > 0 && new > 0, "the kills were all too early or all too late: {old} old, {new} new");
}

/// Whoever asks while lists are replaced again and again gets one of them, whole.
#[test]
fn answers_while_lists_are_replaced() {
    let world = World::new();
    assert_eq!(world.run("index old.crl --anchor ca.der --out state").0, Some(0));
    fs::create_dir(world.file("drop")).expect("a folder");
    let mut command = world.command("watch drop --anchor ca.der --out state");
    let (_running, lines) = Running::start(&mut command);
    let mut last = 1;
    for number in 2..8 {
        world.list("next.crl", number, SHARED..NEW);
        fs::rename(world.file("next.crl"), world.file("drop/list.crl")).expect("renamed");
        let mut is_taken = false;
        while !is_taken {
            let answers = world.lookup("state", &[SHARED]);
            let shown = &answers[0]["listed"][0]["number"];
            let shown = u64::from_str_radix(shown.as_str().expect("a number"), 16).expect("hexadecimal");
            assert!((last..=number).contains(&shown), "{shown} after {last}");
            last = shown;
            while let Ok(line) = lines.try_recv() {
                is_taken |= line.contains(r#""event":"taken""#);
                assert!(!line.contains("refused"), "{line}");
            }
        }
    }
}

/// Which list answers; a mixture, a damaged index or no answer fails.
fn answered(world: &World, folder: &str) -> Answered {
    let answers = world.lookup(folder, &ASKED);
    let said: Vec<Option<&str>> =
        answers.iter().map(|answer| answer["listed"][0]["number"].as_str()).collect();
    let (old, new) = (Some("01"), Some("02"));
    for answer in &answers {
        assert_eq!(answer["damaged"], serde_json::json!([]), "{answer}");
        assert!(answer["listed"].as_array().expect("a list").len() <= 1, "{answer}");
    }
    if said == [old, old, old, old, None, None, None, None] {
        Answered::Old
    } else if said == [None, None, new, new, new, new, None, None] {
        Answered::New
    } else {
        panic!("a mixture: {said:?}")
    }
}

/// How long a run takes that nobody kills, so that the kills fall into it.
#[expect(clippy::disallowed_methods, reason = "measures what the kills must hit")]
fn time_of_a_whole_run(world: &World) -> Duration {
    copy(&world.file("base"), &world.file("whole"));
    let start = Instant::now();
    assert_eq!(world.run("index new.crl --anchor ca.der --out whole").0, Some(0));
    start.elapsed()
}

/// A process that does not outlive its test.
struct Running(Child);

impl Running {
    /// Starts it, and tells what it prints line by line.
    fn start(command: &mut Command) -> (Self, Receiver<String>) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("runs");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        (Self(child), receiver)
    }

    /// `kill -9`.
    fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended is not killed again.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[expect(clippy::disallowed_methods, reason = "the moment of a kill")]
fn read_until(lines: &Receiver<String>, count: usize, delay: Duration) -> Vec<String> {
    let end = Instant::now() + delay;
    let mut seen = Vec::new();
    while seen.len() < count {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            // A watcher goes on for ever after this.
            Ok(line) if line.contains(r#""event":"taken""#) => {
                seen.push(line);
                break;
            }
            Ok(line) => seen.push(line),
            Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => break,
        }
    }
    seen
}

fn number(below: u32) -> u32 {
    let mut octets = [0; 4];
    random().fill(&mut octets).expect("randomness");
    u32::from_le_bytes(octets) % below
}
