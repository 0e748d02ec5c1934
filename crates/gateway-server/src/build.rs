//! From a configuration to a gateway.

use std::path::Path;
use std::sync::Arc;

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::{Anchor, Oid, PathPolicy, RequiredPolicies};
use madoguchi_gateway::{
    Gateway, GatewayParts, Municipality, MunicipalityKeys, RevocationPolicy, Sealer, Service, Trust,
};
use madoguchi_revocation::{Alarms, CrlRefresher, NoOcsp, OcspSource, SharedCrls};
use madoguchi_storage::{Clock, Storage};

use crate::ServerError;
use crate::audit_sealer::AuditSealer;
use crate::backend::{self, Backend};
use crate::config::{Config, DatabaseConfig, MunicipalityConfig, ServiceConfig, TrustConfig};
use crate::health::NodeHealth;
use crate::https::https_trust;
use crate::kek::read_kek;
use crate::operations::Watched;
use crate::regular_file::{MOST_KEY_OCTETS, read_regular};
use crate::{crl_reload, ocsp};

/// A gateway with what runs beside it.
pub(crate) struct Built {
    pub(crate) gateway: Gateway,
    /// Keeps the CRLs fresh; absent when no CRL is configured.
    pub(crate) refresher: Option<CrlRefresher>,
    /// What operators look at.
    pub(crate) watched: Watched,
    /// Whether this node can serve.
    pub(crate) health: NodeHealth,
    pub(crate) backend: Backend,
    /// Keeps the audit log.
    pub(crate) audit: AuditSealer,
}

/// Opens the store, reads keys, anchors and CRLs, and puts the gateway together. CRLs that cannot be used are logged by
/// name and do not keep the gateway from starting: what they covered answers "cannot check".
pub(crate) async fn build(
    config: &Config,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom + Send + Sync>,
) -> Result<Built, ServerError> {
    let kek = Arc::new(read_kek(&config.kek_file)?);
    let trust = trust(&config.trust)?;
    let backend = Backend::open_to_serve(config, clock).await?;
    let (storage, clock) = (backend.storage(), backend.clock());
    let mut municipalities = Vec::new();
    for municipality in &config.municipalities {
        municipalities.push(build_municipality(municipality, &*storage, &kek, &*random).await?);
    }
    let refresher = if config.revocation.has_lists() {
        let random = Arc::clone(&random);
        Some(crl_reload::open(&config.revocation, &trust.anchors, clock.now(), random)?)
    } else {
        None
    };
    let crls = refresher.as_ref().map_or_else(Arc::default, |refresher| Arc::clone(refresher.shared()));
    let alarms = Arc::<Alarms>::default();
    let asked = ocsp::client(
        &config.revocation,
        &trust.anchors,
        Arc::clone(&crls),
        Arc::clone(&random),
        Arc::clone(&alarms),
    )?;
    let source: Arc<dyn OcspSource> = match &asked {
        Some(client) => Arc::clone(client) as Arc<dyn OcspSource>,
        None => Arc::new(NoOcsp),
    };
    let anchors = Arc::from(trust.anchors.as_slice());
    let audit = AuditSealer {
        storage: Arc::clone(&storage),
        kek: Arc::clone(&kek),
        random: Arc::clone(&random),
        clock: Arc::clone(&clock),
        config: config.audit,
    };
    let gateway = Gateway::new(GatewayParts {
        storage,
        clock: Arc::clone(&clock),
        random,
        municipalities,
        kek,
        dynamic_registration: config.dynamic_registration,
        trust,
        revocation: RevocationPolicy {
            sources: config.revocation.sources.sources(),
            crl_max_age: config.revocation.max_age(),
        },
        crls: Arc::clone(&crls),
        ocsp: source,
        alarms: Arc::clone(&alarms),
        agent_ports: config.agent_ports.clone(),
        limits: config.sign_in,
        session_limits: config.session,
        audit_addresses: config.audit.address_days > 0,
    });
    gateway.load_registry().await?;
    if gateway.municipalities().is_empty() {
        let message = "none in the file, and none in the database that is enabled; add one: madoguchi municipalities add";
        return Err(ServerError::value("municipality", message));
    }
    let health = NodeHealth::new(&backend).await;
    let watched = Watched {
        health: health.clone(),
        gateway: gateway.clone(),
        crls,
        ocsp: asked,
        alarms,
        anchors,
        clock,
    };
    Ok(Built { gateway, refresher, watched, health, backend, audit })
}

