//! PostgreSQL servers that a test loses, and the address under which gateways know whichever serves.

use std::net::SocketAddr;

use async_trait::async_trait;
use madoguchi_test_postgres::{Stop, TestServer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet, block_in_place};

use crate::nodes::Victim;

/// `pg_ctl stop -m immediate`: no checkpoint, and no answer to whoever waits for one.
#[async_trait]
impl Victim for TestServer {
    async fn kill(&mut self) {
        block_in_place(|| self.stop(Stop::Immediate));
    }

    async fn spawn(&mut self) {
        block_in_place(|| self.start_again());
    }

    async fn ready(&mut self) {}
}

/// An address of loopback behind which there is a server, or none: what an address that moves is for an operator.
pub struct Relay {
    /// Where gateways connect.
    pub address: SocketAddr,
    target: watch::Sender<Option<u16>>,
    running: JoinHandle<()>,
}

impl Relay {
    /// To the server on this port.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("an address");
        let address = listener.local_addr().expect("an address");
        let (target, watched) = watch::channel(Some(port));
        Self { address, target, running: tokio::spawn(relay(listener, watched)) }
    }

    /// From now on to another server; with `None` to nobody. What is connected is cut.
    pub fn lead_to(&self, port: Option<u16>) {
        self.target.send_replace(port);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn relay(listener: TcpListener, target: watch::Receiver<Option<u16>>) {
    let mut lines = JoinSet::new();
    loop {
        let Ok((mut near, _)) = listener.accept().await else { continue };
        while lines.try_join_next().is_some() {}
        let mut target = target.clone();
        let port = *target.borrow_and_update();
        // Whoever comes while there is no server is sent away at once.
        let Some(port) = port else { continue };
        lines.spawn(async move {
            let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                _ = target.changed() => {}
            }
        });
    }
}
