//! Initial access tokens of dynamic registration.

use serde_json::json;

use madoguchi_oidc::Profile;
use madoguchi_protocol::Octets;
use madoguchi_storage::{AuditKind, NewRegistrationToken};

use crate::audit;
use crate::error::PostgresError;
use crate::work::{Work, column, damaged};

pub(crate) async fn insert(
    work: &mut Work,
    municipality: &str,
    token: &NewRegistrationToken,
    operator: &str,
) -> Result<(), PostgresError> {
    let sql =
        "INSERT INTO registration_tokens (municipality, hash, profile, expires_at) VALUES ($1, $2, $3, $4)";
    let insert = sqlx::query(sql).bind(municipality).bind(token.hash.0).bind(token.profile.as_str());
    let insert = insert.bind(work.after(token.lifetime));
    work.execute(insert).await?;
    let evidence = json!({ "operator": operator, "profile": token.profile }).to_string();
    let kind = AuditKind::RegistrationTokenMade;
    audit::insert(work, kind, municipality, None, None, None, Some(&evidence)).await
}

pub(crate) async fn find(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<Profile>, PostgresError> {
    let sql =
        "SELECT profile FROM registration_tokens WHERE municipality = $1 AND hash = $2 AND expires_at > $3";
    work.find(sqlx::query(sql).bind(municipality).bind(hash.0).bind(work.now), |row| {
        let profile: &str = column(row, TABLE, "profile")?;
        Profile::from_name(profile).ok_or_else(|| damaged(TABLE, "profile"))
    })
    .await
}

/// Takes hold of a token that is neither used nor over. Whoever comes at the same time waits for the end of this
/// transaction.
pub(crate) async fn hold(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<bool, PostgresError> {
    let sql = "SELECT 1 FROM registration_tokens WHERE municipality = $1 AND hash = $2 AND expires_at > $3
               FOR NO KEY UPDATE";
    let held = work.find(sqlx::query(sql).bind(municipality).bind(hash.0).bind(work.now), |_| Ok(())).await?;
    Ok(held.is_some())
}

/// Uses a token up.
pub(crate) async fn delete(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<(), PostgresError> {
    let sql = "DELETE FROM registration_tokens WHERE municipality = $1 AND hash = $2";
    work.execute(sqlx::query(sql).bind(municipality).bind(hash.0)).await.map(drop)
}

const TABLE: &str = "registration_tokens";
