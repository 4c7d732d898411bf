//! A text and its values.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, FromRow, SqlSafeStr as _, SqlStr};

/// A value of a statement. `None` is NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An integer; a truth value is 0 or 1.
    Int(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<Option<Vec<u8>>> for Value {
    fn from(value: Option<Vec<u8>>) -> Self {
        Self::Bytes(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(Some(value))
    }
}

/// A text with `$1, $2, …` and its values.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(super) text: SqlStr,
    /// True when the connection keeps it prepared: the same text comes again.
    pub(super) kept: bool,
    pub(super) values: Vec<Value>,
}

/// Lists so short come again and again, so their texts are kept prepared.
const KEPT_ROWS: usize = 4;

/// A statement of that text; values come by [`Statement::bind`], in order.
#[must_use]
pub fn sql(text: &'static str) -> Statement {
    Statement { text: text.into_sql_str(), kept: true, values: Vec::new() }
}

/// A statement about a list: `LIST` in `text` stands for so many rows of so many values each, as
/// `($1,$2),($3,$4)`. The values come row by row. After `VALUES` the columns are called `column1`,
/// `column2`, … in both databases.
#[must_use]
pub fn sql_of_list(text: &'static str, rows: usize, columns: usize) -> Statement {
    let row = |row: usize| {
        let numbers: Vec<_> = (1..=columns).map(|n| format!("${}", row * columns + n)).collect();
        format!("({})", numbers.join(","))
    };
    let list: Vec<_> = (0..rows).map(row).collect();
    // Nothing but numbers is put into a text of this program.
    let text = AssertSqlSafe(text.replacen("LIST", &list.join(","), 1)).into_sql_str();
    Statement { text, kept: rows <= KEPT_ROWS, values: Vec::with_capacity(rows * columns) }
}

impl Statement {
    /// Binds the next value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(super) fn for_sqlite(self) -> Result<SqliteArguments, sqlx::Error> {
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            let added = match value {
                Value::Int(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
            };
            added.map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }

    pub(super) fn for_postgres(self) -> Result<PgArguments, sqlx::Error> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            let added = match value {
                Value::Int(value) => arguments.add(value),
                // PostgreSQL keeps no text with a NUL, so such a text equals nothing that is stored,
                // and neither does NULL. Strangers may send one; that is no fault of the database.
                Value::Text(value) => arguments.add(value.filter(|text| !text.contains('\0'))),
                Value::Bytes(value) => arguments.add(value),
            };
            added.map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}

/// What a row can be read as, from either database. Tuples of `i64`, `bool` (of `EXISTS` only),
/// `String`, `Vec<u8>` and options of them are.
pub trait Shape:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

impl<T> Shape for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

/// What a row can be read as inside a transaction, where SQLite's writer may be who reads. The same
/// tuples are.
pub trait WriterShape:
    Shape + for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error>
{
}

impl<T> WriterShape for T where
    T: Shape + for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error>
{
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_numbered_row_by_row() {
        let statement = sql_of_list("SELECT 1 FROM (VALUES LIST) AS v", 2, 3);
        let text = "SELECT 1 FROM (VALUES ($1,$2,$3),($4,$5,$6)) AS v";
        assert_eq!(statement.text.as_str(), text);
        assert!(statement.kept && !sql_of_list("LIST", KEPT_ROWS + 1, 1).kept);
    }

    #[test]
    fn a_text_with_a_nul_is_null_for_postgres_and_itself_for_sqlite() {
        use sqlx::Arguments as _;
        let statement = sql("SELECT $1").bind("a\0b");
        let bytes = |arguments: PgArguments| format!("{arguments:?}");
        let null = sql("SELECT $1").bind(Value::Text(None)).for_postgres().expect("encodes");
        assert_eq!(statement.clone().for_postgres().map(bytes).ok(), Some(bytes(null)));
        assert_eq!(statement.for_sqlite().expect("encodes").len(), 1);
    }
}
