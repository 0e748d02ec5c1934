//! Signing keys. The orders about a municipality's keys come one after the other, each under the municipality's lock; the
//! index on active keys lets no second one be.

use async_trait::async_trait;
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_storage::{
    AuditKind, KeyChange, NewAudit, NewSigningKey, SealedSecret, SecretPurpose, SigningKeyRecord,
    SigningKeyState, SigningKeys, StorageError,
};

use crate::audit;
use crate::error::PostgresError;
use crate::locks::Lock;
use crate::municipalities::count_up;
use crate::store::PostgresStore;
use crate::transaction::{look, transact};
use crate::work::{Work, column, damaged, integer, seconds, time, time_if_any, unix_time};

#[async_trait]
impl SigningKeys for PostgresStore {
    async fn signing_keys(&self, municipality: &str) -> Result<Vec<SigningKeyRecord>, StorageError> {
        look!(self, |work| all(work, municipality))
    }

    async fn signing_key_or_insert(
        &self,
        municipality: &str,
        if_none: NewSigningKey,
    ) -> Result<Option<SigningKeyRecord>, StorageError> {
        let lock = Lock::signing_keys(municipality);
        transact!(self, &[lock], |work| find_or_insert(work, municipality, &if_none))
    }

    async fn add_signing_key(
        &self,
        municipality: &str,
        new: NewSigningKey,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        let order = Order { municipality, kid: &new.kid, operator };
        transact!(self, &[Lock::signing_keys(municipality)], |work| order.add(work, &new))
    }

    async fn publish_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        let order = Order { municipality, kid, operator };
        transact!(self, &[Lock::signing_keys(municipality)], |work| order.publish(work))
    }

    async fn activate_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        ahead: u64,
        overlap: u64,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        let order = Order { municipality, kid, operator };
        transact!(self, &[Lock::signing_keys(municipality)], |work| order.activate(work, ahead, overlap))
    }

    async fn retire_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        overlap: u64,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        let order = Order { municipality, kid, operator };
        transact!(self, &[Lock::signing_keys(municipality)], |work| order.end(work, overlap))
    }

    async fn revoke_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        successor: Option<NewSigningKey>,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        let order = Order { municipality, kid, operator };
        transact!(self, &[Lock::signing_keys(municipality)], |work| order.revoke(work, successor.as_ref()))
    }
}

/// An operator's order about one key.
#[derive(Clone, Copy)]
struct Order<'a> {
    municipality: &'a str,
    kid: &'a str,
    operator: &'a str,
}

