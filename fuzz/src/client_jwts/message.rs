//! A message in the making. The input says of each member whether it stays honest, goes, or becomes something else; zeros
//! leave everything honest.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::NOW;
use super::keys::{CLIENTS, OTHER};
use crate::input::Input;

pub(super) struct Message {
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    /// The client's key signed, not the other one.
    pub(super) signed: bool,
}

impl Message {
    /// Members that may be changed, each with its honest value and with what comes near to it. An honest value of null
    /// means that an honest message has no such member.
    pub(super) fn new(
        input: &mut Input<'_>,
        header: &[(&str, Value, &[Value])],
        claims: &[(&str, Value, &[Value])],
    ) -> Self {
        let signed = input.octet() < 0xE0;
        let mut members = |all: &[(&str, Value, &[Value])]| {
            let chosen = all.iter().map(|(name, honest, near)| (*name, member(input, honest, near)));
            chosen.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        };
        Self { header: members(header), claims: members(claims), signed }
    }

    /// The message; with a planted bug, as a reader would see it that has the bug.
    pub(super) fn text(&self, planted: impl FnOnce(&mut Map<String, Value>)) -> String {
        let mut claims = self.claims.clone();
        planted(&mut claims);
        let part =
            |members: &Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::from(members.clone()).to_string());
        let input = format!("{}.{}", part(&self.header), part(&claims));
        let signature = if self.signed { CLIENTS.sign(&input) } else { OTHER.sign(&input) };
        format!("{input}.{signature}")
    }
}

fn member(input: &mut Input<'_>, honest: &Value, near: &[Value]) -> Option<Value> {
    match input.octet() {
        0..=0x7F => (!honest.is_null()).then(|| honest.clone()),
        0x80..=0x8F => None,
        kind @ 0x90..=0xBF => {
            let all = near.len() + ODD.len();
            let at = usize::from(kind - 0x90) % all;
            Some(near.get(at).cloned().unwrap_or_else(|| odd(at - near.len())))
        }
        // Around now, and around an hour from now.
        0xC0..=0xDF => Some(json!(NOW + u64::from(input.octet()) - 0x80)),
        0xE0..=0xEF => Some(json!(NOW + u64::from(input.u16()))),
        0xF0..=0xF7 => Some(json!(NOW - u64::from(input.u16()))),
        _ => {
            let length = usize::from(input.octet());
            Some(json!(String::from_utf8_lossy(input.octets(length))))
        }
    }
}

/// What is of a wrong type, or at the edge of a right one.
const ODD: [&str; 12] = [
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "-1",
    "0",
    "1.8e9",
    "1800000000.9",
    "9007199254740993",
    "1e300",
    "\"1800000000\"",
];

fn odd(at: usize) -> Value {
    serde_json::from_str(ODD[at]).expect("JSON")
}
