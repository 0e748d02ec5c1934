//! What the kernel says about memory, and about the machine.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Anonymous memory of this process that is resident, in octets.
pub(crate) fn anonymous() -> u64 {
    field(Path::new("/proc/self/status"), "RssAnon:").unwrap_or(0)
}

/// Most memory that a process ever had resident, mapped files included.
pub(crate) fn high_water_mark(status: &Path) -> Option<u64> {
    field(status, "VmHWM:")
}

/// Memory of a process that is resident now, mapped files included.
pub(crate) fn resident(status: &Path) -> Option<u64> {
    field(status, "VmRSS:")
}

/// The most anonymous memory that is seen while some work is done, and the work's answer. The kernel keeps a mark for
/// all memory only, mapped files included, so that this looks every millisecond.
pub(crate) fn peak_anonymous<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut peak = 0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(anonymous());
                thread::sleep(Duration::from_millis(1));
            }
            peak.max(anonymous())
        });
        let answer = work();
        done.store(true, Ordering::Relaxed);
        (watcher.join().expect("the watcher looks"), answer)
    })
}

/// What decides how fast memory is.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let huge = read("/sys/kernel/mm/transparent_hugepage/enabled");
    let huge = huge.split(['[', ']']).nth(1).unwrap_or("unknown");
    let cores = thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!("{cores} cores (load {load}), {}, huge pages: {huge}", model.trim_start_matches(['\t', ' ', ':']))
}

fn field(status: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
