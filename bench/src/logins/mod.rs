//! Whole logins over HTTP: what they cost the shipped gateway with its SQLite store, card and all; what they cost npm's
//! oidc-provider, which keeps all in memory and asks nobody; and what a bare axum and ring server needs for the same
//! requests, cryptography and commits as ours.

pub(crate) mod jws;
pub(crate) mod party;
pub(crate) mod process;
pub(crate) mod scenario;
pub(crate) mod service;
pub(crate) mod window;

use std::sync::Arc;
use std::time::Duration;

use crate::crl::memory::machine;
use crate::crl::timing::Histogram;
use crate::logins::party::{Party, Programs};
use crate::logins::scenario::{SCENARIOS, Scenario};
use crate::logins::window::Window;
use crate::sign_ins::town::Town;

/// What to measure.
pub(crate) struct Wish {
    /// Short windows, to see whether it runs.
    pub(crate) quick: bool,
    /// Names of scenarios; none is all.
    pub(crate) parts: Vec<String>,
}

/// Prints what it finds; false when a login failed or a budget is missed.
pub(crate) fn run(programs: Programs<'_>, wish: &Wish) -> Result<bool, String> {
    let known = |part: &String| SCENARIOS.iter().any(|scenario| scenario.name == part);
    if let Some(unknown) = wish.parts.iter().find(|part| !known(part)) {
        return Err(format!("no part {unknown}"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        println!("\nWhole logins through {}", programs.gateway.display());
        println!("{}", machine());
        let mut well = true;
        for scenario in SCENARIOS {
            if wish.parts.is_empty() || wish.parts.iter().any(|part| part == scenario.name) {
                well &= measure(programs, scenario, wish.quick).await?;
            }
        }
        Ok(well)
    })
}

async fn measure(programs: Programs<'_>, scenario: Scenario, quick: bool) -> Result<bool, String> {
    let town = Arc::new(Town::new(CARDS, Duration::ZERO).await);
    let parties = [
        Party::gateway(programs, &town, scenario).await?,
        Party::peer(programs, scenario).await?,
        Party::skeleton(&town, scenario).await?,
    ];
    let parties = parties.map(Arc::new);
    let (warm_up, length) = if quick { QUICK } else { THOROUGH };
    let rounds = if quick { 2 } else { ROUNDS };
    println!(
        "\n{}: {}; {} at once; {rounds} rounds of {length:?} each, after {warm_up:?}",
        scenario.name, scenario.what, scenario.at_once
    );
    let mut windows: [Vec<Window>; 3] = Default::default();
    for round in 0..rounds {
        // Who starts takes turns; the skeleton stays between.
        let order = if round % 2 == 0 { [0, 2, 1] } else { [1, 2, 0] };
        for place in order {
            let party = &parties[place];
            let before = Window::of(party, scenario.at_once, warm_up).await?;
            let window = Window::of(party, scenario.at_once, length).await?;
            for (failure, count) in before.failures.iter().chain(&window.failures) {
                println!("  {}: {count} × {failure}", party.name);
            }
            if !before.failures.is_empty() {
                return Ok(false);
            }
            windows[place].push(window);
        }
    }
    Ok(tell(&parties, &windows))
}

fn tell(parties: &[Arc<Party>; 3], windows: &[Vec<Window>; 3]) -> bool {
    println!(
        "  {:<14} {:>13} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10}",
        "", "CPU ms/login", "logins/s", "p50, ms", "p99, ms", "logins", "verified", "failed", "RSS, MiB"
    );
    let mut well = true;
    for (party, windows) in parties.iter().zip(windows) {
        let mut times = Histogram::new();
        windows.iter().for_each(|window| times.merge(&window.times));
        let ms = |share: f64| times.within(share) / 1e6;
        let sum = |what: fn(&Window) -> u64| windows.iter().map(what).sum::<u64>();
        let failed = sum(|window| window.failures.values().sum());
        println!(
            "  {:<14} {:>13.3} {:>9.0} {:>9.1} {:>9.1} {:>9} {:>9} {failed:>9} {:>10.0}",
            party.name,
            median(windows.iter().map(Window::cost)),
            median(windows.iter().map(Window::rate)),
            ms(0.5),
            ms(0.99),
            sum(|window| window.logins),
            sum(|window| window.verified),
            party.process.memory() as f64 / f64::from(1 << 20),
        );
        well &= failed == 0;
    }
    let [ours, peer, skeleton] = windows;
    well &= ratio("this to oidc-provider", ours, peer, TO_PEER);
    well &= ratio("this to the skeleton", ours, skeleton, TO_SKELETON);
    well
}

/// Of windows of one round.
fn ratio(name: &str, ours: &[Window], theirs: &[Window], budget: f64) -> bool {
    let ratios: Vec<f64> =
        ours.iter().zip(theirs).map(|(ours, theirs)| ours.cost() / theirs.cost()).collect();
    let middle = median(ratios.iter().copied());
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    let kept = middle <= budget;
    println!(
        "  {name}: {middle:.3} × ({least:.3} to {most:.3}); budget {budget} ×: {}",
        if kept { "kept" } else { "MISSED" }
    );
    kept
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// Warm-up, and what is measured.
const THOROUGH: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(15));
const QUICK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3));
const ROUNDS: usize = 6;
const CARDS: usize = 2000;
/// CPU time of a login, at most, to the other's.
const TO_PEER: f64 = 0.25;
const TO_SKELETON: f64 = 1.5;
