//! A database of a test server.

/// One database, empty when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The port on 127.0.0.1.
    pub port: u16,
}

impl Database {
    /// `postgresql://…`, without a password: the server trusts loopback.
    pub fn address(&self) -> String {
        format!("postgresql://{USER}@127.0.0.1:{}/{}", self.port, self.name)
    }
}

/// The one role.
pub(crate) const USER: &str = "madoguchi";
