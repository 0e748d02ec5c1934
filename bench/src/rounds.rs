//! Pieces of work that take turns, so that all of them meet the same weather, and their medians.

use std::time::{Duration, Instant};

/// Something to measure, with its name.
pub(crate) struct Work<'a> {
    pub(crate) name: &'a str,
    pub(crate) run: Box<dyn FnMut() + 'a>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(name: &'a str, run: impl FnMut() + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What came out for one piece of work.
pub(crate) struct Measured {
    /// The median time of one call.
    pub(crate) time: Duration,
    /// The median, over the rounds, of the ratio to the first piece of work in the same round.
    pub(crate) ratio: f64,
}

/// Measures each over many rounds of so many calls.
fn measure(calls: u32, all: &mut [Work<'_>]) -> Vec<Measured> {
    let mut rounds: Vec<Vec<Duration>> = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let round = all.iter_mut().map(|work| {
            // Once before the clock runs: what the one before did to the caches is not this one's work.
            (work.run)();
            let start = Instant::now();
            (0..calls).for_each(|_| (work.run)());
            start.elapsed() / calls
        });
        rounds.push(round.collect());
    }
    (0..all.len())
        .map(|place| {
            let seconds = |round: &Vec<Duration>, place: usize| round[place].as_secs_f64();
            let time = median(rounds.iter().map(|round| seconds(round, place)));
            let ratio = median(rounds.iter().map(|round| seconds(round, place) / seconds(round, 0)));
            Measured { time: Duration::from_secs_f64(time), ratio }
        })
        .collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One line for each, with its ratio to the first.
pub(crate) fn print(title: &str, calls: u32, mut all: Vec<Work<'_>>) -> Vec<Measured> {
    let measured = measure(calls, &mut all);
    println!("{title}");
    for (work, measured) in all.iter().zip(&measured) {
        let micros = measured.time.as_secs_f64() * 1e6;
        println!("  {:<58} {micros:>9.2} µs {:>7.3} x", work.name, measured.ratio);
    }
    measured
}

/// Many short rounds: one that another program interrupts does not count in a median.
const ROUNDS: usize = 501;
