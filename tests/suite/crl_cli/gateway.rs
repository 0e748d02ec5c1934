//! The same lists under a gateway: fetched, dropped, remembered over a restart.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;

use madoguchi_tests::town::binaries;
use serde_json::Value;

use super::world::{NEW, SHARED, World};

const CONFIG: &str = r#"
listen = "127.0.0.1:0"
database = "m.sqlite3"
kek_file = "kek"
[trust]
anchors = ["ca.der"]
danger_test_trust = true
[revocation]
sources = "crl"
crl_dir = "drop"
reload_seconds = 1
[[revocation.crl_url]]
url = "http://ADDRESS/list.crl"
[[municipality]]
id = "midori"
origin = "http://localhost:1"
name = { ja = "みどり市" }
"#;

struct Gateway {
    process: Child,
    log: std::io::Lines<BufReader<std::process::ChildStderr>>,
}

impl Gateway {
    fn start(world: &World) -> Self {
        let mut process = serve(world).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("runs");
        let log = BufReader::new(process.stderr.take().expect("piped")).lines();
        Self { process, log }
    }

    /// Reads the log up to a line that contains this.
    fn logged(&mut self, wanted: &str) -> String {
        let mut lines = self.log.by_ref().map_while(Result::ok);
        lines.find(|line| line.contains(wanted)).unwrap_or_else(|| panic!("the log ended without {wanted}"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}

fn serve(world: &World) -> Command {
    let mut command = Command::new(binaries().path("madoguchi").expect("cargo build --workspace --bins"));
    command.args(["serve", "--config", "madoguchi.toml"]).current_dir(&world.folder);
    command
}

fn status(world: &World) -> Value {
    let (code, status, errors) = world.run("status --config madoguchi.toml --json");
    assert_eq!(code, Some(0), "{errors}");
    serde_json::from_str(&status).expect("JSON")
}

/// Answers one request with the list, and then nobody listens any more.
fn serve_once(list: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            stream.read_exact(&mut octet).expect("a request");
            head.push(octet[0]);
        }
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", list.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&list)).expect("answered");
    });
    address
}

