//! `madoguchi keys`: the keys that sign ID tokens. A running gateway sees every change within seconds.

mod arguments;

pub use arguments::KeysCommand;

use std::sync::Arc;

use std::io::Write;

use rustls_pki_types::UnixTime;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use madoguchi_gateway::{KeyError, PUBLISH_AHEAD_SECONDS, SigningKeySealer};
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{Client, CryptoError, pkcs8_from_pem};
use madoguchi_storage::{KeyChange, SigningKeyRecord, SigningKeyState, Storage, StorageError};

use crate::config::ServiceConfig;
use crate::kek::{file_error, read_kek, require_private};
use crate::keys::arguments::{EndingArguments, KeyArguments, NewArguments, RetireArguments};
use crate::operator::audited;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, Common, ListArguments, known, of_id, write_json};
use crate::regular_file::{MOST_KEY_OCTETS, read_regular_text};
use crate::verify::instant;
use crate::{Config, beside};

/// Runs a command. Answers the exit code; what went wrong is told on `errors`.
pub async fn keys(command: &KeysCommand, mut edge: CommandEdge<'_>, errors: &mut dyn Write) -> u8 {
    let edge = &mut edge;
    let done = match command {
        KeysCommand::List(arguments) => list(arguments, edge).await,
        KeysCommand::New(arguments) => new(arguments, edge).await,
        KeysCommand::Publish(arguments) => publish(arguments, edge).await,
        KeysCommand::Activate(arguments) => activate(arguments, edge).await,
        KeysCommand::Retire(arguments) => retire(arguments, edge).await,
        KeysCommand::Revoke(arguments) => revoke(arguments, edge).await,
    };
    RegisterError::end(done, "keys", errors)
}

async fn list(arguments: &ListArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let chosen = arguments.chosen(known(&config, store.as_deref()).await?)?;
    let mut listed = Vec::new();
    for municipality in chosen {
        let keys = match &store {
            Some(store) => store.signing_keys(&municipality.id).await?,
            None => Vec::new(),
        };
        listed.push((municipality.id, keys));
    }
    if arguments.common.json {
        let all: Vec<_> = listed
            .iter()
            .map(|(id, keys)| json!({ "id": id, "keys": keys.iter().map(json_of).collect::<Vec<_>>() }))
            .collect();
        write_json(edge.output, &json!({ "municipalities": all }))?;
        return Ok(());
    }
    let now = edge.clock.now();
    for (id, keys) in &listed {
        writeln!(edge.output, "{id}")?;
        if keys.is_empty() {
            writeln!(edge.output, "    none yet; the gateway makes an ES256 key when it first starts")?;
        }
        for key in keys {
            writeln!(edge.output, "    {}  {}  {}", key.kid, key.alg.as_str(), key.state.as_str())?;
            writeln!(edge.output, "        {}", next_step(key, now))?;
        }
    }
    Ok(())
}

async fn new(arguments: &NewArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    // Read before anything is made.
    let imported = arguments.import.as_deref().map(imported).transpose()?;
    let kek = read_kek(&config.kek_file)?;
    let order =
        Order::new(config, &arguments.of.municipality, arguments.ordered.operator.as_deref(), edge).await?;
    let sealer = SigningKeySealer::load(&*order.store, &kek, &order.municipality, edge.random).await?;
    let new = match (&imported, &arguments.import) {
        (Some(pkcs8), Some(path)) => {
            let sealed = sealer.seal(arguments.alg, pkcs8, edge.random);
            sealed.map_err(|error| of_imported(error, path, arguments.alg))?
        }
        _ => sealer.generate(arguments.alg, edge.random)?,
    };
    let kid = new.kid.clone();
    let (store, municipality, operator) = (&*order.store, &order.municipality, &order.operator);
    order.done(&kid, store.add_signing_key(municipality, new, operator).await?)?;
    // Nobody holds a key of this algorithm, so nobody's copy is out of date.
    let keys = store.signing_keys(municipality).await?;
    let signs = |key: &SigningKeyRecord| key.alg == arguments.alg && key.state == SigningKeyState::Active;
    if !keys.iter().any(signs) {
        order.done(&kid, store.publish_signing_key(municipality, &kid, operator).await?)?;
        let activated = store.activate_signing_key(municipality, &kid, PUBLISH_AHEAD_SECONDS, 0, operator);
        match activated.await? {
            // A gateway made one at this very moment; this one is published, to be activated in its turn.
            KeyChange::TooEarly { .. } => {}
            change => order.done(&kid, change)?,
        }
    }
    order.tell(&kid, &arguments.common, edge).await
}

