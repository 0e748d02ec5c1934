//! Linking an account to another card: a renewed card has a new serial number, and the resident stays who they are.
//!
//! Two operators do it together: one opens an order, another confirms it. The `sub` at every service stays as it is.

use std::fmt;

use rustls_pki_types::UnixTime;
use unicode_normalization::UnicodeNormalization as _;

use madoguchi_protocol::Octets;

/// The two cards of an order, as accounts are found by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelinkCards {
    /// Keyed hash of the card that the account has.
    pub old: Octets<32>,
    /// Keyed hash of the card that it is to have.
    pub new: Octets<32>,
}

/// Whether two operators may be one user of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Users {
    /// One user may give both orders: names alone tell operators apart.
    Any,
    /// Each operator has a user of their own.
    Two,
}

/// Who gives an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name that they give.
    pub name: String,
    /// The user of the operating system, as which they ran the command.
    pub user: String,
}

impl Operator {
    /// Whether both names are one person's: a name in other letters, widths or with other signs around it is no other person.
    pub fn is_same_person(&self, other: &Self) -> bool {
        let plain = |name: &str| -> String {
            name.nfkc().flat_map(char::to_lowercase).filter(|character| character.is_alphanumeric()).collect()
        };
        plain(&self.name) == plain(&other.name)
    }
}

/// As the audit log has it.
impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, as {}", self.name, self.user)
    }
}

/// An order about to be opened.
#[derive(Clone, Debug)]
pub struct NewRelinkOrder {
    /// 64 random bits.
    pub id: Octets<8>,
    /// Which cards.
    pub cards: RelinkCards,
    /// Who opens it.
    pub operator: Operator,
    /// Why, in the operator's words.
    pub reason: String,
    /// Seconds in which it can be confirmed.
    pub lifetime: u64,
}

/// An order that waits for its second operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelinkOrder {
    /// Its name.
    pub id: Octets<8>,
    /// Who opened it.
    pub opened_by: Operator,
    /// Why.
    pub reason: String,
    /// When.
    pub opened_at: UnixTime,
    /// When it is over.
    pub expires_at: UnixTime,
}

/// The outcome of opening an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum RelinkOpened {
    /// It waits for another operator.
    Done,
    /// An order about one of these cards is open.
    OpenAlready,
    /// No account has the old card.
    NoAccount,
    /// Both are one card.
    OneCard,
}

/// The outcome of confirming an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Relinked {
    /// The account has the new card.
    Done {
        /// How many sessions were ended.
        sessions: u64,
        /// The new card had an account of its own; nothing finds it any more.
        merged: bool,
    },
    /// The order is about other cards.
    OtherCards,
    /// Whoever opened it cannot confirm it.
    SameOperator,
    /// Another name, but the user of the operating system that opened it.
    SameUser,
    /// No such order, or it is over.
    NotFound,
}
