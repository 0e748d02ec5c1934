//! Orders to link an account to another card.

use async_trait::async_trait;
use rusqlite::{Row, named_params};
use serde_json::json;

use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccountId, AuditKind, EndedBy, NewAudit, NewRelinkOrder, Operator, RelinkCards, RelinkOpened,
    RelinkOrder, Relinked, Relinks, SessionSelection, StorageError, Users,
};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, time};
use crate::{audit, sessions};

#[async_trait]
impl Relinks for SqliteStore {
    async fn open_relink(
        &self,
        municipality: &str,
        order: NewRelinkOrder,
    ) -> Result<RelinkOpened, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| open(work, &municipality, &order)).await
    }

    async fn relink_orders(&self, municipality: &str) -> Result<Vec<RelinkOrder>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            work.all(
                "SELECT * FROM relink_orders WHERE municipality = ?1 AND expires_at > ?2 ORDER BY opened_at, rowid",
                (municipality, work.now),
                |row| {
                    Ok(RelinkOrder {
                        id: Octets(column(row, TABLE, "id")?),
                        opened_by: operator_of(row)?,
                        reason: column(row, TABLE, "reason")?,
                        opened_at: time(row, TABLE, "opened_at")?,
                        expires_at: time(row, TABLE, "expires_at")?,
                    })
                },
            )
        })
        .await
    }

    async fn confirm_relink(
        &self,
        municipality: &str,
        id: Octets<8>,
        operator: Operator,
        users: Users,
        cards: RelinkCards,
    ) -> Result<Relinked, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| confirm(work, &municipality, id, &operator, users, cards)).await
    }

    async fn withdraw_relink(
        &self,
        municipality: &str,
        id: Octets<8>,
        operator: Operator,
    ) -> Result<bool, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            let gone = work.execute(
                "DELETE FROM relink_orders WHERE municipality = ?1 AND id = ?2 AND expires_at > ?3",
                (&municipality, id.0, work.now),
            )?;
            if gone == 1 {
                let order = json!({ "order": id.to_hex(), "withdrawn_by": operator.to_string() }).to_string();
                audit::insert(
                    work,
                    AuditKind::RelinkWithdrawn,
                    &NewAudit { evidence: Some(&order), ..NewAudit::of(&municipality) },
                )?;
            }
            Ok(gone == 1)
        })
        .await
    }
}

fn open(work: &Work<'_>, municipality: &str, new: &NewRelinkOrder) -> Result<RelinkOpened, SqliteError> {
    if new.cards.old == new.cards.new {
        return Ok(RelinkOpened::OneCard);
    }
    if account(work, municipality, new.cards.old)?.is_none() {
        return Ok(RelinkOpened::NoAccount);
    }
    // What is over makes room.
    work.execute(
        "DELETE FROM relink_orders WHERE municipality = ?1 AND expires_at <= ?2",
        (municipality, work.now),
    )?;
    let opened = work.execute(
        "INSERT INTO relink_orders (municipality, id, old_lookup, new_lookup, opened_by, opened_as, reason, opened_at,
                                    expires_at)
         SELECT :municipality, :id, :old, :new, :operator, :user, :reason, :now, :expires_at
         WHERE NOT EXISTS (SELECT 1 FROM relink_orders WHERE municipality = :municipality
                           AND (old_lookup IN (:old, :new) OR new_lookup IN (:old, :new)))",
        named_params! {
            ":municipality": municipality,
            ":id": new.id.0,
            ":old": new.cards.old.0,
            ":new": new.cards.new.0,
            ":operator": new.operator.name,
            ":user": new.operator.user,
            ":reason": new.reason,
            ":now": work.now,
            ":expires_at": work.after(new.lifetime),
        },
    )?;
    if opened == 0 {
        return Ok(RelinkOpened::OpenAlready);
    }
    let order =
        json!({ "order": new.id.to_hex(), "opened_by": new.operator.to_string(), "reason": new.reason });
    let order = order.to_string();
    audit::insert(
        work,
        AuditKind::RelinkOpened,
        &NewAudit { evidence: Some(&order), ..NewAudit::of(municipality) },
    )?;
    Ok(RelinkOpened::Done)
}

