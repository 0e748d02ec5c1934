//! Every part together on loopback: test PKI, private PC/SC service, mock card, OCSP responder, gateway, agent,
//! sample service. Nothing of it outlives the [`Stack`]; what it wrote goes with its temporary folder.

mod agent;
mod gateway;
mod options;
mod pki;
mod ready;

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use madoguchi_protocol::Secret;
use ring::rand::SecureRandom;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

pub use agent::AgentEvent;
pub use options::{
    AgentFront, Answer, Card, ExternalCard, Extras, MockCard, MyService, Pin, Ports, StackOptions, TEST_PIN,
};
pub use ready::{Pids, Ready};

use crate::{Binaries, Child, DemoError, Pcscd, Program};
use gateway::GatewayConfig;

/// All parts, running.
pub struct Stack {
    // Dropped in this order: the parts before the folder they write to.
    children: Vec<Child>,
    pcscd: Option<Pcscd>,
    agent_events: Option<mpsc::UnboundedReceiver<AgentEvent>>,
    ready: Ready,
    folder: TempDir,
}

impl Stack {
    /// Starts everything and waits until each part says that it is ready. `now` dates the test PKI.
    pub async fn start(
        options: StackOptions,
        now: OffsetDateTime,
        random: &dyn SecureRandom,
    ) -> Result<Self, DemoError> {
        let ports = options.ports;
        free(ports)?;
        let folder = tempfile::Builder::new()
            .prefix("madoguchi-demo-")
            // Its socket opens the card to whoever can reach it.
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|source| DemoError::File { path: std::env::temp_dir(), source })?;
        let mut starting =
            Starting { logs: folder.path().join("logs"), binaries: options.binaries, children: Vec::new() };
        make_folder(&starting.logs)?;

        let mut config = GatewayConfig::new(ports);
        let mut pcscd = None;
        let (mut pki_dir, mut pin, mut socket) = (None, None, None);
        let anchors = match &options.card {
            Card::External(card) => {
                config.trust_external(card);
                socket.clone_from(&card.socket);
                card.anchors.clone()
            }
            Card::Mock(card) => {
                let pki = folder.path().join("pki");
                pki::make(&starting, &pki, card, ports, now).await?;
                let running = Pcscd::start(&folder.path().join("pcscd")).await?;
                starting.mock_card(&running, &pki, card, folder.path()).await?;
                starting.ocsp(&pki, ports.ocsp, pki::responder_faults(card.answer)).await?;
                config.trust_test_pki(&pki)?;
                socket = Some(running.socket().to_owned());
                pcscd = Some(running);
                pin = Some(TEST_PIN);
                let anchor = pki.join("auth-ca.der");
                pki_dir = Some(pki);
                vec![anchor]
            }
        };
        let secret = Secret::<32>::generate(random).map_err(|_| DemoError::NoRandomness)?;
        let own = options.extras.my_service.as_ref();
        let (more, client_secret_file) = match own {
            Some(own) => {
                let file = folder.path().join("my-service-secret");
                let secret = Secret::<32>::generate(random).map_err(|_| DemoError::NoRandomness)?;
                write(&file, secret.encode().as_bytes())?;
                (gateway::my_service(own, &secret), Some(file))
            }
            None => (String::new(), None),
        };
        let more = format!("{more}{}", options.extras.gateway_toml);
        let gateway_config = config.write(folder.path(), &more, &secret, random)?;
        starting.gateway(&gateway_config).await?;
        let agent_events = starting
            .agent(&options.agent, &options.extras.agent_args, ports, &anchors, socket.as_deref())
            .await?;
        starting.service(ports, &folder.path().join("client-secret"), &options.extras.service_args).await?;

