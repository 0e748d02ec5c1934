//! `madoguchi municipalities`: those of the database beside those of the configuration file.

mod arguments;
mod change;

pub use arguments::MunicipalitiesCommand;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use madoguchi_gateway::{Logo, MAX_LOGO_OCTETS};
use madoguchi_protocol::{Display, LocalText, Origin, comparison_code};
use madoguchi_storage::{
    MunicipalityAdded, MunicipalityChange, MunicipalityChanged, NewMunicipality, Storage,
};

use crate::config::{ServiceConfig, check_municipality};
use crate::kek::file_error;
use crate::municipalities::arguments::{AddArguments, ListArguments, Look, ShowArguments};
use crate::operator::audited;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, KnownMunicipality, known, of_id, write_fields, write_json};
use crate::regular_file::read_regular;
use crate::{Config, beside};

/// Runs a command. Answers the exit code; what went wrong is told on `errors`.
pub async fn municipalities(
    command: &MunicipalitiesCommand,
    mut edge: CommandEdge<'_>,
    errors: &mut dyn Write,
) -> u8 {
    let edge = &mut edge;
    let done = match command {
        MunicipalitiesCommand::Add(arguments) => add(arguments, edge).await,
        MunicipalitiesCommand::Change(arguments) => change::change(arguments, edge).await,
        MunicipalitiesCommand::Disable(arguments) => change::set_disabled(arguments, true, edge).await,
        MunicipalitiesCommand::Enable(arguments) => change::set_disabled(arguments, false, edge).await,
        MunicipalitiesCommand::Remove(arguments) => change::remove(arguments, edge).await,
        MunicipalitiesCommand::List(arguments) => list(arguments, edge).await,
        MunicipalitiesCommand::Show(arguments) => show(arguments, edge).await,
    };
    RegisterError::end(done, "municipalities", errors)
}

async fn add(arguments: &AddArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let look = &arguments.look;
    let logo = read_logo(look)?;
    let new = NewMunicipality {
        id: arguments.id.clone(),
        origin: arguments.origin.clone(),
        name: name_of(&arguments.name, look),
        accent: look.accent.clone(),
    };
    check_municipality(&new.id, &new.origin, new.accent.as_deref(), config.tls.is_some())
        .map_err(|(key, message)| RegisterError::Municipality { key, message })?;
    check_name(&new.name)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let all = known(&config, store.as_deref()).await?;
    require_free(&all, &new.id, &new.origin)?;
    require_nobodys_address(&config, store.as_deref(), &all, &new.origin).await?;
    let store = beside::to_write(&config, edge.clock.clone()).await?;
    let operator = audited(arguments.ordered.operator.as_deref(), &edge.os_user);
    let id = new.id.clone();
    match store.add_municipality(new, &operator).await? {
        MunicipalityAdded::Done => {}
        // Somebody else was a moment earlier.
        MunicipalityAdded::Taken => {
            require_free(&known(&config, Some(&*store)).await?, &id, &arguments.origin)?;
            return Err(RegisterError::MunicipalityExists { id });
        }
    }
    if let Some(logo) = logo {
        let change = vec![MunicipalityChange::Logo(Some(logo.png().to_vec()))];
        if store.change_municipality(&id, change, &operator).await? == MunicipalityChanged::NotFound {
            return Err(RegisterError::MunicipalityUnknown { municipality: id });
        }
    }
    let issuer = &arguments.origin;
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": id, "issuer": issuer.as_str() }))?;
    } else {
        write_fields(edge.output, &[("municipality", id), ("issuer", issuer.to_string())])?;
        writeln!(edge.output, "A gateway that runs serves it within seconds, if the address leads to it:")?;
        writeln!(edge.output, "  curl {issuer}{}", madoguchi_oidc::PATH_DISCOVERY)?;
    }
    Ok(())
}

fn name_of(ja: &str, look: &Look) -> LocalText {
    LocalText { ja: ja.to_owned(), ja_x_plain: look.name_plain.clone(), en: look.name_en.clone() }
}

