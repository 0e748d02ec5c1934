//! Orders to link an account to another card. A municipality opens them one after the other, under its lock: no two are
//! about one card.

use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgRow;

use madoguchi_protocol::Octets;
use madoguchi_storage::{
    AccountId, AuditKind, EndedBy, NewAudit, NewRelinkOrder, Operator, RelinkCards, RelinkOpened,
    RelinkOrder, Relinked, Relinks, SessionSelection, StorageError, Users,
};

use crate::error::PostgresError;
use crate::locks::Lock;
use crate::store::PostgresStore;
use crate::transaction::{look, transact};
use crate::work::{Work, column, time};
use crate::{audit, sessions};

#[async_trait]
impl Relinks for PostgresStore {
    async fn open_relink(
        &self,
        municipality: &str,
        order: NewRelinkOrder,
    ) -> Result<RelinkOpened, StorageError> {
        transact!(self, &[Lock::relink_orders(municipality)], |work| open(work, municipality, &order))
    }

    async fn relink_orders(&self, municipality: &str) -> Result<Vec<RelinkOrder>, StorageError> {
        look!(self, |work| waiting(work, municipality))
    }

    async fn confirm_relink(
        &self,
        municipality: &str,
        id: Octets<8>,
        operator: Operator,
        users: Users,
        cards: RelinkCards,
    ) -> Result<Relinked, StorageError> {
        transact!(self, &[], |work| confirm(work, municipality, id, &operator, users, cards))
    }

    async fn withdraw_relink(
        &self,
        municipality: &str,
        id: Octets<8>,
        operator: Operator,
    ) -> Result<bool, StorageError> {
        transact!(self, &[], |work| withdraw(work, municipality, id, &operator))
    }
}

async fn open(
    work: &mut Work,
    municipality: &str,
    new: &NewRelinkOrder,
) -> Result<RelinkOpened, PostgresError> {
    if new.cards.old == new.cards.new {
        return Ok(RelinkOpened::OneCard);
    }
    if account(work, municipality, new.cards.old).await?.is_none() {
        return Ok(RelinkOpened::NoAccount);
    }
    // What is over makes room.
    let over = sqlx::query("DELETE FROM relink_orders WHERE municipality = $1 AND expires_at <= $2");
    work.execute(over.bind(municipality).bind(work.now)).await?;
    let sql =
        "INSERT INTO relink_orders (municipality, id, old_lookup, new_lookup, opened_by, opened_as, reason, opened_at,
                                    expires_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
         WHERE NOT EXISTS (SELECT 1 FROM relink_orders WHERE municipality = $1
                             AND (old_lookup IN ($3, $4) OR new_lookup IN ($3, $4)))";
    let insert =
        sqlx::query(sql).bind(municipality).bind(new.id.0).bind(new.cards.old.0).bind(new.cards.new.0);
    let insert = insert.bind(&new.operator.name).bind(&new.operator.user).bind(&new.reason);
    let insert = insert.bind(work.now).bind(work.after(new.lifetime));
    if work.execute(insert).await? == 0 {
        return Ok(RelinkOpened::OpenAlready);
    }
    let order =
        json!({ "order": new.id.to_hex(), "opened_by": new.operator.to_string(), "reason": new.reason });
    let order = order.to_string();
    audit::insert(
        work,
        AuditKind::RelinkOpened,
        &NewAudit { evidence: Some(&order), ..NewAudit::of(municipality) },
    )
    .await?;
    Ok(RelinkOpened::Done)
}

async fn waiting(work: &mut Work, municipality: &str) -> Result<Vec<RelinkOrder>, PostgresError> {
    let sql =
        "SELECT * FROM relink_orders WHERE municipality = $1 AND expires_at > $2 ORDER BY opened_at, id";
    work.all(sqlx::query(sql).bind(municipality).bind(work.now), |row| {
        Ok(RelinkOrder {
            id: Octets(column(row, TABLE, "id")?),
            opened_by: operator_of(row)?,
            reason: column(row, TABLE, "reason")?,
            opened_at: time(row, TABLE, "opened_at")?,
            expires_at: time(row, TABLE, "expires_at")?,
        })
    })
    .await
}

async fn withdraw(
    work: &mut Work,
    municipality: &str,
    id: Octets<8>,
    operator: &Operator,
) -> Result<bool, PostgresError> {
    let sql = "DELETE FROM relink_orders WHERE municipality = $1 AND id = $2 AND expires_at > $3";
    let gone = work.execute(sqlx::query(sql).bind(municipality).bind(id.0).bind(work.now)).await?;
    if gone == 1 {
        let order = json!({ "order": id.to_hex(), "withdrawn_by": operator.to_string() }).to_string();
        audit::insert(
            work,
            AuditKind::RelinkWithdrawn,
            &NewAudit { evidence: Some(&order), ..NewAudit::of(municipality) },
        )
        .await?;
    }
    Ok(gone == 1)
}

