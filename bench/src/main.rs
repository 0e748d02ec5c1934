//! What verification costs, in ratios within one run. See docs/performance.md.
#![forbid(unsafe_code)]

mod chain;
mod crl;
mod logins;
mod ocsp;
mod ocsp_load;
mod openssl_chain;
mod proof;
mod rounds;
mod shelf;
mod sign_ins;
mod skeleton;
mod slow_responder;
mod store;
mod world;

use std::path::Path;
use std::process::ExitCode;

use crate::logins::party::Programs;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["crl-part", name, folder, entries, shape] => part(name, folder, entries, shape).map(|()| true),
        ["crl", ref rest @ ..] => wish(rest).and_then(|wish| crl::run(&wish)),
        ["ocsp-load"] => Ok(ocsp_load::run()),
        ["logins", gateway, node, peer, ref rest @ ..] => {
            let [gateway, node, peer] = [gateway, node, peer].map(Path::new);
            logins_wish(rest).and_then(|wish| logins::run(Programs { gateway, node, peer }, &wish))
        }
        ["store", gateway, ref rest @ ..] => {
            store_wish(rest).and_then(|wish| store::run(Path::new(gateway), &wish))
        }
        ["logins-skeleton", authority] => skeleton::run(Path::new(authority)),
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

/// `[--quick] [--part NAME]…`
fn logins_wish(mut arguments: &[&str]) -> Result<logins::Wish, String> {
    let mut wish = logins::Wish { quick: false, parts: Vec::new() };
    loop {
        arguments = match *arguments {
            [] => return Ok(wish),
            ["--quick", ref rest @ ..] => {
                wish.quick = true;
                rest
            }
            ["--part", name, ref rest @ ..] => {
                wish.parts.push(name.to_owned());
                rest
            }
            _ => return Err(format!("what is {arguments:?}?")),
        };
    }
}

/// `[--quick] [--backend NAME]…`
fn store_wish(mut arguments: &[&str]) -> Result<store::Wish, String> {
    let mut wish = store::Wish { quick: false, backends: Vec::new() };
    loop {
        arguments = match *arguments {
            [] => return Ok(wish),
            ["--quick", ref rest @ ..] => {
                wish.quick = true;
                rest
            }
            ["--backend", name, ref rest @ ..] => {
                wish.backends.push(name.to_owned());
                rest
            }
            _ => return Err(format!("what is {arguments:?}?")),
        };
    }
}

fn part(name: &str, folder: &str, entries: &str, shape: &str) -> Result<(), String> {
    let entries = entries.parse().map_err(|_| format!("no number: {entries}"))?;
    crl::run_in_this_process(name, Path::new(folder), entries, shape)
}
