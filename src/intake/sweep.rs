//! Pictures without a tip: a crash between the two leaves one, and a half-written draft. They go in the
//! background, once the server takes tips, so that a start does not grow with the number of pictures.
//!
//! What is swept is older than the start by a margin: nothing of it can be under way, unless the clock
//! was put back by more than that. A note of how far it was swept keeps the next sweep short.
//!
//! **Not here:** where pictures are kept (`media`).

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::web;
use tiande_core::ids::TipId;
use tiande_core::time::UnixMillis;
use tracing::warn;

use super::media::MediaStore;
use crate::fault;

/// The note, in the data folder: Unix milliseconds before which everything is swept.
const NOTE: &str = "pictures-swept";
/// So much older than the start a picture must be. A clock is hardly ever put back further.
pub const MARGIN: Duration = Duration::from_secs(3_600);

/// Sweeps away what crashes before `started` left. Returns how many pictures had no tip.
///
/// # Errors
/// Whatever the file system says, or `is_known`; the next start tries again.
pub async fn sweep<K, F>(
    store: &MediaStore,
    data_dir: &Path,
    started: UnixMillis,
    mut is_known: K,
) -> io::Result<usize>
where
    K: FnMut(TipId) -> F,
    F: Future<Output = io::Result<bool>>,
{
    let margin = u64::try_from(MARGIN.as_millis()).unwrap_or(u64::MAX);
    let margin = fault::number("sweep.margin_ms", margin);
    let margin = i64::try_from(margin).unwrap_or(i64::MAX);
    let before = UnixMillis(started.0.saturating_sub(margin));
    let note = data_dir.join(NOTE);
    // The last sweep may have met a clock that was wrong by less than its margin.
    let from = read_note(note.clone()).await.unwrap_or(UnixMillis(i64::MIN));
    let from = UnixMillis(from.0.saturating_sub(margin));
    let mut gone = 0;
    for folder in store.folders().await? {
        for (tip, sha256) in store.left_in(folder, from, before).await? {
            if !is_known(tip).await? {
                store.remove(tip, sha256).await?;
                gone += 1;
            }
        }
    }
    if gone > 0 {
        warn!(gone, "pictures without a tip were removed");
    }
    web::block(move || std::fs::write(note, before.0.to_string()))
        .await
        .map_err(io::Error::other)??;
    Ok(gone)
}

/// How far it was swept; `None` when that is not known: then everything is looked at.
async fn read_note(note: PathBuf) -> Option<UnixMillis> {
    let text = web::block(move || std::fs::read_to_string(note)).await.ok()?.ok()?;
    text.trim().parse().ok().map(UnixMillis)
}

#[cfg(test)]
#[path = "sweep_tests.rs"]
mod tests;
