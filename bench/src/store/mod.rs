//! The shipped gateway on big stores: whether a login costs more with a million accounts than with one, and what a login
//! notices of ten million expired rows that are swept meanwhile. The stores are of one run and take turns; a gateway
//! whose turn it is not is stopped where it is.

mod backend;
mod rows;
mod tell;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::crl::memory::machine;
use crate::logins::party::Party;
use crate::logins::process::Process;
use crate::logins::scenario::SCENARIOS;
use crate::logins::window::Window;
use crate::sign_ins::town::{Asks, RunningGateway, Town};
use crate::store::backend::{Backend, Store};
use crate::store::rows::{ACCOUNTS, EXPIRED, ROWS_OF_A_LOGIN};

/// What to measure.
pub(crate) struct Wish {
    /// A hundredth of the size, short windows.
    pub(crate) quick: bool,
    /// Names; none is both.
    pub(crate) backends: Vec<String>,
}

/// How much of it.
struct Size {
    accounts: u64,
    expired: u64,
    rounds: usize,
    warm_up: Duration,
    window: Duration,
    /// For which it sweeps alone between rounds.
    alone: Duration,
}

/// A gateway with its store.
struct Place {
    party: Arc<Party>,
    store: Store,
    /// From its start until it served, on the store as it is measured.
    start: Duration,
    /// How long the store took to fill.
    fill: Duration,
}

/// A window, with what the database's own processes took.
struct Turn {
    window: Window,
    database: Duration,
}

/// Prints what it finds; false when a login failed.
pub(crate) fn run(binary: &Path, wish: &Wish) -> Result<bool, String> {
    if let Some(unknown) = wish.backends.iter().find(|name| !BACKENDS.contains(&name.as_str())) {
        return Err(format!("no backend {unknown}"));
    }
    let size = if wish.quick { QUICK } else { THOROUGH };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        println!("{}", machine());
        let mut well = true;
        for name in BACKENDS {
            if wish.backends.is_empty() || wish.backends.iter().any(|wished| wished == name) {
                let backend = if name == "sqlite" { Backend::Sqlite } else { Backend::postgres() };
                well &= measure(binary, &backend, &size).await?;
            }
        }
        Ok(well)
    })
}

async fn measure(binary: &Path, backend: &Backend, size: &Size) -> Result<bool, String> {
    println!("\n{}\n", backend.told());
    let one = Arc::new(Town::new(1, Duration::ZERO).await);
    let many = Arc::new(Town::new(CARDS, Duration::ZERO).await);
    let mut places = Vec::new();
    for (name, town) in NAMES.into_iter().zip([&one, &many, &many]) {
        places.push(Place::open(binary, backend, name, town).await?);
    }
    // Every gateway ends before a server does.
    let fillings: [(u64, u64); 3] = [(0, 0), (size.accounts, 0), (size.accounts, size.expired)];
    for place in &mut places {
        place.stop()?;
    }
    backend.begin_to_fill();
    for (place, (accounts, expired)) in places.iter_mut().zip(fillings) {
        let start = Instant::now();
        backend.fill(&place.store, &[ACCOUNTS], accounts, accounts)?;
        backend.fill(&place.store, &EXPIRED, expired / ROWS_OF_A_LOGIN, accounts)?;
        place.fill = start.elapsed();
    }
    backend.end_filling()?;
    tell::stores(backend, &places)?;
    for place in &mut places {
        place.go_on(binary)?;
        place.signal(Signal::STOP)?;
    }
    tell::starts(&places);

    let mut turns: [Vec<Turn>; 3] = Default::default();
    let mut swept = Vec::new();
    for round in 0..size.rounds {
        let left = backend.left(&places[2].store)?;
        // Who starts takes turns.
        let order = if round % 2 == 0 { [0, 1, 2] } else { [2, 1, 0] };
        for place in order {
            turns[place].push(places[place].turn(backend, size).await?);
        }
        let after = backend.left(&places[2].store)?;
        swept.push([left, after]);
        // Without anybody who logs in, so that all kinds of rows have their turn.
        places[2].signal(Signal::CONT)?;
        tokio::time::sleep(size.alone).await;
        places[2].signal(Signal::STOP)?;
    }
    let last = backend.left(&places[2].store)?;
    let well = tell::turns(&turns);
    tell::swept(&swept, &last, &turns, size.alone);
    tell::stores(backend, &places)?;
    Ok(well)
}

impl Place {
    /// With a client, and what its first logins leave.
    async fn open(
        binary: &Path,
        backend: &Backend,
        name: &'static str,
        town: &Arc<Town>,
    ) -> Result<Self, String> {
        let database = backend.make();
        let gateway = RunningGateway::start_on(binary, town, Asks::Lists, name, &database)?;
        let store = backend.store(&database, &gateway.database);
        let party = Arc::new(Party::of_gateway(name, binary, gateway, town, SCENARIOS[0]).await?);
        Window::of(&party, 1, Duration::from_millis(200)).await?;
        Ok(Self { party, store, start: Duration::ZERO, fill: Duration::ZERO })
    }

    fn gateway(&mut self) -> Result<&mut RunningGateway, String> {
        let party = Arc::get_mut(&mut self.party).ok_or("somebody still logs in")?;
        match &mut party.process {
            Process::Gateway(gateway) => Ok(gateway),
            Process::Other(_) => Err("no gateway".to_owned()),
        }
    }

    fn stop(&mut self) -> Result<(), String> {
        self.gateway()?.end()
    }

    fn go_on(&mut self, binary: &Path) -> Result<(), String> {
        self.start = self.gateway()?.start_again(binary)?;
        Ok(())
    }

    fn signal(&mut self, signal: Signal) -> Result<(), String> {
        self.gateway()?.signal(signal)
    }

    /// Alone with the machine: warms up, and is measured.
    async fn turn(&mut self, backend: &Backend, size: &Size) -> Result<Turn, String> {
        self.signal(Signal::CONT)?;
        Window::of(&self.party, AT_ONCE, size.warm_up).await?;
        let before = backend.cpu();
        let window = Window::of(&self.party, AT_ONCE, size.window).await?;
        let database = backend.cpu().saturating_sub(before);
        self.signal(Signal::STOP)?;
        Ok(Turn { window, database })
    }
}

const BACKENDS: [&str; 2] = ["sqlite", "postgres"];
/// Of stores, in the order in which they are made.
const NAMES: [&str; 3] = ["one-account", "accounts", "accounts-and-expired"];
/// Residents who log in, of all that have an account.
const CARDS: usize = 1000;
const AT_ONCE: usize = 16;
const THOROUGH: Size = Size {
    accounts: 1_000_000,
    expired: 10_000_000,
    rounds: 6,
    warm_up: Duration::from_secs(1),
    window: Duration::from_secs(5),
    alone: Duration::from_secs(8),
};
const QUICK: Size = Size {
    accounts: 10_000,
    expired: 100_000,
    rounds: 3,
    warm_up: Duration::from_millis(200),
    window: Duration::from_secs(1),
    alone: Duration::from_millis(100),
};
