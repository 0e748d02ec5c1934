//! TLS in front of a plain HTTP server on loopback, and the CAs that vouch for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use madoguchi_revocation::HttpsTrust;
use madoguchi_test_pki::{CertificateBuilder, Extension, KeyKind, Name, PrivateKey, Serial};
use ring::rand::SystemRandom;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A CA for servers.
pub(crate) struct ServerCa {
    key: PrivateKey,
    certificate: CertificateDer<'static>,
    random: SystemRandom,
}

/// What a certificate is made out to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MadeOutTo {
    Dns(&'static str),
    Ip([u8; 4]),
}

impl ServerCa {
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let key = PrivateKey::generate(KeyKind::P256, &random).expect("a key");
        let builder = CertificateBuilder {
            serial: Serial::new(1).expect("not zero"),
            issuer: name("Servers"),
            not_before: year(2020),
            not_after: year(2049),
            subject: name("Servers"),
            subject_public_key_info: key.subject_public_key_info().expect("a key"),
            extensions: vec![Extension::basic_constraints_ca()],
        };
        let certificate = builder.sign(&key, &random).expect("signed").into();
        Self { key, certificate, random }
    }

    /// Whoever trusts this CA and nobody else.
    pub(crate) fn trusted(&self) -> HttpsTrust {
        HttpsTrust::Only(vec![self.certificate.clone()])
    }

    /// Starts a server with a certificate of this CA that passes everything on. It ends with the process.
    pub(crate) fn in_front_of(&self, target: SocketAddr, whose: MadeOutTo) -> SocketAddr {
        self.until(2049, target, whose)
    }

    /// The same with a certificate that ends with this year's beginning.
    pub(crate) fn until(&self, end: u64, target: SocketAddr, whose: MadeOutTo) -> SocketAddr {
        let acceptor = TlsAcceptor::from(Arc::new(self.server(year(end), whose)));
        let (tell, told) = channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
                loop {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    let acceptor = acceptor.clone();
                    tokio::spawn(async move {
                        // Clients that do not like the certificate go away here.
                        let Ok(mut outer) = acceptor.accept(stream).await else { return };
                        let mut inner = TcpStream::connect(target).await.expect("the server behind");
                        let _ = copy_bidirectional(&mut outer, &mut inner).await;
                    });
                }
            });
        });
        told.recv().expect("an address")
    }

    fn server(&self, not_after: UnixTime, whose: MadeOutTo) -> ServerConfig {
        let key = PrivateKey::generate(KeyKind::P256, &self.random).expect("a key");
        let (tag, octets) = match &whose {
            MadeOutTo::Dns(host) => (0x82, host.as_bytes()),
            MadeOutTo::Ip(address) => (0x87, address.as_slice()),
        };
        let length = |octets: &[u8]| u8::try_from(octets.len()).expect("short");
        let named = [&[tag, length(octets)], octets].concat();
        let alternative = [&[0x30, length(&named)], named.as_slice()].concat();
        let builder = CertificateBuilder {
            serial: Serial::new(2).expect("not zero"),
            issuer: name("Servers"),
            not_before: year(2020),
            not_after,
            subject: name("Server"),
            subject_public_key_info: key.subject_public_key_info().expect("a key"),
            extensions: vec![Extension::new("2.5.29.17", false, alternative)],
        };
        let certificate = builder.sign(&self.key, &self.random).expect("signed").into();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.pkcs8().to_vec()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth();
        config.with_single_cert(vec![certificate], key).expect("a certificate with its key")
    }
}

fn name(common_name: &str) -> Name {
    Name::new(&[("2.5.4.3", common_name)]).expect("a name")
}

/// The first moment of a year, or the day after: TLS goes by the real clock.
fn year(year: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_556_952))
}
