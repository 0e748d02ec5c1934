//! Connections are used again, and one that the responder closed meanwhile is no failure.

use std::net::SocketAddr;

use madoguchi_revocation::{HttpUrl, Method, NonceUse, Responder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::world::{TestClient, TestResponder, is_good, now, responder};

/// Passes octets on to a responder, and tells of each connection; after so many answers it closes it as the next
/// request arrives.
async fn between(responder: SocketAddr, answers: usize) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tell.send(()).expect("somebody counts");
            tokio::spawn(async move {
                let mut server = TcpStream::connect(responder).await.expect("the responder");
                let mut octets = vec![0; 64 * 1024];
                for _ in 0..answers {
                    // Requests and answers are small: each is one piece.
                    let Ok(read @ 1..) = client.read(&mut octets).await else { return };
                    server.write_all(&octets[..read]).await.expect("passed on");
                    let read = server.read(&mut octets).await.expect("an answer");
                    client.write_all(&octets[..read]).await.expect("passed back");
                }
                // The next request is on its way when the connection ends.
                let _ = client.read(&mut octets).await;
            });
        }
    });
    (address, told)
}

async fn connections(answers: usize) -> usize {
    let server = TestResponder::start().await;
    let (address, mut told) = between(server.address, answers).await;
    let client = TestClient::new(vec![responder(address)]);
    for card in 0..4 {
        assert!(is_good(client.ask(card, now()).await), "{card}");
    }
    assert_eq!(client.client.health(now()).responders[0].failures, 0);
    let mut connections = 0;
    while told.try_recv().is_ok() {
        connections += 1;
    }
    connections
}

#[tokio::test]
async fn one_connection_carries_several_questions() {
    assert_eq!(connections(usize::MAX).await, 1);
}

#[tokio::test]
async fn a_connection_that_ends_as_it_is_used_again_is_made_anew() {
    assert_eq!(connections(1).await, 4);
}

/// The first line of what a client sends, and whether the type of a request is said.
async fn first_line(method: Method, nonce: NonceUse) -> (String, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let url = HttpUrl::parse(&format!("http://{address}/ocsp/")).expect("a URL");
    let client = TestClient::new(vec![Responder { url, method, nonce, ..responder(address) }]);
    let asking = tokio::spawn(async move { client.ask(0, now()).await });
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.expect("octets"), 0);
    }
    asking.abort();
    let head = String::from_utf8_lossy(&head).into_owned();
    assert!(head.contains(&format!("host: {address}\r\n")), "{head}");
    let line = head.lines().next().expect("a line").to_owned();
    (line, head.contains("content-type: application/ocsp-request\r\n"))
}

#[tokio::test]
async fn a_request_travels_in_the_path_or_is_posted() {
    let (line, typed) = first_line(Method::Get, NonceUse::None).await;
    assert!(line.starts_with("GET /ocsp/M") && line.ends_with(" HTTP/1.1") && !typed, "{line}");
    let path = line.split(' ').nth(1).expect("a path").trim_start_matches("/ocsp/");
    assert!(!path.contains(['/', '+', '=']), "{path}");
    let (line, typed) = first_line(Method::Post, NonceUse::None).await;
    assert_eq!((&*line, typed), ("POST /ocsp/ HTTP/1.1", true));
}
