//! `madoguchi accounts`: linking an account to a renewed card, by two operators.

mod arguments;
mod error;

pub use arguments::AccountsCommand;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::UnixTime;
use serde_json::json;

use madoguchi_cert_verify::{Certificate, VerifiedPath, certificate_octets, verify_path};
use madoguchi_gateway::{AccountLookups, CertificateIds, Sealer, Trust};
use madoguchi_protocol::Octets;
use madoguchi_storage::{NewRelinkOrder, Operator, RelinkCards, RelinkOpened, Relinked, Storage, Users};

use crate::accounts::arguments::{
    Cards, ConfirmArguments, ListArguments, OpenArguments, Ordering, RelinkCommand, WithdrawArguments,
};
use crate::accounts::error::AccountsError;
use crate::build::trust;
use crate::kek::{file_error, read_kek};
use crate::registry::{CommandEdge, write_fields, write_json};
use crate::regular_file::{MOST_KEY_OCTETS, read_regular};
use crate::revocation::revoked_by_lists;
use crate::verify::instant;
use crate::{Config, beside};

/// Runs a command. Answers the exit code; what went wrong is told on `errors`.
pub async fn accounts(command: &AccountsCommand, mut edge: CommandEdge<'_>, errors: &mut dyn Write) -> u8 {
    let AccountsCommand::Relink(command) = command;
    let done = match command {
        RelinkCommand::Confirm(arguments) => confirm(arguments, &mut edge).await,
        RelinkCommand::List(arguments) => list(arguments, &mut edge).await,
        RelinkCommand::Open(arguments) => open(arguments, &mut edge).await,
        RelinkCommand::Withdraw(arguments) => withdraw(arguments, &mut edge).await,
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            error.tell(errors);
            1
        }
    }
}

async fn open(arguments: &OpenArguments, edge: &mut CommandEdge<'_>) -> Result<(), AccountsError> {
    let (desk, store) = Desk::open(&arguments.common.config, &arguments.ordering, edge).await?;
    let now = edge.clock.now();
    let cards = desk.cards(&*store, &arguments.cards, now).await?;
    let exception = arguments.old_card_still_valid_because.as_ref();
    if exception.is_none() && !desk.is_over(&*store, &arguments.cards.old, now).await? {
        return Err(AccountsError::OldCardValid { path: arguments.cards.old.clone() });
    }
    let reason = match exception {
        Some(because) => format!("{}; the old card is still valid: {because}", arguments.reason),
        None => arguments.reason.clone(),
    };
    let municipality = desk.municipality;
    let order = NewRelinkOrder {
        id: Octets::generate(edge.random)?,
        cards,
        operator: operator(&arguments.ordering, edge),
        reason,
        lifetime: ORDER_SECONDS,
    };
    let id = order.id.to_hex();
    match store.open_relink(municipality, order).await? {
        RelinkOpened::Done => {}
        RelinkOpened::NoAccount => {
            return Err(AccountsError::NoAccount { municipality: municipality.to_owned() });
        }
        RelinkOpened::OneCard => return Err(AccountsError::OneCard),
        RelinkOpened::OpenAlready => return Err(AccountsError::OpenAlready),
    }
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": municipality, "order": id }))?;
    } else {
        writeln!(edge.output, "order {id} is open; another operator confirms it within seven days:")?;
        writeln!(edge.output, "    madoguchi accounts relink confirm --order {id} …")?;
    }
    Ok(())
}

async fn confirm(arguments: &ConfirmArguments, edge: &mut CommandEdge<'_>) -> Result<(), AccountsError> {
    let (desk, store) = Desk::open(&arguments.common.config, &arguments.ordering, edge).await?;
    let cards = desk.cards(&*store, &arguments.cards, edge.clock.now()).await?;
    let (municipality, order) = (desk.municipality, arguments.order.to_hex());
    let operator = operator(&arguments.ordering, edge);
    let name = operator.name.clone();
    let users = if desk.config.relink_same_user { Users::Any } else { Users::Two };
    match store.confirm_relink(municipality, arguments.order, operator, users, cards).await? {
        Relinked::Done { sessions, merged } if arguments.common.json => {
            let done = json!({
                "municipality": municipality, "order": order, "sessions_ended": sessions, "merged": merged,
            });
            write_json(edge.output, &done)?;
        }
        Relinked::Done { sessions, merged } => {
            writeln!(edge.output, "the account has the new card; {sessions} of its sessions ended")?;
            if merged {
                let note =
                    "the new card had an account of its own: what services stored for it is theirs to move";
                writeln!(edge.output, "note: {note}")?;
            }
        }
        Relinked::OtherCards => return Err(AccountsError::OtherCards { order }),
        Relinked::SameOperator => return Err(AccountsError::SameOperator { order, operator: name }),
        Relinked::SameUser => return Err(AccountsError::SameUser { order }),
        Relinked::NotFound => {
            return Err(AccountsError::UnknownOrder { municipality: municipality.to_owned(), order });
        }
    }
    Ok(())
}

async fn withdraw(arguments: &WithdrawArguments, edge: &mut CommandEdge<'_>) -> Result<(), AccountsError> {
    let (desk, store) = Desk::open(&arguments.common.config, &arguments.ordering, edge).await?;
    let (municipality, order) = (desk.municipality, arguments.order.to_hex());
    let operator = operator(&arguments.ordering, edge);
    if !store.withdraw_relink(municipality, arguments.order, operator).await? {
        return Err(AccountsError::UnknownOrder { municipality: municipality.to_owned(), order });
    }
    if arguments.common.json {
        write_json(edge.output, &json!({ "municipality": municipality, "withdrawn": order }))?;
    } else {
        writeln!(edge.output, "order {order} is withdrawn")?;
    }
    Ok(())
}

