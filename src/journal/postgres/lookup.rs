//! What a group needs to know of the database before it is planned (`wanted`), looked up in at most
//! two questions.

use std::collections::HashSet;

use sqlx::PgConnection;
use tiande_core::journal::{StreamId, Subject};
use uuid::Uuid;

use crate::journal::plan::{Base, Known};
use crate::journal::prepared::Prepared;
use crate::journal::wanted::Wanted;

/// Looks up heads and keys that no cache knows.
pub async fn look_up<'a>(
    conn: &mut PgConnection,
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
    conn: &mut PgConnection,
    streams: HashSet<StreamId>,
    known: &mut Known,
) -> Result<(), sqlx::Error> {
    let streams: Vec<String> = streams.iter().map(ToString::to_string).collect();
    // UNIQUE (stream, seq), its last entry of each stream.
    let rows: Vec<(String, Option<i64>)> = sqlx::query_as(
        "SELECT v.stream, (SELECT MAX(j.seq) FROM journal AS j WHERE j.stream = v.stream) \
         FROM unnest($1::text[]) AS v (stream)",
    )
    .bind(streams)
    .fetch_all(conn)
    .await?;
    for (stream, head) in rows {
        if let Ok(stream) = stream.parse() {
            known.heads.insert(stream, u64::try_from(head.unwrap_or(0)).unwrap_or(0));
        }
    }
    Ok(())
}

async fn look_up_keys(
    conn: &mut PgConnection,
    base: &Base,
    subjects: HashSet<Subject>,
    known: &mut Known,
) -> Result<(), sqlx::Error> {
    let subjects: Vec<Vec<u8>> = subjects.iter().map(|s| s.0.as_bytes().to_vec()).collect();
    // Primary key of `subject_key`.
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT subject, wrapped FROM subject_key WHERE subject = ANY($1)")
            .bind(subjects)
            .fetch_all(conn)
            .await?;
    for (subject, wrapped) in rows {
        if let Ok(subject) = Uuid::from_slice(&subject) {
            known.take_key(base, Subject(subject), &wrapped);
        }
    }
    Ok(())
}
