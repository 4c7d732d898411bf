//! Wrong passwords: how many, and what follows.
//!
//! Two counts for each try. One is of the name *and the place* it comes from: after
//! [`FAILURES_MAX`] the name is locked for that place, and only for it, so that nobody can lock a
//! person out from elsewhere. The other is of the name alone, over all places, against guessing from
//! many networks: beyond [`NAME_FREE`] the next try has to wait, longer each time, and never longer
//! than [`NAME_WAIT_MAX_MS`]. A browser in which that person has signed in before (`browsers`) is a
//! place of its own, and does not wait for what strangers do.
//!
//! A try is counted before the password is checked, so that many at once cannot outrun the count.
//! Names that nobody has are counted like others. Rows need no bound of their own: each costs its
//! sender a password that is hashed, and goes after a quarter of an hour; two cores hash some tens of
//! thousands in that time.

use super::browsers::Browser;
use super::{Doors, read};
use crate::access::peers::PeerNetwork;
use crate::journal::StoreFault;
use crate::journal::sql::{Conn, Statement, sql};
use crate::keys::keyed_hash;

/// Wrong tries for a name from one place until it is locked there.
const FAILURES_MAX: i64 = 5;
/// Time in which wrong tries are counted, and the time of a lock, milliseconds: 15 minutes.
const WINDOW_MS: i64 = 15 * 60 * 1_000;
/// Wrong tries for a name, from wherever, after which the next has to wait.
const NAME_FREE: i64 = 10;
/// The first such wait, milliseconds; it doubles with each further try.
const NAME_WAIT_MS: i64 = 1_000;
/// No wait is longer, milliseconds: two minutes.
const NAME_WAIT_MAX_MS: i64 = 120_000;

/// The rows that a try is counted in.
#[derive(Clone, Debug)]
pub(super) struct Tries {
    /// Of the name and the place.
    here: Vec<u8>,
    /// Of the name alone; none when it is signed in to from a browser that is known.
    anywhere: Option<Vec<u8>>,
}

/// The try is not taken; the next may come after so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait(pub(super) i64);

/// How long a name rests after its `n`th wrong try.
fn rest_ms(n: i64) -> i64 {
    let doublings = u32::try_from(n - NAME_FREE - 1).unwrap_or(0).min(20);
    if n <= NAME_FREE { 0 } else { (NAME_WAIT_MS << doublings).min(NAME_WAIT_MAX_MS) }
}

/// What a row says: wrong tries, when they began, and until when none is taken.
type Row = (i64, i64, Option<i64>);

/// Reads a [`Row`].
fn row(key: &[u8]) -> Statement {
    // Primary key of `sign_in_failure`.
    sql("SELECT failures, first_ms, locked_until_ms FROM sign_in_failure WHERE name_key = $1")
        .bind(key.to_vec())
}

/// What a row of a name and a place asks for. One with too many tries under way is as good as locked.
fn lock_of(row: Option<Row>, now: i64) -> Result<(), Wait> {
    let Some((failures, first, locked_until)) = row else { return Ok(()) };
    let until = match locked_until {
        Some(until) => until,
        None if failures >= FAILURES_MAX => first.saturating_add(WINDOW_MS),
        None => return Ok(()),
    };
    if until > now { Err(Wait(until - now)) } else { Ok(()) }
}

/// What a row of a name asks for.
fn rest_of(row: Option<Row>, now: i64) -> Result<(), Wait> {
    match row {
        Some((_, _, Some(until))) if until > now => Err(Wait(until - now)),
        Some(_) | None => Ok(()),
    }
}

async fn count(
    conn: &mut Conn<'_>,
    tries: &Tries,
    now: i64,
) -> Result<Result<(), Wait>, sqlx::Error> {
    // Index sign_in_failure_by_age: what is over leaves room for what is not.
    conn.execute(
        sql("DELETE FROM sign_in_failure \
         WHERE first_ms <= $1 AND COALESCE(locked_until_ms, 0) <= $2")
        .bind(now.saturating_sub(WINDOW_MS))
        .bind(now),
    )
    .await?;
    if let Err(wait) = lock_of(conn.fetch_optional(row(&tries.here)).await?, now) {
        return Ok(Err(wait));
    }
    if let Some(anywhere) = &tries.anywhere {
        let before: Option<Row> = conn.fetch_optional(row(anywhere)).await?;
        if let Err(wait) = rest_of(before, now) {
            return Ok(Err(wait));
        }
        let rest = rest_ms(before.map_or(0, |(failures, ..)| failures) + 1);
        add(conn, anywhere, now, (rest > 0).then(|| now.saturating_add(rest))).await?;
    }
    add(conn, &tries.here, now, None).await?;
    Ok(Ok(()))
}

