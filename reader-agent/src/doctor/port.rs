//! The loopback ports: free, or taken by whom.

use std::fs;
use std::time::Duration;

use madoguchi_protocol::{ErrorCode, Octets};
use tokio::time::timeout;

use super::loopback::fetch;
use super::process::Program;
use super::{About, Finding, State};
use crate::bind;

/// The agent takes the first free one of `ports`. `holders` names the programs that hold a socket, by its inode, as far as they
/// show it.
pub(super) async fn examine(ports: &[u16], holders: impl Fn(u64) -> Vec<Program>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut free = None;
    for port in ports {
        if bind(&[*port]).await.is_ok() {
            free = Some(*port);
            break;
        }
        let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        findings.push(taken(*port, listener(&table, *port).as_ref(), &holders).await);
    }
    match free {
        Some(port) => {
            findings.push(Finding::new(About::Port, State::Ok, "port_free", &[("port", port.to_string())]));
        }
        // An agent that is running already is all that is needed.
        None if findings.iter().any(|finding| finding.code == "port_agent") => {}
        None => findings.push(Finding::new(About::Port, State::Ng, "port_none_free", &[])),
    }
    findings
}

/// Somebody's listening socket.
#[derive(Debug, PartialEq, Eq)]
struct Listening {
    uid: u32,
    inode: u64,
}

async fn taken(port: u16, by: Option<&Listening>, holders: impl Fn(u64) -> Vec<Program>) -> Finding {
    let finding = |state, code, program: &str| {
        let values = [("port", port.to_string()), ("program", program.to_owned())];
        Finding::new(About::Port, state, code, &values)
    };
    let ours = rustix::process::geteuid().as_raw();
    match by {
        Some(Listening { uid, .. }) if *uid != ours => finding(State::Warn, "port_taken_by_another_user", ""),
        Some(Listening { inode, .. }) => match holders(*inode).first() {
            Some(program) if program.name == AGENT => finding(State::Ok, "port_agent", ""),
            Some(program) => finding(State::Warn, "port_taken_by", &program.to_string()),
            // A program that keeps its memory to itself, as the agent does, does not show its sockets either.
            None if answers_as_agent(port).await => finding(State::Ok, "port_agent", ""),
            None => finding(State::Warn, "port_taken", ""),
        },
        None => finding(State::Warn, "port_taken", ""),
    }
}

/// Asks for a sign-in at a gateway that there is not, which an agent of the same user refuses with a page of its own. The agent
/// counts that as one of three within a minute that make it ask the resident before it begins; one look is no harm.
async fn answers_as_agent(port: u16) -> bool {
    let path = format!("/t/{NO_GATEWAY}/{}", Octets([0; 32]));
    let code = format!("<p class=\"code\">{}</p>", ErrorCode::GatewayNotAllowed);
    let answer = timeout(ANSWER_TIME, fetch(port, &path)).await;
    matches!(answer, Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 403") && answer.contains(&code))
}

/// Who listens on `port`, by a table in the form of proc(5).
fn listener(table: &str, port: u16) -> Option<Listening> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, local, _, state, _, _, _, uid, _, inode, ..] = fields[..] else { return None };
        let here = local.ends_with(&format!(":{port:04X}")) && state == LISTEN;
        here.then_some(Listening { uid: uid.parse().ok()?, inode: inode.parse().ok()? })
    })
}

/// The tag of no gateway: tags are hashes.
const NO_GATEWAY: &str = "0000000000000000";
const ANSWER_TIME: Duration = Duration::from_secs(3);
/// TCP_LISTEN.
const LISTEN: &str = "0A";
/// The name under which the kernel knows us: the first 15 octets.
const AGENT: &str = "madoguchi-agent";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::http::StatusCode;
    use madoguchi_mock_card::Scenario;
    use madoguchi_test_pki::CardOptions;

    use super::*;
    use crate::testing::{Desktop, FakeGateway, HandClock, Resident, issue, origin, pki, shared_random};
    use crate::{Agent, CardPolicy, connections};

    #[test]
    fn the_listener_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:60F1 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1001        0 98630 1 0\n   \
             1: 0100007F:60F1 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 98631 1 0\n";
        assert_eq!(listener(table, 24817), Some(Listening { uid: 1000, inode: 98631 }));
        assert_eq!(listener(table, 24818), None);
        assert_eq!(listener("", 24817), None);
    }

    fn nobody(_: u64) -> Vec<Program> {
        Vec::new()
    }

    async fn codes(port: u16, holders: impl Fn(u64) -> Vec<Program>) -> Vec<&'static str> {
        examine(&[port], holders).await.iter().map(|finding| finding.code).collect()
    }

    #[tokio::test]
    async fn a_port_is_free_or_taken_by_whoever_holds_it() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("its address").port();
        let holder = |name: &str| {
            let program = Program { name: name.to_owned(), pid: 7 };
            move |_| vec![program.clone()]
        };
        assert_eq!(codes(port, holder("python3")).await, ["port_taken_by", "port_none_free"]);
        assert_eq!(codes(port, holder(AGENT)).await, ["port_agent"]);
        drop(taken);
        assert_eq!(codes(port, nobody).await, ["port_free"]);
    }

    #[tokio::test]
    async fn whoever_hides_its_sockets_is_an_agent_only_when_it_answers_as_one() {
        let bound = || async {
            let listener = crate::bind(&[0]).await.expect("a port");
            let port = listener.local_addr().expect("its address").port();
            (listener, port)
        };
        let contents = issue(&mut pki(), &CardOptions::default());
        let agent = Agent {
            gateways: vec![origin()],
            counter: false,
            card_wait: None,
            policy: CardPolicy::Resident,
            source: Desktop::new(&contents, &Scenario::default()),
            prompt: Resident::default(),
            transport: Arc::new(FakeGateway::default()),
            clock: Arc::new(HandClock::default()),
            random: shared_random(),
        };
        let (listener, port) = bound().await;
        let (done, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(agent.serve(listener, async {
            let _ = stopped.await;
        }));
        assert_eq!(codes(port, nobody).await, ["port_agent"]);
        done.send(()).expect("it serves");
        serving.await.expect("no panic").expect("a good end");

        // What an agent says to strangers, too.
        let (listener, port) = bound().await;
        let router = Router::new().fallback(|| async { StatusCode::NOT_FOUND });
        let (done, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(connections::serve(listener, router, async {
            let _ = stopped.await;
        }));
        assert_eq!(codes(port, nobody).await, ["port_taken", "port_none_free"]);
        done.send(()).expect("it serves");
        serving.await.expect("no panic");
    }

    #[tokio::test]
    async fn another_users_port_is_told_without_a_name() {
        let by = Listening { uid: rustix::process::geteuid().as_raw() + 1, inode: 1 };
        assert_eq!(taken(24817, Some(&by), nobody).await.code, "port_taken_by_another_user");
    }
}
