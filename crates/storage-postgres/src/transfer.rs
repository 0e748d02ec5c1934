//! Moving to this backend from another one: rows come in batches, each durable with the place that it ended at, so that a
//! move that was interrupted goes on. Until it is finished no gateway opens the database.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _};

use madoguchi_storage::{Cell, NUMBER, StorageError, TableDigest, TableHasher, TransferTable};

use crate::error::PostgresError;
use crate::locks::Lock;
use crate::options::PostgresOptions;
use crate::{connection, schema};

/// A database that is being filled.
pub struct PostgresTarget {
    connection: PgConnection,
    tables: BTreeMap<String, Vec<Column>>,
}

#[derive(Debug)]
struct Column {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    BigInt,
    Boolean,
    Bytea,
    Integer,
    Text,
}

impl PostgresTarget {
    /// Makes the schema in an empty database, or goes on with a move that was begun. `start_over` forgets what that one
    /// brought. A database that gateways use is refused.
    pub async fn begin(options: &PostgresOptions, start_over: bool) -> Result<Self, StorageError> {
        let mut connection = connection::connect(options).await?.connection;
        let begun =
            in_transaction(&mut connection, async |connection| prepare(connection, start_over).await).await;
        begun?;
        let tables = columns(&mut connection).await?;
        Ok(Self { connection, tables })
    }

    /// The columns in which rows of this table travel. Both sides must have the same, but for the numbers of rows.
    pub fn columns(&self, table: &TransferTable) -> Result<Vec<String>, StorageError> {
        let ours: Vec<&str> = self.shape(&table.name)?.iter().map(|column| &*column.name).collect();
        let theirs: Vec<&str> = table.columns.iter().map(|name| &**name).collect();
        let same = ours.iter().all(|name| theirs.contains(name) || *name == NUMBER)
            && theirs.iter().all(|name| ours.contains(name));
        if same {
            Ok(ours.into_iter().map(str::to_owned).collect())
        } else {
            Err(refused(format!("table {}: columns {ours:?} here, {theirs:?} there", table.name)).into())
        }
    }

    /// Refuses when one side has a table that the other one has not.
    pub fn require_same(&self, tables: &[TransferTable]) -> Result<(), StorageError> {
        let mut theirs: Vec<&str> = tables.iter().map(|table| &*table.name).collect();
        theirs.sort_unstable();
        let ours: Vec<&str> = self.tables.keys().map(|name| &**name).collect();
        if ours == theirs {
            Ok(())
        } else {
            Err(refused(format!("tables {ours:?} here, {theirs:?} there")).into())
        }
    }

    /// Where the last batch of a table ended.
    pub async fn place(&mut self, table: &str) -> Result<i64, StorageError> {
        let place: Result<Option<i64>, sqlx::Error> =
            sqlx::query_scalar("SELECT place FROM madoguchi_transfer WHERE table_name = $1")
                .persistent(false)
                .bind(table)
                .fetch_optional(&mut self.connection)
                .await;
        Ok(place.map_err(PostgresError::from)?.unwrap_or(0))
    }

