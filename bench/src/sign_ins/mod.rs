//! Whole sign-ins over HTTP, through the shipped gateway and its SQLite store, with OCSP on and a responder that takes
//! 100 ms: how many in a second, one question for all who ask the same, none for what was answered, and what happens when
//! the responder dies while residents sign in, and comes back.

mod crowd;
mod evidence;
mod line;
mod outage;
mod resident;
mod town;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::sign_ins::crowd::{Crowd, Outcome};
use crate::sign_ins::evidence::Evidence;
use crate::sign_ins::town::{Asks, RunningGateway, Town};

/// Prints what it finds; false when a sign-in was lost, a certificate was asked about twice, or the gateway did not recover.
pub(crate) fn run(binary: &Path) -> Result<bool, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        println!("\nWhole sign-ins through {}, a responder of {DELAY:?}", binary.display());
        println!("{}", crate::crl::memory::machine());
        let town = Arc::new(Town::new(CARDS + CROWDS, DELAY).await);
        let mut well = rates(&town, binary).await?;
        well &= outage::run(&town, binary).await?;
        Ok(well)
    })
}

/// Lists alone; each certificate once; the same again; one certificate by many at once.
async fn rates(town: &Arc<Town>, binary: &Path) -> Result<bool, String> {
    println!(
        "  {:<44} {:>10} {:>9} {:>8} {:>8} {:>11} {:>11} {:>11} {:>11} {:>7}  rests on",
        "",
        "sign-ins/s",
        "questions",
        "p50, ms",
        "p99, ms",
        "finish p50",
        "finish p99",
        "gateway CPU",
        "others CPU",
        "failed"
    );
    let mut well = true;
    let mut row =
        |name: &str, outcome: &Outcome, sources: &BTreeMap<String, u64>, questions: u64, expected: u64| {
            print_row(name, outcome, sources, questions);
            well &= outcome.failures.is_empty() && questions == expected;
            well &= sources.values().sum::<u64>() == outcome.signed_in;
        };
    let lists = Crowd::new(town, RunningGateway::start(binary, town, Asks::Lists)?);
    let mut evidence = Evidence::open(&lists.gateway.database)?;
    let outcome = lists.each(0..CARDS, AT_ONCE).await?;
    row("no OCSP: lists only", &outcome, &evidence.sources().await?, town.responder.take_requests(), 0);
    drop(lists);

    let both = Crowd::new(town, RunningGateway::start(binary, town, Asks::Both)?);
    let mut evidence = Evidence::open(&both.gateway.database)?;
    for (name, expected) in
        [("OCSP, each certificate once", CARDS as u64), ("the same certificates again", 0)]
    {
        let outcome = both.each(0..CARDS, AT_ONCE).await?;
        row(name, &outcome, &evidence.sources().await?, town.responder.take_requests(), expected);
    }
    let before = both.gateway.ocsp().await?;
    for card in CARDS..CARDS + CROWDS {
        let outcome = both.together(card, AT_ONCE).await?;
        let name = format!("one certificate, {AT_ONCE} sign-ins at once");
        row(&name, &outcome, &evidence.sources().await?, town.responder.take_requests(), 1);
    }
    let after = both.gateway.ocsp().await?;
    let risen = |what: &str| after[what].as_u64().unwrap_or(0) - before[what].as_u64().unwrap_or(0);
    println!(
        "  of these {}: {} shared a question that was being asked, {} found its answer",
        CROWDS * AT_ONCE,
        risen("joined"),
        risen("cache_hits")
    );
    // The gateway's own count of the same.
    well &= risen("questions") == (CROWDS * AT_ONCE) as u64 && risen("joined") > 0;
    Ok(well)
}

fn print_row(name: &str, outcome: &Outcome, sources: &BTreeMap<String, u64>, questions: u64) {
    let ms = |nanoseconds: f64| nanoseconds / 1e6;
    let each = |time: Duration| time.as_secs_f64() * 1e3 / outcome.signed_in as f64;
    println!(
        "  {name:<44} {:>10.0} {questions:>9} {:>8.0} {:>8.0} {:>11.0} {:>11.0} {:>8.2} ms {:>8.2} ms {:>7}  {sources:?}",
        outcome.signed_in as f64 / outcome.elapsed.as_secs_f64(),
        ms(outcome.whole.within(0.5)),
        ms(outcome.whole.within(0.99)),
        ms(outcome.finish.within(0.5)),
        ms(outcome.finish.within(0.99)),
        each(outcome.gateway),
        each(outcome.others),
        outcome.failures.values().sum::<u64>(),
    );
    for (failure, count) in &outcome.failures {
        println!("    {count} × {failure}");
    }
}

const DELAY: Duration = Duration::from_millis(100);
const AT_ONCE: usize = 200;
const CARDS: usize = 5000;
/// Crowds that sign in with one card each.
const CROWDS: usize = 3;
