//! Deadlines that fall due at a steady pace while the server takes half of what it can take: how late.

use anyhow::{Context, Result};

use super::bed::{Bed, Due, until_due};
use crate::bench::Setting;
use crate::bench::field::{COUNTY, Spread, enter_all};
use crate::bench::history::Store;
use crate::bench::host::{self, say};
use crate::bench::line::{Budget, Line};
use crate::bench::load::Load;
use crate::bench::moments::Moments;
use crate::bench::sides::Samples;
use crate::bench::tip_offer::HALF_LOAD_PER_S;
use crate::clock;

/// Handhelds of the court.
const SOCKETS: usize = 1_000;
/// Clocks of a round: 50 a second for 20 s.
const CLOCKS: u64 = 1_000;
const EVERY_MS: u64 = 20;
/// Between the writing of the cases and the first that is due, milliseconds: a start, and all sockets.
const LEAD_MS: i64 = 25_000;

/// What a round gave, milliseconds.
struct Round {
    durable: Moments,
    decided_p99: f64,
}

async fn round(bed: &mut Bed<'_>) -> Result<Round> {
    let due = Due::after(LEAD_MS, EVERY_MS);
    bed.write(CLOCKS, Some(due)).await?;
    bed.server.start_again().await?;
    let streams = enter_all(&bed.server.http, &bed.made.devices).await?;
    let mut load = Load::start(streams, Spread { area: COUNTY, speed_mps: 1.5 })?;
    load.set(HALF_LOAD_PER_S)?;
    until_due(due).await?;
    let (sent, begin) = (load.sent(), clock::now_us());
    let seen = bed.watch(CLOCKS).await?;
    #[allow(clippy::cast_precision_loss)] // A million.
    let per_s = (load.sent() - sent) as f64 * 1e6 / (clock::now_us() - begin) as f64;
    load.set(0)?;
    drop(load);
    bed.server.stop().await?;
    let decided = bed.fired(CLOCKS).await?.decided_late_ms;
    let mut durable = Moments::default();
    for nth in 1..=CLOCKS {
        #[allow(clippy::cast_precision_loss)] // Milliseconds of a minute.
        durable.push((seen.when(nth) - due.nth(nth)) as f64);
    }
    say(&format!(
        "{CLOCKS} clocks, one each {EVERY_MS} ms, beside {per_s:.0} positions/s: late, decided p50/p99/max \
         {}/{}/{} ms; durable, seen from outside {}/{}/{} ms; load average {}",
        decided.p50,
        decided.p99,
        decided.max,
        durable.quantile(0.5),
        durable.quantile(0.99),
        durable.quantile(1.0),
        host::load_average()
    ));
    Ok(Round { durable, decided_p99: decided.p99 })
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let mut bed = Bed::new(setting, Store::Sqlite, host::MEASURED_CORE, SOCKETS).await?;
    say(&format!(
        "tiande serve on SQLite, all its threads on core {}, {SOCKETS} handhelds on duty, \
         {HALF_LOAD_PER_S} positions a second",
        host::MEASURED_CORE
    ));
    let mut rounds = Vec::new();
    for _ in 0..setting.few() {
        rounds.push(round(&mut bed).await.context("a round")?);
    }
    bed.server.end().await;
    let side = |share: f64| -> Samples {
        rounds.iter().map(|round| round.durable.quantile(share)).collect()
    };
    let decided: Samples = rounds.iter().map(|round| round.decided_p99).collect();
    let name =
        |what: &str| format!("late at 50 a second under half the ingest load, {what}, Sqlite");
    Ok(vec![
        Line::alone(&name("durable, p50"), "ms", &side(0.5), None),
        Line::alone(&name("durable, p99"), "ms", &side(0.99), Budget::AtMost(1_000.0)),
        Line::alone(&name("decided, p99"), "ms", &decided, None),
    ])
}
