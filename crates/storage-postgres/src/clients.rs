//! Registered clients.

use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgRow;

use madoguchi_oidc::Profile;
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AuditKind, ClientChange, ClientList, ClientRecord, ClientWrite, Clients, NewAudit, NewRegistrationToken,
    Registration, StorageError,
};

use crate::error::PostgresError;
use crate::municipalities::count_up;
use crate::store::PostgresStore;
use crate::transaction::{look, settle, transact};
use crate::work::{Work, column, damaged, integer, number, time};
use crate::{audit, registration_tokens};

#[async_trait]
impl Clients for PostgresStore {
    async fn add_client(
        &self,
        municipality: &str,
        registration: Registration,
        operator: &str,
    ) -> Result<ClientWrite, StorageError> {
        transact!(self, &[], |work| add(work, municipality, &registration, operator))
    }

    async fn change_client(
        &self,
        municipality: &str,
        version: u64,
        registration: Registration,
        change: ClientChange,
        operator: &str,
    ) -> Result<ClientWrite, StorageError> {
        transact!(self, &[], |work| put(work, municipality, version, &registration, change, operator))
    }

    async fn remove_client(
        &self,
        municipality: &str,
        id: &str,
        operator: &str,
    ) -> Result<ClientWrite, StorageError> {
        transact!(self, &[], |work| remove(work, municipality, id, operator))
    }

    async fn client(&self, municipality: &str, id: &str) -> Result<Option<ClientRecord>, StorageError> {
        look!(self, |work| find(work, municipality, id))
    }

    async fn clients(&self, municipality: &str) -> Result<ClientList, StorageError> {
        look!(self, |work| all(work, municipality))
    }

    async fn add_registration_token(
        &self,
        municipality: &str,
        token: NewRegistrationToken,
        operator: &str,
    ) -> Result<(), StorageError> {
        transact!(self, &[], |work| registration_tokens::insert(work, municipality, &token, operator))
    }

    async fn registration_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<Profile>, StorageError> {
        look!(self, |work| registration_tokens::find(work, municipality, hash))
    }

    async fn register_client(
        &self,
        municipality: &str,
        token: Octets<32>,
        registration: Registration,
    ) -> Result<ClientWrite, StorageError> {
        settle!(self, &[], |work| register(work, municipality, token, &registration))
    }
}

async fn add(
    work: &mut Work,
    municipality: &str,
    registration: &Registration,
    operator: &str,
) -> Result<ClientWrite, PostgresError> {
    let id = registration.client.id.as_str();
    let sql = "INSERT INTO clients (municipality, id, version, registration, registered_at, changed_at)
               VALUES ($1, $2, 1, $3, $4, $4)
               ON CONFLICT (municipality, id) DO NOTHING";
    let insert = sqlx::query(sql).bind(municipality).bind(id).bind(json_of(registration)?).bind(work.now);
    if work.execute(insert).await? == 0 {
        return Ok(ClientWrite::IdTaken);
    }
    tell(work, AuditKind::ClientAdded, municipality, id, operator).await?;
    Ok(ClientWrite::Done)
}

async fn put(
    work: &mut Work,
    municipality: &str,
    version: u64,
    registration: &Registration,
    change: ClientChange,
    operator: &str,
) -> Result<ClientWrite, PostgresError> {
    let id = registration.client.id.as_str();
    let sql = "UPDATE clients SET registration = $4, version = version + 1, changed_at = $5
               WHERE municipality = $1 AND id = $2 AND version = $3 AND registration IS NOT NULL";
    let update = sqlx::query(sql).bind(municipality).bind(id).bind(integer(version));
    let update = update.bind(json_of(registration)?).bind(work.now);
    if work.execute(update).await? == 0 {
        let there = find(work, municipality, id).await?.is_some();
        return Ok(if there { ClientWrite::Conflict } else { ClientWrite::NotFound });
    }
    let kind = match change {
        ClientChange::Changed => AuditKind::ClientChanged,
        ClientChange::Disabled => AuditKind::ClientDisabled,
        ClientChange::Enabled => AuditKind::ClientEnabled,
        ClientChange::SecretRotated => AuditKind::ClientSecretRotated,
        // The enum may grow; a change that has no name here is no change that may be made.
        _ => return Err(damaged(TABLE, "an unknown change")),
    };
    tell(work, kind, municipality, id, operator).await?;
    Ok(ClientWrite::Done)
}

