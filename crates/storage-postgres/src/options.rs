//! How the database is reached, and how long anything may take.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

/// Where the database is and who asks. Made from an address that holds no password.
#[derive(Debug)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// The servers, tried in order until one can be written to: after a failover it is another one.
    pub servers: Vec<Server>,
    /// The role.
    pub user: String,
    /// Its password, where the server asks for one.
    pub password: Option<Password>,
    /// The database.
    pub database: String,
    /// What is asked of the server's TLS. Ignored on a Unix socket.
    pub tls: Tls,
    /// A pooler that gives a connection for one transaction alone stands between. Nothing is left on a connection then:
    /// no prepared statement, no setting.
    pub pooler: bool,
    /// Most connections of this node.
    pub connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long making one connection may take.
    pub connect_timeout: Duration,
    /// How long the server works at one statement.
    pub statement_timeout: Duration,
    /// How long it waits for one lock.
    pub lock_timeout: Duration,
    /// How long a whole transaction may take, as seen from here: a server that is silent ends nothing by itself.
    pub transaction_timeout: Duration,
    /// After this time a connection is not used again.
    pub connection_lifetime: Duration,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// By TCP.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// By a Unix socket.
    Unix {
        /// The folder of the socket.
        folder: PathBuf,
        /// The port that is part of its name.
        port: u16,
    },
}

/// What is asked of a server's TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// None: for a server on the same machine.
    Off,
    /// A certificate for the server's name, from one of these authorities (PEM) or from one of the public web.
    VerifyFull {
        /// File of authorities.
        authorities: Option<PathBuf>,
    },
}

/// What is wrong with an address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// It does not begin with the scheme.
    #[error("a database address begins with postgresql://")]
    NoScheme,
    /// It names no server.
    #[error("the database address names no server")]
    NoServer,
    /// It names no role.
    #[error("the database address names no user")]
    NoUser,
    /// It names no database.
    #[error("the database address names no database")]
    NoDatabase,
    /// It holds a password, which would be read by whoever reads the configuration.
    #[error("the database address holds a password; put it into a file of its own")]
    Password,
    /// A port is no port, or a percent-encoding is none.
    #[error("the database address cannot be read: {0}")]
    Malformed(&'static str),
    /// A parameter that is not known.
    #[error("the database address has the unknown parameter {0}")]
    UnknownParameter(String),
    /// A parameter that is there twice: one would win, and nobody sees which.
    #[error("the database address has {0} twice")]
    Repeated(&'static str),
    /// TLS is switched off towards another machine.
    #[error("sslmode=disable is for servers on this machine: what goes to another is verified in full")]
    Unprotected,
    /// A connection over TCP to another machine that nobody protects.
    #[error("sslmode is disable or verify-full, not {0}: anything between is no protection")]
    SslMode(String),
}

impl PostgresOptions {
    /// Reads `postgresql://user@host:port,host:port/database?sslmode=verify-full&sslrootcert=FILE`. A host that begins
    /// with `/` (encoded: `%2F`) is the folder of a Unix socket. Without `sslmode` a server is verified in full, unless it
    /// is on loopback or a Unix socket.
    pub fn from_address(address: &str) -> Result<Self, OptionsError> {
        let rest = address
            .strip_prefix("postgresql://")
            .or_else(|| address.strip_prefix("postgres://"))
            .ok_or(OptionsError::NoScheme)?;
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').ok_or(OptionsError::NoDatabase)?;
        let (user, hosts) = authority.rsplit_once('@').ok_or(OptionsError::NoUser)?;
        // However it is written: what follows a colon is meant as a password.
        let user = decoded(user)?;
        if user.contains(':') {
            return Err(OptionsError::Password);
        }
        let servers = hosts.split(',').map(server).collect::<Result<Vec<_>, _>>()?;
        let tls = tls(parameters, &servers)?;
        let database = decoded(database)?;
        if user.is_empty() {
            return Err(OptionsError::NoUser);
        }
        if database.is_empty() {
            return Err(OptionsError::NoDatabase);
        }
        Ok(Self::new(servers, user, database, tls))
    }

    /// Options with the defaults of everything else.
    pub fn new(servers: Vec<Server>, user: String, database: String, tls: Tls) -> Self {
        Self {
            servers,
            user,
            password: None,
            database,
            tls,
            pooler: false,
            connections: 16,
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(3),
            transaction_timeout: Duration::from_secs(10),
            connection_lifetime: Duration::from_mins(30),
        }
    }
}

/// The password of a role. Never printed, and wiped from memory when it is dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password as it was read from its file, without the end of the line.
    pub fn new(password: String) -> Self {
        Self(Zeroizing::new(password))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Server {
    fn is_local(&self) -> bool {
        match self {
            Self::Tcp { host, .. } => {
                host == "localhost"
                    || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            Self::Unix { .. } => true,
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix { folder, port } => write!(f, "{}:{port}", folder.display()),
        }
    }
}

fn server(text: &str) -> Result<Server, OptionsError> {
    let (host, port) = match text.rsplit_once(':') {
        // An IPv6 address stands in brackets.
        Some((host, port)) if !port.ends_with(']') => {
            (host, port.parse().map_err(|_| OptionsError::Malformed("a port"))?)
        }
        _ => (text, DEFAULT_PORT),
    };
    let host = decoded(host.trim_start_matches('[').trim_end_matches(']'))?;
    if host.is_empty() {
        Err(OptionsError::NoServer)
    } else if host.starts_with('/') {
        Ok(Server::Unix { folder: PathBuf::from(host), port })
    } else {
        Ok(Server::Tcp { host, port })
    }
}

fn tls(parameters: &str, servers: &[Server]) -> Result<Tls, OptionsError> {
    let (mut mode, mut authorities) = (None, None);
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or(OptionsError::Malformed("a parameter"))?;
        match name {
            "sslmode" => once(&mut mode, "sslmode", decoded(value)?)?,
            "sslrootcert" => once(&mut authorities, "sslrootcert", PathBuf::from(decoded(value)?))?,
            "password" => return Err(OptionsError::Password),
            other => return Err(OptionsError::UnknownParameter(other.to_owned())),
        }
    }
    match mode.as_deref() {
        Some("disable") if servers.iter().all(Server::is_local) => Ok(Tls::Off),
        Some("disable") => Err(OptionsError::Unprotected),
        Some("verify-full") => Ok(Tls::VerifyFull { authorities }),
        Some(other) => Err(OptionsError::SslMode(other.to_owned())),
        None if authorities.is_none() && servers.iter().all(Server::is_local) => Ok(Tls::Off),
        None => Ok(Tls::VerifyFull { authorities }),
    }
}

fn once<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), OptionsError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(OptionsError::Repeated(name)),
    }
}