        let (logs_dir, children) = (starting.logs, starting.children);
        let id = |name: &str| children.iter().find(|child| child.name() == name).and_then(Child::id);
        let ready = Ready {
            issuer: ports.issuer(),
            service_url: ports.service_url(),
            gateway_config,
            logs_dir,
            agent_url: ports.agent_url(),
            pki_dir,
            pcsc_socket: socket,
            pin,
            client_id: own.map(|_| gateway::MY_SERVICE),
            client_secret_file,
            pid: std::process::id(),
            pids: Pids {
                pcscd: pcscd.as_ref().and_then(Pcscd::id),
                mock_card: id(MOCK_CARD),
                pki: id(PKI),
                gateway: id(GATEWAY),
                agent: id(AGENT),
                service: id(SERVICE),
            },
        };
        Ok(Self { children, pcscd, agent_events, ready, folder })
    }

    /// Where everything is.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The temporary folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// One part by its name: `mock-card`, `pki`, `gateway`, `agent`, `service`; `None` when it was not started.
    pub fn child(&mut self, name: &str) -> Option<&mut Child> {
        self.children.iter_mut().find(|child| child.name() == name)
    }

    /// The private PC/SC service.
    pub fn pcscd(&mut self) -> Option<&mut Pcscd> {
        self.pcscd.as_mut()
    }

    /// What the unattended agent did next; `None` when it ended, or is not unattended.
    pub async fn agent_event(&mut self) -> Option<AgentEvent> {
        self.agent_events.as_mut()?.recv().await
    }

    /// Waits until a part ends by itself, and says which.
    pub async fn died(&mut self) -> DemoError {
        // Listening first: a part that ends between the look and the wait is not missed.
        let mut ended = match signal(SignalKind::child()) {
            Ok(ended) => ended,
            Err(source) => return DemoError::Start { name: "SIGCHLD".to_owned(), source },
        };
        loop {
            let pcscd = self.pcscd.as_mut().map(Pcscd::child);
            for child in self.children.iter_mut().chain(pcscd) {
                if let Some(status) = child.ended() {
                    return DemoError::Ended { name: child.name().to_owned(), status, log: child.log_end() };
                }
            }
            ended.recv().await;
        }
    }

    /// Stops every part, the last started first, and removes the folder.
    pub async fn stop(mut self) {
        while let Some(mut child) = self.children.pop() {
            child.stop().await;
        }
        if let Some(pcscd) = &mut self.pcscd {
            pcscd.stop().await;
        }
        if let Err(error) = self.folder.close() {
            tracing::warn!(%error, "the temporary folder stays");
        }
    }
}

/// The parts started so far. Dropped halfway, it ends them.
struct Starting {
    logs: PathBuf,
    binaries: Binaries,
    children: Vec<Child>,
}

impl Starting {
    async fn mock_card(
        &mut self,
        pcscd: &Pcscd,
        pki: &Path,
        card: &MockCard,
        folder: &Path,
    ) -> Result<(), DemoError> {
        let mut program = Program::new(MOCK_CARD, self.binaries.path("madoguchi-mock-card")?)
            .args(["--vpcd", pcscd.vpcd(), "--card", pki::CARD, "--pki"])
            .arg(pki);
        let scenario = card.scenario.as_deref().or_else(|| card.answer.and_then(Answer::scenario));
        if let Some(scenario) = scenario {
            let file = folder.join("scenario.toml");
            write(&file, scenario.as_bytes())?;
            program = program.arg("--scenario").arg(file);
        }
        let child = pcscd.spawn_inside(program, &self.logs)?;
        self.until_ready(child).await
    }

    async fn ocsp(&mut self, pki: &Path, port: u16, faults: &[&str]) -> Result<(), DemoError> {
        let program = Program::new(PKI, self.binaries.path("madoguchi-test-pki")?)
            .args(["serve-ocsp", "--listen", &format!("127.0.0.1:{port}"), "--pki"])
            .arg(pki)
            .args(faults.iter().copied());
        let child = program.spawn(&self.logs)?;
        self.until_ready(child).await
    }

    async fn gateway(&mut self, config: &Path) -> Result<(), DemoError> {
        let program =
            Program::new(GATEWAY, self.binaries.path("madoguchi")?).args(["serve", "--config"]).arg(config);
        let child = program.spawn(&self.logs)?;
        self.until_ready(child).await
    }

    async fn service(&mut self, ports: Ports, secret: &Path, more: &[String]) -> Result<(), DemoError> {
        let program = Program::new(SERVICE, self.binaries.path("madoguchi-sample-service")?)
            .args(["--listen", &format!("127.0.0.1:{}", ports.service), "--issuer", &ports.issuer()])
            .args(["--client-id", gateway::CLIENT_ID, "--client-secret-file"])
            .arg(secret)
            .args(more);
        let child = program.spawn(&self.logs)?;
        self.until_ready(child).await
    }

    async fn until_ready(&mut self, mut child: Child) -> Result<(), DemoError> {
        child.wait_until_ready().await?;
        self.children.push(child);
        Ok(())
    }
}

/// Fails early and clearly when a port is taken, instead of late in the log of one part.
fn free(ports: Ports) -> Result<(), DemoError> {
    for port in ports.all() {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(|source| DemoError::PortTaken { port, source })?;
    }
    Ok(())
}

fn make_folder(path: &Path) -> Result<(), DemoError> {
    std::fs::create_dir_all(path).map_err(|source| DemoError::File { path: path.to_owned(), source })
}

/// Writes a file that only its owner reads.
fn write(path: &Path, content: &[u8]) -> Result<(), DemoError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(content))
        .map_err(|source| DemoError::File { path: path.to_owned(), source })
}

const MOCK_CARD: &str = "mock-card";
const PKI: &str = "pki";
const GATEWAY: &str = "gateway";
const AGENT: &str = "agent";
const SERVICE: &str = "service";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = taken.local_addr().expect("an address").port();
        let ports = Ports { gateway: port, service: port, ocsp: port, operations: port, agent: port };
        assert!(matches!(free(ports), Err(DemoError::PortTaken { port: named, .. }) if named == port));
    }
}