impl Order<'_> {
    async fn add(&self, work: &mut Work, new: &NewSigningKey) -> Result<KeyChange, PostgresError> {
        if let Some(there) = self.find(work).await? {
            return Ok(KeyChange::Conflict(there.state));
        }
        insert(work, self.municipality, new, SigningKeyState::New).await?;
        self.done(work, AuditKind::SigningKeyMade).await
    }

    async fn publish(&self, work: &mut Work) -> Result<KeyChange, PostgresError> {
        let published = self.update(work, "state = 'published', published_at = $3", "state = 'new'").await?;
        if published {
            self.done(work, AuditKind::SigningKeyPublished).await
        } else {
            self.refused(work).await
        }
    }

    async fn activate(&self, work: &mut Work, ahead: u64, overlap: u64) -> Result<KeyChange, PostgresError> {
        let Some(key) = self.find(work).await? else { return Ok(KeyChange::NotFound) };
        let SigningKeyState::Published = key.state else { return Ok(KeyChange::Conflict(key.state)) };
        let active = active(work, self.municipality, key.alg).await?;
        let from = key.published_at.map_or(0, seconds).saturating_add(integer(ahead));
        if active.is_some() && from > work.now {
            let from = unix_time(u64::try_from(from).unwrap_or_default());
            return Ok(KeyChange::TooEarly { from });
        }
        if let Some(active) = active {
            let before = Order { kid: &active.kid, ..*self };
            before.retire(work, overlap).await?;
            before.tell(work, AuditKind::SigningKeyRetired).await?;
        }
        self.update(work, "state = 'active', active_at = $3", "state = 'published'").await?;
        self.done(work, AuditKind::SigningKeyActivated).await
    }

    async fn end(&self, work: &mut Work, overlap: u64) -> Result<KeyChange, PostgresError> {
        let gone = "state = 'retired', ended_at = $3, published_until = $3";
        let unused = self.update(work, gone, "state IN ('new', 'published')").await?;
        if unused || self.retire(work, overlap).await? {
            self.done(work, AuditKind::SigningKeyRetired).await
        } else {
            self.refused(work).await
        }
    }

    async fn revoke(
        &self,
        work: &mut Work,
        successor: Option<&NewSigningKey>,
    ) -> Result<KeyChange, PostgresError> {
        let Some(key) = self.find(work).await? else { return Ok(KeyChange::NotFound) };
        // What the server keeps of the row until it is vacuumed, and in its log, is sealed.
        let change = "state = 'revoked', sealed = NULL, ended_at = $3, published_until = NULL";
        if !self.update(work, change, "state != 'revoked'").await? {
            return self.refused(work).await;
        }
        if let Some(new) = successor.filter(|_| key.state == SigningKeyState::Active) {
            let next = Order { kid: &new.kid, ..*self };
            if next.find(work).await?.is_none() {
                insert(work, self.municipality, new, SigningKeyState::Active).await?;
            } else {
                let change = "state = 'active', published_at = coalesce(published_at, $3), active_at = $3";
                if !next.update(work, change, "state IN ('new', 'published')").await? {
                    return Err(damaged(TABLE, "the successor of a revoked key has ended"));
                }
            }
            next.tell(work, AuditKind::SigningKeyActivated).await?;
        }
        self.done(work, AuditKind::SigningKeyRevoked).await
    }

    async fn find(&self, work: &mut Work) -> Result<Option<SigningKeyRecord>, PostgresError> {
        find(work, self.municipality, self.kid).await
    }

    /// Changes the key if it is there and `only` holds. `$3` is now.
    async fn update(
        &self,
        work: &mut Work,
        change: &'static str,
        only: &'static str,
    ) -> Result<bool, PostgresError> {
        let sql = format!(
            "UPDATE signing_keys SET {change} WHERE municipality = $1 AND kid = $2 AND {only}
               AND (published_until IS NULL OR published_until > $3)"
        );
        let update = sqlx::query(AssertSqlSafe(sql)).bind(self.municipality).bind(self.kid).bind(work.now);
        Ok(work.execute(update).await? == 1)
    }

    /// The active key signs nothing more.
    async fn retire(&self, work: &mut Work, overlap: u64) -> Result<bool, PostgresError> {
        let sql = "UPDATE signing_keys SET state = 'retired', ended_at = $3, published_until = $4
                   WHERE municipality = $1 AND kid = $2 AND state = 'active'";
        let update = sqlx::query(sql).bind(self.municipality).bind(self.kid);
        let update = update.bind(work.now).bind(work.after(overlap));
        Ok(work.execute(update).await? == 1)
    }

    async fn tell(&self, work: &mut Work, kind: AuditKind) -> Result<(), PostgresError> {
        let evidence = json!({ "kid": self.kid, "operator": self.operator }).to_string();
        audit::insert(work, kind, &NewAudit { evidence: Some(&evidence), ..NewAudit::of(self.municipality) })
            .await
    }

    async fn done(&self, work: &mut Work, kind: AuditKind) -> Result<KeyChange, PostgresError> {
        self.tell(work, kind).await?;
        count_up(work).await?;
        Ok(KeyChange::Done)
    }

    async fn refused(&self, work: &mut Work) -> Result<KeyChange, PostgresError> {
        Ok(self.find(work).await?.map_or(KeyChange::NotFound, |key| KeyChange::Conflict(key.state)))
    }
}

