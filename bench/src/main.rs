//! What verification costs, in ratios within one run. See docs/performance.md.
#![forbid(unsafe_code)]

mod chain;
mod ocsp;
mod openssl_chain;
mod proof;
mod rounds;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let section = std::env::args().nth(1).unwrap_or_else(|| "all".to_owned());
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
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
