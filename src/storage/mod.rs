//! Room on the disk under the data folder: how much there is, who is told when it grows short, and a
//! reserve for the last words.
//!
//! A full disk refuses decisions with 507 (the journal sees to that) and heals by itself when room is
//! made. What is here tells people before it comes to that: at 80, 90 and 95 per cent.
//!
//! **Not here:** what a failed write means (`journal::sqlite`), and making room: what is old is for
//! people to move.

mod reserve;
mod space;

use std::path::PathBuf;
use std::time::Duration;

use metrics::gauge;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

pub use self::reserve::Reserve;
pub use self::space::{Level, Space};

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks at the disk for ever: shows its room as gauges, logs each change of level once, and makes
/// the reserve again when there is room for it.
pub async fn watch(data: PathBuf) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut level = Level::Plenty;
    loop {
        looks.tick().await;
        // Of a file system that does not answer in time nothing else here must wait.
        let folder = data.clone();
        let looked = actix_web::web::block(move || {
            let space = Space::of(&folder)?;
            let kept = Reserve::of(&folder).keep(space)?;
            std::io::Result::Ok((space, kept))
        });
        let (space, kept) = match looked.await {
            Ok(Ok(found)) => found,
            Ok(Err(fault)) => {
                warn!(kind = ?fault.kind(), "the room on the disk is not known");
                continue;
            }
            Err(_pool_gone) => return,
        };
        #[expect(clippy::cast_precision_loss, reason = "a gauge shows what is near enough")]
        {
            gauge!("tiande_disk_free_bytes").set(space.free as f64);
            gauge!("tiande_disk_total_bytes").set(space.total as f64);
        }
        gauge!("tiande_disk_used_percent").set(f64::from(space.used_percent()));
        gauge!("tiande_disk_reserve").set(if kept { 1.0 } else { 0.0 });
        let now = level.after(space);
        gauge!("tiande_disk_level").set(f64::from(now.number()));
        if now != level {
            say(now, space);
            level = now;
        }
    }
}

fn say(level: Level, space: Space) {
    let (used_percent, free_mib) = (space.used_percent(), space.free >> 20);
    match level {
        Level::Plenty => info!(used_percent, free_mib, "there is room on the disk again"),
        Level::Short => warn!(used_percent, free_mib, "the disk fills up: make room"),
        Level::Scarce => error!(used_percent, free_mib, "the disk is nearly full: make room now"),
        Level::Last => {
            error!(used_percent, free_mib, "the disk is full: tips are about to be refused");
        }
    }
}
