//! TLS to the server: its certificate is verified for its name, and nothing less is taken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use madoguchi_storage::StorageError;
use madoguchi_storage_postgres::{PostgresOptions, Tls};
use madoguchi_test_postgres::{Database, TestServer, is_root};

use crate::flow::{connect, sign_in};

/// An authority with a certificate for `localhost`, and one that has nothing to do with it.
struct Authorities {
    folder: tempfile::TempDir,
}

impl Authorities {
    fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().expect("a folder") };
        for name in ["ca", "other-ca"] {
            made.openssl(&format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name}
                 -keyout {name}.key -out {name}.pem"
            ));
        }
        made.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key -out server.csr");
        fs::write(made.file("names"), "subjectAltName=DNS:localhost").expect("a file");
        made.openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem");
        made
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, arguments: &str) {
        let made = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .output()
            .expect("openssl (script/setup test)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// Gives the server its certificate and has it take no connection without TLS.
    fn equip(&self, server: &TestServer) {
        for name in ["server.pem", "server.key"] {
            let to = server.data().join(name);
            fs::copy(self.file(name), &to).expect("a copy");
            private(&to);
        }
        fs::write(server.data().join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").expect("a file");
        server.configure(&["ssl = on", "ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'"]);
        server.reload();
    }
}

/// For the server's user alone, as it demands of its key.
fn private(path: &Path) {
    let mut commands = vec![vec!["chmod", "600"]];
    if is_root() {
        commands.push(vec!["chown", "postgres:postgres"]);
    }
    for command in commands {
        let done = Command::new(command[0]).args(&command[1..]).arg(path).status().expect("a program");
        assert!(done.success());
    }
}

fn at(host: &str, database: &Database, tls: Tls) -> PostgresOptions {
    let address = format!("postgresql://madoguchi@{host}:{}/{}", database.port, database.name);
    let mut options = PostgresOptions::from_address(&address).expect("an address");
    options.tls = tls;
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_verified_in_full() {
    let (authorities, server) = (Authorities::new(), TestServer::start());
    let database = server.database();
    authorities.equip(&server);
    let verified = |file| Tls::VerifyFull { authorities: Some(authorities.file(file)) };

    let store = connect(at("localhost", &database, verified("ca.pem"))).await.expect("a store");
    assert!(sign_in(&store, 1).await.expect("an answer").is_some());

    let refusals = [
        ("localhost", verified("other-ca.pem"), "UnknownIssuer"),
        ("localhost", Tls::VerifyFull { authorities: None }, "UnknownIssuer"),
        ("127.0.0.1", verified("ca.pem"), "not valid for name"),
        ("localhost", Tls::Off, "pg_hba.conf"),
    ];
    for (host, tls, expected) in refusals {
        let told = format!("{host} {tls:?}");
        let refused = connect(at(host, &database, tls)).await.err().expect("it is refused");
        let StorageError::Unavailable(cause) = refused else { panic!("{told}: {refused:?}") };
        assert!(format!("{cause} {cause:?}").contains(expected), "{told}: {cause}");
    }
}

/// A server without TLS is not spoken to in the clear instead.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused() {
    let server = TestServer::start();
    let tls = Tls::VerifyFull { authorities: None };
    let refused = connect(at("localhost", &server.database(), tls)).await.err().expect("it is refused");
    assert!(refused.to_string().contains("does not support TLS"), "{refused}");
}
