//! A gateway that is told to end drops nothing that it accepted: two of them on one database, one ended and started again and
//! again under load, behind a front that sends each request to a node that is ready.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use madoguchi_gateway_server::SystemClock;
use madoguchi_storage::Clock as _;
use madoguchi_test_pki::{KeyKind, Options, TestPki};
use madoguchi_tests::town::random;
use madoguchi_tests::verify::program;
use serde_json::Value;
use tokio::time::Instant;

use super::world::{NEWEST, World};

/// A gateway that runs.
pub(super) struct Running {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Running {
    pub(super) fn start(world: &World) -> Self {
        Self::start_as(world, "0")
    }

    /// A node by this name: what it keeps of lists is its own.
    fn start_as(world: &World, name: &str) -> Self {
        let text = std::fs::read_to_string(world.path("madoguchi.toml")).expect("the configuration");
        let of_lists = format!("crl_dir = \"crl\"\nstate_dir = \"crl-state-{name}\"");
        let file = format!("node-{name}.toml");
        world.write(&file, text.replace("crl_dir = \"crl\"", &of_lists).as_bytes());
        let mut child = Command::new(program())
            .args(["serve", "--log", "warn", "--config", &file])
            .current_dir(&world.folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("madoguchi runs; cargo build --workspace --bins");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).expect("it is ready");
        let address = ready["listen"].as_str().and_then(|address| address.parse().ok()).expect("an address");
        Self { child, address }
    }

    pub(super) fn tell_to_end(&self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it runs");
    }

    pub(super) fn wait(mut self) {
        assert!(self.child.wait().expect("its end").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of a test that failed; else it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a gateway needs to serve.
pub(super) fn furnish(world: &World) {
    let now = SystemClock.now();
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now, random()).expect("a PKI");
    world.write("ca.der", pki.auth_ca());
    std::fs::create_dir(world.path("crl")).expect("a folder");
    for (name, der) in pki.crls(now, Duration::from_hours(24), random()).expect("lists") {
        world.write(&format!("crl/{name}"), &der);
    }
}

/// One request on a connection of its own or on one that is kept. `None` when nobody accepted it.
pub(super) fn ask(stream: &mut TcpStream, path: &str) -> std::io::Result<String> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:26810\r\n\r\n")?;
    read(stream)
}

/// A whole answer: head, and as many octets as it says.
pub(super) fn read(stream: &mut TcpStream) -> std::io::Result<String> {
    let (mut text, mut octet) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n\r\n") {
        if stream.read(&mut octet)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        text.push(octet[0]);
    }
    let mut head = String::from_utf8(text).expect("a head");
    let length = head.to_ascii_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length: ").map(|length| length.parse::<usize>().expect("a length"))
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    head.push_str(&String::from_utf8_lossy(&body));
    Ok(head)
}

/// Discovery reads keys and registry: an answer that needs the whole gateway.
const PATH: &str = "/.well-known/openid-configuration";

#[test]
fn no_accepted_request_is_dropped() {
    let world = World::of(NEWEST);
    world.configure("m.sqlite3", "drain_seconds = 0");
    furnish(&world);
    let steady = Running::start(&world);
    let (over, answered, refused) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let other = std::sync::Mutex::new(Running::start_as(&world, "1"));
    std::thread::scope(|scope| {
        for worker in 0..8_usize {
            let (over, answered, refused, other) = (&over, &answered, &refused, &other);
            let steady = steady.address;
            scope.spawn(move || {
                let mut round = worker;
                while !over.load(Ordering::SeqCst) {
                    round += 1;
                    let ending = other.lock().expect("no panic").address;
                    let address = if round % 2 == 0 { steady } else { ending };
                    // What no node accepted goes to the next one: that is the front's part.
                    let Ok(mut stream) = TcpStream::connect(address) else {
                        refused.fetch_add(1, Ordering::SeqCst);
                        continue;
                    };
                    let answer = ask(&mut stream, PATH);
                    let answer =
                        answer.unwrap_or_else(|error| panic!("dropped after it was accepted: {error}"));
                    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for round in 2..7 {
            let before = answered.load(Ordering::SeqCst);
            while answered.load(Ordering::SeqCst) < before + 100 {
                std::thread::yield_now();
            }
            let next = Running::start_as(&world, &round.to_string());
            let ended = std::mem::replace(&mut *other.lock().expect("no panic"), next);
            ended.tell_to_end();
            ended.wait();
        }
        over.store(true, Ordering::SeqCst);
    });
    assert!(answered.load(Ordering::SeqCst) >= 500);
    steady.tell_to_end();
    steady.wait();
}

/// A balancer sees that nothing more should come, and what comes nevertheless is answered, with the wish to leave.
#[test]
fn a_node_that_drains_is_not_ready_and_answers() {
    let world = World::of(NEWEST);
    world.configure("m.sqlite3", "drain_seconds = 60");
    furnish(&world);
    let node = Running::start(&world);
    let mut kept = TcpStream::connect(node.address).expect("a connection");
    let answer = ask(&mut kept, "/health/ready").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ready"), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    node.tell_to_end();
    let told = Instant::now();
    let draining = loop {
        let mut stream = TcpStream::connect(node.address).expect("it accepts");
        let answer = ask(&mut stream, "/health/ready").expect("an answer");
        if !answer.starts_with("HTTP/1.1 200 ") {
            break answer;
        }
        assert!(told.elapsed() < Duration::from_secs(20), "it never drains");
    };
    assert!(draining.starts_with("HTTP/1.1 503 ") && draining.ends_with("draining"), "{draining}");
    let answer = ask(&mut kept, PATH).expect("an answer on a connection of before");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    // Whoever orders it twice does not wait for the minute.
    node.tell_to_end();
    node.wait();
    assert!(told.elapsed() < Duration::from_secs(45));
}

/// It was let in by the kernel, and nobody had taken it yet, or nothing had come from it yet.
#[test]
fn a_connection_without_a_request_yet_gets_its_answer() {
    let world = World::of(NEWEST);
    world.configure("m.sqlite3", "drain_seconds = 0");
    furnish(&world);
    let node = Running::start(&world);
    let mut streams: Vec<_> =
        (0..20).map(|_| TcpStream::connect(node.address).expect("a connection")).collect();
    node.tell_to_end();
    for stream in &mut streams {
        let answer = ask(stream, PATH).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    node.wait();
}
