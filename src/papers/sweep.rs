//! What waits and will not be decided any more: named when its case knows it, thrown away when not.

use std::fs;
use std::future::Future;
use std::io;

use tiande_actors::ports::Journal as _;
use tiande_core::ids::CaseId;
use tiande_core::journal::{Event, StreamId};

use super::store::{Left, PaperStore};
use crate::app::App;

/// A picture from the field waits that long for its measure: a handheld may be out of reach over a weekend.
const DAYS_MS: u64 = 7 * 86_400_000;
/// A request is over after this: its body may take five minutes.
const REQUEST_MS: u64 = 3_600_000;

/// Sweeps once. Requests from before the start are over; of others it is seen by their age.
///
/// # Errors
/// Files or the journal cannot be read; what is left is swept the next time.
pub async fn sweep(app: &App, started_ms: u64) -> io::Result<()> {
    let knows = |case, sha256: [u8; 32]| async move {
        let stored = app.journal.read_stream(StreamId::Case(case)).await;
        let stored = stored.map_err(io::Error::other)?;
        // Whatever event it is that names it.
        let name = hex::encode(sha256);
        Ok(stored.iter().any(|record| match &record.event {
            Event::Case(event) => {
                serde_json::to_string(event).is_ok_and(|text| text.contains(&name))
            }
            _ => false,
        }))
    };
    let now = u64::try_from(app.clock.now().0).unwrap_or(0);
    let over = started_ms.max(now.saturating_sub(REQUEST_MS));
    sweep_with(&app.papers, now, over, knows).await
}

/// The same with another way to ask a case.
pub(super) async fn sweep_with<F, A>(
    papers: &PaperStore,
    now_ms: u64,
    requests_before_ms: u64,
    knows: F,
) -> io::Result<()>
where
    F: Fn(CaseId, [u8; 32]) -> A,
    A: Future<Output = io::Result<bool>>,
{
    for Left { case, sha256, days, path, since_ms } in papers.waiting().await? {
        let before = if days { now_ms.saturating_sub(DAYS_MS) } else { requests_before_ms };
        if knows(case, sha256).await? {
            papers.keep(case, sha256).await?;
        } else if since_ms < before {
            papers.with(move |_inner| fs::remove_file(path)).await?;
        }
    }
    Ok(())
}
