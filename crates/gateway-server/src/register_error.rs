//! Why an order about municipalities, clients or keys is not done, and how it is told.

use std::io::Write;

use madoguchi_gateway::LogoError;
use madoguchi_oidc::{ClientError, CryptoError};
use madoguchi_protocol::Origin;
use madoguchi_storage::StorageError;

use crate::error::wrapped;
use crate::{ServerError, told};

/// Why an order about municipalities or clients is not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RegisterError {
    /// The audit log cannot be sealed or retired.
    #[error(transparent)]
    Audit(#[from] madoguchi_gateway::AuditLogError),
    /// What was signed cannot be verified.
    #[error(
        "the audit log of {municipality} has no key: nothing was ever sealed there, or its key was taken away; with a \
         public key that was kept elsewhere: --key FILE"
    )]
    AuditKeyMissing {
        /// The municipality.
        municipality: String,
    },
    /// Not even an empty log.
    #[error("{database}: there is no database yet, and nothing to verify")]
    AuditNowhere {
        /// What the configuration names.
        database: String,
    },
    /// No such record.
    #[error("the audit log of {municipality} has no record at {position}")]
    AuditUnknown {
        /// The municipality.
        municipality: String,
        /// What was asked for.
        position: u64,
    },
    /// A file of checkpoints proves nothing.
    #[error("there is no checkpoint in that file")]
    NoCheckpoints,
    /// A client cannot be registered so.
    #[error("the client cannot be registered: {0}")]
    Client(#[from] ClientError),
    /// The options say so already, whatever is registered.
    #[error("the client cannot be registered: {0}")]
    ClientOptions(ClientError),
    /// Somebody else changed it in between.
    #[error("client {client_id} was changed at the same moment by somebody else; look at it and try again")]
    ClientChanged {
        /// The client.
        client_id: String,
    },
    /// The file is the operator's to edit.
    #[error("client {client_id} is in the configuration file; change it there")]
    ClientInFile {
        /// The client.
        client_id: String,
    },
    /// No such client.
    #[error("{municipality} has no client {client_id}")]
    ClientUnknown {
        /// The municipality.
        municipality: String,
        /// What was asked for.
        client_id: String,
    },
    /// No randomness, or a key that cannot be made.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// An id is given once.
    #[error("{municipality} has, or had, a client {client_id}; an id is never given twice")]
    IdTaken {
        /// The municipality.
        municipality: String,
        /// The id.
        client_id: String,
    },
    /// A public key in PEM where a JWK is wanted.
    #[error(
        "{path}: PEM, and a JWK or JWK set is needed. For a public key this makes one:\n  \
         madoguchi clients jwk {path}"
    )]
    JwksIsPem {
        /// The file.
        path: std::path::PathBuf,
    },
    /// A key set cannot be used.
    #[error("{path}: {error}")]
    Jwks {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        error: madoguchi_oidc::jose::JwkError,
    },
    /// The keys of a municipality cannot be opened, or a key cannot be made.
    #[error(transparent)]
    Key(#[from] madoguchi_gateway::KeyError),
    /// A file with a private key cannot be used.
    #[error("{path}: {error}")]
    KeyFile {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        error: CryptoError,
    },
    /// Services would be left without.
    #[error(
        "{municipality}: {clients} {alg} ID tokens; their sign-ins would end in server_error.\n  \
         To replace the key: madoguchi keys new, publish, activate\n  \
         To end it all the same: --danger-clients-lose-tokens"
    )]
    KeyInUse {
        /// The municipality.
        municipality: String,
        /// Who gets.
        clients: String,
        /// The algorithm.
        alg: &'static str,
    },
    /// A private key is another algorithm's, or in another form.
    #[error("{path}: {alg} needs {needs}, as PKCS#8 in PEM, not encrypted")]
    KeyOfAlg {
        /// The file.
        path: std::path::PathBuf,
        /// The algorithm.
        alg: &'static str,
        /// The kind of key.
        needs: &'static str,
    },
    /// The key's state does not allow it.
    #[error("key {kid} is {state}; {next}")]
    KeyState {
        /// The key.
        kid: String,
        /// Where it stands.
        state: &'static str,
        /// What may be done instead.
        next: &'static str,
    },
    /// Services have not all fetched it.
    #[error(
        "key {kid} is published too short a time: services may not have it yet.\n  \
         It may be activated from {from}"
    )]
    KeyTooEarly {
        /// The key.
        kid: String,
        /// The first moment.
        from: String,
    },
    /// No such key.
    #[error("{municipality} has no key {kid}")]
    KeyUnknown {
        /// The municipality.
        municipality: String,
        /// What was asked for.
        kid: String,
    },
    /// It is used.
    #[error("{municipality} still has {what}: only one that nobody uses is removed; disable it instead")]
    MunicipalityInUse {
        /// The municipality.
        municipality: String,
        /// What it has.
        what: &'static str,
    },
    /// The file is the operator's to edit.
    #[error("municipality {municipality} is in the configuration file; change it there")]
    MunicipalityInFile {
        /// The municipality.
        municipality: String,
    },
    /// The id is given.
    #[error("{id} exists already: madoguchi municipalities show {id}")]
    MunicipalityExists {
        /// The id.
        id: String,
    },
    /// Not one public key.
    #[error("{path}: not PEM with exactly one `PUBLIC KEY`; openssl pkey -in FILE -pubout writes one")]
    NoPublicKey {
        /// The file.
        path: std::path::PathBuf,
    },
    /// A private key where a public one is wanted.
    #[error(
        "{path}: a private key. It never leaves the service; send the public part:\n  \
         openssl pkey -in {path} -pubout"
    )]
    PrivateKey {
        /// The file.
        path: std::path::PathBuf,
    },
    /// The options do not go together, whatever is registered.
    #[error("{0}")]
    Options(String),
    /// A logo cannot be used.
    #[error("{path}: {error}")]
    Logo {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        error: LogoError,
    },
    /// What is registered does not allow it.
    #[error("{0}")]
    NotDone(&'static str),
    /// The origin cannot be used with this configuration.
    #[error("{key}: {message}")]
    Municipality {
        /// The option.
        key: &'static str,
        /// What is wrong, and what to write instead.
        message: String,
    },
    /// A client has an address there.
    #[error("client {client_id} has an address on {origin}: that is a service's origin, not the gateway's")]
    OriginOfClient {
        /// The client.
        client_id: String,
        /// The origin.
        origin: Origin,
    },
    /// The origin is another's.
    #[error("the origin {origin} is {id}'s")]
    OriginTaken {
        /// Whose it is.
        id: String,
        /// The origin.
        origin: Origin,
    },
    /// It was done, and nobody has read the secret.
    #[error("{done}, but its secret could not be written. Another one:\n  {again}")]
    SecretLost {
        /// What was done.
        done: String,
        /// The command that makes another.
        again: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A service has another host.
    #[error(
        "the redirect URIs have another host: every resident would get another sub. Register a new client; \
         with --sector {sector} it keeps their sub"
    )]
    SectorChanges {
        /// The sector that it has.
        sector: String,
    },
    /// No such municipality.
    #[error("no municipality {municipality}, neither in the configuration file nor in the database")]
    MunicipalityUnknown {
        /// What was asked for.
        municipality: String,
    },
    /// It has no secret.
    #[error("client {client_id} authenticates by {method} and has no secret")]
    NoSecret {
        /// The client.
        client_id: String,
        /// How it authenticates.
        method: &'static str,
    },
    /// Standard output is gone.
    #[error("standard output")]
    Output(#[from] std::io::Error),
    /// Configuration or database.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A text cannot be shown to residents.
    #[error("a text cannot be shown: {0}")]
    Text(#[from] madoguchi_protocol::DisplayError),
}

impl RegisterError {
    /// The exit code: 2 when the command line cannot be used.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Options(_) | Self::ClientOptions(_) => 2,
            _ => 1,
        }
    }

    /// Tells why a command was not done, if it was not. Answers the exit code.
    pub(crate) fn end(done: Result<(), Self>, command: &str, errors: &mut dyn Write) -> u8 {
        match done {
            Ok(()) => 0,
            Err(error) => {
                error.tell(command, errors);
                error.code()
            }
        }
    }

    /// Tells it, with its causes.
    fn tell(&self, command: &str, errors: &mut dyn Write) {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(errors, "{}", wrapped(&format!("madoguchi {command}: {}", told(self))));
    }
}
