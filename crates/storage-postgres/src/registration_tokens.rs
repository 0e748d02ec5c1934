//! Initial access tokens of dynamic registration.

use serde_json::json;

use madoguchi_oidc::Profile;
use madoguchi_protocol::Octets;
use madoguchi_storage::{AuditKind, NewAudit, NewRegistrationToken};

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
    audit::insert(work, kind, &NewAudit { evidence: Some(&evidence), ..NewAudit::of(municipality) }).await
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

/// A token that was used up.
pub(crate) struct Used {
    profile: String,
    expires_at: i64,
}

/// Uses up a token that is neither used nor over. Whoever comes at the same time waits for the end of this transaction.
pub(crate) async fn use_up(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<Used>, PostgresError> {
    let sql = "DELETE FROM registration_tokens WHERE municipality = $1 AND hash = $2 AND expires_at > $3
               RETURNING profile, expires_at";
    work.find(sqlx::query(sql).bind(municipality).bind(hash.0).bind(work.now), |row| {
        Ok(Used { profile: column(row, TABLE, "profile")?, expires_at: column(row, TABLE, "expires_at")? })
    })
    .await
}

/// Gives it back: nothing was registered by it.
pub(crate) async fn give_back(
    work: &mut Work,
    municipality: &str,
    hash: Octets<32>,
    used: &Used,
) -> Result<(), PostgresError> {
    let sql =
        "INSERT INTO registration_tokens (municipality, hash, profile, expires_at) VALUES ($1, $2, $3, $4)";
    let insert = sqlx::query(sql).bind(municipality).bind(hash.0).bind(&used.profile).bind(used.expires_at);
    work.execute(insert).await.map(drop)
}

const TABLE: &str = "registration_tokens";
