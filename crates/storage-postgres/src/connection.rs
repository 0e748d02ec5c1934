//! One connection: to the first server that can be written to, with the settings that durability and the timeouts rest on.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, Row as _};

use crate::error::PostgresError;
use crate::options::{PostgresOptions, Server, Tls};

/// A connection that was just made.
pub(crate) struct Connected {
    pub(crate) connection: PgConnection,
    /// The server's process that serves it alone. `None` behind a pooler.
    pub(crate) process: Option<i32>,
}

/// Connects to the first server, in their order, that can be written to.
pub(crate) async fn connect(options: &PostgresOptions) -> Result<Connected, PostgresError> {
    let mut first_failure = None;
    for server in &options.servers {
        let connected = tokio::time::timeout(options.connect_timeout, connect_to(server, options)).await;
        match connected.unwrap_or(Err(PostgresError::TimedOut(options.connect_timeout))) {
            Ok(connected) => return Ok(connected),
            Err(error) => first_failure = first_failure.or(Some(error)),
        }
    }
    Err(first_failure.unwrap_or(PostgresError::Standby("no server".to_owned())))
}

/// The beginning of every transaction. On a connection of our own its settings are the session's, made once.
pub(crate) fn begin(options: &PostgresOptions) -> String {
    if options.pooler {
        let settings =
            timeouts(options).map(|(name, value)| format!("SET LOCAL {name} = {value}; ")).concat();
        format!("BEGIN; {settings}SELECT {}", pin_commit(true))
    } else {
        "BEGIN".to_owned()
    }
}

async fn connect_to(server: &Server, options: &PostgresOptions) -> Result<Connected, PostgresError> {
    let failed = |source| PostgresError::Connect { server: server.to_string(), source };
    let mut connection = driver_options(server, options).connect().await.map_err(|error| {
        // A pooler knows few of the settings that a client begins with.
        let refused = error.as_database_error().is_some_and(|error| error.message().contains(UNSUPPORTED));
        if refused { PostgresError::Pooler(server.to_string()) } else { failed(error) }
    })?;
    let checks = if options.pooler {
        format!("SELECT {CAN_WRITE}, NULL::integer, 'on'")
    } else {
        format!("SELECT {CAN_WRITE}, pg_backend_pid(), current_setting('{OWN}', true), {}", pin_commit(false))
    };
    let row = sqlx::raw_sql(AssertSqlSafe(checks)).fetch_one(&mut connection).await.map_err(failed)?;
    let (standby, read_only): (bool, bool) =
        (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
    let (process, own): (Option<i32>, Option<String>) =
        (row.try_get(2).map_err(failed)?, row.try_get(3).map_err(failed)?);
    if own.as_deref() != Some("on") {
        return Err(PostgresError::Pooler(server.to_string()));
    }
    if standby {
        return Err(PostgresError::Standby(server.to_string()));
    }
    if read_only {
        return Err(PostgresError::ReadOnly(server.to_string()));
    }
    Ok(Connected { connection, process })
}

fn driver_options(server: &Server, options: &PostgresOptions) -> PgConnectOptions {
    // What this driver takes from the environment is overwritten where it lets us: the configuration says everything.
    let driver = PgConnectOptions::new_without_pgpass()
        .username(&options.user)
        .password(options.password.as_ref().map_or("", |password| password.as_str()))
        .database(&options.database)
        .application_name(APPLICATION)
        .extra_float_digits(None)
        .statement_cache_capacity(STATEMENTS);
    let driver = match server {
        Server::Tcp { host, port } => driver.host(host).port(*port),
        Server::Unix { folder, port } => driver.socket(folder).port(*port),
    };
    let driver = match (&options.tls, server) {
        (Tls::Off, _) | (_, Server::Unix { .. }) => driver.ssl_mode(PgSslMode::Disable),
        (Tls::VerifyFull { authorities: None }, _) => {
            driver.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert_from_pem(Vec::new())
        }
        (Tls::VerifyFull { authorities: Some(file) }, _) => {
            driver.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(file)
        }
    };
    if options.pooler {
        return driver;
    }
    driver.options(timeouts(options)).options([(OWN, "on")])
}

/// The server ends by itself what nobody waits for any more, so that its locks go.
fn timeouts(options: &PostgresOptions) -> [(&'static str, u128); 3] {
    [
        ("statement_timeout", options.statement_timeout),
        ("lock_timeout", options.lock_timeout),
        ("idle_in_transaction_session_timeout", options.transaction_timeout.saturating_add(A_MOMENT)),
    ]
    .map(|(name, time)| (name, time.as_millis()))
}

/// A commit answers when it is on disk here, and on the standbys that the server waits for. Where the server's own
/// setting says less, ours says it; where it says more, that stays. Its change later on changes nothing here.
fn pin_commit(local: bool) -> String {
    format!(
        "set_config('synchronous_commit',
             CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
                  ELSE current_setting('synchronous_commit') END, {local})"
    )
}

/// A standby is told from a server that somebody made read-only: the one may be promoted any moment.
const CAN_WRITE: &str = "pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";
const APPLICATION: &str = "madoguchi";
/// A setting of ours that nobody but a server of our own session knows afterwards. A pooler does not pass it on; without
/// this, one that was not named would bring statements of one node to another's connection.
const OWN: &str = "madoguchi.own_session";
/// What PgBouncer says of settings that it does not know.
const UNSUPPORTED: &str = "unsupported startup parameter";
/// More than there are statements here.
const STATEMENTS: usize = 256;
const A_MOMENT: Duration = Duration::from_secs(1);
