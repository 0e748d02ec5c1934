//! Looking at clients.

use serde_json::json;

use madoguchi_storage::{Registration, Storage};

use crate::clients::arguments::ClientArguments;
use crate::clients::tell::{fields_of, host_of, json_of};
use crate::config::ServiceConfig;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, ListArguments, known, of_id, write_fields, write_json};
use crate::{Config, beside};

pub(super) async fn show(
    arguments: &ClientArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let (id, client_id) = (arguments.which.of.municipality.as_str(), arguments.which.client_id.as_str());
    let municipality = of_id(known(&config, store.as_deref()).await?, id)?;
    let (registration, from_file) = match in_file(&config, id, client_id) {
        Some(service) => (of_file(service), true),
        None => (of_store(store.as_deref(), id, client_id).await?, false),
    };
    let now = edge.clock.now();
    if arguments.common.json {
        write_json(edge.output, &json_of(&municipality, &registration, from_file, now))?;
    } else {
        write_fields(edge.output, &fields_of(&municipality, &registration, from_file, now))?;
    }
    Ok(())
}

pub(super) async fn list(arguments: &ListArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let chosen = arguments.chosen(known(&config, store.as_deref()).await?)?;
    let (mut clients, mut unreadable) = (Vec::new(), Vec::new());
    for municipality in &chosen {
        let id = municipality.id.as_str();
        let of_town = config.municipalities.iter().find(|other| other.id == id);
        for service in of_town.into_iter().flat_map(|municipality| &municipality.services) {
            clients.push((municipality, of_file(service), true));
        }
        if let Some(store) = &store {
            let list = store.clients(id).await?;
            unreadable.extend(list.damaged.into_iter().map(|client_id| (id, client_id)));
            clients.extend(list.clients.into_iter().map(|record| (municipality, record.registration, false)));
        }
    }
    if arguments.common.json {
        let now = edge.clock.now();
        let all: Vec<_> = clients
            .iter()
            .map(|(municipality, client, from_file)| json_of(municipality, client, *from_file, now))
            .collect();
        let unreadable: Vec<_> =
            unreadable.iter().map(|(id, client_id)| json!({ "municipality": id, "id": client_id })).collect();
        write_json(edge.output, &json!({ "clients": all, "unreadable": unreadable }))?;
        return Ok(());
    }
    for (municipality, registration, from_file) in &clients {
        let client = &registration.client;
        let host = host_of(client);
        let mut notes = vec![client.profile.as_str(), client.authentication.method().as_str()];
        notes.extend(from_file.then_some("configuration file"));
        notes.extend(client.disabled.then_some("DISABLED"));
        writeln!(edge.output, "{}  {}", municipality.id, client.id)?;
        writeln!(edge.output, "    {}, {host}", registration.name.ja)?;
        writeln!(edge.output, "    {}", notes.join(", "))?;
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
