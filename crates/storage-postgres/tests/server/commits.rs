//! A COMMIT that was done and whose answer was lost: what may be done once is answered as if it had not been.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use madoguchi_oidc::{Client, ClientAuthentication, HashedSecret, Profile};
use madoguchi_protocol::LocalText;
use madoguchi_storage::{
    ClientWrite, Clients as _, Codes as _, NewRegistrationToken, NewTokens, Redemption, RefreshTokens as _,
    RefreshUse, Registration, SignIns as _,
};
use madoguchi_storage_postgres::PostgresOptions;
use madoguchi_test_postgres::TestServer;

use crate::flow::{TOWN, connect, hash, new_sign_in, sign_in, tokens};

/// Something between a node and the server that loses the answers to COMMITs.
struct Lossy {
    port: u16,
    /// Which of the next COMMITs it is; none at 0.
    next: Arc<AtomicU32>,
    lost: Arc<AtomicU32>,
}

impl Lossy {
    async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (next, lost) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (which, counted) = (Arc::clone(&next), Arc::clone(&lost));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server");
                tokio::spawn(pass(client, server, Arc::clone(&which), Arc::clone(&counted)));
            }
        });
        Self { port, next, lost }
    }

    /// The answer to the COMMIT of that number from now is lost.
    fn lose(&self, number: u32) {
        self.next.store(number, Ordering::SeqCst);
    }

    fn has_lost(&self, count: u32) {
        assert_eq!((self.lost.load(Ordering::SeqCst), self.next.load(Ordering::SeqCst)), (count, 0));
    }
}

/// Both ways, until one side ends or the answer to a COMMIT is there and is not passed on.
async fn pass(mut client: TcpStream, mut server: TcpStream, next: Arc<AtomicU32>, lost: Arc<AtomicU32>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut losing = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let commits = asked[..length].windows(7).any(|part| part == b"COMMIT\0");
                let down = |next: u32| next.checked_sub(1);
                losing = commits && next.fetch_update(Ordering::SeqCst, Ordering::SeqCst, down) == Ok(1);
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
    let through = database.address().replace(&format!(":{}/", server.port()), &format!(":{}/", lossy.port));
    let store = connect(PostgresOptions::from_address(&through).expect("an address")).await.expect("a store");

    // A sign-in's six transactions: the fifth hands the code out, the sixth redeems it.
    for (number, transaction) in [(1, 5), (2, 6)] {
        lossy.lose(transaction);
        assert!(sign_in(&store, number).await.expect("an answer").is_some(), "{transaction}");
        lossy.has_lost(number);
        assert!(store.find_access_token(TOWN, hash("token", number)).await.expect("a look").is_some());
    }
    // Whoever else comes with the code is told what they are.
    let other = store.redeem_code(TOWN, hash("code", 2), Some(tokens(3))).await.expect("an answer");
    assert_eq!(other, Redemption::UsedBefore);

    let NewTokens { access, refresh } = tokens(4);
    lossy.lose(1);
    let refreshed = store.use_refresh_token(TOWN, hash("refresh", 1), access, refresh).await;
    assert_eq!(refreshed.expect("an answer"), RefreshUse::Done);
    lossy.has_lost(3);
    let successor = store.find_refresh_token(TOWN, hash("refresh", 4)).await.expect("a look");
    assert!(successor.is_some_and(|token| !token.used));

    let token = NewRegistrationToken { hash: hash("register", 1), profile: Profile::Standard, lifetime: 60 };
    store.add_registration_token(TOWN, token, "tanaka").await.expect("kept");
    lossy.lose(1);
    let registered = store.register_client(TOWN, hash("register", 1), registration("one")).await;
    assert_eq!(registered.expect("an answer"), ClientWrite::Done);
    lossy.has_lost(4);
    let again = store.register_client(TOWN, hash("register", 1), registration("one")).await;
    assert_eq!(again.expect("an answer"), ClientWrite::NotFound);

    // What is not made for it stays an error: the caller asks again.
    lossy.lose(1);
    store.start(new_sign_in(9)).await.expect_err("nobody knows");
    lossy.has_lost(5);
}

fn registration(id: &str) -> Registration {
    let secret = HashedSecret { sha256: [7; 32], previous: None };
    let name = || LocalText { ja: "子育て".to_owned(), ja_x_plain: None, en: None };
    let uris = vec![format!("https://{id}.example/callback")];
    let client = Client::new(Profile::Standard, id, uris, ClientAuthentication::SecretBasic(secret));
    Registration { client, name: name(), purpose: name() }
}
