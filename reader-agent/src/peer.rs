//! Whether a connection comes from this computer and from the same user of its operating system.
//!
//! Several people may be logged in on one computer and all of them share its loopback interface. On Linux the
//! kernel's socket tables say whose the other end is. Elsewhere only the loopback address is checked: there the
//! ticket alone, which only the resident's browser holds, protects against another local user.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// True when `peer`, connected to `local`, is on loopback and belongs to our user.
pub(crate) fn is_ours(peer: SocketAddr, local: SocketAddr) -> bool {
    peer.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) && same_user(peer.port(), local.port())
}

#[cfg(target_os = "linux")]
fn same_user(peer_port: u16, local_port: u16) -> bool {
    let ours = rustix::process::geteuid().as_raw();
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .find_map(|table| owner(&table, peer_port, local_port))
        == Some(ours)
}

#[cfg(not(target_os = "linux"))]
fn same_user(_peer_port: u16, _local_port: u16) -> bool {
    true
}

/// The user that holds the client's end of an established connection on 127.0.0.1, by a table in the form of
/// proc(5). A browser's socket may be an IPv6 one that speaks IPv4 (`::ffff:127.0.0.1`).
#[cfg(target_os = "linux")]
fn owner(table: &str, client: u16, server: u16) -> Option<u32> {
    let [v4, v6] = loopback_words();
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (from, to, state) = (fields.next()?, fields.next()?, fields.next()?);
        let is = |end: &str, port: u16| {
            end.strip_suffix(&format!(":{port:04X}")).is_some_and(|address| address == v4 || address == v6)
        };
        if state != ESTABLISHED || !is(from, client) || !is(to, server) {
            return None;
        }
        // Fields here: tx:rx queue, timer:when, retransmissions, uid.
        fields.nth(3)?.parse().ok()
    })
}

/// 127.0.0.1 as the kernel prints it: words in hexadecimal, each in the order of the machine's octets.
#[cfg(target_os = "linux")]
fn loopback_words() -> [String; 2] {
    let word = |octets: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(octets));
    let v4 = word([127, 0, 0, 1]);
    let v6 = format!("{}{}{}{v4}", word([0; 4]), word([0; 4]), word([0, 0, 0xff, 0xff]));
    [v4, v6]
}

#[cfg(target_os = "linux")]
const ESTABLISHED: &str = "01";

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn line(from: &str, to: &str, state: &str, uid: u32) -> String {
        format!(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: {from} {to} {state} 00000000:00000000 00:00000000 00000000  {uid}        0 98631 1 ffff8 20 4 30 10 -1\n"
        )
    }

    #[test]
    fn the_owner_of_the_clients_end_is_read() {
        let [v4, v6] = loopback_words();
        let (client, server) = (format!("{v4}:C350"), format!("{v4}:60F1"));
        assert_eq!(owner(&line(&client, &server, "01", 1000), 50000, 24817), Some(1000));
        let (client6, server6) = (format!("{v6}:C350"), format!("{v6}:60F1"));
        assert_eq!(owner(&line(&client6, &server6, "01", 1001), 50000, 24817), Some(1001));
        // Our own end, another port, another address, a socket that nobody holds any more.
        assert_eq!(owner(&line(&server, &client, "01", 1000), 50000, 24817), None);
        assert_eq!(owner(&line(&client, &server, "01", 1000), 50001, 24817), None);
        assert_eq!(owner(&line("0A00000A:C350", &server, "01", 1000), 50000, 24817), None);
        assert_eq!(owner(&line(&client, &server, "06", 0), 50000, 24817), None);
        assert_eq!(owner("", 50000, 24817), None);
    }

    #[test]
    fn our_own_connection_is_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let local = listener.local_addr().expect("its address");
        let stream = TcpStream::connect(local).expect("a connection");
        let peer = stream.local_addr().expect("its address");
        assert!(is_ours(peer, local));
        assert!(!is_ours(SocketAddr::new(peer.ip(), 1), local));
        assert!(!is_ours(SocketAddr::from(([10, 0, 0, 1], peer.port())), local));
    }

    #[test]
    fn an_ipv6_socket_that_speaks_ipv4_is_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let local = listener.local_addr().expect("its address");
        let mapped = format!("[::ffff:127.0.0.1]:{}", local.port());
        let stream = TcpStream::connect(mapped).expect("a connection");
        let peer = SocketAddr::from(([127, 0, 0, 1], stream.local_addr().expect("its address").port()));
        assert!(is_ours(peer, local));
    }
}