/// Reads the anchors and the policy.
pub(crate) fn trust(config: &TrustConfig) -> Result<Trust, ServerError> {
    let anchors = config.anchors.iter().map(|path| read_anchor(path)).collect::<Result<_, _>>()?;
    let policies = match &config.policies {
        _ if config.danger_any_policy => RequiredPolicies::danger_any_policy(),
        None => RequiredPolicies::default(),
        Some(policies) => {
            let oids = policies.iter().map(|oid| {
                oid.parse::<Oid>()
                    .map_err(|error| ServerError::value("trust.policies", format!("{oid}: {error}")))
            });
            RequiredPolicies::any_of(oids.collect::<Result<_, _>>()?)
                .map_err(|error| ServerError::value("trust.policies", error.to_string()))?
        }
    };
    Ok(Trust { anchors, policy: PathPolicy { policies }, danger_test_trust: config.danger_test_trust })
}

fn read_anchor(path: &Path) -> Result<Anchor, ServerError> {
    let file = read_regular(path, MOST_KEY_OCTETS)
        .map_err(|error| ServerError::value("trust.anchors", format!("{}: {error}", path.display())))?;
    Anchor::new(&file)
        .map_err(|error| ServerError::value("trust.anchors", format!("{}: {error}", path.display())))
}

async fn build_municipality(
    config: &MunicipalityConfig,
    storage: &dyn Storage,
    kek: &Sealer,
    random: &(dyn SecureRandom + Send + Sync),
) -> Result<Municipality, ServerError> {
    let service = |service: &ServiceConfig| {
        let built = Service {
            client: Arc::new(service.client()),
            name: service.service.clone(),
            purpose: service.purpose.clone(),
        };
        (service.id.clone(), Arc::new(built))
    };
    Ok(Municipality {
        id: config.id.clone(),
        origin: config.origin.clone(),
        name: config.name.clone(),
        services: config.services.iter().map(service).collect(),
        accent: config.accent()?,
        logo: config.logo()?,
        keys: Arc::new(MunicipalityKeys::load(storage, kek, &config.id, random).await?),
    })
}

/// `madoguchi config check`: reads everything that the configuration names, opens no database and asks no responder.
/// Answers what an operator should know although the gateway would start.
pub fn check(
    config: &Config,
    random: Arc<dyn SecureRandom + Send + Sync>,
    now: UnixTime,
) -> Result<Vec<String>, ServerError> {
    let trust = trust(&config.trust)?;
    read_kek(&config.kek_file)?;
    if let Some(tls) = &config.tls {
        crate::listen::acceptor(tls)?;
    }
    let folder = config
        .database
        .file()
        .and_then(std::path::Path::parent)
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let message = format!("the folder {} does not exist", folder.display());
        return Err(ServerError::value("database", message));
    }
    if let DatabaseConfig::Postgres(url) = &config.database {
        backend::options(url, &config.postgresql)?;
    }
    for municipality in &config.municipalities {
        municipality.logo()?;
    }
    https_trust(&config.revocation)?;
    let crls = Arc::<SharedCrls>::default();
    ocsp::client(&config.revocation, &trust.anchors, crls, Arc::clone(&random), Arc::default())?;
    if !config.revocation.has_lists() {
        return Ok(Vec::new());
    }
    let warning = crl_reload::check(&config.revocation, &trust.anchors, now, random)?;
    Ok(warning.into_iter().collect())
}
