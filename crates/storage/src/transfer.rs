//! Moving everything from one backend to another: rows as plain values, and a digest of them that both sides can make.
//!
//! It knows no table. A backend that is left tells its tables; one that is moved to has the same tables with the same
//! columns, and may number rows that the other one only keeps in order.

use ring::digest::{Context, SHA256};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A number, or a truth as 0 or 1.
    Integer(i64),
    /// Absent.
    Null,
    /// Octets.
    Octets(Vec<u8>),
    /// Text.
    Text(String),
}

/// A table as the backend that is left has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferTable {
    /// Its name.
    pub name: String,
    /// Its columns, by name.
    pub columns: Vec<String>,
    /// The columns that no two rows have the same of, in order.
    pub key: Vec<String>,
    /// The highest number that was ever given, where rows are numbered.
    pub highest: Option<i64>,
}

/// The column that numbers rows.
pub const NUMBER: &str = "number";

/// How many rows, and SHA-256 over all of them in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDigest {
    /// How many.
    pub rows: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// Makes a [`TableDigest`].
pub struct TableHasher {
    rows: u64,
    context: Context,
}

impl Default for TableHasher {
    fn default() -> Self {
        Self { rows: 0, context: Context::new(&SHA256) }
    }
}

impl TableHasher {
    /// The next row, its cells in the order of the columns.
    pub fn row(&mut self, cells: &[Cell]) {
        self.rows += 1;
        for cell in cells {
            match cell {
                Cell::Integer(number) => {
                    self.context.update(b"i");
                    self.context.update(&number.to_be_bytes());
                }
                Cell::Null => self.context.update(b"n"),
                Cell::Octets(octets) => self.sized(b"o", octets),
                Cell::Text(text) => self.sized(b"t", text.as_bytes()),
            }
        }
    }

    fn sized(&mut self, kind: &[u8], octets: &[u8]) {
        self.context.update(kind);
        self.context.update(&u64::try_from(octets.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.context.update(octets);
    }

    /// After the last row.
    pub fn finish(self) -> TableDigest {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.context.finish().as_ref());
        TableDigest { rows: self.rows, sha256 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(rows: &[&[Cell]]) -> TableDigest {
        let mut hasher = TableHasher::default();
        for row in rows {
            hasher.row(row);
        }
        hasher.finish()
    }

    #[test]
    fn whatever_differs_has_another_digest() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let rows: &[&[&[Cell]]] = &[
            &[],
            &[&[Cell::Null]],
            &[&[Cell::Integer(0)]],
            &[&[Cell::Integer(1)]],
            &[&[Cell::Octets(Vec::new())]],
            &[&[text("")]],
            &[&[text("ab"), text("c")]],
            &[&[text("a"), text("bc")]],
            &[&[text("a")], &[text("bc")]],
            &[&[Cell::Octets(b"a".to_vec()), text("bc")]],
            &[&[text("bc"), text("a")]],
        ];
        let all: Vec<_> = rows.iter().map(|rows| digest(rows)).collect();
        for (number, one) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other == one), Some(number), "{:?}", rows[number]);
        }
    }
}
