//! The servers that are compared, each with its service.

use std::env::current_exe;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use madoguchi_protocol::Origin;
use serde_json::{Value, json};

use crate::logins::jws::SigningKey;
use crate::logins::process::{Process, free_port};
use crate::logins::scenario::Scenario;
use crate::logins::service::{Authentication, Paths, REDIRECT_URI, SERVICE_ID, SERVICE_KEY_ID, Service};
use crate::sign_ins::browser::Browser;
use crate::sign_ins::card_sign_in::CardSignIn;
use crate::sign_ins::line::Line;
use crate::sign_ins::resident::random_text;
use crate::sign_ins::town::{Asks, MUNICIPALITY, RunningGateway, Town};

/// Where the programs are.
#[derive(Clone, Copy)]
pub(crate) struct Programs<'p> {
    pub(crate) gateway: &'p Path,
    pub(crate) node: &'p Path,
    pub(crate) peer: &'p Path,
}

/// A server with its service.
pub(crate) struct Party {
    pub(crate) name: &'static str,
    pub(crate) process: Process,
    address: SocketAddr,
    host: String,
    origin: Origin,
    service: Service,
    who: Who,
    next_card: AtomicUsize,
}

/// How its residents log in.
enum Who {
    /// With a card.
    Card(Arc<Town>),
    /// By being sent there.
    Anybody,
}

impl Party {
    /// The shipped gateway.
    pub(crate) async fn gateway(
        programs: Programs<'_>,
        town: &Arc<Town>,
        scenario: Scenario,
    ) -> Result<Self, String> {
        let gateway = RunningGateway::start(programs.gateway, town, Asks::Lists)?;
        Self::of_gateway("this", programs.gateway, gateway, town, scenario).await
    }