async fn publish(arguments: &KeyArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let (order, kid) = Order::about(arguments, edge).await?;
    let change = order.store.publish_signing_key(&order.municipality, &kid, &order.operator).await?;
    order.done(&kid, change)?;
    order.tell(&kid, &arguments.common, edge).await
}

async fn activate(arguments: &EndingArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let (order, kid) = Order::about(&arguments.key, edge).await?;
    let overlap = arguments.overlap_minutes * 60;
    let (municipality, operator) = (&order.municipality, &order.operator);
    let change = order
        .store
        .activate_signing_key(municipality, &kid, PUBLISH_AHEAD_SECONDS, overlap, operator)
        .await?;
    order.done(&kid, change)?;
    order.tell(&kid, &arguments.key.common, edge).await
}

async fn retire(arguments: &RetireArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let ending = &arguments.ending;
    let (order, kid) = Order::about(&ending.key, edge).await?;
    if !arguments.danger_clients_lose_tokens {
        order.require_unused(&kid).await?;
    }
    let overlap = ending.overlap_minutes * 60;
    let change = order.store.retire_signing_key(&order.municipality, &kid, overlap, &order.operator).await?;
    order.done(&kid, change)?;
    order.tell(&kid, &ending.key.common, edge).await
}

/// The one that waits longest takes its place, else a fresh one.
async fn revoke(arguments: &KeyArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let kek = read_kek(&config.kek_file)?;
    let (order, kid) = Order::about(arguments, edge).await?;
    let keys = order.store.signing_keys(&order.municipality).await?;
    let revoked = keys.iter().find(|key| key.kid == kid);
    let revoked = revoked.ok_or_else(|| order.unknown(&kid))?;
    let waits = |state| keys.iter().find(|key| key.alg == revoked.alg && key.state == state);
    let waiting = waits(SigningKeyState::Published).or_else(|| waits(SigningKeyState::New));
    let successor = match waiting {
        _ if revoked.state != SigningKeyState::Active => None,
        Some(key) => key.to_new(),
        None => {
            let sealer =
                SigningKeySealer::load(&*order.store, &kek, &order.municipality, edge.random).await?;
            Some(sealer.generate(revoked.alg, edge.random)?)
        }
    };
    let (municipality, operator) = (&order.municipality, &order.operator);
    let change = order.store.revoke_signing_key(municipality, &kid, successor, operator).await?;
    order.done(&kid, change)?;
    let alg = revoked.alg;
    let keys = order.store.signing_keys(&order.municipality).await?;
    let signs = keys.iter().find(|key| key.alg == alg && key.state == SigningKeyState::Active);
    if arguments.common.json {
        let gone = keys.iter().find(|key| key.kid == kid).map_or(Value::Null, json_of);
        let told = json!({
            "municipality": order.municipality,
            "kid": kid,
            "state": gone["state"],
            "revoked": gone,
            "signs": signs.map(|key| key.kid.as_str()),
        });
        write_json(edge.output, &told)?;
        return Ok(());
    }
    order.tell(&kid, &arguments.common, edge).await?;
    match signs {
        Some(key) => {
            writeln!(
                edge.output,
                "{}: {} {} is {}",
                order.municipality,
                key.kid,
                alg.as_str(),
                key.state.as_str()
            )?;
            writeln!(edge.output, "    {}", next_step(key, edge.clock.now()))?;
        }
        None => writeln!(edge.output, "{}: no key of {} signs", order.municipality, alg.as_str())?,
    }
    writeln!(edge.output, "next: tell the services the id of the revoked key and since when it may")?;
    writeln!(edge.output, "have been out; they end the sessions that began since (docs/keys.md)")?;
    Ok(())
}