    /// Stores rows, and that they came from between these places.
    pub async fn insert(
        &mut self,
        table: &str,
        rows: &[(i64, Vec<Cell>)],
        after: i64,
    ) -> Result<(), StorageError> {
        let Some((place, _)) = rows.last() else { return Ok(()) };
        let shape = self.tables.get(table).ok_or_else(|| refused(format!("no table {table}")))?;
        let names: Vec<_> = shape.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let tuple = |row: usize| {
            let first = row * shape.len() + 1;
            let marks: Vec<_> = (first..first + shape.len()).map(|number| format!("${number}")).collect();
            format!("({})", marks.join(", "))
        };
        let tuples: Vec<_> = (0..rows.len()).map(tuple).collect();
        let sql = format!("INSERT INTO \"{table}\" ({}) VALUES {}", names.join(", "), tuples.join(", "));
        in_transaction(&mut self.connection, async |connection| {
            // Of two moves at once the second one finds another place than it went on from.
            let moved = sqlx::query(
                "INSERT INTO madoguchi_transfer (table_name, place) VALUES ($1, $3)
                 ON CONFLICT (table_name) DO UPDATE SET place = excluded.place
                 WHERE madoguchi_transfer.place = $2",
            )
            .persistent(false)
            .bind(table)
            .bind(after)
            .bind(place)
            .execute(&mut *connection)
            .await?;
            if moved.rows_affected() != 1 {
                return Err(refused("another move to this database runs".to_owned()));
            }
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
            for (row, cells) in rows {
                for (cell, column) in cells.iter().zip(shape) {
                    if matches!(cell, Cell::Text(text) if text.contains('\0')) {
                        let place = format!("table {table}, row {row}, column {}", column.name);
                        return Err(refused(format!("{place}: a NUL, which PostgreSQL keeps in no text")));
                    }
                    query = bind(query, cell, column.kind).ok_or_else(|| {
                        refused(format!("table {table}, column {}: another type", column.name))
                    })?;
                }
            }
            query.execute(&mut *connection).await?;
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Of all rows of a table.
    pub async fn digest(&mut self, table: &TransferTable) -> Result<TableDigest, StorageError> {
        let shape =
            self.tables.get(&table.name).ok_or_else(|| refused(format!("no table {}", table.name)))?;
        let quoted = |name: &String| format!("\"{name}\"");
        let names: Vec<_> = shape.iter().map(|column| quoted(&column.name)).collect();
        let key: Vec<_> = table.key.iter().map(quoted).collect();
        let declared = format!(
            "DECLARE madoguchi_rows NO SCROLL CURSOR FOR SELECT {} FROM \"{}\" ORDER BY {}",
            names.join(", "),
            table.name,
            key.join(", ")
        );
        let hashed = in_transaction(&mut self.connection, async |connection| {
            sqlx::raw_sql(AssertSqlSafe(declared)).execute(&mut *connection).await?;
            let mut hasher = TableHasher::default();
            loop {
                let fetched = sqlx::query("FETCH 1000 FROM madoguchi_rows").persistent(false);
                let rows = fetched.fetch_all(&mut *connection).await?;
                if rows.is_empty() {
                    return Ok(hasher.finish());
                }
                for row in &rows {
                    let cells: Result<Vec<_>, sqlx::Error> = shape
                        .iter()
                        .enumerate()
                        .map(|(index, column)| read(row, index, column.kind))
                        .collect();
                    hasher.row(&cells?);
                }
            }
        });
        Ok(hashed.await?)
    }

    /// Everything is here and was compared: numbers go on where they were, and gateways may open the database.
    pub async fn finish(mut self, tables: &[TransferTable]) -> Result<(), StorageError> {
        let shapes = &self.tables;
        let numbered = tables.iter().filter(|table| {
            shapes.get(&table.name).is_some_and(|shape| shape.iter().any(|column| column.name == NUMBER))
        });
        let mut sql = String::new();
        for table in numbered {
            let (name, next) = (&table.name, table.highest.unwrap_or(0).saturating_add(1));
            // Writing into a string does not fail.
            let _ = write!(
                sql,
                "SELECT setval(pg_get_serial_sequence('\"{name}\"', '{NUMBER}'), {next}, false);"
            );
        }
        sql.push_str("DROP TABLE madoguchi_transfer; ANALYZE;");
        let finished = in_transaction(&mut self.connection, async |connection| {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?;
            Ok(())
        });
        Ok(finished.await?)
    }

    fn shape(&self, table: &str) -> Result<&[Column], PostgresError> {
        self.tables.get(table).map(Vec::as_slice).ok_or_else(|| refused(format!("no table {table}")))
    }
}

async fn prepare(connection: &mut PgConnection, start_over: bool) -> Result<(), PostgresError> {
    let lock = format!("SELECT pg_advisory_xact_lock({})", Lock::schema().number());
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *connection).await?;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()")
            .persistent(false)
            .fetch_all(&mut *connection)
            .await?;
    let begun = tables.iter().any(|table| table == "madoguchi_transfer");
    if !begun {
        if !tables.is_empty() {
            return Err(refused("the database is not empty: make a new one for the move".to_owned()));
        }
        schema::make(&mut *connection).await?;
        let note = "CREATE TABLE madoguchi_transfer (table_name text PRIMARY KEY, place bigint NOT NULL)";
        sqlx::raw_sql(note).execute(&mut *connection).await?;
    }
    if !begun || start_over {
        let all = columns(&mut *connection).await?;
        let names: Vec<_> = all.keys().map(|name| format!("\"{name}\"")).collect();
        let empty = format!("TRUNCATE madoguchi_transfer, {}", names.join(", "));
        sqlx::raw_sql(AssertSqlSafe(empty)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Every table but those that say how the schema stands, with its columns by name.
async fn columns(connection: &mut PgConnection) -> Result<BTreeMap<String, Vec<Column>>, PostgresError> {
    let rows = sqlx::query(
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name NOT LIKE 'madoguchi\\_%'",
    )
    .persistent(false)
    .fetch_all(connection)
    .await?;
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in &rows {
        let (table, name, kind): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let kind = match kind.as_str() {
            "bigint" => Kind::BigInt,
            "boolean" => Kind::Boolean,
            "bytea" => Kind::Bytea,
            "integer" => Kind::Integer,
            "text" => Kind::Text,
            other => return Err(refused(format!("table {table}, column {name}: type {other}"))),
        };
        tables.entry(table).or_default().push(Column { name, kind });
    }
    // By octets, as the other side orders them, whatever the locale here.
    for columns in tables.values_mut() {
        columns.sort_by(|one, other| one.name.cmp(&other.name));
    }
    Ok(tables)
}

async fn in_transaction<T>(
    connection: &mut PgConnection,
    run: impl AsyncFnOnce(&mut PgConnection) -> Result<T, PostgresError>,
) -> Result<T, PostgresError> {
    // It takes the time it needs.
    let begin = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL synchronous_commit = on";
    sqlx::raw_sql(begin).execute(&mut *connection).await?;
    let ran = run(&mut *connection).await;
    let end = if ran.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = sqlx::raw_sql(end).execute(&mut *connection).await;
    let answer = ran?;
    ended?;
    Ok(answer)
}

fn bind<'q>(
    query: Query<'q, Postgres, PgArguments>,
    cell: &Cell,
    kind: Kind,
) -> Option<Query<'q, Postgres, PgArguments>> {
    Some(match (kind, cell) {
        (Kind::BigInt, Cell::Integer(number)) => query.bind(*number),
        (Kind::BigInt, Cell::Null) => query.bind(None::<i64>),
        (Kind::Boolean, Cell::Integer(truth @ (0 | 1))) => query.bind(*truth == 1),
        (Kind::Boolean, Cell::Null) => query.bind(None::<bool>),
        (Kind::Bytea, Cell::Octets(octets)) => query.bind(octets.clone()),
        (Kind::Bytea, Cell::Null) => query.bind(None::<Vec<u8>>),
        (Kind::Integer, Cell::Integer(number)) => query.bind(i32::try_from(*number).ok()?),
        (Kind::Integer, Cell::Null) => query.bind(None::<i32>),
        (Kind::Text, Cell::Text(text)) => query.bind(text.clone()),
        (Kind::Text, Cell::Null) => query.bind(None::<String>),
        _ => return None,
    })
}

fn read(row: &sqlx::postgres::PgRow, index: usize, kind: Kind) -> Result<Cell, sqlx::Error> {
    Ok(match kind {
        Kind::BigInt => row.try_get::<Option<i64>, _>(index)?.map(Cell::Integer),
        Kind::Boolean => row.try_get::<Option<bool>, _>(index)?.map(|truth| Cell::Integer(truth.into())),
        Kind::Bytea => row.try_get::<Option<Vec<u8>>, _>(index)?.map(Cell::Octets),
        Kind::Integer => row.try_get::<Option<i32>, _>(index)?.map(|number| Cell::Integer(number.into())),
        Kind::Text => row.try_get::<Option<String>, _>(index)?.map(Cell::Text),
    }
    .unwrap_or(Cell::Null))
}

fn refused(message: String) -> PostgresError {
    PostgresError::Transfer(message)
}