    /// A running gateway that knows nobody yet.
    pub(crate) async fn of_gateway(
        name: &'static str,
        binary: &Path,
        gateway: RunningGateway,
        town: &Arc<Town>,
        scenario: Scenario,
    ) -> Result<Self, String> {
        let madoguchi = |words: &[&str]| {
            let mut command = Command::new(binary);
            command.args(words).arg("--config").arg(gateway.config());
            command.args(["--json", "--municipality", MUNICIPALITY]);
            command
        };
        let mut add = madoguchi(&["clients", "add"]);
        add.args(["--id", SERVICE_ID, "--name", "図書館", "--redirect-uri", REDIRECT_URI]);
        let authentication = if scenario.fapi {
            let service = SigningKey::generate();
            let file = gateway.config().with_file_name("service.jwk.json");
            fs::write(&file, service_jwk(&service).to_string()).map_err(|error| error.to_string())?;
            add.args(["--profile", "fapi2", "--jwks"]).arg(file);
            run(add)?;
            Authentication::Key { service, dpop: SigningKey::generate() }
        } else {
            add.args(["--profile", "standard", "--alg", scenario.alg]);
            let told = run(add)?;
            Authentication::Secret(told["client_secret"].as_str().ok_or("no secret")?.to_owned())
        };
        if scenario.alg != "ES256" {
            let mut new = madoguchi(&["keys", "new"]);
            new.args(["--alg", scenario.alg]);
            run(new)?;
            // Every node reads its keys again every two seconds.
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        let (address, origin) = (gateway.address, gateway.origin.clone());
        let service = Service::new(origin.as_str().to_owned(), OURS, authentication, scenario);
        let who = Who::Card(Arc::clone(town));
        Self::new(name, Process::Gateway(gateway), address, origin, service, who).await
    }

    /// The bare server of this package.
    pub(crate) async fn skeleton(town: &Arc<Town>, scenario: Scenario) -> Result<Self, String> {
        let (client, authentication) = made_up(scenario);
        let port = free_port()?;
        let mut command = Command::new(current_exe().map_err(|error| error.to_string())?);
        command.arg("logins-skeleton").arg(town.authority());
        let line = json!({ "port": port, "alg": scenario.alg, "client": client });
        let process = Process::start(command, &line.to_string())?;
        let who = Who::Card(Arc::clone(town));
        Self::on_port("skeleton", process, port, OURS, authentication, scenario, who).await
    }

    /// npm's oidc-provider.
    pub(crate) async fn peer(programs: Programs<'_>, scenario: Scenario) -> Result<Self, String> {
        let (client, authentication) = made_up(scenario);
        let port = free_port()?;
        let mut command = Command::new(programs.node);
        command.arg(programs.peer).env("NODE_ENV", "production");
        let line = json!({ "port": port, "clients": [client] });
        let process = Process::start(command, &line.to_string())?;
        Self::on_port("oidc-provider", process, port, PEERS, authentication, scenario, Who::Anybody).await
    }

    async fn on_port(
        name: &'static str,
        process: Process,
        port: u16,
        paths: Paths,
        authentication: Authentication,
        scenario: Scenario,
        who: Who,
    ) -> Result<Self, String> {
        let origin = Origin::parse(&format!("http://localhost:{port}")).map_err(|error| error.to_string())?;
        let service = Service::new(origin.as_str().to_owned(), paths, authentication, scenario);
        Self::new(name, process, (Ipv4Addr::LOCALHOST, port).into(), origin, service, who).await
    }

    async fn new(
        name: &'static str,
        process: Process,
        address: SocketAddr,
        origin: Origin,
        service: Service,
        who: Who,
    ) -> Result<Self, String> {
        let host = format!("localhost:{}", address.port());
        let party =
            Self { name, process, address, host, origin, service, who, next_card: AtomicUsize::new(0) };
        party.service.learn_keys(&mut party.line().await?).await?;
        Ok(party)
    }

    pub(crate) async fn line(&self) -> Result<Line, String> {
        Line::open(self.address, &self.host).await
    }

    /// One login from the service's request to tokens; with `verify` their signature is looked at, too.
    pub(crate) async fn log_in(&self, line: &mut Line, verify: bool) -> Result<Duration, String> {
        let start = Instant::now();
        let (attempt, path) = self.service.ask(line).await?;
        let location = match &self.who {
            Who::Card(town) => {
                let place = self.next_card.fetch_add(1, Ordering::Relaxed) % town.cards.len();
                let mut sign_in = CardSignIn::reach(line, &self.origin, &town.cards[place], &path).await?;
                sign_in.finish(line).await?;
                sign_in.go_back(line).await?
            }
            Who::Anybody => self.follow(line, path).await?,
        };
        let tokens = self.service.redeem(line, &attempt, &location).await?;
        let took = start.elapsed();
        if verify {
            self.service.verify(&attempt, &tokens)?;
        }
        Ok(took)
    }

    /// Where a browser comes to in the end.
    async fn follow(&self, line: &mut Line, mut path: String) -> Result<String, String> {
        let mut browser = Browser::default();
        for _ in 0..MOST_HOPS {
            let answer = browser.open(line, &path).await?;
            let location = answer.location()?;
            let here = location.strip_prefix(self.origin.as_str()).unwrap_or(location);
            if !here.starts_with('/') {
                return Ok(location.to_owned());
            }
            here.clone_into(&mut path);
        }
        Err("sent round in circles".to_owned())
    }
}

/// The service's registration for a server that is told whom to know.
fn made_up(scenario: Scenario) -> (Value, Authentication) {
    let mut client = json!({
        "client_id": SERVICE_ID,
        "redirect_uris": [REDIRECT_URI],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "subject_type": "pairwise",
        "id_token_signed_response_alg": scenario.alg,
        "require_auth_time": true,
    });
    if scenario.fapi {
        let service = SigningKey::generate();
        client["token_endpoint_auth_method"] = json!("private_key_jwt");
        client["token_endpoint_auth_signing_alg"] = json!("ES256");
        client["jwks"] = json!({ "keys": [service_jwk(&service)] });
        client["require_pushed_authorization_requests"] = json!(true);
        client["dpop_bound_access_tokens"] = json!(true);
        (client, Authentication::Key { service, dpop: SigningKey::generate() })
    } else {
        let secret = random_text();
        client["token_endpoint_auth_method"] = json!("client_secret_basic");
        client["client_secret"] = json!(secret);
        (client, Authentication::Secret(secret))
    }
}

fn service_jwk(key: &SigningKey) -> Value {
    let mut jwk = key.jwk();
    jwk["kid"] = json!(SERVICE_KEY_ID);
    jwk["alg"] = json!("ES256");
    jwk["use"] = json!("sig");
    jwk
}

fn run(mut command: Command) -> Result<Value, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

const OURS: Paths = Paths { authorize: "/authorize", par: "/par", token: "/token" };
const PEERS: Paths = Paths { authorize: "/auth", par: "/request", token: "/token" };
const MOST_HOPS: usize = 5;
