//! The responder falls silent while residents sign in, and comes back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, interval, sleep};

use crate::sign_ins::AT_ONCE;
use crate::sign_ins::crowd::Crowd;
use crate::sign_ins::evidence::{Completed, Evidence};
use crate::sign_ins::town::{Asks, RunningGateway, Town};

/// Prints second by second what happens; whether nobody was lost and all is as before in the end.
pub(crate) async fn run(town: &Arc<Town>, binary: &Path) -> Result<bool, String> {
    println!(
        "\n  The responder accepts and says nothing from second {DIES} to second {BACK}; {AT_ONCE} residents keep \
         signing in, each question with a nonce"
    );
    let crowd = Crowd::new(town, RunningGateway::start(binary, town, Asks::BothEachTime)?);
    let mut evidence = Evidence::open(&crowd.gateway.database)?;
    let stop = Arc::<AtomicBool>::default();
    let residents = tokio::spawn({
        let (crowd, stop) = (crowd.clone(), Arc::clone(&stop));
        async move { crowd.until(&stop, AT_ONCE).await }
    });
    let watched = watch(town, &crowd).await;
    stop.store(true, Ordering::SeqCst);
    let outcome = residents.await.map_err(|error| error.to_string())??;
    let watched = watched?;
    let completed = evidence.read().await?;
    let well = tell(&watched, &completed);
    let recorded = completed.len() as u64 == outcome.signed_in;
    for (failure, count) in &outcome.failures {
        println!("  failed, {count} ×: {failure}");
    }
    println!("  {} sign-ins, {} failed", outcome.signed_in, outcome.failures.values().sum::<u64>());
    Ok(well && recorded && outcome.failures.is_empty())
}

/// What was seen from outside.
struct Watched {
    /// In seconds since 1970; second 1 is the first.
    start: u64,
    seconds: Vec<Second>,
    /// From the responder's death to the breaker open, and from its return to the breaker closed.
    opened: Option<Duration>,
    closed: Option<Duration>,
}

struct Second {
    questions: u64,
    failed: u64,
    gateway_cpu: Duration,
    breaker: String,
}

async fn watch(town: &Arc<Town>, crowd: &Crowd) -> Result<Watched, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
    // The gateway writes down whole seconds.
    sleep(Duration::from_secs(1) - Duration::from_nanos(now.subsec_nanos().into())).await;
    let mut watched = Watched { start: now.as_secs() + 1, seconds: Vec::new(), opened: None, closed: None };
    town.responder.take_requests();
    let (mut cpu, begin) = (crowd.gateway.cpu(), Instant::now());
    let mut look = interval(Duration::from_millis(100));
    look.tick().await;
    while watched.seconds.len() < SECONDS {
        look.tick().await;
        let breaker = breaker(crowd).await?;
        let at = begin.elapsed();
        if at >= DIES_AT && watched.opened.is_none() && breaker == "open" {
            watched.opened = Some(at - DIES_AT);
        }
        if at >= BACK_AT && watched.closed.is_none() && breaker == "closed" {
            watched.closed = Some(at - BACK_AT);
        }
        town.responder.fall_silent((DIES_AT..BACK_AT).contains(&at));
        if at.as_secs() as usize > watched.seconds.len() {
            let spent = crowd.gateway.cpu();
            watched.seconds.push(Second {
                questions: town.responder.take_requests(),
                failed: crowd.failed.swap(0, Ordering::SeqCst),
                gateway_cpu: spent - cpu,
                breaker,
            });
            cpu = spent;
        }
    }
    Ok(watched)
}

async fn breaker(crowd: &Crowd) -> Result<String, String> {
    let health = crowd.gateway.ocsp().await?;
    let breaker = health["responders"][0]["breaker"].as_str();
    breaker.map(str::to_owned).ok_or_else(|| format!("no breaker: {health}"))
}

fn tell(watched: &Watched, completed: &[Completed]) -> bool {
    let mut sources = BTreeMap::<(u64, &str), u64>::new();
    for one in completed {
        // Before the first second: residents who began while the clock was waited for.
        let second = (one.at + 1).saturating_sub(watched.start);
        *sources.entry((second, one.source.as_str())).or_default() += 1;
    }
    let count = |second: usize, source| sources.get(&(second as u64, source)).copied().unwrap_or(0);
    println!(
        "  {:>6} {:>12} {:>8} {:>8} {:>10} {:>22}  breaker",
        "second", "ocsp+crl/s", "crl/s", "failed", "questions", "gateway CPU a sign-in"
    );
    for (number, second) in (1..).zip(&watched.seconds) {
        let (both, lists) = (count(number, BOTH), count(number, LISTS));
        let each = second.gateway_cpu.as_secs_f64() * 1e3 / (both + lists) as f64;
        println!(
            "  {number:>6} {both:>12} {lists:>8} {:>8} {:>10} {each:>19.2} ms  {}",
            second.failed, second.questions, second.breaker
        );
    }
    let phase = |name: &str, seconds: std::ops::RangeInclusive<usize>| {
        let length = seconds.clone().count() as f64;
        let sum = |source| seconds.clone().map(|second| count(second, source)).sum::<u64>();
        let (both, lists) = (sum(BOTH), sum(LISTS));
        println!(
            "  {name}: {:.0}/s rest on both, {:.0}/s on the list",
            both as f64 / length,
            lists as f64 / length
        );
        (both, lists)
    };
    let dead = (DIES_AT.as_secs() as usize) + 1;
    let alive = phase("the responder answers", 1..=dead - 1);
    let seconds_to =
        |time: Option<Duration>, from: Duration| time.map(|time| (from + time).as_secs() as usize);
    let (Some(opened), Some(closed)) =
        (seconds_to(watched.opened, DIES_AT), seconds_to(watched.closed, BACK_AT))
    else {
        println!("  the breaker did not open, or did not close again");
        return false;
    };
    phase("it says nothing, and is waited for", dead..=opened);
    let open = phase("the breaker is open", opened + 2..=closed);
    let after = phase("the responder is back and asked", closed + 3..=SECONDS);
    let tenths = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
    println!(
        "  breaker open {:.1} s after the responder died; closed {:.1} s after it was back, by itself",
        tenths(watched.opened),
        tenths(watched.closed)
    );
    alive.0 > 0 && alive.1 == 0 && open.0 == 0 && open.1 > 0 && after.0 > 0 && after.1 == 0
}

const BOTH: &str = "ocsp+crl";
const LISTS: &str = "crl";
const DIES: u64 = 8;
const DIES_AT: Duration = Duration::from_secs(DIES);
const BACK: u64 = 20;
const BACK_AT: Duration = Duration::from_secs(BACK);
/// The breaker opens for thirty seconds.
const SECONDS: usize = 52;
