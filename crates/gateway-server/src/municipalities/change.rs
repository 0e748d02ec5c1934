//! Changing a municipality of the database.

use std::sync::Arc;

use serde_json::json;

use madoguchi_storage::{MunicipalityChange, MunicipalityChanged, MunicipalityRemoved, Storage};

use crate::municipalities::arguments::{ChangeArguments, OrderArguments};
use crate::municipalities::{check_name, name_of, read_logo};
use crate::operator::audited;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, KnownMunicipality, known, of_id, write_json};
use crate::{Config, beside};

pub(super) async fn change(
    arguments: &ChangeArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let look = &arguments.look;
    let mut changes = Vec::new();
    if let Some(ja) = &arguments.name {
        let name = name_of(ja, look);
        check_name(&name)?;
        changes.push(MunicipalityChange::Name(name));
    }
    if look.accent.is_some() || arguments.no_accent {
        changes.push(MunicipalityChange::Accent(look.accent.clone()));
    }
    if look.logo.is_some() || arguments.no_logo {
        let logo = read_logo(look)?;
        changes.push(MunicipalityChange::Logo(logo.map(|logo| logo.png().to_vec())));
    }
    if changes.is_empty() {
        return Err(RegisterError::Options("nothing is named that should be changed".to_owned()));
    }
    let found = Found::new(&arguments.order, edge).await?;
    let changed: Vec<_> = changes.iter().map(MunicipalityChange::what).collect();
    found.change(changes).await?;
    let id = &found.municipality.id;
    if arguments.order.common.json {
        write_json(edge.output, &json!({ "municipality": id, "changed": changed }))?;
    } else {
        writeln!(edge.output, "{id}: changed: {}", changed.join(", "))?;
    }
    Ok(())
}

pub(super) async fn set_disabled(
    arguments: &OrderArguments,
    disabled: bool,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let found = Found::new(arguments, edge).await?;
    // What is so already is not ordered again, and not audited again.
    if found.municipality.disabled != disabled {
        found.change(vec![MunicipalityChange::Disabled(disabled)]).await?;
    }
    let id = &found.municipality.id;
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": id, "disabled": disabled }))?;
    } else {
        writeln!(edge.output, "{id} is {}", if disabled { "disabled" } else { "enabled" })?;
    }
    Ok(())
}

pub(super) async fn remove(
    arguments: &OrderArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), RegisterError> {
    let found = Found::new(arguments, edge).await?;
    let id = found.municipality.id.as_str();
    let in_use = |what| RegisterError::MunicipalityInUse { municipality: id.to_owned(), what };
    match found.store.remove_municipality(id, &found.operator).await? {
        MunicipalityRemoved::Done => {}
        MunicipalityRemoved::HasAccounts => return Err(in_use("accounts of residents")),
        MunicipalityRemoved::HasClients => return Err(in_use("clients")),
        MunicipalityRemoved::NotFound => return Err(found.unknown()),
    }
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": id, "removed": true }))?;
    } else {
        writeln!(edge.output, "{id} is removed; its audit log stays in the database")?;
    }
    Ok(())
}

/// A municipality about to be changed.
struct Found {
    store: Arc<dyn Storage>,
    municipality: KnownMunicipality,
    operator: String,
}

impl Found {
    async fn new(arguments: &OrderArguments, edge: &CommandEdge<'_>) -> Result<Self, RegisterError> {
        let config = Config::read(&arguments.common.config)?;
        // To read first: an order about nothing never makes a database where there is none.
        let reader = beside::to_read(&config, edge.clock.clone()).await?;
        let municipality = of_id(known(&config, reader.as_deref()).await?, &arguments.id)?;
        if municipality.in_file {
            return Err(RegisterError::MunicipalityInFile { municipality: municipality.id });
        }
        let store = beside::to_write(&config, edge.clock.clone()).await?;
        let operator = audited(arguments.ordered.operator.as_deref(), &edge.os_user);
        Ok(Self { store, municipality, operator })
    }

    async fn change(&self, changes: Vec<MunicipalityChange>) -> Result<(), RegisterError> {
        let changed = self.store.change_municipality(&self.municipality.id, changes, &self.operator);
        match changed.await? {
            MunicipalityChanged::Done => Ok(()),
            MunicipalityChanged::NotFound => Err(self.unknown()),
        }
    }

    /// Somebody removed it meanwhile.
    fn unknown(&self) -> RegisterError {
        RegisterError::MunicipalityUnknown { municipality: self.municipality.id.clone() }
    }
}