async fn remove(
    work: &mut Work,
    municipality: &str,
    id: &str,
    operator: &str,
) -> Result<ClientWrite, PostgresError> {
    let sql = "UPDATE clients SET registration = NULL, version = version + 1, changed_at = $3
               WHERE municipality = $1 AND id = $2 AND registration IS NOT NULL";
    if work.execute(sqlx::query(sql).bind(municipality).bind(id).bind(work.now)).await? == 0 {
        return Ok(ClientWrite::NotFound);
    }
    tell(work, AuditKind::ClientRemoved, municipality, id, operator).await?;
    Ok(ClientWrite::Done)
}

async fn register(
    work: &mut Work,
    municipality: &str,
    token: Octets<32>,
    registration: &Registration,
) -> Result<ClientWrite, PostgresError> {
    let Some(used) = registration_tokens::use_up(work, municipality, token).await? else {
        let own = work.unsure && was_registered(work, municipality, registration).await?;
        return Ok(if own { ClientWrite::Done } else { ClientWrite::NotFound });
    };
    let added = add(work, municipality, registration, REGISTERED_ITSELF).await?;
    if added != ClientWrite::Done {
        registration_tokens::give_back(work, municipality, token, &used).await?;
    }
    Ok(added)
}

/// Whether this very registration was done: its id was made for it. The row is held: see `settle!`.
async fn was_registered(
    work: &mut Work,
    municipality: &str,
    registration: &Registration,
) -> Result<bool, PostgresError> {
    let sql =
        "SELECT 1 FROM clients WHERE municipality = $1 AND id = $2 AND registration = $3 FOR NO KEY UPDATE";
    let query = sqlx::query(sql).bind(municipality).bind(registration.client.id.as_str());
    let found = work.find(query.bind(json_of(registration)?), |_| Ok(())).await?;
    Ok(found.is_some())
}

/// Audits and counts up.
async fn tell(
    work: &mut Work,
    kind: AuditKind,
    municipality: &str,
    id: &str,
    operator: &str,
) -> Result<(), PostgresError> {
    let evidence = json!({ "operator": operator }).to_string();
    audit::insert(
        work,
        kind,
        &NewAudit { client_id: Some(id), evidence: Some(&evidence), ..NewAudit::of(municipality) },
    )
    .await?;
    count_up(work).await
}

async fn find(work: &mut Work, municipality: &str, id: &str) -> Result<Option<ClientRecord>, PostgresError> {
    let sql = "SELECT * FROM clients WHERE municipality = $1 AND id = $2 AND registration IS NOT NULL";
    work.find(sqlx::query(sql).bind(municipality).bind(id), read).await
}

async fn all(work: &mut Work, municipality: &str) -> Result<ClientList, PostgresError> {
    let sql = "SELECT * FROM clients WHERE municipality = $1 AND registration IS NOT NULL ORDER BY id";
    let mut list = ClientList::default();
    work.all(sqlx::query(sql).bind(municipality), |row| {
        match read(row) {
            Err(PostgresError::Damaged { .. }) => list.damaged.push(column(row, TABLE, "id")?),
            read => list.clients.push(read?),
        }
        Ok(())
    })
    .await?;
    Ok(list)
}

fn read(row: &PgRow) -> Result<ClientRecord, PostgresError> {
    let registration: &str = column(row, TABLE, "registration")?;
    Ok(ClientRecord {
        municipality: column(row, TABLE, "municipality")?,
        registration: serde_json::from_str(registration).map_err(|_| damaged(TABLE, "registration"))?,
        version: number(row, TABLE, "version")?,
        registered_at: time(row, TABLE, "registered_at")?,
        changed_at: time(row, TABLE, "changed_at")?,
    })
}

fn json_of(registration: &Registration) -> Result<String, PostgresError> {
    serde_json::to_string(registration).map_err(|_| damaged(TABLE, "registration"))
}

const TABLE: &str = "clients";
/// Who is audited when a service registered itself by a token that an operator gave it.
const REGISTERED_ITSELF: &str = "initial access token";
