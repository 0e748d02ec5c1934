//! Looking at clients.

use serde_json::json;

use madoguchi_storage::{Registration, Storage};

use crate::clients::arguments::{ClientArguments, ListArguments};
use crate::clients::tell::{fields_of, json_of};
use crate::config::ServiceConfig;
use crate::registry::{CommandEdge, RegisterError, known, write_fields, write_json};
use crate::{Config, beside};

pub(super) async fn show(
    arguments: &ClientArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let (id, client_id) = (arguments.which.municipality.as_str(), arguments.which.client_id.as_str());
    let all =
        known(&config, store.as_deref().map(|store| store as &dyn madoguchi_storage::Municipalities)).await?;
    let municipality = super::add::of_id(all, id)?;
    let (registration, from_file) = match in_file(&config, id, client_id) {
        Some(service) => (of_file(service), true),
        None => (of_store(store.as_deref(), id, client_id).await?, false),
    };
    if arguments.common.json {
        let mut told = json_of(id, &registration, from_file);
        told["issuer"] = json!(municipality.origin.as_str());
        write_json(edge.output, &told)?;
    } else {
        let mut fields = fields_of(id, &registration, from_file);
        fields.insert(1, ("issuer", municipality.origin.to_string()));
        write_fields(edge.output, &fields)?;
    }
    Ok(())
}

pub(super) async fn list(arguments: &ListArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let all =
        known(&config, store.as_deref().map(|store| store as &dyn madoguchi_storage::Municipalities)).await?;
    let chosen = match &arguments.municipality {
        Some(id) => vec![super::add::of_id(all, id)?],
        None => all,
    };
    let (mut clients, mut unreadable) = (Vec::new(), Vec::new());
    for municipality in &chosen {
        let id = municipality.id.as_str();
        let of_town = config.municipalities.iter().find(|other| other.id == id);
        for service in of_town.into_iter().flat_map(|municipality| &municipality.services) {
            clients.push((id, of_file(service), true));
        }
        if let Some(store) = &store {
            let list = store.clients(id).await?;
            unreadable.extend(list.damaged.into_iter().map(|client_id| (id, client_id)));
            clients.extend(list.clients.into_iter().map(|record| (id, record.registration, false)));
        }
    }
    if arguments.common.json {
        let all: Vec<_> =
            clients.iter().map(|(id, client, from_file)| json_of(id, client, *from_file)).collect();
        let unreadable: Vec<_> =
            unreadable.iter().map(|(id, client_id)| json!({ "municipality": id, "id": client_id })).collect();
        write_json(edge.output, &json!({ "clients": all, "unreadable": unreadable }))?;
        return Ok(());
    }
    for (id, registration, from_file) in &clients {
        let client = &registration.client;
        let mut notes = vec![client.profile.as_str(), client.authentication.method().as_str()];
        notes.extend(from_file.then_some("configuration file"));
        notes.extend(client.disabled.then_some("DISABLED"));
        writeln!(edge.output, "{id}  {}", client.id)?;
        writeln!(edge.output, "    {} ({})", registration.name.ja, notes.join(", "))?;
    }
    for (id, client_id) in &unreadable {
        writeln!(edge.output, "{id}  {client_id}")?;
        writeln!(
            edge.output,
            "    DAMAGED: cannot be read, and is unknown to the gateway; clients remove, and register anew"
        )?;
    }
    if clients.is_empty() && unreadable.is_empty() {
        writeln!(edge.output, "none yet; register one: madoguchi clients add")?;
    }
    Ok(())
}

/// A client of the configuration file.
pub(super) fn in_file<'c>(
    config: &'c Config,
    municipality: &str,
    client_id: &str,
) -> Option<&'c ServiceConfig> {
    let municipality = config.municipalities.iter().find(|other| other.id == municipality)?;
    municipality.services.iter().find(|service| service.id == client_id)
}

fn of_file(service: &ServiceConfig) -> Registration {
    Registration { client: service.client(), name: service.service.clone(), purpose: service.purpose.clone() }
}

async fn of_store(
    store: Option<&dyn Storage>,
    municipality: &str,
    client_id: &str,
) -> Result<Registration, RegisterError> {
    let record = match store {
        Some(store) => store.client(municipality, client_id).await?,
        None => None,
    };
    record.map(|record| record.registration).ok_or_else(|| RegisterError::ClientUnknown {
        municipality: municipality.to_owned(),
        client_id: client_id.to_owned(),
    })
}