async fn list(arguments: &ListArguments, edge: &mut CommandEdge<'_>) -> Result<(), AccountsError> {
    let config = Config::read(&arguments.common.config)?;
    let store = beside::to_read(&config, edge.clock.clone()).await?;
    let orders = match &store {
        Some(store) => store.relink_orders(&arguments.municipality).await?,
        None => Vec::new(),
    };
    if arguments.common.json {
        let orders: Vec<_> = orders
            .iter()
            .map(|order| {
                json!({
                    "order": order.id.to_hex(),
                    "opened_by": order.opened_by.name,
                    "opened_as": order.opened_by.user,
                    "reason": order.reason,
                    "opened_at": instant::format(order.opened_at),
                    "expires_at": instant::format(order.expires_at),
                })
            })
            .collect();
        write_json(edge.output, &json!({ "municipality": arguments.municipality, "orders": orders }))?;
        return Ok(());
    }
    if orders.is_empty() {
        writeln!(edge.output, "{}: no order waits", arguments.municipality)?;
    }
    for order in orders {
        let fields = [
            ("order", order.id.to_hex()),
            ("opened by", format!("{}, as {}", order.opened_by.name, order.opened_by.user)),
            ("opened at", instant::format(order.opened_at)),
            ("until", instant::format(order.expires_at)),
            ("reason", order.reason),
        ];
        write_fields(edge.output, &fields)?;
    }
    Ok(())
}

fn operator(ordering: &Ordering, edge: &CommandEdge<'_>) -> Operator {
    Operator { name: ordering.operator.clone(), user: edge.os_user.clone() }
}

/// What judging cards needs.
struct Desk<'a> {
    config: Config,
    municipality: &'a str,
    kek: Sealer,
    trust: Trust,
}

impl<'a> Desk<'a> {
    async fn open(
        config: &Path,
        ordering: &'a Ordering,
        edge: &CommandEdge<'_>,
    ) -> Result<(Self, Arc<dyn Storage>), AccountsError> {
        let config = Config::read(config)?;
        let municipality = ordering.municipality.as_str();
        let never_served = || AccountsError::NeverServed { municipality: municipality.to_owned() };
        // To read first: an order never makes a database where there is none.
        beside::to_read(&config, edge.clock.clone()).await?.ok_or_else(never_served)?;
        let (kek, trust) = (read_kek(&config.kek_file)?, trust(&config.trust)?);
        let store = beside::to_write(&config, edge.clock.clone()).await?;
        Ok((Self { config, municipality, kek, trust }, store))
    }

    /// Whether the old card is over: expired, kept here as revoked, or revoked by the lists. Issuing the new card revokes it.
    async fn is_over(&self, store: &dyn Storage, file: &Path, now: UnixTime) -> Result<bool, AccountsError> {
        let mut not_after = now;
        let path = self.path(file, |certificate| {
            not_after = certificate.not_after();
            earlier(now, not_after)
        })?;
        if not_after.as_secs() < now.as_secs() {
            return Ok(true);
        }
        if let Some(ids) = CertificateIds::read(store, &self.kek, self.municipality).await? {
            let id = ids.id(&path.issuer_key_hash().0, path.serial());
            if !store.kept(self.municipality, id).await?.is_empty() {
                return Ok(true);
            }
        }
        revoked_by_lists(&self.config, &self.trust, &path, now)
            .map_err(|message| AccountsError::Lists { message })
    }

    /// Both cards, as accounts are found by them. Of the old one only the issuer must be right, at its last valid second at
    /// the latest; the new one must be good now.
    async fn cards(
        &self,
        store: &dyn Storage,
        cards: &Cards,
        now: UnixTime,
    ) -> Result<RelinkCards, AccountsError> {
        let never_served = || AccountsError::NeverServed { municipality: self.municipality.to_owned() };
        let lookups = AccountLookups::read(store, &self.kek, self.municipality).await?;
        let lookups = lookups.ok_or_else(never_served)?;
        let ids = CertificateIds::read(store, &self.kek, self.municipality).await?;
        let ids = ids.ok_or_else(never_served)?;
        let old = self.path(&cards.old, |certificate| earlier(now, certificate.not_after()))?;
        let new = self.path(&cards.new, |_| now)?;
        let id = ids.id(&new.issuer_key_hash().0, new.serial());
        if !store.kept(self.municipality, id).await?.is_empty() {
            return Err(AccountsError::NewCardRevoked { path: cards.new.clone() });
        }
        let lookup = |path: &VerifiedPath| lookups.of(&path.issuer_key_hash().0, path.serial());
        Ok(RelinkCards { old: lookup(&old), new: lookup(&new) })
    }

    fn path(
        &self,
        file: &Path,
        at: impl FnOnce(&Certificate) -> UnixTime,
    ) -> Result<VerifiedPath, AccountsError> {
        let octets = read_regular(file, MOST_KEY_OCTETS).map_err(|source| file_error(file, source))?;
        let refused = |error| AccountsError::Certificate { path: file.to_owned(), error };
        let der = certificate_octets(&octets).map_err(refused)?;
        let certificate = Certificate::parse(&der).map_err(refused)?;
        let at = at(&certificate);
        verify_path(&certificate, &self.trust.anchors, &self.trust.policy, at).map_err(refused)
    }
}

fn earlier(one: UnixTime, other: UnixTime) -> UnixTime {
    if one.as_secs() < other.as_secs() { one } else { other }
}

/// A week: both operators work in one office.
const ORDER_SECONDS: u64 = 7 * 24 * 60 * 60;