/// An order about the keys of one municipality.
struct Order {
    config: Config,
    store: Arc<dyn Storage>,
    municipality: String,
    operator: String,
}

impl Order {
    async fn new(
        config: Config,
        municipality: &str,
        operator: Option<&str>,
        edge: &CommandEdge<'_>,
    ) -> Result<Self, RegisterError> {
        let store = beside::to_write(&config, edge.clock.clone()).await?;
        let municipality = of_id(known(&config, Some(&*store)).await?, municipality)?.id;
        Ok(Self { config, store, municipality, operator: audited(operator, &edge.os_user) })
    }

    /// Nobody's sign-ins end with the active key.
    async fn require_unused(&self, kid: &str) -> Result<(), RegisterError> {
        let keys = self.store.signing_keys(&self.municipality).await?;
        let active = keys.iter().find(|key| key.kid == kid && key.state == SigningKeyState::Active);
        let Some(key) = active else { return Ok(()) };
        let clients = self.clients_of(key.alg).await?;
        let clients = match clients.len() {
            0 => return Ok(()),
            1 => format!("service {} still gets", clients.concat()),
            many if many > MOST_NAMED => {
                let named = clients.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>();
                format!("{many} services ({} and others) still get", named.join(", "))
            }
            many => format!("{many} services ({}) still get", clients.join(", ")),
        };
        let (municipality, alg) = (self.municipality.clone(), key.alg.as_str());
        Err(RegisterError::KeyInUse { municipality, clients, alg })
    }

    /// The clients, not disabled, whose ID tokens are signed so: of the file, then of the database.
    async fn clients_of(&self, alg: JwsAlg) -> Result<Vec<String>, StorageError> {
        let town = self.config.municipalities.iter().find(|town| town.id == self.municipality);
        let of_file = town.into_iter().flat_map(|town| &town.services).map(ServiceConfig::client);
        let of_store = self.store.clients(&self.municipality).await?.clients;
        let all = of_file.chain(of_store.into_iter().map(|record| record.registration.client));
        let uses = |client: &Client| !client.disabled && client.id_token_alg == alg;
        Ok(all.filter(uses).map(|client| client.id).collect())
    }

    /// With the key that the command names.
    async fn about(
        arguments: &KeyArguments,
        edge: &CommandEdge<'_>,
    ) -> Result<(Self, String), RegisterError> {
        let config = Config::read(&arguments.common.config)?;
        // To read first: an order about nothing never makes a database where there is none.
        if beside::to_read(&config, edge.clock.clone()).await?.is_none() {
            let (municipality, kid) = (arguments.of.municipality.clone(), arguments.kid.clone());
            return Err(RegisterError::KeyUnknown { municipality, kid });
        }
        let operator = arguments.ordered.operator.as_deref();
        let order = Self::new(config, &arguments.of.municipality, operator, edge).await?;
        let keys = order.store.signing_keys(&order.municipality).await?;
        let mut named = keys.iter().filter(|key| key.kid.starts_with(&arguments.kid));
        match (named.next(), named.next()) {
            (Some(key), None) => {
                let kid = key.kid.clone();
                Ok((order, kid))
            }
            (None, _) => Err(order.unknown(&arguments.kid)),
            (Some(_), Some(_)) => Err(RegisterError::NotDone("several keys begin so; write more of the id")),
        }
    }

    fn unknown(&self, kid: &str) -> RegisterError {
        RegisterError::KeyUnknown { municipality: self.municipality.clone(), kid: kid.to_owned() }
    }

    fn done(&self, kid: &str, change: KeyChange) -> Result<(), RegisterError> {
        let kid = kid.to_owned();
        match change {
            KeyChange::Done => Ok(()),
            KeyChange::TooEarly { from } => {
                Err(RegisterError::KeyTooEarly { kid, from: instant::format(from) })
            }
            KeyChange::Conflict(state) => {
                Err(RegisterError::KeyState { kid, state: state.as_str(), next: instead(state) })
            }
            KeyChange::NotFound => Err(self.unknown(&kid)),
        }
    }

