//! What an operator should know about the server and about the way to it.

use sqlx::{PgConnection, Row as _};

use crate::error::PostgresError;

/// How the connections of a node stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// Most of them.
    pub limit: u32,
    /// Those that somebody uses now.
    pub in_use: u32,
    /// Requests that wait for one.
    pub waiting: u32,
    /// Of those in use: commits that the server has not answered in `transaction_timeout`, as of one that waits for a
    /// standby. They stay in use until it does, so that there are never more than the limit at the server.
    pub unanswered: u32,
}

/// What the server says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerHealth {
    /// Its version, as it says it.
    pub version: String,
    /// Most connections that it takes.
    pub most_connections: u64,
    /// Without it a loss of power may lose anything (`fsync`, `full_page_writes`).
    pub survives_power_loss: bool,
    /// Its own `synchronous_commit`, which this backend does not rely on: it asks for `on` where the server says less.
    pub synchronous_commit: String,
    /// A commit waits for standbys (`synchronous_standby_names`).
    pub waits_for_standbys: bool,
    /// How many standbys of those it has now. `None` where the role may not see it (`pg_monitor`).
    pub standbys_in_step: Option<u64>,
}

impl ServerHealth {
    /// What is wrong, for the log of a start.
    pub(crate) fn warn(&self) {
        if !self.survives_power_loss {
            tracing::warn!(
                "the database server runs with fsync or full_page_writes off: a loss of power loses what was answered"
            );
        }
        if matches!(self.synchronous_commit.as_str(), "off" | "local") {
            tracing::warn!(
                synchronous_commit = %self.synchronous_commit,
                "the database server's own setting would lose what was answered; the gateway asks for `on`"
            );
        }
        if self.waits_for_standbys && self.standbys_in_step == Some(0) {
            tracing::warn!("the database server waits for standbys and has none: no commit comes to its end");
        }
    }
}

/// Asks the server. `reset_val` is the value of the configuration, whatever this session says.
pub(crate) async fn read(connection: &mut PgConnection) -> Result<ServerHealth, PostgresError> {
    let row = sqlx::raw_sql(
        "SELECT current_setting('server_version') AS version,
                current_setting('max_connections')::bigint AS most_connections,
                current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS safe,
                (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous_commit,
                current_setting('synchronous_standby_names') <> '' AS waits,
                CASE WHEN pg_has_role(current_user, 'pg_monitor', 'usage') THEN
                    (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))
                END AS in_step",
    )
    .fetch_one(connection)
    .await?;
    let most: i64 = row.try_get("most_connections")?;
    let in_step: Option<i64> = row.try_get("in_step")?;
    Ok(ServerHealth {
        version: row.try_get("version")?,
        most_connections: u64::try_from(most).unwrap_or(0),
        survives_power_loss: row.try_get("safe")?,
        synchronous_commit: row.try_get("synchronous_commit")?,
        waits_for_standbys: row.try_get("waits")?,
        standbys_in_step: in_step.map(|count| u64::try_from(count).unwrap_or(0)),
    })
}