async fn find_or_insert(
    work: &mut Work,
    municipality: &str,
    if_none: &NewSigningKey,
) -> Result<Option<SigningKeyRecord>, PostgresError> {
    let there = active(work, municipality, if_none.alg).await?;
    let made = there.is_none() && find(work, municipality, &if_none.kid).await?.is_none();
    if if_none.alg == JwsAlg::Es256 {
        let sql = "DELETE FROM secrets WHERE municipality = $1 AND purpose = $2";
        let purpose = SecretPurpose::SigningKeyEs256.as_str();
        work.execute(sqlx::query(sql).bind(municipality).bind(purpose)).await?;
    }
    if !made {
        return Ok(there);
    }
    insert(work, municipality, if_none, SigningKeyState::Active).await?;
    count_up(work).await?;
    active(work, municipality, if_none.alg).await
}

async fn insert(
    work: &mut Work,
    municipality: &str,
    new: &NewSigningKey,
    state: SigningKeyState,
) -> Result<(), PostgresError> {
    // One that is gone may be imported again before the sweep passed.
    let sql = "DELETE FROM signing_keys
               WHERE municipality = $1 AND kid = $2 AND state = 'retired' AND published_until <= $3";
    work.execute(sqlx::query(sql).bind(municipality).bind(&new.kid).bind(work.now)).await?;
    let active = (state == SigningKeyState::Active).then_some(work.now);
    let sql =
        "INSERT INTO signing_keys (municipality, kid, alg, state, sealed, made_at, published_at, active_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
    let insert = sqlx::query(sql).bind(municipality).bind(&new.kid).bind(new.alg.as_str());
    let insert = insert.bind(state.as_str()).bind(&new.sealed.0).bind(work.now).bind(active);
    work.execute(insert).await.map(drop)
}

async fn all(work: &mut Work, municipality: &str) -> Result<Vec<SigningKeyRecord>, PostgresError> {
    let sql = "SELECT * FROM signing_keys
               WHERE municipality = $1 AND (published_until IS NULL OR published_until > $2) ORDER BY number";
    work.all(sqlx::query(sql).bind(municipality).bind(work.now), read).await
}

async fn find(
    work: &mut Work,
    municipality: &str,
    kid: &str,
) -> Result<Option<SigningKeyRecord>, PostgresError> {
    let sql = "SELECT * FROM signing_keys
               WHERE municipality = $1 AND kid = $2 AND (published_until IS NULL OR published_until > $3)";
    work.find(sqlx::query(sql).bind(municipality).bind(kid).bind(work.now), read).await
}

async fn active(
    work: &mut Work,
    municipality: &str,
    alg: JwsAlg,
) -> Result<Option<SigningKeyRecord>, PostgresError> {
    let sql = "SELECT * FROM signing_keys WHERE municipality = $1 AND alg = $2 AND state = 'active'";
    work.find(sqlx::query(sql).bind(municipality).bind(alg.as_str()), read).await
}

fn read(row: &PgRow) -> Result<SigningKeyRecord, PostgresError> {
    let (alg, state): (&str, &str) = (column(row, TABLE, "alg")?, column(row, TABLE, "state")?);
    Ok(SigningKeyRecord {
        kid: column(row, TABLE, "kid")?,
        alg: JwsAlg::from_name(alg).ok_or_else(|| damaged(TABLE, "alg"))?,
        state: SigningKeyState::from_name(state).ok_or_else(|| damaged(TABLE, "state"))?,
        sealed: column::<Option<_>>(row, TABLE, "sealed")?.map(SealedSecret),
        made_at: time(row, TABLE, "made_at")?,
        published_at: time_if_any(row, TABLE, "published_at")?,
        active_at: time_if_any(row, TABLE, "active_at")?,
        ended_at: time_if_any(row, TABLE, "ended_at")?,
        published_until: time_if_any(row, TABLE, "published_until")?,
    })
}

const TABLE: &str = "signing_keys";
