//! What the tests of nodes share: how much of it, the database's own look at the audit log, and who judges.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_storage::{Audit as _, AuditKind, SignInLimits};
use madoguchi_storage_sqlite::SqliteStore;
use madoguchi_test_postgres::{Database, TestServer};
use madoguchi_tests::nodes::{Fault, Ledger, MUNICIPALITY, Node, Town};

/// How many kills: few in every run of the tests, as many as script/crash asks for.
pub(super) fn kills(usual: u64) -> u64 {
    asked("MADOGUCHI_CRASH_KILLS").unwrap_or(usual)
}

/// How many rounds of races, the same way.
pub(super) fn rounds(usual: u64) -> u64 {
    asked("MADOGUCHI_RACE_ROUNDS").unwrap_or(usual)
}

/// How long the database is away, in seconds, the same way.
pub(super) fn outage(usual: u64) -> Duration {
    Duration::from_secs(asked("MADOGUCHI_OUTAGE_SECONDS").unwrap_or(usual))
}

#[expect(clippy::disallowed_methods, reason = "script/crash asks for more than a test needs")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|asked| asked.parse().expect("a number"))
}

/// A PostgreSQL server with an empty database.
pub(super) struct Postgres {
    pub(super) server: TestServer,
    pub(super) database: Database,
}

impl Postgres {
    /// It syncs to disk as an operator's does.
    pub(super) fn start() -> Self {
        let server = TestServer::start_with(&["max_connections = 200"]);
        let database = server.database();
        Self { server, database }
    }

    /// What stands in a configuration.
    pub(super) fn address(&self) -> String {
        self.at(self.server.port())
    }

    /// The same, behind another port.
    pub(super) fn at(&self, port: u16) -> String {
        format!("postgresql://madoguchi@127.0.0.1:{port}/{}", self.database.name)
    }

    /// The audit log, without any code of ours.
    pub(super) fn records(&self) -> Vec<(String, String)> {
        records_of(&self.server, &self.database)
    }
}

/// The audit log of a database on this server, which may be another than the one that it was made on.
pub(super) fn records_of(server: &TestServer, database: &Database) -> Vec<(String, String)> {
    let lines = server.query(
        &database.name,
        "SELECT kind || ' ' || coalesce(encode(sign_in, 'hex'), '') FROM audit ORDER BY number",
    );
    let record = |line: &str| line.split_once(' ').map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    lines.lines().filter_map(record).collect()
}

/// The audit log of a SQLite file in this folder, read beside whatever else there is.
pub(super) async fn sqlite_records(folder: &Path) -> Vec<(String, String)> {
    let path = folder.join("madoguchi.sqlite3");
    let clock = Arc::new(madoguchi_gateway_server::SystemClock);
    let store = SqliteStore::open_to_read(&path, clock, SignInLimits::default()).expect("the store");
    let records = store.audit_records(MUNICIPALITY, 0, u32::MAX).await.expect("records");
    let id = |id: madoguchi_protocol::Octets<16>| hex(&id.0);
    records
        .into_iter()
        .map(|record| (record.kind.as_str().to_owned(), record.sign_in.map(id).unwrap_or_default()))
        .collect()
}

/// Each session that was answered has its audit record, once; none was made twice. Answers how many sign-ins there are.
pub(super) fn judge(ledger: &Ledger, records: &[(String, String)]) -> u64 {
    let mut completed = BTreeMap::<&str, u64>::new();
    for (_, sign_in) in records.iter().filter(|(kind, _)| kind == AuditKind::SignInCompleted.as_str()) {
        *completed.entry(sign_in).or_default() += 1;
    }
    for (sign_in, count) in &completed {
        if *count > 1 {
            ledger.fault(Fault::Twice(format!("sign-in {sign_in} was completed {count} times")));
        }
    }
    for id in ledger.all_completed() {
        if !completed.contains_key(hex(&id.0).as_str()) {
            ledger.fault(Fault::Lost(format!("the audit record of sign-in {id}")));
        }
    }
    completed.len() as u64
}

/// `madoguchi audit verify`: the chain is whole, and nothing waits for its place. Nobody seals any more.
#[expect(clippy::print_stdout, reason = "script/crash shows it")]
pub(super) fn verify_chain(node: &Node) {
    node.command(&["audit", "seal"]);
    let told = node.command(&["audit", "verify", "--json"]);
    println!("madoguchi audit verify: {}", told.trim());
}

/// So many nodes on one database, all started at one moment.
pub(super) async fn start(town: &Town, count: usize, database: &str) -> Vec<Node> {
    let mut nodes: Vec<Node> = (1..=count).map(|number| town.node(number, database)).collect();
    nodes.iter_mut().for_each(Node::spawn);
    for node in &mut nodes {
        node.ready().await;
    }
    nodes
}

pub(super) fn addresses(nodes: &[Node]) -> Vec<SocketAddr> {
    nodes.iter().map(|node| node.address).collect()
}

fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02x}").expect("written");
        text
    })
}
