//! Chains of seeds for drawing judges, and which link was set aside for which case.
//!
//! A chain's beginning is sealed; its end is published when it is made, before any case that it will be used for.
//! When one is used up the next is made.

use serde_json::{Value, json};
use tiande_core::case::CaseNumber;
use tiande_core::draw::{self, DrawRecord, Seed};
use tiande_core::ids::{CaseId, CourtId};

use super::{Doors, read};
use crate::journal::StoreFault;
use crate::journal::sql::sql;
use crate::keys::random;

/// Links of a chain: draws of a busy court for several years.
const LENGTH: u32 = 20_000;

/// A link that was set aside for a case.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Number of the chain.
    pub chain: u32,
    /// Which draw of it, from 1.
    pub nth: u32,
    /// The seed.
    pub seed: Seed,
}

/// Chain, its sealed beginning, its length, how many links are set aside.
type ChainColumns = (i64, Vec<u8>, i64, i64);

fn context(court: &CourtId, chain: u32) -> Vec<u8> {
    format!("draw/{court}/{chain}").into_bytes()
}

fn narrow(number: i64) -> Result<u32, StoreFault> {
    u32::try_from(number).map_err(|_| StoreFault::Unreadable("a chain of seeds"))
}

impl Doors {
    /// The link that is set aside for a case: the one that it has and has not used, else the next one. `again`: the
    /// case was drawn before, and gets a fresh one.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn next_link(
        &self,
        court: &CourtId,
        case: CaseId,
        again: bool,
    ) -> Result<Link, StoreFault> {
        // Index draw_by_case.
        let own = sql("SELECT chain, nth FROM draw WHERE case_id = $1 AND record IS NULL \
                       ORDER BY chain, nth LIMIT 1")
        .bind(case.to_string());
        let own: Option<(i64, i64)> = read(self.journal.readers().fetch_optional(own)).await?;
        if let (Some((chain, nth)), false) = (own, again) {
            return self.link(court, narrow(chain)?, narrow(nth)?).await;
        }
        // Two at the same moment: the primary key gives each its own.
        for _ in 0..8 {
            let (chain, nth) = self.free_link(court).await?;
            if self.set_aside(court, chain, nth, case).await? {
                return self.link(court, chain, nth).await;
            }
        }
        Err(StoreFault::Unreadable("a free link of the chain"))
    }

    async fn link(&self, court: &CourtId, chain: u32, nth: u32) -> Result<Link, StoreFault> {
        // Primary key of `draw_chain`.
        let query =
            sql("SELECT first_sealed, length FROM draw_chain WHERE court = $1 AND chain = $2")
                .bind(court.as_str())
                .bind(i64::from(chain));
        let row: Option<(Vec<u8>, i64)> =
            read(self.journal.readers().fetch_optional(query)).await?;
        let unreadable = || StoreFault::Unreadable("a chain of seeds");
        let (sealed, length) = row.ok_or_else(unreadable)?;
        let first = self.secrets.open(&context(court, chain), &sealed).ok_or_else(unreadable)?;
        let first: Seed = first.try_into().map_err(|_| unreadable())?;
        let seed = draw::link(&first, narrow(length)?, nth).ok_or_else(unreadable)?;
        Ok(Link { chain, nth, seed })
    }

    async fn free_link(&self, court: &CourtId) -> Result<(u32, u32), StoreFault> {
        // Primary keys, from their ends.
        let query = sql("SELECT c.chain, c.first_sealed, c.length, COALESCE((SELECT MAX(d.nth) \
             FROM draw AS d WHERE d.court = c.court AND d.chain = c.chain), 0) FROM draw_chain AS c \
             WHERE c.court = $1 ORDER BY c.chain DESC LIMIT 1")
        .bind(court.as_str());
        let row: Option<ChainColumns> = read(self.journal.readers().fetch_optional(query)).await?;
        match row {
            Some((chain, _, length, used)) if used < length => {
                Ok((narrow(chain)?, narrow(used)? + 1))
            }
            Some((chain, ..)) => self.add_chain(court, narrow(chain)? + 1).await,
            None => self.add_chain(court, 1).await,
        }
    }

    /// Makes the next chain of a court and publishes its end.
    async fn add_chain(&self, court: &CourtId, chain: u32) -> Result<(u32, u32), StoreFault> {
        let first: Seed = random();
        let end = draw::link(&first, LENGTH, 0);
        let end = end.ok_or(StoreFault::Unreadable("a chain of seeds"))?;
        let sealed = self.secrets.seal(&context(court, chain), &first);
        let (court, published, now) = (court.to_string(), hex::encode(end), self.clock.now().0);
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `draw_chain`: of two at the same moment the first stays.
                    conn.execute(
                        sql("INSERT INTO draw_chain (court, chain, first_sealed, length, published, \
                             made_ms) VALUES ($1, $2, $3, $4, $5, $6) \
                             ON CONFLICT (court, chain) DO NOTHING")
                        .bind(court)
                        .bind(i64::from(chain))
                        .bind(sealed)
                        .bind(i64::from(LENGTH))
                        .bind(published)
                        .bind(now),
                    )
                    .await
                    .map(drop)
                })
            })
            .await?;
        Ok((chain, 1))
    }

    /// Makes sure that a court has a chain, so that its end is known before the first case.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn publish_chain(&self, court: &CourtId) -> Result<(), StoreFault> {
        self.free_link(court).await.map(drop)
    }

    async fn set_aside(
        &self,
        court: &CourtId,
        chain: u32,
        nth: u32,
        case: CaseId,
    ) -> Result<bool, StoreFault> {
        let (court, case, now) = (court.to_string(), case.to_string(), self.clock.now().0);
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    let done = conn
                        .execute(
                            sql("INSERT INTO draw (court, chain, nth, case_id, reserved_ms) \
                                 VALUES ($1, $2, $3, $4, $5) \
                                 ON CONFLICT (court, chain, nth) DO NOTHING")
                            .bind(court)
                            .bind(i64::from(chain))
                            .bind(i64::from(nth))
                            .bind(case)
                            .bind(now),
                        )
                        .await?;
                    Ok(done > 0)
                })
            })
            .await
    }

    /// Keeps what was drawn beside its link, for the public list.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn note_draw(
        &self,
        court: &CourtId,
        number: &CaseNumber,
        record: &DrawRecord,
    ) -> Result<(), StoreFault> {
        // Why somebody was kept out is nobody's business outside; that somebody was, is.
        let mut open = json!(record);
        open["excluded"] =
            json!(record.excluded.iter().map(|(judge, _)| judge).collect::<Vec<_>>());
        let shown = json!({"number": number.as_str(), "draw": open}).to_string();
        let (court, chain, nth) =
            (court.to_string(), i64::from(record.chain), i64::from(record.nth));
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `draw`.
                    conn.execute(
                        sql("UPDATE draw SET record = $1 WHERE court = $2 AND chain = $3 AND nth = $4")
                            .bind(shown)
                            .bind(court)
                            .bind(chain)
                            .bind(nth),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }

    /// The published ends of a court's chains, and its newest thousand draws. A link that was set aside and never
    /// used is in the list without a result.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn draws(
        &self,
        court: &CourtId,
        before: Option<(i64, i64)>,
        most: u16,
    ) -> Result<Value, StoreFault> {
        // Primary keys, by their beginning.
        let query =
            sql("SELECT chain, length, published, made_ms FROM draw_chain WHERE court = $1 \
                         ORDER BY chain")
            .bind(court.as_str());
        let chains: Vec<(i64, i64, String, i64)> =
            read(self.journal.readers().fetch_all(query)).await?;
        let query = sql("SELECT chain, nth, reserved_ms, record FROM draw WHERE court = $1 \
                         AND (chain < $2 OR (chain = $2 AND nth < $3)) \
                         ORDER BY chain DESC, nth DESC LIMIT $4")
        .bind(court.as_str())
        .bind(before.map_or(i64::MAX, |(chain, _)| chain))
        .bind(before.map_or(i64::MAX, |(_, nth)| nth))
        .bind(i64::from(most));
        let draws: Vec<(i64, i64, i64, Option<String>)> =
            read(self.journal.readers().fetch_all(query)).await?;
        let chain = |(chain, length, published, made): &(i64, i64, String, i64)| json!({"chain": chain, "length": length, "published": published, "made": made});
        let draw = |(chain, nth, reserved, record): &(i64, i64, i64, Option<String>)| {
            let record =
                record.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
            json!({"chain": chain, "nth": nth, "reserved": reserved, "drawn": record})
        };
        // There may be more behind a full page.
        let full = draws.len() == usize::from(most);
        let next = draws.last().filter(|_| full).map(|(chain, nth, ..)| format!("{chain}.{nth}"));
        Ok(json!({
            "next": next,
            "chains": chains.iter().map(chain).collect::<Vec<_>>(),
            "draws": draws.iter().map(draw).collect::<Vec<_>>(),
        }))
    }
}