fn configure(world: &World, text: &str) {
    fs::write(world.file("madoguchi.toml"), text).expect("written");
    fs::write(world.file("kek"), "A".repeat(43)).expect("written");
    fs::set_permissions(world.file("kek"), fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::create_dir_all(world.file("drop")).expect("a folder");
}

/// `madoguchi config check` with lists in files alone: its code and what it says on standard error.
fn check(world: &World, max_age_hours: u64) -> (Option<i32>, String) {
    let more = format!("reload_seconds = 1\nmax_age_hours = {max_age_hours}\n");
    let text = CONFIG.replace("[[revocation.crl_url]]\nurl = \"http://ADDRESS/list.crl\"\n", "");
    configure(world, &text.replace("reload_seconds = 1\n", &more));
    let mut command = Command::new(binaries().path("madoguchi").expect("cargo build --workspace --bins"));
    command.args(["config", "check", "--config", "madoguchi.toml"]).current_dir(&world.folder);
    let output = command.output().expect("runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn config_check_sees_the_state_folder_as_serve_does_and_warns_of_lists_that_are_all_too_old() {
    let world = World::new();
    let (code, told) = check(&world, 48);
    assert!(code == Some(1) && told.contains("no CRL was found"), "{told}");
    assert!(!world.file("crl-state").exists(), "it makes nothing");
    let (code, _, told) = world.run("index new.crl --anchor ca.der --out crl-state");
    assert_eq!(code, Some(0), "{told}");
    // The drop folder is empty, and the gateway would go on from what it holds.
    let (code, told) = check(&world, 48);
    assert!(code == Some(0) && told.contains("warning: revocation: every CRL is past"), "{code:?} {told}");
    assert_eq!(check(&world, 120), (Some(0), String::new()));
    fs::copy(world.file("old.crl"), world.file("drop/a.crl")).expect("copied");
    let (code, told) = check(&world, 48);
    assert!(code == Some(0) && told.contains("the newest is 98 h old"), "{code:?} {told}");
    fs::set_permissions(world.file("crl-state"), fs::Permissions::from_mode(0o750)).expect("a mode");
    let (code, told) = check(&world, 120);
    assert!(code == Some(1) && told.contains("revocation.state_dir: "), "{code:?} {told}");
    assert!(told.contains("(state_not_private)"), "{told}");
}

#[test]
fn a_gateway_fetches_refuses_what_is_older_and_remembers() {
    let world = World::new();
    let address = serve_once(fs::read(world.file("new.crl")).expect("a list"));
    configure(&world, &CONFIG.replace("ADDRESS", &address));

    let mut gateway = Gateway::start(&world);
    gateway.logged("no CRL was found");
    assert!(gateway.logged("a CRL is in use").contains(&address));
    // It is four days old.
    assert!(gateway.logged("older than max_age_hours").contains("too_old=1"));
    let held = status(&world);
    assert_eq!(held["partitions"][0]["complete"]["number"], "02");
    assert_eq!(held["partitions"][0]["complete"]["entries"], NEW - SHARED);
    // One state folder has one writer.
    let second = serve(&world).output().expect("runs");
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(told.contains("revocation.state_dir: ") && told.contains("(state_busy)"), "{told}");
    fs::rename(world.file("old.crl"), world.file("drop/a.crl")).expect("renamed");
    assert!(gateway.logged("a CRL is refused").contains("crl_older"));
    let download = &held["downloads"][0];
    assert_eq!((&held["told_by"], &download["problem"]), (&"disk".into(), &Value::Null), "{held}");
    assert!(download["last_good"].is_u64() && download["last_failure"].is_null(), "{download}");
    let rejected = status(&world)["rejected_files"].clone();
    assert_eq!((&rejected[0]["code"], rejected.as_array().map(Vec::len)), (&"crl_older".into(), Some(1)));
    let words = world.run("status --config madoguchi.toml").1;
    let url = format!("download http://{address}/list.crl: well\n  last good answer 20");
    assert!(words.contains(&url), "{words}");
    assert!(words.contains("drop/rejected/a.crl\n  list number 01 is older than"), "{words}");
    assert!(words.lines().all(|line| line.chars().count() <= 80), "{words}");
    drop(gateway);

    // The server is gone, and so is the file of the list; the same older list is put back.
    fs::rename(world.file("drop/rejected/a.crl"), world.file("drop/b.crl")).expect("renamed");
    let mut gateway = Gateway::start(&world);
    gateway.logged("older than max_age_hours");
    assert!(gateway.logged("a CRL cannot be fetched").contains("fetch_no_connection"));
    assert!(gateway.logged("a CRL is refused").contains("crl_older"));
    let after = status(&world);
    assert_eq!(after["partitions"][0]["complete"], held["partitions"][0]["complete"]);
    // The last good answer is remembered beside the failure.
    let (before, after) = (&held["downloads"][0], &after["downloads"][0]);
    assert_eq!(
        (&after["last_good"], &after["problem"]["code"]),
        (&before["last_good"], &"fetch_no_connection".into())
    );
    assert!(after["last_failure"]["at"].as_u64() >= before["last_good"].as_u64(), "{after}");
    let words = world.run("status --config madoguchi.toml").1;
    assert!(words.contains("/list.crl: FAILING\n") && words.contains("(fetch_no_connection)"), "{words}");
}

#[test]
fn config_check_tells_who_should_run_it_and_what_the_service_cannot_read() {
    use std::os::unix::fs::MetadataExt as _;

    let world = World::new();
    let text = CONFIG.replace("[[revocation.crl_url]]\nurl = \"http://ADDRESS/list.crl\"\n", "");
    configure(&world, &text);
    let file = world.file("madoguchi.toml");
    let config = madoguchi_gateway_server::Config::read(&file).expect("a configuration");
    let owner = fs::metadata(world.file("kek")).expect("there").uid();
    let advice = |user, now| madoguchi_gateway_server::advice(&config, &file, user, now);
    assert_eq!(advice(owner, super::world::at(world.now)), [] as [String; 0]);
    let told = advice(owner + 1, super::world::at(world.now));
    assert_eq!(told.len(), 1, "the owner may do everything: {told:?}");
    let command = format!("madoguchi config check --config {}", file.display());
    assert!(
        told[0].contains("run it as the service's user: sudo -u ") && told[0].ends_with(&command),
        "{told:?}"
    );
    // An anchor that is over.
    let told = advice(owner, super::world::at(world.now + 20 * 366 * 86_400));
    assert!(told.len() == 1 && told[0].contains("ca.der expired at 20"), "{told:?}");
    // Root may read everything, whatever the mode.
    if owner != 0 {
        fs::set_permissions(world.file("ca.der"), fs::Permissions::from_mode(0o000)).expect("a mode");
        let told = advice(owner + 1, super::world::at(world.now));
        assert!(
            told.iter().any(|line| line.contains("could not read") && line.contains("ca.der")),
            "{told:?}"
        );
    }
}
