//! Signing keys: every order is one conditional UPDATE, and the index on active keys lets no second one be.

use async_trait::async_trait;
use rusqlite::{Row, named_params};
use serde_json::json;

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_storage::{
    AuditKind, KeyChange, NewAudit, NewSigningKey, SealedSecret, SecretPurpose, SigningKeyRecord,
    SigningKeyState, SigningKeys, StorageError,
};

use crate::audit;
use crate::error::SqliteError;
use crate::municipalities::count_up;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, integer, seconds, time, unix_time};

#[async_trait]
impl SigningKeys for SqliteStore {
    async fn signing_keys(&self, municipality: &str) -> Result<Vec<SigningKeyRecord>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            work.all(
                &format!(
                    "SELECT * FROM signing_keys WHERE municipality = ?1 AND {STILL_THERE} ORDER BY number"
                ),
                (municipality, work.now),
                read,
            )
        })
        .await
    }

    async fn signing_key_or_insert(
        &self,
        municipality: &str,
        if_none: NewSigningKey,
    ) -> Result<Option<SigningKeyRecord>, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            let active = active(work, &municipality, if_none.alg)?;
            if active.is_none() && find(work, &municipality, &if_none.kid)?.is_none() {
                insert(work, &municipality, &if_none, SigningKeyState::Active)?;
                count_up(work)?;
            }
            if if_none.alg == JwsAlg::Es256 {
                work.execute(
                    "DELETE FROM secrets WHERE municipality = ?1 AND purpose = ?2",
                    (&municipality, SecretPurpose::SigningKeyEs256.as_str()),
                )?;
            }
            self::active(work, &municipality, if_none.alg)
        })
        .await
    }

    async fn add_signing_key(
        &self,
        municipality: &str,
        new: NewSigningKey,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        self.order(municipality, new.kid.clone(), operator, move |order| {
            if let Some(there) = order.find()? {
                return Ok(KeyChange::Conflict(there.state));
            }
            insert(order.work, order.municipality, &new, SigningKeyState::New)?;
            order.done(AuditKind::SigningKeyMade)
        })
        .await
    }

    async fn publish_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        self.order(municipality, kid.to_owned(), operator, |order| {
            let published = order.update("state = 'published', published_at = ?3", "state = 'new'")?;
            if published { order.done(AuditKind::SigningKeyPublished) } else { order.refused() }
        })
        .await
    }

    async fn activate_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        ahead: u64,
        overlap: u64,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        self.order(municipality, kid.to_owned(), operator, move |order| {
            let Some(key) = order.find()? else { return Ok(KeyChange::NotFound) };
            let SigningKeyState::Published = key.state else { return Ok(KeyChange::Conflict(key.state)) };
            let active = active(order.work, order.municipality, key.alg)?;
            let from = key.published_at.map_or(0, seconds).saturating_add(integer(ahead));
            if active.is_some() && from > order.work.now {
                let from = unix_time(u64::try_from(from).unwrap_or_default());
                return Ok(KeyChange::TooEarly { from });
            }
            if let Some(active) = active {
                let before = Order { kid: &active.kid, ..*order };
                before.retire(overlap)?;
                let _ = before.done(AuditKind::SigningKeyRetired)?;
            }
            order.update("state = 'active', active_at = ?3", "state = 'published'")?;
            order.done(AuditKind::SigningKeyActivated)
        })
        .await
    }

    async fn retire_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        overlap: u64,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        self.order(municipality, kid.to_owned(), operator, move |order| {
            let unused = order.update(
                "state = 'retired', ended_at = ?3, published_until = ?3",
                "state IN ('new', 'published')",
            )?;
            if unused || order.retire(overlap)? {
                order.done(AuditKind::SigningKeyRetired)
            } else {
                order.refused()
            }
        })
        .await
    }

    async fn revoke_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        successor: Option<NewSigningKey>,
        operator: &str,
    ) -> Result<KeyChange, StorageError> {
        let revoked = self.order(municipality, kid.to_owned(), operator, move |order| {
            let Some(key) = order.find()? else { return Ok(KeyChange::NotFound) };
            // In its place, before it is let go of.
            order.update("sealed = zeroblob(length(sealed))", "sealed IS NOT NULL")?;
            if !order.update(
                "state = 'revoked', sealed = NULL, ended_at = ?3, published_until = NULL",
                "state != 'revoked'",
            )? {
                return order.refused();
            }
            if let Some(new) = successor.as_ref().filter(|_| key.state == SigningKeyState::Active) {
                let next = Order { kid: &new.kid, ..*order };
                if next.find()?.is_none() {
                    insert(order.work, order.municipality, new, SigningKeyState::Active)?;
                } else {
                    let activated = next.update(
                        "state = 'active', published_at = coalesce(published_at, ?3), active_at = ?3",
                        "state IN ('new', 'published')",
                    )?;
                    if !activated {
                        return Err(damaged(TABLE, "the successor of a revoked key has ended"));
                    }
                }
                let _ = next.done(AuditKind::SigningKeyActivated)?;
            }
            order.done(AuditKind::SigningKeyRevoked)
        });
        let revoked = revoked.await?;
        if revoked == KeyChange::Done {
            self.empty_log().await?;
        }
        Ok(revoked)
    }
}

