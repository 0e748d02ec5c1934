//! The command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use madoguchi_protocol::Octets;

use crate::operator::words;
use crate::registry::{Common, EXIT_CODES};

/// `madoguchi accounts …`.
#[derive(Debug, Subcommand)]
pub enum AccountsCommand {
    /// Links an account to a renewed card. One operator opens an order, another one confirms it.
    ///
    /// The account's `sub` at every service stays as it is; its old card finds it no more, and all its sessions end.
    #[command(subcommand)]
    Relink(RelinkCommand),
}

/// `madoguchi accounts relink …`.
#[derive(Debug, Subcommand)]
pub enum RelinkCommand {
    /// Confirms an order that another operator opened. The account has the new card from then on.
    #[command(after_help = EXIT_CODES)]
    Confirm(ConfirmArguments),
    /// Lists the orders that wait for their second operator.
    #[command(after_help = EXIT_CODES)]
    List(ListArguments),
    /// Opens an order, which another operator has seven days to confirm. It changes nothing by itself.
    #[command(after_help = EXIT_CODES)]
    Open(OpenArguments),
    /// Withdraws an order.
    #[command(after_help = EXIT_CODES)]
    Withdraw(WithdrawArguments),
}

/// The two cards.
#[derive(Args, Debug)]
pub(super) struct Cards {
    /// The user-authentication certificate of the card that the account has, DER or PEM. It may have expired or been
    /// revoked.
    #[arg(long, value_name = "FILE")]
    pub(super) old: PathBuf,
    /// That of the card that it is to have. It must be valid now.
    #[arg(long, value_name = "FILE")]
    pub(super) new: PathBuf,
}

/// Where, and by whom.
#[derive(Args, Debug)]
pub(super) struct Ordering {
    /// The municipality.
    #[arg(long, value_name = "ID")]
    pub(super) municipality: String,
    /// Your name, for the audit log.
    #[arg(long, value_name = "NAME", value_parser = words)]
    pub(super) operator: String,
}

/// `madoguchi accounts relink open`.
#[derive(Args, Debug)]
pub struct OpenArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordering: Ordering,
    #[command(flatten)]
    pub(super) cards: Cards,
    /// Why, and how you know that both cards are one person's, for the audit log.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(super) reason: String,
    /// The old card is neither expired nor known to be revoked, and this is why its account moves all the same, for the
    /// audit log. Issuing a new card revokes the old one: one that is still good may be another person's.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(super) old_card_still_valid_because: Option<String>,
}

/// `madoguchi accounts relink confirm`.
#[derive(Args, Debug)]
pub struct ConfirmArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordering: Ordering,
    #[command(flatten)]
    pub(super) cards: Cards,
    /// The order, as `open` and `list` print it.
    #[arg(long, value_name = "ORDER", value_parser = order)]
    pub(super) order: Octets<8>,
}

/// `madoguchi accounts relink list`.
#[derive(Args, Debug)]
pub struct ListArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// The municipality.
    #[arg(long, value_name = "ID")]
    pub(super) municipality: String,
}

/// `madoguchi accounts relink withdraw`.
#[derive(Args, Debug)]
pub struct WithdrawArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordering: Ordering,
    /// The order.
    #[arg(long, value_name = "ORDER", value_parser = order)]
    pub(super) order: Octets<8>,
}

fn order(text: &str) -> Result<Octets<8>, &'static str> {
    Octets::from_hex(text)
        .map_err(|_| "not an order, which is 16 of 0-9 a-f; madoguchi accounts relink list shows them")
}
