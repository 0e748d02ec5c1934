//! Which municipalities and clients there are: those of the configuration file, and those that operators registered.
//!
//! Every request is answered from a snapshot in memory. [`Gateway::refresh`] makes a new one when the store says that
//! something changed; it runs every few seconds, and when a host or a client is asked for that the snapshot does not have. So
//! a client that was just registered works at once, and one that was disabled stops within those seconds, on every node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ring::rand::SecureRandom;

use madoguchi_storage::{ClientList, ClientRecord, Clock, MunicipalityRecord, Storage, StorageError};

use crate::colours::Accent;
use crate::first_key::FIRST_KEY_ALG;
use crate::keys::{KeyError, MunicipalityKeys};
use crate::logo::Logo;
use crate::municipality::{Municipality, Service};
use crate::seal::Sealer;
use crate::state::Gateway;

/// The municipalities in use, replaced as a whole.
pub(crate) struct Registry {
    /// Those of the configuration file, with their clients of the file.
    file: Vec<Arc<Municipality>>,
    kek: Arc<Sealer>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Held by the one who reads: whoever comes meanwhile waits for what comes of it.
    reading: tokio::sync::Mutex<()>,
    /// Municipality, client and algorithm of those whose missing key was told.
    told_missing: Mutex<BTreeSet<(String, String, &'static str)>>,
}

struct Snapshot {
    /// The store's number that it is at least as new as; `None` before the store was asked.
    version: Option<u64>,
    /// Nothing of it had to be left as it was before.
    complete: bool,
    /// The second in which it was there.
    read_at: u64,
    by_authority: BTreeMap<String, Arc<Municipality>>,
}

impl Snapshot {
    fn new(
        version: Option<u64>,
        complete: bool,
        read_at: u64,
        municipalities: impl IntoIterator<Item = Arc<Municipality>>,
    ) -> Arc<Self> {
        let by_authority = municipalities
            .into_iter()
            .map(|municipality| (municipality.origin.authority().to_owned(), municipality))
            .collect();
        Arc::new(Self { version, complete, read_at, by_authority })
    }

    /// Whether reading again would bring nothing, or was tried a moment ago: anybody may ask for a host or client that
    /// does not exist, and where one municipality cannot be read, each such request would read all the others again.
    fn will_do(&self, version: Option<u64>, now: u64) -> bool {
        self.version == version && (self.complete || self.read_at == now)
    }

    fn of_id(&self, id: &str) -> Option<&Arc<Municipality>> {
        self.by_authority.values().find(|municipality| municipality.id == id)
    }
}

/// Something is registered in two places. The configuration file's is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryConflict {
    /// A client id.
    #[error(
        "client {client_id} of {municipality} is in the configuration file and in the database; \
         remove one of them (madoguchi clients remove)"
    )]
    Client {
        /// The municipality.
        municipality: String,
        /// The client.
        client_id: String,
    },
    /// The id or origin of a municipality.
    #[error(
        "municipality {municipality} of the database has the id or the origin of one in the configuration \
         file; take that one out of the file"
    )]
    Municipality {
        /// The municipality of the database.
        municipality: String,
    },
}

