//! What a group needs to know of the database before it is planned (`wanted`), looked up.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _};
use tiande_core::journal::{StreamId, Subject};

use super::plan::{Base, Known};
use super::prepared::Prepared;
use crate::journal::wanted::Wanted;

/// Looks up heads and keys that no cache knows.
pub fn look_up<'a>(
    conn: &Connection,
    base: &mut Base,
    decisions: impl Iterator<Item = &'a Prepared> + Clone,
    exact: bool,
) -> Result<Known, rusqlite::Error> {
    let Wanted { heads, subjects } = Wanted::by(base, decisions, exact);
    let mut known = Known::default();
    if !heads.is_empty() {
        look_up_heads(conn, heads, &mut known)?;
    }
    if !subjects.is_empty() {
        look_up_keys(conn, base, subjects, &mut known)?;
    }
    Ok(known)
}

fn look_up_heads(
    conn: &Connection,
    streams: HashSet<StreamId>,
    known: &mut Known,
) -> Result<(), rusqlite::Error> {
    // UNIQUE (stream, seq), the last entry of the stream.
    let mut last = conn.prepare_cached("SELECT MAX(seq) FROM journal WHERE stream = ?")?;
    for stream in streams {
        let head: Option<i64> = last.query_row([stream.to_string()], |row| row.get(0))?;
        known.heads.insert(stream, u64::try_from(head.unwrap_or(0)).unwrap_or(0));
    }
    Ok(())
}

fn look_up_keys(
    conn: &Connection,
    base: &Base,
    subjects: HashSet<Subject>,
    known: &mut Known,
) -> Result<(), rusqlite::Error> {
    // Primary key of `subject_key`.
    let mut one = conn.prepare_cached("SELECT wrapped FROM subject_key WHERE subject = ?")?;
    for subject in subjects {
        let wrapped: Option<Vec<u8>> =
            one.query_row([subject.0.as_bytes()], |row| row.get(0)).optional()?;
        if let Some(wrapped) = wrapped {
            known.take_key(base, subject, &wrapped);
        }
    }
    Ok(())
}
