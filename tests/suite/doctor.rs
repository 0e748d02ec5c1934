//! `madoguchi-agent doctor` and `madoguchi-agent card` against real parts: what they find, and that nothing personal is in it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use madoguchi_demo::{Child, Program};
use madoguchi_tests::http;
use madoguchi_tests::town::Town;
use serde_json::Value;

/// In every place that belongs to a person.
const MARKER: &str = "hanako-no-himitsu";

/// The shipped agent in somebody's home, with the town's smart card service.
fn agent(town: &Town, args: &[&str]) -> Program {
    let home = town.stack.folder().join(MARKER);
    fs::create_dir_all(&home).expect("a home");
    // The socket under a path that names its owner.
    let socket = home.join("pcscd.comm");
    if !socket.exists() {
        std::os::unix::fs::symlink(town.socket(), &socket).expect("a link");
    }
    Program::new("doctor", town.binary("madoguchi-agent"))
        .args(args)
        .env("HOME", &home)
        .env("USER", MARKER)
        .env("LOGNAME", MARKER)
        .env("PCSCLITE_CSOCK_NAME", socket)
}

/// The lines that it says, and whether it found all well.
async fn say(town: &Town, program: Program) -> (Vec<String>, bool) {
    let mut child = program.spawn(town.stack.folder()).expect("starts");
    let mut lines = Vec::new();
    while let Some(line) = child.line().await {
        lines.push(line);
    }
    (lines, child.wait().await.expect("a status").success())
}

/// Codes of what the doctor found, with their states.
async fn examine(town: &Town, args: &[&str]) -> (Vec<(String, String)>, bool) {
    let (lines, well) = say(town, agent(town, &[&["doctor", "--json"], args].concat())).await;
    assert_eq!(lines.len(), 1, "one JSON line: {lines:?}");
    assert!(!lines[0].contains(MARKER), "{}", lines[0]);
    let findings: Vec<Value> = serde_json::from_str(&lines[0]).expect("JSON");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    for finding in &findings {
        let keys: Vec<&String> = finding.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["about", "action", "code", "found", "state"]);
        let (found, action) = (text(finding, "found"), text(finding, "action"));
        assert!(!found.is_empty() && !found.contains(['?', '{']), "{finding}");
        assert_eq!(text(finding, "state") == "ok", action.is_empty(), "{finding}");
    }
    (findings.iter().map(|finding| (text(finding, "code"), text(finding, "state"))).collect(), well)
}

