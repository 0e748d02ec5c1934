//! A row that is read from its first column to its last, as a statement lists them. For wide rows that are read often:
//! finding each column by its name looks at all the names before it.

use rusqlite::{Row, types::FromSql};
use rustls_pki_types::UnixTime;

use crate::error::SqliteError;
use crate::work::{damaged, unix_time};

pub(crate) struct Cells<'r> {
    row: &'r Row<'r>,
    table: &'static str,
    next: usize,
}

impl<'r> Cells<'r> {
    pub(crate) fn new(row: &'r Row<'r>, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    /// The next column, which has this name. What does not read back is damage, told without its value.
    pub(crate) fn take<T: FromSql>(&mut self, name: &str) -> Result<T, SqliteError> {
        let place = self.place(name);
        self.row.get(place).map_err(|_| damaged(self.table, name))
    }

    pub(crate) fn take_str(&mut self, name: &str) -> Result<&'r str, SqliteError> {
        self.take_optional_str(name)?.ok_or_else(|| damaged(self.table, name))
    }

    pub(crate) fn take_optional_str(&mut self, name: &str) -> Result<Option<&'r str>, SqliteError> {
        let place = self.place(name);
        let text = self.row.get_ref(place).ok().and_then(|value| value.as_str_or_null().ok());
        text.ok_or_else(|| damaged(self.table, name))
    }

    /// A column of seconds.
    pub(crate) fn take_time(&mut self, name: &str) -> Result<UnixTime, SqliteError> {
        self.take(name).map(unix_time)
    }

    /// Leaves columns out.
    pub(crate) fn skip(&mut self, columns: usize) {
        self.next += columns;
    }

    fn place(&mut self, name: &str) -> usize {
        let place = self.next;
        debug_assert_eq!(
            self.row.as_ref().column_name(place).ok(),
            Some(name),
            "the columns as they are listed"
        );
        self.next += 1;
        place
    }
}
