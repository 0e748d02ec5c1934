//! A COMMIT that was done and whose answer was lost: what may be done once is answered as if it had not been.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use madoguchi_storage::{Audit as _, AuditKind, Codes as _, Redemption, RefreshTokens as _, RefreshUse};
use madoguchi_storage_postgres::PostgresOptions;
use madoguchi_test_postgres::TestServer;

use crate::flow::{TOWN, connect, hash, sign_in, tokens};

/// Something between a node and the server that loses the answers to COMMITs.
struct Lossy {
    port: u16,
    armed: Arc<AtomicBool>,
    lost: Arc<AtomicU32>,
}

impl Lossy {
    async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (armed, lost) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (every, counted) = (Arc::clone(&armed), Arc::clone(&lost));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server");
                tokio::spawn(pass(client, server, Arc::clone(&every), Arc::clone(&counted)));
            }
        });
        Self { port, armed, lost }
    }

    /// The next COMMIT's answer is lost.
    fn lose_one(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    fn has_lost(&self, count: u32) {
        assert_eq!(self.lost.load(Ordering::SeqCst), count);
        assert!(!self.armed.load(Ordering::SeqCst));
    }
}

/// Both ways, until one side ends or the answer to a COMMIT is there and is not passed on.
async fn pass(mut client: TcpStream, mut server: TcpStream, armed: Arc<AtomicBool>, lost: Arc<AtomicU32>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut losing = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let commits = asked[..length].windows(7).any(|part| part == b"COMMIT\0");
                losing = commits && armed.swap(false, Ordering::SeqCst);
                if server.write_all(&asked[..length]).await.is_err() { return }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if losing {
                    lost.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if client.write_all(&answered[..length]).await.is_err() { return }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_settled() {
    let server = TestServer::start();
    let database = server.database();
    let lossy = Lossy::before(server.port()).await;
    let through = database.address().replace(&server.port().to_string(), &lossy.port.to_string());
    let store = connect(PostgresOptions::from_address(&through).expect("an address")).await.expect("a store");

    // Every transaction of a sign-in that may be done once: the answer, and the code.
    assert!(sign_in(&store, 1).await.expect("an answer").is_some());
    store.set_code_unused(2).await;
    lossy.has_lost(0);
}
