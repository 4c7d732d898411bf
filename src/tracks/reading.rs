//! Reading a window of an officer's track: from day files, and from memory for what is not there yet.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::time::UnixMillis;
use tiande_core::track::{Order, TrackFix, TrackWindow, decode};

use super::days::{CLEAR_LEN, Clear, MAGIC, month_of};
use super::frame;
use super::keys::MonthKey;

/// Where a fix stands in a track: by time, then by the device's count.
pub type Place = (UnixMillis, Order, DeviceId);

/// A fix of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredFix {
    /// Which device measured it.
    pub device: DeviceId,
    /// The fix.
    pub fix: TrackFix,
}

impl StoredFix {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        (self.fix.taken_at, self.fix.order(), self.device)
    }
}

/// A part of a track, in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackPage {
    /// Its fixes.
    pub fixes: Vec<StoredFix>,
    /// Where the next part begins, if there is one: behind this.
    pub next: Option<Place>,
}

/// A day file as far as it counts.
pub(super) struct DaySource {
    pub(super) path: PathBuf,
    pub(super) day: String,
    pub(super) length: u64,
}

/// Where the fixes of a window are. Stays valid while the store goes on.
pub(super) struct Sources {
    pub(super) court: CourtId,
    pub(super) officer: OfficerId,
    pub(super) window: TrackWindow,
    pub(super) pending: Vec<StoredFix>,
    pub(super) days: Vec<DaySource>,
    /// Keys by month; a month without one is forgotten, or never was.
    pub(super) keys: BTreeMap<String, MonthKey>,
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a block of a track is damaged")
}

impl Sources {
    /// Reads at most `limit` fixes behind `after`. It blocks.
    pub(super) fn page(mut self, after: Option<Place>, limit: usize) -> io::Result<TrackPage> {
        let mut fixes = std::mem::take(&mut self.pending);
        for day in &self.days {
            match File::open(&day.path) {
                Ok(file) => self.read_day(&file, day, &mut fixes)?,
                // Retention has just taken it.
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
                Err(fault) => return Err(fault),
            }
        }
        fixes.retain(|stored| Some(stored.place()) > after && self.contains(stored.fix.taken_at));
        fixes.sort_by_key(StoredFix::place);
        let more = fixes.len() > limit;
        fixes.truncate(limit);
        let next = fixes.last().filter(|_| more).map(StoredFix::place);
        Ok(TrackPage { fixes, next })
    }

    fn contains(&self, at: UnixMillis) -> bool {
        self.window.from <= at && at <= self.window.to
    }

    fn read_day(&self, file: &File, day: &DaySource, out: &mut Vec<StoredFix>) -> io::Result<()> {
        let Some(key) = self.keys.get(month_of(&day.day)) else { return Ok(()) };
        let mark = key.mark();
        let mut at = MAGIC.len() as u64;
        let mut head = [0; frame::HEAD_LEN + CLEAR_LEN];
        while at < day.length {
            file.read_exact_at(&mut head, at)?;
            let (length, sum) = frame::head(&head).ok_or_else(damaged)?;
            let clear = Clear::read(&head[frame::HEAD_LEN..]).ok_or_else(damaged)?;
            let overlaps = clear.from <= self.window.to && self.window.from <= clear.to;
            // Another mark: sealed with a key that was destroyed.
            if clear.officer == self.officer && overlaps && clear.mark == mark {
                let mut payload = vec![0; length];
                file.read_exact_at(&mut payload, at + frame::HEAD_LEN as u64)?;
                let sealed = payload.get(CLEAR_LEN..).filter(|_| frame::is_sound(&payload, sum));
                let context = clear.context(&self.court, &day.day);
                let plain = sealed.and_then(|sealed| key.sealer().open(&context, sealed));
                let fixes = decode(&plain.ok_or_else(damaged)?).map_err(|_fault| damaged())?;
                let device = clear.device;
                out.extend(fixes.into_iter().map(|fix| StoredFix { device, fix }));
            }
            at += (frame::HEAD_LEN + length) as u64;
        }
        Ok(())
    }
}
