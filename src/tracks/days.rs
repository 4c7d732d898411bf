//! Day files: sealed blocks, one record each. What stands in clear beside a block is whose it is and
//! from when to when, so that a reader can pass over what does not concern it.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::rfc3339::format_utc;
use tiande_core::time::UnixMillis;
use tiande_core::track::{TrackFix, encode};
use uuid::Uuid;

use super::checkpoint::{Checkpoint, DayFile};
use super::devices::Owner;
use super::frame::{self, Cursor};
use super::keys::{MARK_LEN, MonthKey};
use super::medium::Medium;

pub(super) const MAGIC: &[u8; 8] = b"TDTDAY1\n";
/// What stands in clear in front of a sealed block.
pub(super) const CLEAR_LEN: usize = 16 + 16 + 8 + 8 + MARK_LEN;

/// The UTC day of a moment: `2026-11-25`.
pub(super) fn day_of(at: UnixMillis) -> String {
    format_utc(at).chars().take(10).collect()
}

/// The month of a day: `2026-11`.
pub(super) fn month_of(day: &str) -> &str {
    day.get(..7).unwrap_or(day)
}

/// The clear part of a record.
#[derive(Clone, Copy)]
pub(super) struct Clear {
    pub(super) officer: OfficerId,
    pub(super) device: DeviceId,
    pub(super) from: UnixMillis,
    pub(super) to: UnixMillis,
    pub(super) mark: [u8; MARK_LEN],
}

impl Clear {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        Some(Self {
            officer: OfficerId(Uuid::from_bytes(cursor.array()?)),
            device: DeviceId(Uuid::from_bytes(cursor.array()?)),
            from: UnixMillis(cursor.i64()?),
            to: UnixMillis(cursor.i64()?),
            mark: cursor.array()?,
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.officer.0.as_bytes());
        out.extend(self.device.0.as_bytes());
        out.extend(self.from.0.to_le_bytes());
        out.extend(self.to.0.to_le_bytes());
        out.extend(self.mark);
    }

    /// Binds a block to its place.
    pub(super) fn context(&self, court: &CourtId, day: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CLEAR_LEN + 48);
        frame::put_text(&mut bytes, court.as_str());
        frame::put_text(&mut bytes, day);
        self.put(&mut bytes);
        bytes
    }
}

/// Appends a sealed block of fixes that were all measured on `day`.
pub(super) fn put_block(
    out: &mut Vec<u8>,
    owner: &Owner,
    day: &str,
    fixes: &[TrackFix],
    key: &MonthKey,
) {
    let Owner { court, officer, device } = owner;
    let times = || fixes.iter().map(|fix| fix.taken_at);
    let (Some(from), Some(to)) = (times().min(), times().max()) else { return };
    let clear = Clear { officer: *officer, device: *device, from, to, mark: key.mark() };
    let block = encode(fixes).expect("a chunk of a device's fixes in order");
    let mut payload = Vec::with_capacity(CLEAR_LEN + block.len() + 40);
    clear.put(&mut payload);
    payload.extend(key.sealer().seal(&clear.context(court, day), &block));
    frame::put(out, &payload);
}

/// The file that the next blocks of a day go into: the last one that is not spoiled, or a new one.
pub(super) fn next_file(
    known: &Checkpoint,
    spoiled: &BTreeSet<DayFile>,
    court: &CourtId,
    day: &str,
) -> DayFile {
    let file = |part| DayFile { court: court.clone(), day: day.to_owned(), part };
    let (first, last) = (file(0), file(u32::MAX));
    let of_day = known.lengths.range(first.clone()..=last.clone()).map(|(file, _)| file);
    match of_day.chain(spoiled.range(first..=last)).max() {
        Some(last) if spoiled.contains(last) => file(last.part.saturating_add(1)),
        Some(last) => last.clone(),
        None => file(0),
    }
}

/// Appends records to a day file; durable on return. Returns its new length.
pub(super) fn append(
    folder: &Path,
    file: &DayFile,
    length: Option<u64>,
    records: &[u8],
    medium: &Medium,
) -> io::Result<u64> {
    let path = file.path(folder);
    let (mut open, length) = match length {
        Some(length) => (OpenOptions::new().append(true).open(&path)?, length),
        None => {
            medium.folder(path.parent().unwrap_or(folder))?;
            (medium.create(&path, MAGIC)?, MAGIC.len() as u64)
        }
    };
    medium.write(&mut open, &path, records)?;
    medium.sync(&open, &path)?;
    Ok(length + records.len() as u64)
}

/// Cuts day files to what the checkpoint says, and removes those it does not know: they are made again
/// from the write-ahead file.
pub(super) fn cut(folder: &Path, checkpoint: &mut Checkpoint, medium: &Medium) -> io::Result<()> {
    // A country has three hundred thousand of them: each is looked up, not looked for.
    let known: BTreeSet<PathBuf> =
        checkpoint.lengths.keys().map(|file| file.path(folder)).collect();
    for court in fs::read_dir(folder)? {
        let court = court?;
        if !court.file_type()?.is_dir() {
            continue;
        }
        for entry in fs::read_dir(court.path())? {
            let path = entry?.path();
            let is_day = path.extension().is_some_and(|end| end == "trk");
            if is_day && !known.contains(&path) {
                medium.remove(&path)?;
            }
        }
    }
    checkpoint.lengths.retain(|file, _| {
        let there = file.path(folder).exists();
        if !there {
            tracing::error!(court = %file.court, day = file.day, "a track file is missing");
        }
        there
    });
    for (file, length) in &mut checkpoint.lengths {
        let path = file.path(folder);
        let there = fs::metadata(&path)?.len();
        if there > *length {
            let open = OpenOptions::new().write(true).open(&path)?;
            open.set_len(*length)?;
            medium.sync(&open, &path)?;
        } else if there < *length {
            tracing::error!(path = %path.display(), there, expected = *length, "a track file is too short");
            *length = there;
        }
    }
    Ok(())
}

/// The parts of a day file's or key file's name: its day or month.
fn time_of(name: &str) -> Option<&str> {
    match name.strip_prefix("keys-") {
        Some(month) => Some(month),
        None => name.strip_suffix(".trk")?.get(..10),
    }
}

/// Removes day files of days before `first_day`, and key files of months before its month.
pub(super) fn expire(folder: &Path, first_day: &str, medium: &Medium) -> io::Result<usize> {
    let mut gone = 0;
    for court in fs::read_dir(folder)? {
        let court = court?;
        if !court.file_type()?.is_dir() {
            continue;
        }
        for entry in fs::read_dir(court.path())? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(time) = name.to_str().and_then(time_of) else { continue };
            // A month compares with a month, a day with a day.
            if first_day.get(..time.len()).is_some_and(|first| time < first) {
                medium.remove(&entry.path())?;
                gone += 1;
            }
        }
    }
    Ok(gone)
}
