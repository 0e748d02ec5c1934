//! What verification costs, in ratios within one run. See docs/performance.md.
#![forbid(unsafe_code)]

mod chain;
mod crl;
mod ocsp;
mod ocsp_load;
mod openssl_chain;
mod proof;
mod rounds;
mod shelf;
mod sign_ins;
mod slow_responder;
mod world;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["crl-part", name, folder, entries, shape] => part(name, folder, entries, shape).map(|()| true),
        ["crl", ref rest @ ..] => wish(rest).and_then(|wish| crl::run(&wish)),
        ["ocsp-load"] => Ok(ocsp_load::run()),
        ["ocsp-sign-ins", binary] => sign_ins::run(Path::new(binary)),
        [] => Ok(verification("all")),
        [section] => Ok(verification(section)),
        _ => Err("one section".to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn verification(section: &str) -> bool {
    let asked = |name: &str| section == name || section == "all";
    let mut within = true;
    if asked("proof") {
        within &= proof::run();
    }
    if asked("chain") {
        chain::run();
    }
    if asked("ocsp") {
        ocsp::run();
    }
    within
}

/// `[--entries N] [--part NAME]… [--plot FILE]`
fn wish(mut arguments: &[&str]) -> Result<crl::Wish, String> {
    let mut wish = crl::Wish { entries: 10_000_000, parts: Vec::new(), plot: None };
    while let [name, value, rest @ ..] = arguments {
        match *name {
            "--entries" => wish.entries = value.parse().map_err(|_| format!("no number: {value}"))?,
            "--part" => wish.parts.push((*value).to_owned()),
            "--plot" => wish.plot = Some(value.into()),
            _ => return Err(format!("what is {name}?")),
        }
        arguments = rest;
    }
    // The smallest size of the growth curve is a hundredth, the largest is five times as much.
    if !(10_000..=20_000_000).contains(&wish.entries) {
        return Err("10,000 to 20,000,000 entries".to_owned());
    }
    if arguments.is_empty() { Ok(wish) } else { Err(format!("{arguments:?} has no value")) }
}

fn part(name: &str, folder: &str, entries: &str, shape: &str) -> Result<(), String> {
    let entries = entries.parse().map_err(|_| format!("no number: {entries}"))?;
    crl::run_in_this_process(name, Path::new(folder), entries, shape)
}
