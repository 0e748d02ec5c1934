//! Changing a client of the database.

use std::sync::Arc;

use serde_json::json;

use madoguchi_oidc::{Client, ClientAuthentication, ClientSecret, HashedSecret};
use madoguchi_protocol::LocalText;
use madoguchi_storage::{ClientChange, ClientRecord, ClientWrite, Registration, Storage};

use crate::clients::add::{NOTE_OF_SECRET, check, lost, once, read_jwks};
use crate::clients::arguments::{ChangeArguments, OrderArguments, RotateArguments, Which};
use crate::clients::look::in_file;
use crate::clients::signing::{has_key, tell_missing};
use crate::clients::tell::{fields_of, json_of};
use crate::operator::audited;
use crate::register_error::RegisterError;
use crate::registry::{
    CommandEdge, Common, KnownMunicipality, Ordered, known, of_id, write_fields, write_json,
};
use crate::verify::instant;
use crate::{Config, beside};

/// A client about to be changed.
struct Found {
    config: Config,
    store: Arc<dyn Storage>,
    all: Vec<KnownMunicipality>,
    municipality: KnownMunicipality,
    record: ClientRecord,
    operator: String,
}

impl Found {
    async fn new(
        common: &Common,
        ordered: &Ordered,
        which: &Which,
        edge: &CommandEdge<'_>,
    ) -> Result<Self, RegisterError> {
        let config = Config::read(&common.config)?;
        let client_id = which.client_id.clone();
        if in_file(&config, &which.of.municipality, &client_id).is_some() {
            return Err(RegisterError::ClientInFile { client_id });
        }
        // To read first: an order about nothing never makes a database where there is none.
        let unknown = RegisterError::ClientUnknown { municipality: which.of.municipality.clone(), client_id };
        let reader = beside::to_read(&config, edge.clock.clone()).await?;
        let all = known(&config, reader.as_deref()).await?;
        let municipality = of_id(all.clone(), &which.of.municipality)?;
        if reader.is_none() {
            return Err(unknown);
        }
        let store = beside::to_write(&config, edge.clock.clone()).await?;
        let record = store.client(&municipality.id, &which.client_id).await?.ok_or(unknown)?;
        let operator = audited(ordered.operator.as_deref(), &edge.os_user);
        Ok(Self { config, store, all, municipality, record, operator })
    }

    /// The client as it is now, and whether its ID tokens can be signed.
    async fn tell(
        &self,
        common: &Common,
        registration: &Registration,
        edge: &mut CommandEdge<'_>,
    ) -> Result<(), RegisterError> {
        let (municipality, now) = (&self.municipality, edge.clock.now());
        let alg = registration.client.id_token_alg;
        let signing_key = has_key(&*self.store, &municipality.id, alg).await?;
        if common.json {
            let mut told = json_of(municipality, registration, false, now);
            told["signing_key"] = json!(signing_key);
            write_json(edge.output, &told)?;
        } else {
            write_fields(edge.output, &fields_of(municipality, registration, false, now))?;
            if !signing_key {
                tell_missing(edge.output, &municipality.id, alg)?;
            }
        }
        Ok(())
    }

    async fn write(&self, registration: Registration, change: ClientChange) -> Result<(), RegisterError> {
        let id = self.municipality.id.as_str();
        let client_id = registration.client.id.clone();
        let written =
            self.store.change_client(id, self.record.version, registration, change, &self.operator).await?;
        written_or(written, id, client_id)
    }
}

fn written_or(written: ClientWrite, municipality: &str, client_id: String) -> Result<(), RegisterError> {
    match written {
        ClientWrite::Done => Ok(()),
        ClientWrite::Conflict | ClientWrite::IdTaken => Err(RegisterError::ClientChanged { client_id }),
        ClientWrite::NotFound => {
            Err(RegisterError::ClientUnknown { municipality: municipality.to_owned(), client_id })
        }
    }
}

pub(super) async fn change(
    arguments: &ChangeArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    if !names_something(arguments) {
        return Err(RegisterError::Options("nothing is named that should be changed".to_owned()));
    }
    let texts = &arguments.texts;
    let found = Found::new(&arguments.common, &arguments.ordered, &arguments.which, edge).await?;
    let mut registration = found.record.registration.clone();
    change_client(&mut registration.client, arguments)?;
    if let Some(ja) = &arguments.name {
        registration.name =
            LocalText { ja: ja.clone(), ja_x_plain: texts.name_plain.clone(), en: texts.name_en.clone() };
    }
    if let Some(ja) = &texts.purpose {
        registration.purpose = LocalText {
            ja: ja.clone(),
            ja_x_plain: texts.purpose_plain.clone(),
            en: texts.purpose_en.clone(),
        };
    }
    // With what it would become, not with what it was (CVE-2026-18573).
    check(&found.config, &found.all, &registration, &found.municipality)?;
    let before = found.record.registration.client.sector_identifier();
    if registration.client.sector_identifier() != before {
        return Err(RegisterError::SectorChanges { sector: before.unwrap_or_default() });
    }
    // What is so already is not ordered again, and not audited again.
    if registration != found.record.registration {
        found.write(registration.clone(), ClientChange::Changed).await?;
    }
    found.tell(&arguments.common, &registration, edge).await
}