/// Why the registry cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two things have one name.
    #[error(transparent)]
    Conflict(RegistryConflict),
    /// The keys of a municipality are not there.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Registry {
    pub(crate) fn new(file: Vec<Municipality>, kek: Arc<Sealer>) -> Self {
        let file: Vec<_> = file.into_iter().map(Arc::new).collect();
        let snapshot = RwLock::new(Snapshot::new(None, true, 0, file.iter().map(Arc::clone)));
        let (reading, told_missing) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { file, kek, snapshot, reading, told_missing }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whoever read the newest stays.
    fn publish(&self, new: Arc<Snapshot>) {
        let mut snapshot = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        if snapshot.version <= new.version {
            *snapshot = new;
        }
    }

    /// Reads everything again, if the store says that something changed. Answers what is wrong with parts of it: such a
    /// part stays as it was, and the others go on, or one municipality's trouble would keep a disabled client of another
    /// alive.
    async fn read(
        &self,
        storage: &dyn Storage,
        random: &(dyn SecureRandom + Send + Sync),
        clock: &dyn Clock,
    ) -> Result<Vec<RegistryError>, RegistryError> {
        // Before the records: they are then at least as new as the number says.
        let version = Some(storage.registry_version().await?);
        if self.snapshot().will_do(version, clock.now().as_secs()) {
            return Ok(Vec::new());
        }
        let reading = self.reading.lock().await;
        let old = self.snapshot();
        if old.will_do(version, clock.now().as_secs()) {
            return Ok(Vec::new());
        }
        let mut wanted: Vec<_> =
            self.file.iter().map(|municipality| Wanted::Known(Arc::clone(municipality))).collect();
        let mut problems = Vec::new();
        for record in storage.municipalities().await? {
            let taken =
                |other: &Arc<Municipality>| other.id == record.new.id || other.origin == record.new.origin;
            if self.file.iter().any(taken) {
                let municipality = record.new.id;
                problems.push(RegistryError::Conflict(RegistryConflict::Municipality { municipality }));
            } else if !record.disabled {
                wanted.push(Wanted::Record(record));
            }
        }
        let (mut all, mut complete) = (Vec::new(), true);
        for wanted in wanted {
            let before = old.of_id(wanted.id()).map(Arc::clone);
            match self.municipality(wanted, before.as_deref(), storage, random, &mut problems).await {
                Ok(municipality) => all.push(Arc::new(municipality)),
                Err(error) => {
                    problems.push(error);
                    complete = false;
                    all.extend(before);
                }
            }
        }
        self.publish(Snapshot::new(version, complete, clock.now().as_secs(), all));
        drop(reading);
        Ok(problems)
    }

    /// One municipality with its clients and keys as they are now.
    async fn municipality(
        &self,
        wanted: Wanted,
        before: Option<&Municipality>,
        storage: &dyn Storage,
        random: &(dyn SecureRandom + Send + Sync),
        problems: &mut Vec<RegistryError>,
    ) -> Result<Municipality, RegistryError> {
        let without = match wanted {
            Wanted::Known(municipality) => Municipality::clone(&municipality),
            Wanted::Record(record) => {
                // The keys stay the same things: whoever refreshes them does it in place.
                let keys = match before {
                    Some(before) => Arc::clone(&before.keys),
                    None => {
                        Arc::new(MunicipalityKeys::load(storage, &self.kek, &record.new.id, random).await?)
                    }
                };
                let logo = logo_of(&record, before, storage).await?;
                of_record(record, keys, logo)
            }
        };
        let ClientList { clients, damaged } = storage.clients(&without.id).await?;
        for client_id in damaged {
            // As good as not registered; it keeps neither the others nor a start.
            tracing::error!(municipality = %without.id, %client_id, "the registration of a client cannot be read: it is unknown");
        }
        let municipality = with_clients(without, clients, problems);
        municipality.keys.signing.refresh(storage, random).await?;
        self.tell_missing_keys(&municipality);
        Ok(municipality)
    }

    /// A service whose tokens nobody can sign is told of once, before a resident stands there. An RS256 key comes by itself.
    fn tell_missing_keys(&self, municipality: &Municipality) {
        let keys = municipality.keys.signing.current();
        let clients = municipality.services.values().map(|service| &service.client);
        let waiting = clients.filter(|client| {
            let alg = client.id_token_alg;
            !client.disabled && alg != FIRST_KEY_ALG && keys.active(alg).is_none()
        });
        let missing: BTreeSet<_> = waiting
            .map(|client| (municipality.id.clone(), client.id.clone(), client.id_token_alg.as_str()))
            .collect();
        let mut told = self.told_missing.lock().unwrap_or_else(PoisonError::into_inner);
        for (municipality, client_id, alg) in missing.difference(&told) {
            tracing::warn!(%municipality, %client_id, %alg, "no key signs for this client: madoguchi keys new --municipality {municipality} --alg {alg}");
        }
        told.retain(|(id, ..)| *id != municipality.id);
        told.extend(missing);
    }
}

/// Where a municipality is registered.
enum Wanted {
    Known(Arc<Municipality>),
    Record(MunicipalityRecord),
}

impl Wanted {
    fn id(&self) -> &str {
        match self {
            Self::Known(municipality) => &municipality.id,
            Self::Record(record) => &record.new.id,
        }
    }
}

