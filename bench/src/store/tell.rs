//! Tables for docs/performance.md.

use std::time::Duration;

use crate::crl::timing::Histogram;
use crate::logins::median;
use crate::store::backend::Backend;
use crate::store::{Place, Turn};

/// What is in the stores.
pub(crate) fn stores(backend: &Backend, places: &[Place]) -> Result<(), String> {
    println!(
        "\n| store | accounts | expired rows and those of logins | MB | filled in |\n|---|---|---|---|---|"
    );
    for place in places {
        let rows: u64 = backend.left(&place.store)?.iter().map(|(_, rows)| rows).sum();
        let accounts = backend.count(&place.store, "accounts")?;
        let megabytes = backend.size(&place.store) as f64 / 1e6;
        let (name, seconds) = (place.party.name, place.fill.as_secs_f64());
        println!("| {name} | {accounts} | {rows} | {megabytes:.0} | {seconds:.0} s |");
    }
    Ok(())
}

/// How soon gateways serve on them.
pub(crate) fn starts(places: &[Place]) {
    println!("\n| store | start until ready, ms |\n|---|---|");
    for place in places {
        println!("| {} | {:.0} |", place.party.name, place.start.as_secs_f64() * 1e3);
    }
}

/// What logins took. False when one failed.
pub(crate) fn turns(turns: &[Vec<Turn>; 3]) -> bool {
    println!(
        "\n| store | gateway's CPU, ms | to the first | database's CPU, ms | logins/s | p50, ms | p99, ms | p50 to the \
         first | logins | failed |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    let mut well = true;
    let half = |turn: &Turn| turn.window.times.within(0.5);
    for (name, of) in super::NAMES.iter().zip(turns) {
        let mut times = Histogram::new();
        of.iter().for_each(|turn| times.merge(&turn.window.times));
        let logins: u64 = of.iter().map(|turn| turn.window.logins).sum();
        let failed: u64 = of.iter().flat_map(|turn| turn.window.failures.values()).sum();
        // Of windows of one round.
        let ratio =
            |what: &dyn Fn(&Turn) -> f64| median(of.iter().zip(&turns[0]).map(|(a, b)| what(a) / what(b)));
        println!(
            "| {name} | {:.2} | {:.2} × | {:.2} | {:.0} | {:.1} | {:.1} | {:.2} × | {logins} | {failed} |",
            median(of.iter().map(|turn| turn.window.cost())),
            ratio(&|turn| turn.window.cost()),
            median(of.iter().map(|turn| turn.database.as_secs_f64() * 1e3 / turn.window.logins as f64)),
            median(of.iter().map(|turn| turn.window.rate())),
            times.within(0.5) / 1e6,
            times.within(0.99) / 1e6,
            ratio(&half),
        );
        for (failure, count) in of.iter().flat_map(|turn| &turn.window.failures) {
            println!("{count} × {failure}");
        }
        well &= failed == 0;
    }
    well
}

/// What the sweeper did in each round beside logins, and what logins took with and without it; then what it did alone.
pub(crate) fn swept(
    rounds: &[[Vec<(&'static str, u64)>; 2]],
    last: &[(&'static str, u64)],
    turns: &[Vec<Turn>; 3],
    alone: Duration,
) {
    println!(
        "\n| round | without it p50, p99, ms | beside it p50, p99, ms | rows that went or, below zero, came | alone, rows/s \
         |\n|---|---|---|---|---|"
    );
    let sum = |left: &[(&str, u64)]| left.iter().map(|(_, rows)| *rows).sum::<u64>();
    for (round, [before, after]) in rounds.iter().enumerate() {
        let gone: Vec<String> = before
            .iter()
            .zip(after)
            .filter(|((_, before), (_, after))| before != after)
            .map(|((table, before), (_, after))| format!("{table} {}", *before as i64 - *after as i64))
            .collect();
        let next = rounds.get(round + 1).map_or(last, |[next, _]| next);
        let rate = sum(after).saturating_sub(sum(next)) as f64 / alone.as_secs_f64();
        let ms = |place: usize, share: f64| turns[place][round].window.times.within(share) / 1e6;
        println!(
            "| {} | {:.1}, {:.1} | {:.1}, {:.1} | {} | {rate:.0} |",
            round + 1,
            ms(1, 0.5),
            ms(1, 0.99),
            ms(2, 0.5),
            ms(2, 0.99),
            gone.join(", ")
        );
    }
}
