//! Initial access tokens of dynamic registration.

use serde_json::json;

use madoguchi_oidc::Profile;
use madoguchi_protocol::Octets;
use madoguchi_storage::{AuditKind, NewAudit, NewRegistrationToken};

use crate::audit;
use crate::error::SqliteError;
use crate::work::{Work, column, damaged};

pub(crate) fn insert(
    work: &Work<'_>,
    municipality: &str,
    token: &NewRegistrationToken,
    operator: &str,
) -> Result<(), SqliteError> {
    work.execute(
        "INSERT INTO registration_tokens (municipality, hash, profile, expires_at) VALUES (?1, ?2, ?3, ?4)",
        (municipality, token.hash.0, token.profile.as_str(), work.after(token.lifetime)),
    )?;
    let evidence = json!({ "operator": operator, "profile": token.profile }).to_string();
    audit::insert(
        work,
        AuditKind::RegistrationTokenMade,
        &NewAudit { evidence: Some(&evidence), ..NewAudit::of(municipality) },
    )
}

pub(crate) fn find(
    work: &Work<'_>,
    municipality: &str,
    hash: Octets<32>,
) -> Result<Option<Profile>, SqliteError> {
    work.find(
        "SELECT profile FROM registration_tokens WHERE municipality = ?1 AND hash = ?2 AND expires_at > ?3",
        (municipality, hash.0, work.now),
        |row| {
            let profile: String = column(row, TABLE, "profile")?;
            Profile::from_name(&profile).ok_or_else(|| damaged(TABLE, "profile"))
        },
    )
}

pub(crate) fn delete(work: &Work<'_>, municipality: &str, hash: Octets<32>) -> Result<(), SqliteError> {
    work.execute(
        "DELETE FROM registration_tokens WHERE municipality = ?1 AND hash = ?2",
        (municipality, hash.0),
    )
    .map(drop)
}

const TABLE: &str = "registration_tokens";
