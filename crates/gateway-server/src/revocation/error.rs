//! Why a command was not done.

use std::path::PathBuf;

use madoguchi_gateway::KeyError;
use madoguchi_protocol::Octets;
use madoguchi_storage::StorageError;

use crate::ServerError;

/// What went wrong, for an operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum CommandError {
    /// The certificate is none that the gateway would take: no source would be asked about it.
    #[error("{path}: {error} ({code}); the gateway asks about no such certificate", code = .error.code())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: madoguchi_cert_verify::Error,
    },
    /// Nothing says any more which certificate a sign-in was about.
    #[error(
        "which certificate sign-in {id} was about is not kept any more; name it with --certificate FILE, or of several \
         tries name the first one that was refused"
    )]
    CertificateNotKept {
        /// The sign-in.
        id: Octets<16>,
    },
    /// A key of a municipality is not there.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The lists that the configuration names cannot be read.
    #[error("no verdict: the lists cannot be read: {message}")]
    Lists {
        /// What is wrong with which file, and what helps.
        message: String,
    },
    /// The moments are the wrong way round.
    #[error("--from is after --until")]
    FromAfterUntil,
    /// Nothing was ever stored.
    #[error("{database}: there is no database yet; has the gateway run?")]
    NoDatabase {
        /// Where it would be.
        database: String,
    },
    /// Neither the configuration nor the database has such a municipality.
    #[error("no municipality {municipality}, neither in the configuration file nor in the database")]
    MunicipalityUnknown {
        /// The name that was given.
        municipality: String,
    },
    /// The municipality has no keys yet: no gateway has served it, and nothing is kept.
    #[error("nothing is kept for {municipality}: no gateway has served it yet")]
    NeverServed {
        /// Its name.
        municipality: String,
    },
    /// There is nothing to let go of.
    #[error("nothing matches: nothing is kept for {municipality} that this order is about")]
    NothingMatches {
        /// The municipality.
        municipality: String,
    },
    /// Standard output is gone.
    #[error("standard output")]
    Output(#[from] std::io::Error),
    /// Configuration, anchors or a file.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// No municipality knows the sign-in.
    #[error(
        "nothing is known of sign-in {id} in {municipalities}; one that was given up, or could not be checked, is deleted an \
         hour after its end"
    )]
    SignInUnknown {
        /// The sign-in.
        id: Octets<16>,
        /// Where it was looked for.
        municipalities: String,
    },
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl CommandError {
    /// The exit code: 2 when the command line cannot be used.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::FromAfterUntil => 2,
            _ => 1,
        }
    }
}
