//! The loopback ports: free, or taken by whom.

use std::fs;

use super::process::{holders_of_socket, of_ours_called};
use super::{About, Finding, State};
use crate::bind;

/// The agent takes the first free one of `ports`.
pub(super) async fn examine(ports: &[u16]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut free = None;
    for port in ports {
        if bind(&[*port]).await.is_ok() {
            free = Some(*port);
            break;
        }
        let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        findings.push(taken(*port, listener(&table, *port).as_ref()));
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

fn taken(port: u16, by: Option<&Listening>) -> Finding {
    let ours = rustix::process::geteuid().as_raw();
    let programs = match by {
        Some(Listening { uid, inode }) if *uid == ours => {
            let holders = holders_of_socket(*inode);
            if holders.is_empty() { of_ours_called(AGENT) } else { holders }
        }
        _ => Vec::new(),
    };
    let program = programs.first().map(|program| program.name.as_str());
    let (state, code) = match (by, program) {
        (_, Some(AGENT)) => (State::Ok, "port_agent"),
        (_, Some(_)) => (State::Warn, "port_taken_by"),
        (Some(Listening { uid, .. }), None) if *uid != ours => (State::Warn, "port_taken_by_another_user"),
        (_, None) => (State::Warn, "port_taken"),
    };
    let program = programs.first().map_or_else(String::new, ToString::to_string);
    Finding::new(About::Port, state, code, &[("port", port.to_string()), ("program", program)])
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

/// TCP_LISTEN.
const LISTEN: &str = "0A";
/// The name under which the kernel knows us: the first 15 octets.
const AGENT: &str = "madoguchi-agent";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listener_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:60F1 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1001        0 98630 1 0\n   \
             1: 0100007F:60F1 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 98631 1 0\n";
        assert_eq!(listener(table, 24817), Some(Listening { uid: 1000, inode: 98631 }));
        assert_eq!(listener(table, 24818), None);
        assert_eq!(listener("", 24817), None);
    }

    #[tokio::test]
    async fn a_port_in_use_is_told_and_the_next_is_free() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("its address").port();
        let findings = examine(&[port]).await;
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["port_taken_by", "port_none_free"], "by ourselves");
        assert!(findings.iter().any(|finding| finding.state == State::Ng));
        drop(taken);
        assert_eq!(examine(&[port]).await[0].code, "port_free");
    }

    #[test]
    fn another_users_port_is_told_without_a_name() {
        let by = Listening { uid: rustix::process::geteuid().as_raw() + 1, inode: 1 };
        assert_eq!(taken(24817, Some(&by)).code, "port_taken_by_another_user");
    }
}
