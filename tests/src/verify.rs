//! `madoguchi verify` from outside, and the collections of certificates that judge it.

pub mod openssl;
pub mod pkits;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The folder of the programs: tests run from one below it, examples too.
pub fn programs() -> PathBuf {
    let this = std::env::current_exe().expect("this program has a path");
    this.parent().and_then(Path::parent).expect("target/debug/deps/…").to_owned()
}

/// The program.
pub fn program() -> PathBuf {
    programs().join("madoguchi")
}

/// Where `script/setup test` puts what outside judges publish.
pub fn corpora() -> PathBuf {
    programs().parent().expect("target").join("corpora")
}

/// Judges cases by one process, and answers one answer for each.
pub fn batch(cases: &[Value]) -> Vec<Value> {
    let mut child = Command::new(program())
        .args(["verify", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("madoguchi starts; cargo build --workspace --bins");
    let mut input = child.stdin.take().expect("its input");
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    // Input and output at once: each of the pipes between may be full.
    let writer = std::thread::spawn(move || lines.iter().try_for_each(|line| writeln!(input, "{line}")));
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let answers = output
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("an answer is JSON"))
        .collect();
    writer.join().expect("the writer ends").expect("everything was read");
    assert!(child.wait().expect("an end").success(), "a batch ends with 0");
    answers
}
