//! Medians of pieces of work that take turns, so that all of them meet the same weather.

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

/// The median time of one call of each, over many rounds of so many calls.
pub(crate) fn medians(calls: u32, all: &mut [Work<'_>]) -> Vec<Duration> {
    let mut times: Vec<Vec<Duration>> = all.iter().map(|_| Vec::with_capacity(ROUNDS)).collect();
    for _ in 0..ROUNDS {
        for (work, times) in all.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (0..calls).for_each(|_| (work.run)());
            times.push(start.elapsed() / calls);
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_unstable();
            times[ROUNDS / 2]
        })
        .collect()
}

/// One line for each, as a ratio to the first.
pub(crate) fn print(title: &str, calls: u32, mut all: Vec<Work<'_>>) -> Vec<Duration> {
    let medians = medians(calls, &mut all);
    println!("{title}");
    for (work, median) in all.iter().zip(&medians) {
        println!("  {:<58} {:>9.2} µs {:>7.3} x", work.name, micros(*median), ratio(*median, medians[0]));
    }
    medians
}

pub(crate) fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Many short rounds: one that another program interrupts does not count in a median.
const ROUNDS: usize = 401;
