//! `madoguchi municipalities`: those of the database beside those of the configuration file.

mod arguments;

pub use arguments::MunicipalitiesCommand;

use std::io::Write;

use serde_json::{Value, json};

use madoguchi_protocol::{Display, LocalText, comparison_code};
use madoguchi_storage::{Clients as _, Municipalities as _, MunicipalityAdded, NewMunicipality};

use crate::config::check_municipality;
use crate::municipalities::arguments::{AddArguments, ListArguments, ShowArguments};
use crate::operator::audited;
use crate::registry::{CommandEdge, KnownMunicipality, RegisterError, known, write_fields, write_json};
use crate::{Config, beside};

/// Runs a command. Answers the exit code; what went wrong is told on `errors`.
pub async fn municipalities(
    command: &MunicipalitiesCommand,
    mut edge: CommandEdge<'_>,
    errors: &mut dyn Write,
) -> u8 {
    let done = match command {
        MunicipalitiesCommand::Add(arguments) => add(arguments, &mut edge).await,
        MunicipalitiesCommand::List(arguments) => list(arguments, &mut edge).await,
        MunicipalitiesCommand::Show(arguments) => show(arguments, &mut edge).await,
    };
    done.map_or_else(
        |error| {
            error.tell("municipalities", errors);
            error.code()
        },
        |()| 0,
    )
}

async fn add(arguments: &AddArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let new = NewMunicipality {
        id: arguments.id.clone(),
        origin: arguments.origin.clone(),
        name: LocalText {
            ja: arguments.name.clone(),
            ja_x_plain: arguments.name_plain.clone(),
            en: arguments.name_en.clone(),
        },
        accent: arguments.accent.clone(),
    };
    check_municipality(&new.id, &new.origin, new.accent.as_deref(), config.tls.is_some())
        .map_err(|(key, message)| RegisterError::Municipality { key, message })?;
    // What the agent would refuse to show is refused here, not when the first resident comes.
    let texts = madoguchi_gateway::display_texts(&new.name, &new.name, &new.name);
    Display::new(&comparison_code([0, 0]), &texts)?;
    let taken =
        || RegisterError::MunicipalityTaken { id: arguments.id.clone(), origin: arguments.origin.clone() };
    if known(&config, None).await?.iter().any(|other| other.id == new.id || other.origin == new.origin) {
        return Err(taken());
    }
    let store = beside::to_write(&config, edge.clock.clone()).await?;
    let operator = audited(arguments.ordered.operator.as_deref(), &edge.os_user);
    let id = new.id.clone();
    match store.add_municipality(new, &operator).await? {
        MunicipalityAdded::Done => {}
        MunicipalityAdded::Taken => return Err(taken()),
    }
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": id, "issuer": arguments.origin.as_str() }))?;
    } else {
        let fields = [("municipality", id), ("issuer", arguments.origin.to_string())];
        write_fields(edge.output, &fields)?;
    }
    Ok(())
}

async fn list(arguments: &ListArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let all =
        known(&config, store.as_deref().map(|store| store as &dyn madoguchi_storage::Municipalities)).await?;
    if arguments.common.json {
        let all: Vec<_> = all.iter().map(json_of).collect();
        write_json(edge.output, &json!({ "municipalities": all }))?;
        return Ok(());
    }
    for municipality in &all {
        writeln!(edge.output, "{}  {}", municipality.id, municipality.origin)?;
        writeln!(edge.output, "    {} ({})", municipality.name.ja, place(municipality))?;
    }
    if all.is_empty() {
        writeln!(edge.output, "none yet; add one: madoguchi municipalities add")?;
    }
    Ok(())
}

async fn show(arguments: &ShowArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let all =
        known(&config, store.as_deref().map(|store| store as &dyn madoguchi_storage::Municipalities)).await?;
    let found = all.into_iter().find(|municipality| municipality.id == arguments.id);
    let municipality =
        found.ok_or_else(|| RegisterError::MunicipalityUnknown { municipality: arguments.id.clone() })?;
    let in_file = config.municipalities.iter().find(|other| other.id == arguments.id);
    let mut clients = in_file.map_or(0, |municipality| municipality.services.len());
    if let Some(store) = &store {
        clients += store.clients(&municipality.id).await?.clients.len();
    }
    if arguments.common.json {
        let mut told = json_of(&municipality);
        told["clients"] = json!(clients);
        write_json(edge.output, &told)?;
        return Ok(());
    }
    let mut fields = vec![
        ("municipality", municipality.id.clone()),
        ("issuer", municipality.origin.to_string()),
        ("name", municipality.name.ja.clone()),
    ];
    fields.extend(municipality.name.en.clone().map(|name| ("name (en)", name)));
    fields.extend(municipality.name.ja_x_plain.clone().map(|name| ("name (plain)", name)));
    fields.extend(municipality.accent.clone().map(|accent| ("accent", accent)));
    fields.push(("clients", clients.to_string()));
    fields.push(("registered in", place(&municipality).to_owned()));
    write_fields(edge.output, &fields)?;
    Ok(())
}

fn json_of(municipality: &KnownMunicipality) -> Value {
    json!({
        "id": municipality.id,
        "issuer": municipality.origin.as_str(),
        "name": municipality.name,
        "accent": municipality.accent,
        "registered_in": place(municipality),
    })
}

fn place(municipality: &KnownMunicipality) -> &'static str {
    if municipality.in_file { "configuration file" } else { "database" }
}
