//! What was due while the server was down: how long after the process began all of it has fired, in the
//! order in which it was due.

use anyhow::{Context, Result};

use super::bed::{Bed, Due};
use crate::bench::Setting;
use crate::bench::history::Store;
use crate::bench::host::{self, say};
use crate::bench::line::{Budget, Line};
use crate::bench::sides::Samples;
use crate::clock;

const CLOCKS: u64 = 10_000;
/// All of them were due within the hour before, each at a moment of its own.
const EVERY_MS: u64 = 300;
const AGO_MS: i64 = 3_600_000;

async fn round(bed: &mut Bed<'_>, store: Store) -> Result<f64> {
    bed.write(CLOCKS, Some(Due::after(-AGO_MS, EVERY_MS))).await?;
    let begin = clock::unix_ms();
    bed.server.start_again().await?;
    let ready = clock::unix_ms();
    let seen = bed.watch(CLOCKS).await?;
    bed.server.stop().await?;
    bed.fired(CLOCKS).await?;
    #[allow(clippy::cast_precision_loss)] // Milliseconds of a minute.
    let seconds = (seen.when(CLOCKS) - begin) as f64 / 1e3;
    say(&format!(
        "{store:?}: {CLOCKS} overdue at the start: ready after {} ms, the last has fired after {seconds:.2} s, \
         all in due order; load average {}",
        ready - begin,
        host::load_average()
    ));
    Ok(seconds)
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for store in [Store::Sqlite, Store::Postgres] {
        let mut bed = Bed::new(setting, store, host::MEASURED_CORE, 0).await?;
        let mut seconds = Samples::new();
        for _ in 0..setting.few() {
            seconds.push(round(&mut bed, store).await.with_context(|| format!("{store:?}"))?);
        }
        bed.server.end().await;
        lines.push(Line::alone(
            &format!(
                "process start until the last of {CLOCKS} overdue clocks has fired, {store:?}"
            ),
            "s",
            &seconds,
            Budget::AtMost(30.0),
        ));
    }
    Ok(lines)
}