fn names_something(arguments: &ChangeArguments) -> bool {
    let (texts, settings) = (&arguments.texts, &arguments.settings);
    arguments.name.is_some()
        || texts.purpose.is_some()
        || !arguments.redirect_uri.is_empty()
        || !settings.post_logout_redirect_uri.is_empty()
        || settings.backchannel_logout_uri.is_some()
        || settings.jwks.is_some()
        || settings.alg.is_some()
        || arguments.no_post_logout_redirect_uri
        || arguments.no_backchannel_logout_uri
}

fn change_client(client: &mut Client, arguments: &ChangeArguments) -> Result<(), RegisterError> {
    if !arguments.redirect_uri.is_empty() {
        client.redirect_uris = once(&arguments.redirect_uri);
    }
    let settings = &arguments.settings;
    if arguments.no_post_logout_redirect_uri {
        client.post_logout_redirect_uris.clear();
    }
    if arguments.no_backchannel_logout_uri {
        client.backchannel_logout_uri = None;
    }
    if !settings.post_logout_redirect_uri.is_empty() {
        client.post_logout_redirect_uris = once(&settings.post_logout_redirect_uri);
    }
    if let Some(uri) = &settings.backchannel_logout_uri {
        client.backchannel_logout_uri = Some(uri.clone());
    }
    if let Some(alg) = settings.alg {
        client.id_token_alg = alg;
    }
    if let Some(file) = &settings.jwks {
        let ClientAuthentication::PrivateKeyJwt(keys) = &mut client.authentication else {
            return Err(RegisterError::NotDone(
                "--jwks: the client does not authenticate by private_key_jwt",
            ));
        };
        keys.jwks = read_jwks(file)?;
    }
    Ok(())
}

pub(super) async fn set_disabled(
    arguments: &OrderArguments,
    disabled: bool,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let found = Found::new(&arguments.common, &arguments.ordered, &arguments.which, edge).await?;
    let mut registration = found.record.registration.clone();
    // What is so already is not ordered again, and not audited again.
    if registration.client.disabled != disabled {
        registration.client.disabled = disabled;
        let change = if disabled { ClientChange::Disabled } else { ClientChange::Enabled };
        found.write(registration.clone(), change).await?;
    }
    found.tell(&arguments.common, &registration, edge).await
}

pub(super) async fn rotate_secret(
    arguments: &RotateArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let order = &arguments.order;
    let found = Found::new(&order.common, &order.ordered, &order.which, edge).await?;
    let mut registration = found.record.registration.clone();
    let secret = ClientSecret::generate(edge.random)?;
    let until = arguments.overlap_hours.map(|hours| edge.clock.now().as_secs() + hours * 60 * 60);
    let replaced = |hashed: &HashedSecret| hashed.replaced_by(&secret, until);
    let client = &mut registration.client;
    client.authentication = match &client.authentication {
        ClientAuthentication::SecretBasic(hashed) => ClientAuthentication::SecretBasic(replaced(hashed)),
        ClientAuthentication::SecretPost(hashed) => ClientAuthentication::SecretPost(replaced(hashed)),
        other => {
            let (client_id, method) = (client.id.clone(), other.method().as_str());
            return Err(RegisterError::NoSecret { client_id, method });
        }
    };
    let client_id = client.id.clone();
    found.write(registration, ClientChange::SecretRotated).await?;
    let until = until.map(|seconds| {
        instant::format(rustls_pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    });
    let municipality = &found.municipality;
    let secret = secret.encode().to_string();
    let written = if order.common.json {
        let told = json!({
            "municipality": municipality.id,
            "issuer": municipality.origin.as_str(),
            "client_id": client_id,
            "client_secret": secret,
            "old_secret_until": until,
        });
        write_json(edge.output, &told)
    } else {
        let fields = [
            ("municipality", municipality.id.clone()),
            ("issuer", municipality.origin.to_string()),
            ("client_id", client_id.clone()),
            ("client_secret", secret),
            ("old secret ends", until.unwrap_or_else(|| "now".to_owned())),
        ];
        write_fields(edge.output, &fields).and_then(|()| writeln!(edge.output, "{NOTE_OF_SECRET}"))
    };
    written.map_err(|source| {
        let done = format!("client {client_id} has a new secret");
        lost(done, &municipality.id, &client_id, source)
    })
}

pub(super) async fn remove(
    arguments: &OrderArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let found = Found::new(&arguments.common, &arguments.ordered, &arguments.which, edge).await?;
    let (id, client_id) = (found.municipality.id.as_str(), arguments.which.client_id.clone());
    let written = found.store.remove_client(id, &client_id, &found.operator).await?;
    written_or(written, id, client_id.clone())?;
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": id, "client_id": client_id, "removed": true }))?;
    } else {
        writeln!(edge.output, "{id}: client {client_id} is removed for good")?;
    }
    Ok(())
}
