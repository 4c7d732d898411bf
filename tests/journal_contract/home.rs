//! A store's place, in either database: opened, closed, copied and changed behind its back.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tiande::journal::{OpenFault, OpenOptions, Store, VerifyOptions, VerifyReport, verify};

use crate::postgres::place;
use crate::server::{Database, connect, is_here};
use crate::sqlite::{Folder, options};

/// A data folder, and a database beside it unless it is in the folder.
pub struct Home {
    folder: Folder,
    pub database: Option<Database>,
}

/// Makes one test of each rule for each store. A rule is an async function of a fresh [`Home`].
macro_rules! on_both {
    ($($rule:ident),+ $(,)?) => {
        $(
            mod $rule {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn in_sqlite() {
                    super::$rule(crate::home::Home::in_sqlite()).await;
                }
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn in_postgres() {
                    if let Some(home) = crate::home::Home::in_postgres().await {
                        super::$rule(home).await;
                    }
                }
            }
        )+
    };
}
pub(crate) use on_both;

impl Home {
    pub fn in_sqlite() -> Self {
        Self { folder: Folder::new(), database: None }
    }

    /// Nothing where there is no PostgreSQL, which says SKIP.
    pub async fn in_postgres() -> Option<Self> {
        match is_here() {
            true => Some(Self { folder: Folder::new(), database: Some(Database::fresh().await) }),
            false => None,
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub async fn try_open(&self, options: OpenOptions) -> Result<Store, OpenFault> {
        Store::open(options, self.database.as_ref().map(|database| place(&database.url))).await
    }

    pub async fn open(&self) -> Store {
        self.try_open(options(self.path())).await.expect("opens")
    }

    pub async fn verify(&self) -> VerifyReport {
        let postgres = self.database.as_ref().map(|database| place(&database.url));
        let options = VerifyOptions { postgres, ..VerifyOptions::of(self.path()) };
        verify(options).await.expect("readable")
    }

    /// The words for the one or for the other database, where they differ.
    pub fn words<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        if self.database.is_some() { postgres } else { sqlite }
    }

    /// A closed store again, as a copy with the same key and the same rows.
    pub async fn twin(&self) -> Self {
        let folder = Folder::new();
        std::fs::create_dir_all(folder.path().join("keys")).expect("made");
        let files: &[&str] = match self.database {
            Some(_) => &["keys/master.key"],
            None => &["keys/master.key", "tiande.sqlite"],
        };
        for file in files {
            std::fs::copy(self.path().join(file), folder.path().join(file)).expect("copied");
        }
        let database = match &self.database {
            Some(database) => Some(database.twin().await),
            None => None,
        };
        Self { folder, database }
    }

    /// Changes rows behind the server's back: at least one.
    pub async fn change(&self, statement: &str) {
        let text = AssertSqlSafe(statement);
        let changed = match &self.database {
            Some(database) => {
                let mut conn = connect(&database.url).await;
                let done = sqlx::raw_sql(text).execute(&mut conn).await.expect(statement);
                conn.close().await.expect("closes");
                done.rows_affected()
            }
            None => {
                let options =
                    SqliteConnectOptions::new().filename(self.path().join("tiande.sqlite"));
                let mut conn = SqliteConnection::connect_with(&options).await.expect("opens");
                let done = sqlx::query(text).execute(&mut conn).await.expect(statement);
                conn.close().await.expect("closes");
                done.rows_affected()
            }
        };
        assert!(changed > 0, "{statement} changed nothing");
    }

    /// All bytes of the open store: SQLite's files, or all rows of all tables of PostgreSQL.
    pub async fn bytes(&self) -> Vec<u8> {
        if let Some(database) = &self.database {
            return all_rows(database).await;
        }
        let files = ["tiande.sqlite", "tiande.sqlite-wal"];
        files.map(|name| std::fs::read(self.path().join(name)).unwrap_or_default()).concat()
    }
}

async fn all_rows(database: &Database) -> Vec<u8> {
    let mut conn = connect(&database.url).await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, string_agg(CASE data_type WHEN 'bytea' \
         THEN format('coalesce(%I, '''')', column_name) \
         ELSE format('coalesce(convert_to(%I::text, ''UTF8''), '''')', column_name) END, \
         ' || ' ORDER BY ordinal_position) \
         FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name",
    )
    .fetch_all(&mut conn)
    .await
    .expect("readable");
    assert!(columns.iter().any(|(table, _)| table == "journal"));
    let mut all = Vec::new();
    for (table, columns) in columns {
        let text = format!("SELECT string_agg({columns}, '') FROM \"{table}\"");
        let rows: Option<Vec<u8>> =
            sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(&mut conn).await.expect("readable");
        all.extend(rows.unwrap_or_default());
    }
    conn.close().await.expect("closes");
    all
}
