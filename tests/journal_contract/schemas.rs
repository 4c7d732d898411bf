//! Both databases are made of the same tables: what is added to one is added to the other.

use std::collections::BTreeSet;
use std::path::Path;

use tiande::journal::Store;
use tiande::journal::sql::{Shape, sql};

use crate::home::Home;

/// Table, column, type in PostgreSQL's words, and whether it must be there.
type Column = (String, String, String, bool);
/// Table, columns in order, whether they are unique, and whether only some rows are in it.
type Index = (String, String, i64, i64);

async fn rows<T: Shape>(store: &Store, text: &'static str) -> Vec<T> {
    store.readers().fetch_all(sql(text)).await.expect("readable")
}

async fn of_sqlite(store: &Store) -> (BTreeSet<Column>, BTreeSet<Index>) {
    // A column of a primary key is never NULL here, whether or not SQLite is told so.
    let columns: Vec<(String, String, String, i64)> = rows(
        store,
        "SELECT t.name, c.name, c.type, c.\"notnull\" OR c.pk FROM sqlite_schema AS t \
         JOIN pragma_table_info(t.name) AS c \
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY 1, 2",
    )
    .await;
    let kind = |kind: &str| match kind {
        "INTEGER" => "bigint".to_owned(),
        "TEXT" => "text".to_owned(),
        "BLOB" => "bytea".to_owned(),
        other => unreachable!("{other}"),
    };
    let columns = columns.into_iter().map(|(t, c, k, must)| (t, c, kind(&k), must != 0)).collect();
    let indexes = rows(
        store,
        "SELECT t.name, group_concat(c.name, ',' ORDER BY c.seqno), i.\"unique\", i.partial \
         FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i \
         JOIN pragma_index_info(i.name) AS c \
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\' AND i.origin <> 'pk' \
         GROUP BY t.name, i.name",
    )
    .await;
    (columns, indexes.into_iter().collect())
}

async fn of_postgres(store: &Store) -> (BTreeSet<Column>, BTreeSet<Index>) {
    let columns = rows(
        store,
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO' \
         FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%' ORDER BY 1, 2",
    )
    .await;
    let indexes = rows(
        store,
        "SELECT t.relname::text, string_agg(a.attname, ',' ORDER BY k.n)::text, \
         i.indisunique::int::bigint, (i.indpred IS NOT NULL)::int::bigint \
         FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid \
         JOIN pg_namespace AS s ON s.oid = t.relnamespace AND s.nspname = 'public' \
         CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (column_number, n) \
         JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.column_number \
         WHERE NOT i.indisprimary AND t.relname NOT LIKE '\\_%' \
         GROUP BY t.relname, i.indexrelid, i.indisunique, i.indpred IS NOT NULL",
    )
    .await;
    (columns.into_iter().collect(), indexes.into_iter().collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let Some(other) = Home::in_postgres().await else { return };
    let one = Home::in_sqlite();
    let (sqlite, postgres) = (one.open().await, other.open().await);
    let (columns, indexes) = of_sqlite(&sqlite).await;
    let (mut there, indexes_there) = of_postgres(&postgres).await;
    // The one table more: SQLite has the lock of its folder instead.
    there.retain(|(table, ..)| table != "owner");
    assert!(columns.len() > 100 && indexes.len() > 10, "{} {}", columns.len(), indexes.len());
    assert_eq!(columns, there);
    assert_eq!(indexes, indexes_there);
    sqlite.shutdown().await;
    postgres.shutdown().await;
}

#[test]
fn both_databases_have_the_same_migrations() {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names = |of: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(migrations.join(of)).expect("a folder");
        let names = files.map(|file| file.expect("listed").file_name());
        names.map(|name| name.into_string().expect("a text")).collect()
    };
    assert!(names("sqlite").len() >= 4);
    assert_eq!(names("sqlite"), names("postgres"));
}