fn state<'a>(findings: &'a [(String, String)], code: &str) -> Option<&'a str> {
    findings.iter().find(|(found, _)| found == code).map(|(_, state)| state.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_the_doctor_says_so() {
    let town = Town::usual().await;
    let issuer = town.ports.issuer();
    let port = town.ports.agent.to_string();
    let (findings, well) = examine(&town, &["--gateway", &issuer, "--port", &port]).await;
    for code in [
        "agent_version",
        "service_running",
        "reader_ready",
        "card_there",
        "port_agent",
        "browser_loopback_open",
        "gateway_answers",
        "clock_right",
    ] {
        assert_eq!(state(&findings, code), Some("ok"), "{code}: {findings:?}");
    }
    assert!(well, "{findings:?}");
    // The same for people, in both languages.
    for (lang, words) in [("ja", "カードリーダーが使えます"), ("en", "A card reader is ready")] {
        let (lines, well) = say(&town, agent(&town, &["doctor", "--lang", lang])).await;
        let text = lines.join("\n");
        assert!(well && text.contains(words) && !text.contains(MARKER), "{text}");
    }
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_sign_ins_from_working_is_found() {
    let mut town = Town::usual().await;

    // A card that another program keeps for itself: here an agent that asks for a PIN.
    town.stack.child("agent").expect("the agent").stop().await;
    let issuer = town.ports.issuer();
    let mut asking = Program::new("asking", town.binary("madoguchi-agent"))
        .args(["--pin-stdin", "--gateway", &issuer, "--port", &town.ports.agent.to_string(), "--test-anchor"])
        .arg(town.anchor())
        .env("PCSCLITE_CSOCK_NAME", town.socket())
        .spawn(town.stack.folder())
        .expect("starts");
    asking.wait_until_ready().await.expect("ready");
    let start = town.start_page();
    let to_agent = town.press(&start);
    town.hop(&to_agent);
    asking.wait_for_line(|line| line.contains("pin_wanted")).await.expect("it asks");
    let (findings, well) = examine(&town, &[]).await;
    assert_eq!(state(&findings, "card_held"), Some("ng"), "{findings:?}");
    assert!(!well);
    asking.stop().await;

    // No card, a taken port, no such gateway.
    town.tell_card("remove").await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let (findings, well) = examine(
        &town,
        &["--port", &port, "--gateway", "http://localhost:1", "--gateway", &town.ports.agent_url()],
    )
    .await;
    assert_eq!(state(&findings, "card_absent"), Some("ok"), "{findings:?}");
    assert_eq!(
        state(&findings, "port_taken_by"),
        Some("warn"),
        "our own user's program is named: {findings:?}"
    );
    assert_eq!(state(&findings, "port_none_free"), Some("ng"), "{findings:?}");
    assert_eq!(state(&findings, "gateway_refused"), Some("ng"), "{findings:?}");
    assert!(!well);

    // Something that is no gateway.
    let service = town.ports.service_url();
    let (findings, _) = examine(&town, &["--gateway", service.trim_end_matches('/')]).await;
    assert_eq!(state(&findings, "gateway_is_something_else"), Some("ng"), "{findings:?}");

    // No readers, no service.
    let mut bare =
        madoguchi_demo::Pcscd::without_readers(&town.stack.folder().join("bare")).await.expect("pcscd");
    let program = agent(&town, &["doctor", "--json"]).env("PCSCLITE_CSOCK_NAME", bare.socket());
    let (lines, well) = say(&town, program).await;
    assert!(
        !well && (lines[0].contains("reader_none") || lines[0].contains("reader_without_driver")),
        "{lines:?}"
    );
    bare.stop().await;
    let nowhere = town.stack.folder().join("no-such-socket");
    let program = agent(&town, &["doctor", "--json"]).env("PCSCLITE_CSOCK_NAME", nowhere);
    let (lines, well) = say(&town, program).await;
    assert!(!well && lines[0].contains("service_not_at_path"), "{lines:?}");

    // A service that takes questions and does not answer.
    let silent = town.stack.folder().join("silent");
    let _listening = UnixListener::bind(&silent).expect("a socket");
    let program = agent(&town, &["doctor", "--json"]).env("PCSCLITE_CSOCK_NAME", silent);
    let (lines, well) = say(&town, program).await;
    assert!(!well && lines[0].contains("service_silent") && lines[0].contains("port_"), "{lines:?}");
    town.stack.stop().await;
}

/// Nobody knows a reader's name by heart.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_reader_has_is_told_with_those_that_are_there() {
    let town = Town::usual().await;
    let (findings, well) = examine(&town, &["--reader", "nosuch"]).await;
    assert_eq!(state(&findings, "reader_name_unknown"), Some("ng"), "{findings:?}");
    assert_eq!(state(&findings, "reader_none"), None, "{findings:?}");
    assert!(!well);
    let (lines, well) = say(&town, agent(&town, &["card", "--reader", "nosuch", "--lang", "en"])).await;
    let text = lines.join("\n");
    assert!(!well && text.starts_with("No reader's name contains \"nosuch\". Connected: "), "{text}");
    let (_, well) = say(&town, agent(&town, &["card", "--reader", "Virtual"])).await;
    assert!(well);
    town.stack.stop().await;
}

/// The label that the doctor quotes is on the page.
#[test]
fn the_button_that_is_quoted_is_the_pages() {
    let read = |path: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        let text = fs::read_to_string(path).expect("a file of texts");
        toml::from_str::<toml::Table>(&text).expect("TOML")
    };
    let (pages, doctor) = (read("crates/gateway/texts/pages.toml"), read("reader-agent/texts/doctor.toml"));
    for lang in ["ja", "en"] {
        let label = pages[lang]["other_port_button"].as_str().expect("a label");
        for code in ["port_taken", "port_taken_by", "port_taken_by_another_user"] {
            let action = doctor[code]["action"][lang].as_str().expect("a text");
            assert!(action.contains(label), "{code}: {action}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_not_trusted_is_told_by_the_reason() {
    let town = Town::usual().await;
    let folder = town.stack.folder().join("tls");
    fs::create_dir(&folder).expect("a folder");
    let port = madoguchi_demo::Ports::unused().expect("ports").gateway;
    let origin = format!("https://localhost:{port}");
    let authority = folder.join("localhost.pem");
    let authority = authority.to_str().expect("a path");

    let mut server = tls_server(&folder, "localhost", port).await;
    let (findings, _) = examine(&town, &["--gateway", &origin]).await;
    assert_eq!(state(&findings, "gateway_unknown_issuer"), Some("ng"), "{findings:?}");
    let (findings, _) = examine(&town, &["--gateway", &origin, "--gateway-ca", authority]).await;
    assert_eq!(state(&findings, "gateway_broken"), Some("ng"), "trusted, and no HTTP: {findings:?}");
    server.stop().await;

    let authority = folder.join("elsewhere.example.pem");
    let authority = authority.to_str().expect("a path");
    let mut server = tls_server(&folder, "elsewhere.example", port).await;
    let (findings, _) = examine(&town, &["--gateway", &origin, "--gateway-ca", authority]).await;
    assert_eq!(state(&findings, "gateway_wrong_name"), Some("ng"), "{findings:?}");
    server.stop().await;
    town.stack.stop().await;
}

/// A TLS server for `name` with a certificate that is its own authority, by openssl. What it says is no HTTP.
async fn tls_server(folder: &Path, name: &str, port: u16) -> Child {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-days",
            "2",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-subj", &format!("/CN={name}"), "-addext", &format!("subjectAltName=DNS:{name}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &certificate])
        .current_dir(folder)
        .output()
        .expect("openssl is installed: script/setup test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut child = Program::new("tls-server", "openssl")
        .args(["s_server", "-rev", "-accept", &format!("127.0.0.1:{port}"), "-key"])
        .arg(folder.join(key))
        .arg("-cert")
        .arg(folder.join(certificate))
        .spawn(folder)
        .expect("starts");
    child.wait_for_line(|line| line.starts_with("ACCEPT")).await.expect("it listens");
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_opens_the_doctors_address_is_seen() {
    let town = Town::usual().await;
    let mut child =
        agent(&town, &["doctor", "--browser", "--lang", "en"]).spawn(town.stack.folder()).expect("starts");
    let address =
        child.wait_for_line(|line| line.starts_with("http://127.0.0.1:")).await.expect("an address");
    let page = tokio::task::block_in_place(|| http::get(&address, &[]).body_mut().read_to_string());
    assert!(page.expect("a page").contains("It works"));
    child.wait_for_line(|line| line.contains("Your browser reached this program")).await.expect("told");
    town.stack.stop().await;
}

/// What the agent records of one card the mock card plays to the next, and the file holds nothing of the holder.
#[tokio::test(flavor = "multi_thread")]
async fn a_traced_card_can_be_replayed() {
    let mut town = Town::usual().await;
    town.tell_card("tries 2").await;
    let trace = town.stack.folder().join("first-card.jsonl");
    let file = trace.to_str().expect("a path");
    let (lines, well) =
        say(&town, agent(&town, &["card", "--card-wait", "5", "--lang", "en", "--trace", file])).await;
    let told = lines.join("\n");
    assert!(
        well && told.contains("(this check used none)") && told.contains(&format!("are in {file}.")),
        "{told}"
    );
    assert_eq!(fs::metadata(&trace).expect("the trace").permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&trace).expect("the trace");
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let certificate = fs::read(pki.join("cards/default/auth.der")).expect("the certificate");
    for piece in certificate.as_chunks::<8>().0 {
        assert!(!text.contains(&format!("{:016X}", u64::from_be_bytes(*piece))), "{text}");
    }
    // It is never written over.
    let nowhere = town.stack.folder().join("nowhere/first-card.jsonl");
    let nowhere = nowhere.to_str().expect("a path");
    for (file, words) in [(file, "はもうあります"), (nowhere, "を置くフォルダーがありません")]
    {
        let program = agent(&town, &["card", "--lang", "ja", "--trace", file]);
        let mut child = program.spawn(town.stack.folder()).expect("starts");
        assert_eq!(child.line().await, None, "it looked at no card");
        assert!(!child.wait().await.expect("a status").success());
        let told = child.log_end();
        assert!(told.contains(&format!("{file} {words}")) && !told.contains("ERROR"), "{told}");
    }
    assert_eq!(fs::read_to_string(&trace).expect("the trace"), text);

    replay(&mut town, &trace).await;
    let second = town.stack.folder().join("second-card.jsonl");
    let second = second.to_str().expect("a path");
    let args = ["card", "--card-wait", "5", "--json", "--trace", second];
    let (lines, _) = say(&town, agent(&town, &args)).await;
    assert_eq!(lines.len(), 1, "one JSON line: {lines:?}");
    let report: Value = serde_json::from_str(&lines[0]).expect("JSON");
    assert_eq!((&report["tries_left"], &report["label"]), (&2.into(), &"JPKIAPICCTOKEN2".into()), "{report}");
    town.stack.stop().await;
}

/// Whoever waits for a card is told so.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_waited_for_is_asked_for() {
    let mut town = Town::usual().await;
    town.tell_card("remove").await;
    let mut child = agent(&town, &["card", "--card-wait", "60", "--lang", "en"])
        .spawn(town.stack.folder())
        .expect("starts");
    child.wait_for_line(|line| line.starts_with("Place your My Number card")).await.expect("it asks");
    town.tell_card("insert").await;
    child.wait_for_line(|line| line == "You can sign in with this card.").await.expect("it reads");
    assert!(child.wait().await.expect("a status").success());
    // Without a wait the end says what is missing, and what to do.
    town.tell_card("remove").await;
    let (lines, well) = say(&town, agent(&town, &["card", "--lang", "en"])).await;
    assert!(!well && lines.len() == 3 && lines[2] == "(no_card)", "{lines:?}");
    assert!(lines[1].contains("--card-wait 30") && !lines[1].contains("service's page"), "{lines:?}");
    let (lines, _) = say(&town, agent(&town, &["card", "--json", "--card-wait", "1"])).await;
    assert_eq!(lines, [r#"{"error":"no_card"}"#]);
    town.stack.stop().await;
}

/// Puts the recorded card into the reader.
async fn replay(town: &mut Town, trace: &Path) {
    town.stack.child("mock-card").expect("the mock card").stop().await;
    let folder = town.stack.folder().to_owned();
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let binary = town.binary("madoguchi-mock-card");
    let pcscd = town.stack.pcscd().expect("a PC/SC service");
    let program = Program::new("mock-card", binary).args(["--vpcd", pcscd.vpcd(), "--pki"]).arg(pki);
    let mut child = pcscd.spawn_inside(program.arg("--replay").arg(trace), &folder).expect("starts");
    child.wait_until_ready().await.expect("the card is in the reader");
    *town.stack.child("mock-card").expect("the mock card") = child;
}