async fn add(
    conn: &mut Conn<'_>,
    key: &[u8],
    now: i64,
    until: Option<i64>,
) -> Result<(), sqlx::Error> {
    // Primary key of `sign_in_failure`.
    conn.execute(
        sql("INSERT INTO sign_in_failure (name_key, first_ms, failures, locked_until_ms) \
         VALUES ($1, $2, 1, $3) ON CONFLICT (name_key) DO UPDATE SET \
         failures = sign_in_failure.failures + 1, locked_until_ms = excluded.locked_until_ms")
        .bind(key.to_vec())
        .bind(now)
        .bind(until),
    )
    .await
    .map(drop)
}

impl Doors {
    /// The rows for a name that is typed in a network, in a browser that may be known.
    pub(super) fn tries(
        &self,
        username: &str,
        network: PeerNetwork,
        browser: Option<&Browser>,
    ) -> Tries {
        let key = |parts: &[&[u8]]| keyed_hash(&self.typed_names, parts).to_vec();
        let name = username.as_bytes();
        match browser {
            Some(browser) => {
                Tries { here: key(&[b"browser", name, browser.nonce()]), anywhere: None }
            }
            None => Tries {
                here: key(&[b"network", name, network.bytes()]),
                anywhere: Some(key(&[b"name", name])),
            },
        }
    }

    /// Looks, without the writer, whether a try has to wait.
    pub(super) async fn must_wait(&self, tries: &Tries) -> Result<Result<(), Wait>, StoreFault> {
        let (now, readers) = (self.clock.now().0, self.journal.readers());
        if let Err(wait) = lock_of(read(readers.fetch_optional(row(&tries.here))).await?, now) {
            return Ok(Err(wait));
        }
        let Some(anywhere) = &tries.anywhere else { return Ok(Ok(())) };
        Ok(rest_of(read(readers.fetch_optional(row(anywhere))).await?, now))
    }

    /// Counts a try, unless it has to wait.
    pub(super) async fn count_try(&self, tries: &Tries) -> Result<Result<(), Wait>, StoreFault> {
        let (tries, now) = (tries.clone(), self.clock.now().0);
        self.journal
            .write(move |mut conn| Box::pin(async move { count(&mut conn, &tries, now).await }))
            .await
    }

    /// After the right password: the place starts anew, and for the name this was no wrong try.
    pub(super) async fn forgive(&self, tries: Tries) -> Result<(), StoreFault> {
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `sign_in_failure`, twice.
                    conn.execute(
                        sql("DELETE FROM sign_in_failure WHERE name_key = $1").bind(tries.here),
                    )
                    .await?;
                    conn.execute(
                        sql("UPDATE sign_in_failure SET failures = failures - 1 \
                         WHERE name_key = $1 AND failures > 0")
                        .bind(tries.anywhere),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }

    /// After a wrong password: locks the name for the place when that was the last try it had.
    pub(super) async fn lock_if_too_many(&self, tries: Tries) -> Result<(), StoreFault> {
        let until = self.clock.now().0.saturating_add(WINDOW_MS);
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `sign_in_failure`.
                    conn.execute(
                        sql("UPDATE sign_in_failure SET locked_until_ms = $1 \
                         WHERE name_key = $2 AND failures >= $3 AND locked_until_ms IS NULL")
                        .bind(until)
                        .bind(tries.here)
                        .bind(FAILURES_MAX),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_of_a_name_grows_to_two_minutes() {
        let waits: Vec<i64> = [1, 10, 11, 12, 13, 17, 18, 19, 60, 10_000].map(rest_ms).to_vec();
        assert_eq!(waits, [0, 0, 1_000, 2_000, 4_000, 64_000, 120_000, 120_000, 120_000, 120_000]);
    }
}
