//! Why a command was not done.

use std::io::Write;
use std::path::PathBuf;

use madoguchi_gateway::KeyError;
use madoguchi_protocol::OctetsError;
use madoguchi_storage::StorageError;

use crate::error::wrapped;
use crate::{ServerError, told};

/// What went wrong, for an operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum AccountsError {
    /// The certificate is none that the gateway would take.
    #[error(
        "{path}: not the user-authentication certificate of a card that this gateway takes: {error} ({code})",
        code = .error.code()
    )]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: madoguchi_cert_verify::Error,
    },
    /// A key of the municipality does not open.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No gateway has served the municipality yet.
    #[error("{municipality} has no accounts: no gateway has served it yet")]
    NeverServed {
        /// Its name.
        municipality: String,
    },
    /// The new card is one that was found revoked here.
    #[error("{path}: found revoked or on hold here before; see madoguchi revocation explain")]
    NewCardRevoked {
        /// The file.
        path: PathBuf,
    },
    /// No account has the old card.
    #[error("no account of {municipality} has the old card")]
    NoAccount {
        /// The municipality.
        municipality: String,
    },
    /// Nothing says that the old card is over.
    #[error(
        "{path}: neither expired nor known to be revoked, so it may be another person's card in use; \
         wait for the lists, or say --old-card-still-valid-because"
    )]
    OldCardValid {
        /// The file.
        path: PathBuf,
    },
    /// The lists of the gateway cannot be read.
    #[error(
        "whether the old card is revoked is not known: {message}; \
         mend that, or say --old-card-still-valid-because"
    )]
    Lists {
        /// Why.
        message: String,
    },
    /// Both files are of one card.
    #[error("--old and --new are one card")]
    OneCard,
    /// An order about one of the cards waits already.
    #[error("an order about one of these cards waits already; see madoguchi accounts relink list")]
    OpenAlready,
    /// The order is about other cards.
    #[error("order {order} is about other cards")]
    OtherCards {
        /// The order.
        order: String,
    },
    /// Standard output is gone.
    #[error("standard output")]
    Output(#[from] std::io::Error),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] OctetsError),
    /// Whoever opened an order cannot confirm it.
    #[error("{operator} opened order {order}; another operator confirms it")]
    SameOperator {
        /// The order.
        order: String,
        /// The operator.
        operator: String,
    },
    /// One user of the operating system gave both orders.
    #[error(
        "order {order} was opened by the same user of this machine; another operator confirms it under a user of their own"
    )]
    SameUser {
        /// The order.
        order: String,
    },
    /// Configuration, anchors or a file.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No such order.
    #[error("{municipality} has no order {order} that waits")]
    UnknownOrder {
        /// The municipality.
        municipality: String,
        /// The order.
        order: String,
    },
}

impl AccountsError {
    /// Tells it, with its causes.
    pub(super) fn tell(&self, errors: &mut dyn Write) {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(errors, "{}", wrapped(&format!("madoguchi accounts: {}", told(self))));
    }
}