fn confirm(
    work: &Work<'_>,
    municipality: &str,
    id: Octets<8>,
    operator: &Operator,
    users: Users,
    cards: RelinkCards,
) -> Result<Relinked, SqliteError> {
    let order = work.find(
        "SELECT * FROM relink_orders WHERE municipality = ?1 AND id = ?2 AND expires_at > ?3",
        (municipality, id.0, work.now),
        |row| {
            let cards = RelinkCards {
                old: Octets(column(row, TABLE, "old_lookup")?),
                new: Octets(column(row, TABLE, "new_lookup")?),
            };
            Ok((cards, operator_of(row)?, column::<String>(row, TABLE, "reason")?))
        },
    )?;
    let Some((ordered, opened_by, reason)) = order else { return Ok(Relinked::NotFound) };
    if opened_by.is_same_person(operator) {
        return Ok(Relinked::SameOperator);
    }
    // A name is what somebody typed; the user is who they are.
    if users == Users::Two && opened_by.user == operator.user {
        return Ok(Relinked::SameUser);
    }
    if ordered != cards {
        return Ok(Relinked::OtherCards);
    }
    work.execute("DELETE FROM relink_orders WHERE municipality = ?1 AND id = ?2", (municipality, id.0))?;
    // It may have gone since the order was opened, through another order.
    let Some(kept) = account(work, municipality, cards.old)? else { return Ok(Relinked::NotFound) };
    let merged = account(work, municipality, cards.new)?;
    let mut sessions = 0;
    for account in [Some(kept), merged].into_iter().flatten() {
        let selection = SessionSelection::Account(account);
        sessions += sessions::end_selected(work, municipality, selection, EndedBy::Relink)?;
    }
    if let Some(merged) = merged {
        // Sessions that ran out and were not swept yet still name it.
        work.execute(
            "DELETE FROM sessions WHERE municipality = ?1 AND account = ?2",
            (municipality, merged.0.0),
        )?;
        work.execute("DELETE FROM accounts WHERE municipality = ?1 AND id = ?2", (municipality, merged.0.0))?;
    }
    work.execute(
        "UPDATE accounts SET lookup = ?1, relinked_at = ?2 WHERE municipality = ?3 AND id = ?4",
        (cards.new.0, work.now, municipality, kept.0.0),
    )?;
    work.execute(
        "INSERT INTO moved_cards (municipality, lookup, moved_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (municipality, lookup) DO UPDATE SET moved_at = ?3",
        (municipality, cards.old.0, work.now),
    )?;
    // It has an account again.
    work.execute(
        "DELETE FROM moved_cards WHERE municipality = ?1 AND lookup = ?2",
        (municipality, cards.new.0),
    )?;
    let done = json!({
        "order": id.to_hex(),
        "opened_by": opened_by.to_string(),
        "confirmed_by": operator.to_string(),
        "reason": reason,
        "sessions_ended": sessions,
        "merged": merged.is_some(),
    });
    let done = done.to_string();
    audit::insert(
        work,
        AuditKind::AccountRelinked,
        &NewAudit { evidence: Some(&done), ..NewAudit::of(municipality) },
    )?;
    Ok(Relinked::Done { sessions, merged: merged.is_some() })
}

fn account(
    work: &Work<'_>,
    municipality: &str,
    lookup: Octets<32>,
) -> Result<Option<AccountId>, SqliteError> {
    work.find(
        "SELECT id FROM accounts WHERE municipality = ?1 AND lookup = ?2",
        (municipality, lookup.0),
        |row| column(row, "accounts", "id").map(|id| AccountId(Octets(id))),
    )
}

fn operator_of(row: &Row<'_>) -> Result<Operator, SqliteError> {
    Ok(Operator { name: column(row, TABLE, "opened_by")?, user: column(row, TABLE, "opened_as")? })
}

const TABLE: &str = "relink_orders";