/// Percent-decoding (RFC 3986 section 2.1).
fn decoded(text: &str) -> Result<String, OptionsError> {
    let malformed = OptionsError::Malformed("a percent-encoding");
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let digit = |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(malformed);
        };
        octets
            .push(u8::try_from(high * 16 + low).map_err(|_| OptionsError::Malformed("a percent-encoding"))?);
    }
    String::from_utf8(octets).map_err(|_| malformed)
}

const DEFAULT_PORT: u16 = 5432;

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Server {
        Server::Tcp { host: host.to_owned(), port }
    }

    #[test]
    fn an_address_is_read() {
        let options = PostgresOptions::from_address(
            "postgresql://gate%40way@db1.example,db2.example:5433/mado%2Fguchi?sslrootcert=%2Fetc%2Fca.pem",
        )
        .expect("an address");
        assert_eq!(options.servers, [tcp("db1.example", 5432), tcp("db2.example", 5433)]);
        assert_eq!((options.user.as_str(), options.database.as_str()), ("gate@way", "mado/guchi"));
        assert_eq!(options.tls, Tls::VerifyFull { authorities: Some(PathBuf::from("/etc/ca.pem")) });
        assert!(options.password.is_none() && !options.pooler);
    }

    #[test]
    fn only_this_machine_goes_without_tls_unasked() {
        let tls = |hosts: &str, parameters: &str| {
            PostgresOptions::from_address(&format!("postgresql://u@{hosts}/d{parameters}")).map(|o| o.tls)
        };
        assert_eq!(tls("127.0.0.1,%2Frun%2Fpostgresql,[::1]:1", ""), Ok(Tls::Off));
        let verified = Ok(Tls::VerifyFull { authorities: None });
        assert_eq!(tls("127.0.0.1,db.example", ""), verified);
        assert_eq!(tls("localhost", "?sslmode=verify-full"), verified);
        assert_eq!(tls("localhost", "?sslmode=disable"), Ok(Tls::Off));
        for hosts in ["db.example", "localhost,db.example", "10.0.0.1"] {
            assert_eq!(tls(hosts, "?sslmode=disable"), Err(OptionsError::Unprotected), "{hosts}");
        }
        for twice in ["sslmode=verify-full&sslmode=disable", "sslmode=disable&sslmode=verify-full"] {
            assert_eq!(tls("localhost", &format!("?{twice}")), Err(OptionsError::Repeated("sslmode")));
        }
        let twice = tls("db.example", "?sslrootcert=a&sslrootcert=b");
        assert_eq!(twice, Err(OptionsError::Repeated("sslrootcert")));
        for half in ["prefer", "require", "verify-ca", "allow"] {
            let parameter = format!("?sslmode={half}");
            assert_eq!(tls("db.example", &parameter), Err(OptionsError::SslMode(half.to_owned())));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        let cases = [
            ("mysql://u@h/d", OptionsError::NoScheme),
            ("postgresql://h/d", OptionsError::NoUser),
            ("postgresql://@h/d", OptionsError::NoUser),
            ("postgresql://u@h", OptionsError::NoDatabase),
            ("postgresql://u@h/", OptionsError::NoDatabase),
            ("postgresql://u@/d", OptionsError::NoServer),
            ("postgresql://u@h,/d", OptionsError::NoServer),
            ("postgresql://u@h:x/d", OptionsError::Malformed("a port")),
            ("postgresql://u@h/%4", OptionsError::Malformed("a percent-encoding")),
            ("postgresql://u:secret@h/d", OptionsError::Password),
            ("postgresql://u%3Asecret@h/d", OptionsError::Password),
            ("postgresql://u%3asecret@h/d", OptionsError::Password),
            ("postgresql://u@h/d?password=secret", OptionsError::Password),
            ("postgresql://u@h/d?options=-c", OptionsError::UnknownParameter("options".to_owned())),
        ];
        for (address, error) in cases {
            assert_eq!(PostgresOptions::from_address(address).err(), Some(error), "{address}");
        }
    }

    #[test]
    fn no_password_is_printed() {
        let mut options = PostgresOptions::from_address("postgresql://u@h/d").expect("an address");
        options.password = Some(Password::new("hidden".to_owned()));
        assert!(!format!("{options:?}").contains("hidden"));
    }
}
