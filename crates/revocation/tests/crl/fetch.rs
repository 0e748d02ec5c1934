//! Downloads, from a server on loopback that does what a test tells it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use madoguchi_revocation::{CrlUrl, FetchLimits, HttpUrl};

use crate::world::{Running, World, at, is_good, pem};

/// Serves one connection after another and tells what was asked.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) requests: Receiver<String>,
}

impl Server {
    pub(crate) fn start(mut answer: impl FnMut(&str, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let request = head(&mut stream);
                answer(&request, &mut stream);
                if sender.send(request).is_err() {
                    break;
                }
            }
        });
        Self { address, requests }
    }

    fn url(&self) -> HttpUrl {
        HttpUrl::parse(&format!("http://{}/list.crl", self.address)).expect("a URL")
    }

    pub(crate) fn request(&self) -> String {
        self.requests.recv_timeout(Duration::from_secs(20)).expect("a request")
    }
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut octet).is_ok_and(|count| count == 1) {
        head.push(octet[0]);
    }
    String::from_utf8(head).expect("ASCII").to_ascii_lowercase()
}

pub(crate) fn ok(stream: &mut TcpStream, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n", body.len());
    // A client that went away is what some tests are about.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

pub(crate) const HOUR: Duration = Duration::from_hours(1);

fn world_of(server: &Server) -> World {
    let mut world = World::new();
    world.urls = vec![CrlUrl { url: server.url(), every: HOUR }];
    world
}

/// Downloads what is due; returns how many were.
pub(crate) fn round(running: &mut Running, seconds: u64) -> usize {
    let due = running.refresher.due(at(seconds));
    let count = due.len();
    for download in due {
        let downloaded = download.run();
        running.refresher.downloaded(downloaded, at(seconds));
    }
    count
}

pub(crate) fn problem(running: &Running) -> Option<String> {
    let report = running.shared.report();
    let download = report.downloads.values().next().expect("a download");
    download.problem.as_ref().map(|problem| problem.code.clone())
}

#[test]
fn a_list_is_fetched_and_asked_for_again_by_its_validators() {
    let (send, lists) = channel::<Vec<u8>>();
    let server = Server::start(move |request, stream| {
        if request.contains("if-none-match: \"1\"") {
            assert!(request.contains("if-modified-since: sun, 22 nov 2026"), "{request}");
            let _ = stream.write_all(b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n");
        } else {
            let headers = "etag: \"1\"\r\nlast-modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n";
            ok(stream, headers, &lists.recv().expect("a list"));
        }
    });
    let mut world = world_of(&server);
    let card = world.card(0);
    let path = world.path(&card);
    let list = world.lists(world.now).remove(0);
    send.send(pem(&list).into_bytes()).expect("a server");
    let mut running = world.start();
    assert_eq!(round(&mut running, world.now), 1);
    assert!(server.request().starts_with("get /list.crl http/1.1\r\n"));
    assert!(is_good(world.answer(&running.shelf(), &path)));
    assert_eq!((problem(&running), world.events()), (None, vec!["taken: 0".to_owned()]));
    // Not again before its time, which is at most a tenth early.
    assert_eq!(round(&mut running, world.now + 3239), 0);
    assert_eq!(round(&mut running, world.now + 3600), 1);
    server.request();
    assert_eq!((problem(&running), world.events()), (None, vec!["unchanged".to_owned()]));
    // A restart knows the validators, and has the list.
    drop(running);
    let mut running = world.start();
    assert!(is_good(world.answer(&running.shelf(), &path)));
    assert_eq!(round(&mut running, world.now), 1);
    assert!(server.request().contains("if-none-match"));
    assert_eq!(running.shared.report().downloads.values().next().expect("one").last_good, Some(world.now));
}

/// Asked with a time to come, a server would answer "not modified" until then, and nobody would know.
#[test]
fn a_server_is_not_asked_with_a_time_to_come() {
    let (send, answers) = channel::<(&'static str, Vec<u8>)>();
    let server = Server::start(move |_, stream| {
        let (headers, list) = answers.recv().expect("an answer");
        ok(stream, headers, &list);
    });
    let mut world = world_of(&server);
    let mut running = world.start();
    let mut now = world.now;
    for headers in ["last-modified: Wed, 01 Jan 2098 00:00:00 GMT\r\n", "last-modified: tomorrow\r\n"] {
        let list = world.lists(now).remove(0);
        for _ in 0..2 {
            send.send((headers, list.clone())).expect("a server");
            assert_eq!(round(&mut running, now), 1);
            assert!(!server.request().contains("if-modified-since"), "{headers}");
            now += 3600;
        }
    }
}

/// A list past its nextUpdate is asked for as if it were not there; and "not modified" is no answer to that.
#[test]
fn not_modified_counts_only_while_the_list_lives() {
    let (send, lists) = channel::<Option<Vec<u8>>>();
    let server = Server::start(move |_, stream| match lists.recv().expect("an answer") {
        Some(list) => ok(stream, "etag: \"1\"\r\n", &list),
        None => {
            let _ = stream.write_all(b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n");
        }
    });
    let mut world = world_of(&server);
    let mut running = world.start();
    // Nothing is there yet.
    send.send(None).expect("a server");
    round(&mut running, world.now);
    assert_eq!(problem(&running).as_deref(), Some("fetch_status"));
    server.request();
    let list = world.lists(world.now).remove(0);
    send.send(Some(list)).expect("a server");
    assert_eq!(round(&mut running, world.now + 3600), 1);
    server.request();
    let life = 24 * 3600;
    for (after, asked, expected) in [(life - 1, true, None), (life + 3600, false, Some("fetch_status"))] {
        send.send(None).expect("a server");
        assert_eq!(round(&mut running, world.now + after), 1);
        assert_eq!(server.request().contains("if-none-match"), asked, "{after}");
        assert_eq!(problem(&running).as_deref(), expected, "{after}");
    }
}

#[test]
fn no_more_than_a_few_are_asked_at_once() {
    let mut world = World::new();
    let url = |number| HttpUrl::parse(&format!("http://127.0.0.1:9/{number}")).expect("a URL");
    world.urls = (0..40).map(|number| CrlUrl { url: url(number), every: HOUR }).collect();
    let mut running = world.start();
    let first = running.refresher.due(at(world.now));
    assert_eq!(first.len(), 16);
    assert!(running.refresher.due(at(world.now)).is_empty());
    // One that is back makes room for one.
    running.refresher.download_lost(first[0].url(), at(world.now));
    assert_eq!(running.refresher.due(at(world.now)).len(), 1);
}

/// Whatever a server does, the list that is there stays, and health says why there is no newer one.
#[test]
fn a_failure_keeps_the_list_and_is_told() {
    let (send, answers) = channel::<Vec<u8>>();
    let server = Server::start(move |_, stream| {
        let _ = stream.write_all(&answers.recv().expect("an answer"));
    });
    let mut world = world_of(&server);
    let card = world.card(0);
    let path = world.path(&card);
    let old = world.lists(world.now - 60).remove(0);
    let list = world.lists(world.now).remove(0);
    let with_body = |body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    send.send(with_body(&list)).expect("a server");
    let mut running = world.start();
    let mut now = world.now;
    round(&mut running, now);
    let cut = with_body(&list);
    let cases: [(Vec<u8>, &str); 7] = [
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(), "fetch_status"),
        (b"HTTP/1.1 404 None\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(), "fetch_status"),
        (b"garbage\r\n\r\n".to_vec(), "fetch_no_http"),
        (cut[..cut.len() - 10].to_vec(), "fetch_no_connection"),
        (with_body(b""), "file_empty"),
        (with_body(b"<html>"), "not_der_or_pem"),
        (with_body(&old), "crl_older"),
    ];
    for (answer, code) in cases {
        now += 3600;
        send.send(answer).expect("a server");
        assert_eq!(round(&mut running, now), 1, "{code}");
        assert_eq!(problem(&running).as_deref(), Some(code));
        assert!(is_good(world.answer(&running.shelf(), &path)), "{code}");
        // The next try is soon, and not at once.
        assert_eq!(round(&mut running, now), 0, "{code}");
        let next = running.shared.report().downloads.values().next().expect("one").next;
        assert!(next > now && next <= now + 3600, "{code}: {}", next - now);
    }
    send.send(with_body(&list)).expect("a server");
    round(&mut running, now + 3600);
    assert_eq!(problem(&running), None);
    // Nobody listens.
    let mut world = World::new();
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = HttpUrl::parse(&format!("http://{closed}/")).expect("a URL");
    world.urls = vec![CrlUrl { url, every: HOUR }];
    let mut running = world.start();
    round(&mut running, world.now);
    assert_eq!(problem(&running).as_deref(), Some("fetch_no_connection"));
}

#[test]
fn nobody_is_asked_but_who_is_configured() {
    let elsewhere = Server::start(|_, stream| ok(stream, "", b"never"));
    let target = elsewhere.url();
    for status in ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"] {
        let target = target.clone();
        let server = Server::start(move |_, stream| {
            let head = format!("HTTP/1.1 {status}\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
        });
        let world = world_of(&server);
        let mut running = world.start();
        round(&mut running, world.now);
        assert_eq!(problem(&running).as_deref(), Some("fetch_redirected"), "{status}");
    }
    assert!(elsewhere.requests.try_recv().is_err(), "the other host was asked");
}

#[test]
fn an_endless_body_is_cut_at_the_limit() {
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        // Until the client has enough.
        let octets = vec![0x30; 65_536];
        while stream.write_all(&octets).is_ok() {}
    });
    let world = world_of(&server);
    let mut running = world.start();
    round(&mut running, world.now);
    assert_eq!(problem(&running).as_deref(), Some("file_too_large"));
    assert!(server.request().starts_with("get "), "the server was let go");
}

#[test]
fn a_slow_server_is_not_waited_for() {
    let short = Duration::from_millis(300);
    let long = Duration::from_mins(5);
    for (limits, drips) in [
        (FetchLimits { connect: long, stall: short, whole: long }, false),
        (FetchLimits { connect: long, stall: long, whole: short }, false),
        // An octet now and then keeps the connection alive, and not the download.
        (FetchLimits { connect: long, stall: long, whole: short }, true),
    ] {
        let (gone, wait) = channel::<()>();
        let server = Server::start(move |_, stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
            let beat = if drips { Duration::from_millis(20) } else { long };
            while wait.recv_timeout(beat) == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
                && stream.write_all(&[0x30]).is_ok()
            {}
        });
        let mut world = world_of(&server);
        world.limits = limits;
        let mut running = world.start();
        round(&mut running, world.now);
        assert_eq!(problem(&running).as_deref(), Some("fetch_timed_out"), "{limits:?}");
        drop(gone);
        server.request();
    }
}

/// Otherwise a server that mixes its files up would starve a partition, and nobody would be told but by its age.
#[test]
fn an_address_that_brings_another_partition_is_a_problem_and_the_list_is_taken() {
    let (send, lists) = channel::<(char, Vec<u8>)>();
    let server = Server::start(move |request, stream| {
        assert!(!request.contains("if-none-match: \"b\""), "asked for the right one: {request}");
        let (tag, list) = lists.recv().expect("a list");
        ok(stream, &format!("etag: \"{tag}\"\r\n"), &list);
    });
    let mut world = world_of(&server);
    let (midori, hinata) = (world.card(0), world.card(1));
    let paths = [midori, hinata].map(|card| world.path(&card));
    let lists = world.lists(world.now);
    let mut running = world.start();
    let other = Some("crl_other_partition");
    for (times, (list, expected)) in (0..).zip([(0, None), (1, other), (1, other), (0, None)]) {
        let moment = world.now + 7200 * times;
        send.send((['a', 'b'][list], lists[list].clone())).expect("a server");
        assert_eq!(round(&mut running, moment), 1);
        server.request();
        assert_eq!(problem(&running).as_deref(), expected, "{times}");
        let health = running.shared.report().downloads.clone();
        assert_eq!(health.values().next().expect("one").last_good, Some(moment));
        // What was noted outlives a restart.
        drop(running);
        running = world.start();
    }
    for path in &paths {
        assert!(is_good(world.answer(&running.shelf(), path)));
    }
}
