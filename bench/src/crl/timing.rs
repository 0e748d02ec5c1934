//! Times: medians, CPU time, and the distribution of very short ones.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// CPU time that this process has used in all its threads.
pub(crate) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// CPU time that a process has used, from its `stat`: what it spent for itself and the kernel for it, in hundredths of a
/// second. Nothing of one that has ended.
pub(crate) fn cpu_of_process(stat: &Path) -> Option<Duration> {
    let text = fs::read_to_string(stat).ok()?;
    // The name before it may hold anything but a closing bracket after its own.
    let (_, fields) = text.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    Some(Duration::from_millis(10 * (times.next()?? + times.next()??)))
}

/// CPU time that some work takes on this thread: waiting for a core is not in it.
pub(crate) fn cpu_of<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let start = now();
    let answer = work();
    (now() - start, answer)
}

/// How long some work takes, and its answer.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let answer = work();
    (start.elapsed(), answer)
}

pub(crate) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

/// Prints a value for whoever started this process.
pub(crate) fn tell(name: &str, value: f64) {
    println!("{name} {value}");
}

/// How often something took how long, to about 1.5 %, in little memory so that counting does not push out of the cache
/// what is measured.
pub(crate) struct Histogram {
    counts: Vec<u32>,
    total: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; 64 * STEPS], total: 0 }
    }

    pub(crate) fn add(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.counts[place(nanoseconds)] += 1;
        self.total += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// Nanoseconds that this share of all stays within.
    pub(crate) fn within(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut passed = 0;
        for (place, count) in self.counts.iter().enumerate() {
            passed += u64::from(*count);
            if passed >= wanted {
                return middle(place);
            }
        }
        f64::NAN
    }
}

/// Powers of two, each in 64 steps.
fn place(nanoseconds: u64) -> usize {
    let power = nanoseconds.ilog2();
    let step = if power >= 6 { nanoseconds >> (power - 6) } else { nanoseconds << (6 - power) };
    power as usize * STEPS + (step as usize & (STEPS - 1))
}

fn middle(place: usize) -> f64 {
    let (power, step) = (place / STEPS, place % STEPS);
    2_f64.powi(power as i32) * (1.0 + (step as f64 + 0.5) / STEPS as f64)
}

const STEPS: usize = 64;