    /// The key as it stands now.
    async fn tell(
        &self,
        kid: &str,
        common: &Common,
        edge: &mut CommandEdge<'_>,
    ) -> Result<(), RegisterError> {
        let keys = self.store.signing_keys(&self.municipality).await?;
        // One that signed nothing is gone the moment it is retired.
        let Some(key) = keys.iter().find(|key| key.kid == kid) else {
            if common.json {
                let told = json!({ "municipality": self.municipality, "kid": kid, "state": "gone" });
                write_json(edge.output, &told)?;
            } else {
                writeln!(edge.output, "{}: {kid} is gone", self.municipality)?;
            }
            return Ok(());
        };
        if common.json {
            let mut told = json_of(key);
            told["municipality"] = json!(self.municipality);
            write_json(edge.output, &told)?;
        } else {
            writeln!(
                edge.output,
                "{}: {kid} {} is {}",
                self.municipality,
                key.alg.as_str(),
                key.state.as_str()
            )?;
            writeln!(edge.output, "    {}", next_step(key, edge.clock.now()))?;
        }
        Ok(())
    }
}

/// The PKCS#8 of a file that nobody else can read.
fn imported(path: &std::path::Path) -> Result<Zeroizing<Vec<u8>>, RegisterError> {
    require_private(path)?;
    let text = read_regular_text(path, MOST_KEY_OCTETS).map_err(|source| file_error(path, source))?;
    pkcs8_from_pem(&text).map_err(|error| RegisterError::KeyFile { path: path.to_owned(), error })
}

/// A private key that does not do for its algorithm, by its file's name.
fn of_imported(error: KeyError, path: &std::path::Path, alg: JwsAlg) -> RegisterError {
    let needs = match alg {
        JwsAlg::Es256 => "a key on P-256",
        _ => "an RSA key of 2048 to 4096 bits",
    };
    match error {
        KeyError::Crypto(CryptoError::MalformedKey) => {
            RegisterError::KeyOfAlg { path: path.to_owned(), alg: alg.as_str(), needs }
        }
        error => error.into(),
    }
}

/// What may be done with a key that an order does not fit.
const fn instead(state: SigningKeyState) -> &'static str {
    match state {
        SigningKeyState::New => "no service has seen it; next: madoguchi keys publish",
        SigningKeyState::Published => "services fetch it; next: madoguchi keys activate",
        SigningKeyState::Active => "it signs already; nothing was done",
        SigningKeyState::Retired => "it signs no more, and goes by itself; nothing was done",
        SigningKeyState::Revoked => "it never comes back; nothing was done",
        _ => "that cannot be done with it",
    }
}

/// As many as a line has place for.
const MOST_NAMED: usize = 5;

fn next_step(key: &SigningKeyRecord, now: UnixTime) -> String {
    let at = |moment: Option<UnixTime>| moment.map(instant::format).unwrap_or_default();
    match key.state {
        SigningKeyState::New => "no service sees it; next: madoguchi keys publish".to_owned(),
        SigningKeyState::Published => {
            let from = key.published_at.map_or(0, |at| at.as_secs()) + PUBLISH_AHEAD_SECONDS;
            let from = UnixTime::since_unix_epoch(std::time::Duration::from_secs(from));
            let when = if from <= now { "now".to_owned() } else { format!("from {}", instant::format(from)) };
            format!("services fetch it; {when}: madoguchi keys activate")
        }
        SigningKeyState::Active => format!("signs since {}", at(key.active_at)),
        SigningKeyState::Retired => {
            format!("signed until {}, published until {}", at(key.ended_at), at(key.published_until))
        }
        SigningKeyState::Revoked => format!("revoked at {}", at(key.ended_at)),
        _ => String::new(),
    }
}

fn json_of(key: &SigningKeyRecord) -> Value {
    let at = |moment: Option<UnixTime>| moment.map(instant::format);
    json!({
        "kid": key.kid,
        "alg": key.alg.as_str(),
        "state": key.state.as_str(),
        "made_at": instant::format(key.made_at),
        "published_at": at(key.published_at),
        "active_at": at(key.active_at),
        "ended_at": at(key.ended_at),
        "published_until": at(key.published_until),
    })
}