/// The logo of a record. One that did not change is not fetched again.
async fn logo_of(
    record: &MunicipalityRecord,
    before: Option<&Municipality>,
    storage: &dyn Storage,
) -> Result<Option<Arc<Logo>>, StorageError> {
    let Some(hash) = record.logo else { return Ok(None) };
    let known = before.and_then(|before| before.logo.as_ref()).filter(|logo| logo.sha256() == hash);
    if let Some(known) = known {
        return Ok(Some(Arc::clone(known)));
    }
    // Checked when it was stored. One that a later version would not take is not shown.
    let stored = storage.municipality_logo(&record.new.id).await?;
    Ok(stored.and_then(|stored| Logo::parse(&stored).ok()).map(Arc::new))
}

fn of_record(
    record: MunicipalityRecord,
    keys: Arc<MunicipalityKeys>,
    logo: Option<Arc<Logo>>,
) -> Municipality {
    let new = record.new;
    Municipality {
        // Checked when it was added. One that a later version would not take colours nothing.
        accent: new.accent.and_then(|accent| Accent::parse(&accent).ok()),
        id: new.id,
        origin: new.origin,
        name: new.name,
        services: BTreeMap::new(),
        logo,
        keys,
    }
}

fn with_clients(
    mut municipality: Municipality,
    clients: Vec<ClientRecord>,
    problems: &mut Vec<RegistryError>,
) -> Municipality {
    for record in clients {
        let registration = record.registration;
        let client_id = registration.client.id.clone();
        if municipality.services.contains_key(&client_id) {
            let municipality = municipality.id.clone();
            problems.push(RegistryError::Conflict(RegistryConflict::Client { municipality, client_id }));
            continue;
        }
        let service = Service {
            client: Arc::new(registration.client),
            name: registration.name,
            purpose: registration.purpose,
        };
        municipality.services.insert(client_id, Arc::new(service));
    }
    municipality
}

impl Gateway {
    /// Reads municipalities and clients of the store for the first time. What is wrong with any of them is an error here,
    /// where an operator sees it.
    pub async fn load_registry(&self) -> Result<(), RegistryError> {
        let problems = self.read_registry().await?;
        problems.into_iter().next().map_or(Ok(()), Err)
    }

    async fn read_registry(&self) -> Result<Vec<RegistryError>, RegistryError> {
        let inner = &self.0;
        inner.registry.read(&*inner.storage, &*inner.random, &*inner.clock).await
    }

    /// Reads what changed since. What cannot be read is logged, and what was read before stays in use; of what is in two
    /// places, the configuration file's.
    pub async fn refresh(&self) {
        match self.read_registry().await {
            Ok(problems) => {
                for problem in problems {
                    tracing::error!(error = %problem, "a municipality or client cannot be used as it is registered");
                }
            }
            Err(error) => tracing::error!(%error, "municipalities and clients cannot be read again"),
        }
    }

    /// The municipalities in use.
    pub fn municipalities(&self) -> Vec<Arc<Municipality>> {
        self.0.registry.snapshot().by_authority.values().map(Arc::clone).collect()
    }

    /// The municipality of a `Host`, octet by octet, as far as is known.
    pub(crate) fn known_municipality(&self, host: &str) -> Option<Arc<Municipality>> {
        self.0.registry.snapshot().by_authority.get(host).map(Arc::clone)
    }

    /// The municipality of a `Host`; one that is not known may have been added just now.
    pub(crate) async fn municipality(&self, host: &str) -> Option<Arc<Municipality>> {
        if let Some(known) = self.known_municipality(host) {
            return Some(known);
        }
        self.refresh().await;
        self.known_municipality(host)
    }

    /// A client of a municipality that is registered and not disabled; one that is not known may have been registered just
    /// now.
    pub(crate) async fn service(&self, municipality: &Municipality, client_id: &str) -> Option<Arc<Service>> {
        if let Some(known) = municipality.service(client_id) {
            return Some(known);
        }
        self.refresh().await;
        let registry = self.0.registry.snapshot();
        registry.of_id(&municipality.id).and_then(|municipality| municipality.service(client_id))
    }
}
