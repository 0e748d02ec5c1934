//! Registered clients.

use async_trait::async_trait;
use rusqlite::Row;
use serde_json::json;

use madoguchi_oidc::Profile;
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AuditKind, ClientChange, ClientList, ClientRecord, ClientWrite, Clients, NewAudit, NewRegistrationToken,
    Registration, StorageError,
};

use crate::error::SqliteError;
use crate::municipalities::count_up;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, integer, time};
use crate::{audit, registration_tokens};

#[async_trait]
impl Clients for SqliteStore {
    async fn add_client(
        &self,
        municipality: &str,
        registration: Registration,
        operator: &str,
    ) -> Result<ClientWrite, StorageError> {
        let (municipality, operator) = (municipality.to_owned(), operator.to_owned());
        self.write(move |work| add(work, &municipality, &registration, &operator)).await
    }

    async fn change_client(
        &self,
        municipality: &str,
        version: u64,
        registration: Registration,
        change: ClientChange,
        operator: &str,
    ) -> Result<ClientWrite, StorageError> {
        let (municipality, operator) = (municipality.to_owned(), operator.to_owned());
        self.write(move |work| {
            let id = registration.client.id.as_str();
            let changed = work.execute(
                "UPDATE clients SET registration = ?4, version = version + 1, changed_at = ?5
                 WHERE municipality = ?1 AND id = ?2 AND version = ?3 AND registration IS NOT NULL",
                (&municipality, id, integer(version), json_of(&registration)?, work.now),
            )?;
            if changed == 0 {
                let there = find(work, &municipality, id)?.is_some();
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
            tell(work, kind, &municipality, id, &operator)?;
            Ok(ClientWrite::Done)
        })
        .await
    }

    async fn remove_client(
        &self,
        municipality: &str,
        id: &str,
        operator: &str,
    ) -> Result<ClientWrite, StorageError> {
        let (municipality, id, operator) = (municipality.to_owned(), id.to_owned(), operator.to_owned());
        self.write(move |work| {
            let removed = work.execute(
                "UPDATE clients SET registration = NULL, version = version + 1, changed_at = ?3
                 WHERE municipality = ?1 AND id = ?2 AND registration IS NOT NULL",
                (&municipality, &id, work.now),
            )?;
            if removed == 0 {
                return Ok(ClientWrite::NotFound);
            }
            tell(work, AuditKind::ClientRemoved, &municipality, &id, &operator)?;
            Ok(ClientWrite::Done)
        })
        .await
    }

    async fn client(&self, municipality: &str, id: &str) -> Result<Option<ClientRecord>, StorageError> {
        let (municipality, id) = (municipality.to_owned(), id.to_owned());
        self.read(move |work| find(work, &municipality, &id)).await
    }

    async fn clients(&self, municipality: &str) -> Result<ClientList, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            let rows = work.all(
                "SELECT * FROM clients WHERE municipality = ?1 AND registration IS NOT NULL ORDER BY id",
                (municipality,),
                |row| match read(row) {
                    Err(SqliteError::Damaged { .. }) => Ok(Err(column(row, TABLE, "id")?)),
                    read => Ok(Ok(read?)),
                },
            )?;
            let mut list = ClientList::default();
            for row in rows {
                match row {
                    Ok(record) => list.clients.push(record),
                    Err(id) => list.damaged.push(id),
                }
            }
            Ok(list)
        })
        .await
    }

    async fn add_registration_token(
        &self,
        municipality: &str,
        token: NewRegistrationToken,
        operator: &str,
    ) -> Result<(), StorageError> {
        let (municipality, operator) = (municipality.to_owned(), operator.to_owned());
        self.write(move |work| registration_tokens::insert(work, &municipality, &token, &operator)).await
    }

    async fn registration_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<Profile>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| registration_tokens::find(work, &municipality, hash)).await
    }

    async fn register_client(
        &self,
        municipality: &str,
        token: Octets<32>,
        registration: Registration,
    ) -> Result<ClientWrite, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            if registration_tokens::find(work, &municipality, token)?.is_none() {
                return Ok(ClientWrite::NotFound);
            }
            let added = add(work, &municipality, &registration, REGISTERED_ITSELF)?;
            if added == ClientWrite::Done {
                registration_tokens::delete(work, &municipality, token)?;
            }
            Ok(added)
        })
        .await
    }
}

fn add(
    work: &Work<'_>,
    municipality: &str,
    registration: &Registration,
    operator: &str,
) -> Result<ClientWrite, SqliteError> {
    let id = registration.client.id.as_str();
    let added = work.execute(
        "INSERT INTO clients (municipality, id, version, registration, registered_at, changed_at)
         VALUES (?1, ?2, 1, ?3, ?4, ?4)
         ON CONFLICT (municipality, id) DO NOTHING",
        (municipality, id, json_of(registration)?, work.now),
    )?;
    if added == 0 {
        return Ok(ClientWrite::IdTaken);
    }
    tell(work, AuditKind::ClientAdded, municipality, id, operator)?;
    Ok(ClientWrite::Done)
}

/// Counts up and audits.
fn tell(
    work: &Work<'_>,
    kind: AuditKind,
    municipality: &str,
    id: &str,
    operator: &str,
) -> Result<(), SqliteError> {
    count_up(work)?;
    let evidence = json!({ "operator": operator }).to_string();
    audit::insert(
        work,
        kind,
        &NewAudit { client_id: Some(id), evidence: Some(&evidence), ..NewAudit::of(municipality) },
    )
}

fn find(work: &Work<'_>, municipality: &str, id: &str) -> Result<Option<ClientRecord>, SqliteError> {
    work.find(
        "SELECT * FROM clients WHERE municipality = ?1 AND id = ?2 AND registration IS NOT NULL",
        (municipality, id),
        read,
    )
}

fn read(row: &Row<'_>) -> Result<ClientRecord, SqliteError> {
    let registration: String = column(row, TABLE, "registration")?;
    Ok(ClientRecord {
        municipality: column(row, TABLE, "municipality")?,
        registration: serde_json::from_str(&registration).map_err(|_| damaged(TABLE, "registration"))?,
        version: column(row, TABLE, "version")?,
        registered_at: time(row, TABLE, "registered_at")?,
        changed_at: time(row, TABLE, "changed_at")?,
    })
}

fn json_of(registration: &Registration) -> Result<String, SqliteError> {
    serde_json::to_string(registration).map_err(|_| damaged(TABLE, "registration"))
}

const TABLE: &str = "clients";
/// Who is audited when a service registered itself by a token that an operator gave it.
const REGISTERED_ITSELF: &str = "initial access token";