async fn confirm(
    work: &mut Work,
    municipality: &str,
    id: Octets<8>,
    operator: &Operator,
    users: Users,
    cards: RelinkCards,
) -> Result<Relinked, PostgresError> {
    // Held: of two that end it one finds it.
    let sql = "SELECT * FROM relink_orders WHERE municipality = $1 AND id = $2 AND expires_at > $3
               FOR NO KEY UPDATE";
    let order = work.find(sqlx::query(sql).bind(municipality).bind(id.0).bind(work.now), |row| {
        let cards = RelinkCards {
            old: Octets(column(row, TABLE, "old_lookup")?),
            new: Octets(column(row, TABLE, "new_lookup")?),
        };
        Ok((cards, operator_of(row)?, column::<String>(row, TABLE, "reason")?))
    });
    let Some((ordered, opened_by, reason)) = order.await? else { return Ok(Relinked::NotFound) };
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
    let gone = sqlx::query("DELETE FROM relink_orders WHERE municipality = $1 AND id = $2");
    work.execute(gone.bind(municipality).bind(id.0)).await?;
    let Some((sessions, merged)) = move_account(work, municipality, id, cards).await? else {
        // It may have gone since the order was opened, through another order.
        return Ok(Relinked::NotFound);
    };
    let done = json!({
        "order": id.to_hex(),
        "opened_by": opened_by.to_string(),
        "confirmed_by": operator.to_string(),
        "reason": reason,
        "sessions_ended": sessions,
        "merged": merged,
    });
    let done = done.to_string();
    audit::insert(
        work,
        AuditKind::AccountRelinked,
        &NewAudit { evidence: Some(&done), ..NewAudit::of(municipality) },
    )
    .await?;
    Ok(Relinked::Done { sessions, merged })
}

/// Gives the account of the old card the new one. Answers how many sessions ended, and whether the new card had an account.
async fn move_account(
    work: &mut Work,
    municipality: &str,
    order: Octets<8>,
    cards: RelinkCards,
) -> Result<Option<(u64, bool)>, PostgresError> {
    // From here on no sign-in with the old card completes, and those that did are seen below.
    let Some(kept) = hold_account(work, municipality, cards.old).await? else { return Ok(None) };
    // Nor one with the new card: where it has no account yet, one stands in its place, and a sign-in that would make one
    // waits. An account id is longer than the order's: it is nobody's.
    let sql = "INSERT INTO accounts (municipality, lookup, id, created_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (municipality, lookup) DO NOTHING";
    let stand_in = sqlx::query(sql).bind(municipality).bind(cards.new.0).bind(order.0).bind(work.now);
    let merged = if work.execute(stand_in).await? == 0 {
        hold_account(work, municipality, cards.new).await?
    } else {
        None
    };
    let mut ended = 0;
    for account in [Some(kept), merged].into_iter().flatten() {
        let selection = SessionSelection::Account(account);
        ended += sessions::end_selected(work, municipality, selection, EndedBy::Relink).await?;
    }
    if let Some(merged) = merged {
        // Sessions that ran out and were not swept yet still name it.
        let over = sqlx::query("DELETE FROM sessions WHERE municipality = $1 AND account = $2");
        work.execute(over.bind(municipality).bind(merged.0.0)).await?;
    }
    let gone = sqlx::query("DELETE FROM accounts WHERE municipality = $1 AND lookup = $2");
    work.execute(gone.bind(municipality).bind(cards.new.0)).await?;
    let sql = "UPDATE accounts SET lookup = $1, relinked_at = $2 WHERE municipality = $3 AND id = $4";
    let moved = sqlx::query(sql).bind(cards.new.0).bind(work.now).bind(municipality).bind(kept.0.0);
    work.execute(moved).await?;
    let sql = "INSERT INTO moved_cards (municipality, lookup, moved_at) VALUES ($1, $2, $3)
               ON CONFLICT (municipality, lookup) DO UPDATE SET moved_at = $3";
    work.execute(sqlx::query(sql).bind(municipality).bind(cards.old.0).bind(work.now)).await?;
    // It has an account again.
    let back = sqlx::query("DELETE FROM moved_cards WHERE municipality = $1 AND lookup = $2");
    work.execute(back.bind(municipality).bind(cards.new.0)).await?;
    Ok(Some((ended, merged.is_some())))
}

/// The account of a card, held against every sign-in with it.
async fn hold_account(
    work: &mut Work,
    municipality: &str,
    lookup: Octets<32>,
) -> Result<Option<AccountId>, PostgresError> {
    let sql = "SELECT id FROM accounts WHERE municipality = $1 AND lookup = $2 FOR UPDATE";
    let account = sqlx::query(sql).bind(municipality).bind(lookup.0);
    work.find(account, |row| column(row, "accounts", "id").map(|id| AccountId(Octets(id)))).await
}

async fn account(
    work: &mut Work,
    municipality: &str,
    lookup: Octets<32>,
) -> Result<Option<AccountId>, PostgresError> {
    let sql = "SELECT id FROM accounts WHERE municipality = $1 AND lookup = $2";
    let account = sqlx::query(sql).bind(municipality).bind(lookup.0);
    work.find(account, |row| column(row, "accounts", "id").map(|id| AccountId(Octets(id)))).await
}

fn operator_of(row: &PgRow) -> Result<Operator, PostgresError> {
    Ok(Operator { name: column(row, TABLE, "opened_by")?, user: column(row, TABLE, "opened_as")? })
}

const TABLE: &str = "relink_orders";