/// What the agent would refuse to show is refused here, not when the first resident comes.
fn check_name(name: &LocalText) -> Result<(), RegisterError> {
    let texts = madoguchi_gateway::display_texts(name, name, name);
    Display::new(&comparison_code([0, 0]), &texts)?;
    Ok(())
}

fn read_logo(look: &Look) -> Result<Option<Arc<Logo>>, RegisterError> {
    look.logo.as_deref().map(logo_of).transpose()
}

fn logo_of(path: &Path) -> Result<Arc<Logo>, RegisterError> {
    let most = u64::try_from(MAX_LOGO_OCTETS).unwrap_or(u64::MAX) * LOGO_SLACK;
    let file = read_regular(path, most).map_err(|source| file_error(path, source))?;
    let logo = Logo::parse(&file).map_err(|error| RegisterError::Logo { path: path.to_owned(), error })?;
    Ok(Arc::new(logo))
}

fn require_free(all: &[KnownMunicipality], id: &str, origin: &Origin) -> Result<(), RegisterError> {
    if all.iter().any(|other| other.id == id) {
        return Err(RegisterError::MunicipalityExists { id: id.to_owned() });
    }
    match all.iter().find(|other| other.origin == *origin) {
        Some(other) => Err(RegisterError::OriginTaken { id: other.id.clone(), origin: origin.clone() }),
        None => Ok(()),
    }
}

/// No client of anybody has an address there: its codes would come to the gateway's own pages.
async fn require_nobodys_address(
    config: &Config,
    store: Option<&dyn Storage>,
    all: &[KnownMunicipality],
    origin: &Origin,
) -> Result<(), RegisterError> {
    let services = config.municipalities.iter().flat_map(|municipality| &municipality.services);
    let mut clients: Vec<_> = services.map(ServiceConfig::client).collect();
    if let Some(store) = store {
        for municipality in all {
            let records = store.clients(&municipality.id).await?.clients;
            clients.extend(records.into_iter().map(|record| record.registration.client));
        }
    }
    for client in clients {
        if client.check_origins([origin.as_str()]).is_err() {
            let (client_id, origin) = (client.id, origin.clone());
            return Err(RegisterError::OriginOfClient { client_id, origin });
        }
    }
    Ok(())
}

async fn list(arguments: &ListArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let all = known(&config, store.as_deref()).await?;
    if arguments.common.json {
        let all: Vec<_> = all.iter().map(json_of).collect();
        write_json(edge.output, &json!({ "municipalities": all }))?;
        return Ok(());
    }
    for municipality in &all {
        writeln!(edge.output, "{}  {}", municipality.id, municipality.origin)?;
        let disabled = if municipality.disabled { ", DISABLED" } else { "" };
        writeln!(edge.output, "    {} ({}{disabled})", municipality.name.ja, place(municipality))?;
    }
    if all.is_empty() {
        writeln!(edge.output, "none yet; add one: madoguchi municipalities add")?;
    }
    Ok(())
}

async fn show(arguments: &ShowArguments, edge: &mut CommandEdge<'_>) -> Result<(), RegisterError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let all = known(&config, store.as_deref()).await?;
    let municipality = of_id(all, &arguments.id)?;
    let in_file = config.municipalities.iter().find(|other| other.id == arguments.id);
    let mut clients = in_file.map_or(0, |municipality| municipality.services.len());
    if let Some(store) = &store {
        clients += store.clients(&municipality.id).await?.clients.len();
    }
    let logo = municipality.logo.is_some() || in_file.is_some_and(|municipality| municipality.logo.is_some());
    if arguments.common.json {
        let mut told = json_of(&municipality);
        told["logo"] = json!(logo);
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
    fields.extend(logo.then(|| ("logo", "PNG".to_owned())));
    fields.push(("clients", clients.to_string()));
    fields.extend(municipality.disabled.then(|| ("state", "DISABLED".to_owned())));
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
        "disabled": municipality.disabled,
        "registered_in": place(municipality),
    })
}

fn place(municipality: &KnownMunicipality) -> &'static str {
    if municipality.in_file { "configuration file" } else { "database" }
}

/// What is a little too long is read, so that it is told how long a logo may be.
const LOGO_SLACK: u64 = 64;
