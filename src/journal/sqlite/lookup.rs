//! What a group needs to know of the database before it is planned (`wanted`), looked up.

use std::collections::HashSet;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteConnection};
use tiande_core::journal::{StreamId, Subject};

use super::plan::{Base, Known};
use super::prepared::Prepared;
use crate::journal::wanted::Wanted;

/// Looks up heads and keys that no cache knows.
pub async fn look_up<'a>(
    conn: &mut SqliteConnection,
    base: &mut Base,
    decisions: impl Iterator<Item = &'a Prepared> + Clone,
    exact: bool,
) -> Result<Known, sqlx::Error> {
    let Wanted { heads, subjects } = Wanted::by(base, decisions, exact);
    let mut known = Known::default();
    if !heads.is_empty() {
        look_up_heads(conn, heads, &mut known).await?;
    }
    if !subjects.is_empty() {
        look_up_keys(conn, base, subjects, &mut known).await?;
    }
    Ok(known)
}

async fn look_up_heads(
    conn: &mut SqliteConnection,
    streams: HashSet<StreamId>,
    known: &mut Known,
) -> Result<(), sqlx::Error> {
    let streams: Vec<StreamId> = streams.into_iter().collect();
    for chunk in streams.chunks(1_000) {
        // UNIQUE (stream, seq), its last entry of each stream.
        let mut sql = String::from(
            "SELECT v.column1, (SELECT MAX(seq) FROM journal WHERE stream = v.column1) \
             FROM (VALUES ",
        );
        let mut values = SqliteArguments::default();
        for (n, stream) in chunk.iter().enumerate() {
            sql.push_str(if n == 0 { "(?)" } else { ",(?)" });
            values.add(stream.to_string()).map_err(sqlx::Error::Encode)?;
        }
        sql.push_str(") AS v");
        let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut *conn).await?;
        for row in rows {
            let stream: &str = row.try_get(0)?;
            let head: Option<i64> = row.try_get(1)?;
            if let Ok(stream) = stream.parse() {
                known.heads.insert(stream, u64::try_from(head.unwrap_or(0)).unwrap_or(0));
            }
        }
    }
    Ok(())
}

async fn look_up_keys(
    conn: &mut SqliteConnection,
    base: &Base,
    subjects: HashSet<Subject>,
    known: &mut Known,
) -> Result<(), sqlx::Error> {
    for subject in subjects {
        // Primary key of `subject_key`. One by one: hardly ever more than one is missing.
        let wrapped: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT wrapped FROM subject_key WHERE subject = ?")
                .bind(subject.0.as_bytes().to_vec())
                .fetch_optional(&mut *conn)
                .await?;
        if let Some(wrapped) = wrapped {
            known.take_key(base, subject, &wrapped);
        }
    }
    Ok(())
}
