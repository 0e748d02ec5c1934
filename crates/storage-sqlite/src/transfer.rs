//! Leaving this backend for another one: everything is read under the write lock, so that nobody writes meanwhile, and at the
//! end the file says that it was left.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use madoguchi_storage::{Cell, NUMBER, StorageError, TableDigest, TableHasher, TransferTable};

use crate::error::SqliteError;
use crate::place::Guard;
use crate::work::damaged;
use crate::{check, file, schema};

/// A file that is about to be left.
pub struct SqliteSource {
    connection: Connection,
    _guard: Guard,
}

impl SqliteSource {
    /// Takes a whole database of this version for itself, until it is dropped. One that a gateway or a command has open is
    /// refused.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        file::check_for_reading(path)?;
        Ok(Self::locked(path)?)
    }

    fn locked(path: &Path) -> Result<Self, SqliteError> {
        let guard = Guard::alone(path)?;
        check::whole(path)?;
        let connection = file::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self { connection, _guard: guard })
    }

    /// Every table; one that others refer to comes before them.
    pub fn tables(&self) -> Result<Vec<TransferTable>, StorageError> {
        Ok(self.every_table()?)
    }

    fn every_table(&self) -> Result<Vec<TransferTable>, SqliteError> {
        let names: Vec<String> = self.texts(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
             ORDER BY name",
            (),
        )?;
        let mut tables = Vec::with_capacity(names.len());
        let mut left = names;
        while !left.is_empty() {
            let before = left.len();
            let mut later = Vec::new();
            for name in &left {
                let parents =
                    self.texts("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)", (name,))?;
                if parents.iter().any(|parent| parent != name && left.contains(parent)) {
                    later.push(name.clone());
                } else {
                    tables.push(self.table(name)?);
                }
            }
            if later.len() == before {
                return Err(damaged("sqlite_schema", "tables that refer to each other"));
            }
            left = later;
        }
        Ok(tables)
    }

    fn table(&self, name: &str) -> Result<TransferTable, SqliteError> {
        let columns = self.texts("SELECT name FROM pragma_table_info(?1) ORDER BY name", (name,))?;
        let key = self.texts("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk", (name,))?;
        let highest = self.connection.query_row(
            &format!(
                "SELECT max(coalesce((SELECT max(rowid) FROM \"{name}\"), 0),
                            coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0))"
            ),
            (name,),
            |row| row.get(0),
        )?;
        Ok(TransferTable { name: name.to_owned(), columns, key, highest: Some(highest) })
    }

    /// At most `limit` rows after the one of this place, with their places. A column `number` that the table does not have is
    /// the row's place.
    pub fn rows(
        &self,
        table: &str,
        columns: &[String],
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Vec<Cell>)>, StorageError> {
        let sql = format!(
            "SELECT rowid, {} FROM \"{table}\" WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
            self.list(table, columns)?
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(SqliteError::from)?;
        let mut rows = statement.query((after, limit)).map_err(SqliteError::from)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(SqliteError::from)? {
            all.push((row.get(0).map_err(SqliteError::from)?, cells(row, 1, columns.len())?));
        }
        Ok(all)
    }

    /// Of all rows of a table.
    pub fn digest(&self, table: &TransferTable, columns: &[String]) -> Result<TableDigest, StorageError> {
        let sql = format!(
            "SELECT {} FROM \"{}\" ORDER BY {}",
            self.list(&table.name, columns)?,
            table.name,
            quoted(&table.key)
        );
        let mut statement = self.connection.prepare(&sql).map_err(SqliteError::from)?;
        let mut rows = statement.query(()).map_err(SqliteError::from)?;
        let mut hasher = TableHasher::default();
        while let Some(row) = rows.next().map_err(SqliteError::from)? {
            hasher.row(&cells(row, 0, columns.len())?);
        }
        Ok(hasher.finish())
    }

    /// Everything is elsewhere now: no gateway opens this file any more, and whoever has it open all the same is refused.
    pub fn leave(self) -> Result<(), StorageError> {
        let left = || -> Result<(), rusqlite::Error> {
            schema::mark_left(&self.connection)?;
            self.connection.execute_batch("COMMIT")
        };
        Ok(left().map_err(SqliteError::from)?)
    }

    fn list(&self, table: &str, columns: &[String]) -> Result<String, SqliteError> {
        let has = self.texts("SELECT name FROM pragma_table_info(?1)", (table,))?;
        let one = |column: &String| match column.as_str() {
            NUMBER if !has.contains(column) => "rowid".to_owned(),
            _ => format!("\"{column}\""),
        };
        Ok(columns.iter().map(one).collect::<Vec<_>>().join(", "))
    }

    fn texts(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<String>, SqliteError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let texts = statement.query_map(params, |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(texts)
    }
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}

fn cells(row: &Row<'_>, first: usize, count: usize) -> Result<Vec<Cell>, SqliteError> {
    (first..first + count)
        .map(|index| {
            Ok(match row.get_ref(index)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(number) => Cell::Integer(number),
                ValueRef::Text(text) => Cell::Text(
                    String::from_utf8(text.to_vec())
                        .map_err(|_| damaged("a table", "text that is not UTF-8"))?,
                ),
                ValueRef::Blob(octets) => Cell::Octets(octets.to_vec()),
                ValueRef::Real(_) => return Err(damaged("a table", "a number that is not whole")),
            })
        })
        .collect()
}