impl SqliteStore {
    async fn order<F>(
        &self,
        municipality: &str,
        kid: String,
        operator: &str,
        run: F,
    ) -> Result<KeyChange, StorageError>
    where
        F: Fn(&Order<'_>) -> Result<KeyChange, SqliteError> + Send + 'static,
    {
        let (municipality, operator) = (municipality.to_owned(), operator.to_owned());
        self.write(move |work| {
            run(&Order { work, municipality: &municipality, kid: &kid, operator: &operator })
        })
        .await
    }
}

/// An operator's order about one key.
#[derive(Clone, Copy)]
struct Order<'a> {
    work: &'a Work<'a>,
    municipality: &'a str,
    kid: &'a str,
    operator: &'a str,
}

impl Order<'_> {
    fn find(&self) -> Result<Option<SigningKeyRecord>, SqliteError> {
        find(self.work, self.municipality, self.kid)
    }

    /// Changes the key if it is there and `only` holds. `?3` is now.
    fn update(&self, change: &str, only: &str) -> Result<bool, SqliteError> {
        let sql = format!(
            "UPDATE signing_keys SET {change} WHERE municipality = ?1 AND kid = ?2 AND {only}
               AND (published_until IS NULL OR published_until > ?3)"
        );
        Ok(self.work.execute(&sql, (self.municipality, self.kid, self.work.now))? == 1)
    }

    /// The active key signs nothing more.
    fn retire(&self, overlap: u64) -> Result<bool, SqliteError> {
        let changed = self.work.execute(
            "UPDATE signing_keys SET state = 'retired', ended_at = ?3, published_until = ?4
             WHERE municipality = ?1 AND kid = ?2 AND state = 'active'",
            (self.municipality, self.kid, self.work.now, self.work.after(overlap)),
        )?;
        Ok(changed == 1)
    }

    fn done(&self, kind: AuditKind) -> Result<KeyChange, SqliteError> {
        let evidence = json!({ "kid": self.kid, "operator": self.operator }).to_string();
        audit::insert(
            self.work,
            kind,
            &NewAudit { evidence: Some(&evidence), ..NewAudit::of(self.municipality) },
        )?;
        count_up(self.work)?;
        Ok(KeyChange::Done)
    }

    fn refused(&self) -> Result<KeyChange, SqliteError> {
        Ok(self.find()?.map_or(KeyChange::NotFound, |key| KeyChange::Conflict(key.state)))
    }
}

fn insert(
    work: &Work<'_>,
    municipality: &str,
    new: &NewSigningKey,
    state: SigningKeyState,
) -> Result<(), SqliteError> {
    // One that is gone may be imported again before the sweep passed.
    work.execute(
        "DELETE FROM signing_keys WHERE municipality = ?1 AND kid = ?2 AND state = 'retired' AND published_until <= ?3",
        (municipality, &new.kid, work.now),
    )?;
    let active = (state == SigningKeyState::Active).then_some(work.now);
    work.execute(
        "INSERT INTO signing_keys (municipality, kid, alg, state, sealed, made_at, published_at, active_at)
         VALUES (:municipality, :kid, :alg, :state, :sealed, :now, :active, :active)",
        named_params! {
            ":municipality": municipality,
            ":kid": new.kid,
            ":alg": new.alg.as_str(),
            ":state": state.as_str(),
            ":sealed": new.sealed.0,
            ":now": work.now,
            ":active": active,
        },
    )?;
    Ok(())
}

fn find(work: &Work<'_>, municipality: &str, kid: &str) -> Result<Option<SigningKeyRecord>, SqliteError> {
    work.find(
        &format!("SELECT * FROM signing_keys WHERE municipality = ?1 AND kid = ?3 AND {STILL_THERE}"),
        (municipality, work.now, kid),
        read,
    )
}

fn active(work: &Work<'_>, municipality: &str, alg: JwsAlg) -> Result<Option<SigningKeyRecord>, SqliteError> {
    work.find(
        "SELECT * FROM signing_keys WHERE municipality = ?1 AND alg = ?2 AND state = 'active'",
        (municipality, alg.as_str()),
        read,
    )
}

fn read(row: &Row<'_>) -> Result<SigningKeyRecord, SqliteError> {
    let (alg, state): (String, String) = (column(row, TABLE, "alg")?, column(row, TABLE, "state")?);
    let at = |name| column::<Option<u64>>(row, TABLE, name).map(|at| at.map(unix_time));
    Ok(SigningKeyRecord {
        kid: column(row, TABLE, "kid")?,
        alg: JwsAlg::from_name(&alg).ok_or_else(|| damaged(TABLE, "alg"))?,
        state: SigningKeyState::from_name(&state).ok_or_else(|| damaged(TABLE, "state"))?,
        sealed: column::<Option<_>>(row, TABLE, "sealed")?.map(SealedSecret),
        made_at: time(row, TABLE, "made_at")?,
        published_at: at("published_at")?,
        active_at: at("active_at")?,
        ended_at: at("ended_at")?,
        published_until: at("published_until")?,
    })
}

/// `?2` is now.
const STILL_THERE: &str = "(published_until IS NULL OR published_until > ?2)";
const TABLE: &str = "signing_keys";
