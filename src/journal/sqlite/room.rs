//! Room for the write-ahead log, made before it is needed.
//!
//! A commit that makes the log longer waits for two things on the disk, its bytes and the file's new
//! length; one that writes over old bytes waits for the bytes alone, which took 0.7 of the time for
//! 64 KiB. So the writer makes the log longer by itself, with zeros behind its end, when it opens and when
//! it has nothing else to do. SQLite ends a log at the first frame that is not of it, so what lies behind
//! does not count.
//!
//! **Not here:** frames. Nothing is ever written where the log has been.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// How long the log is made: what a busy writer lets it grow to before it copies it into the database.
const ROOM: u64 = 64 << 20;
/// How much at once, bytes: what the disk takes in a few milliseconds, for a decision may come meanwhile.
const STEP: usize = 4 << 20;
/// Free space below which the disk has better use for it, bytes.
const FREE_MIN: u64 = 1 << 30;

/// The log's file, and whether it is long enough.
#[derive(Debug)]
pub struct Room {
    log: PathBuf,
    wanted: bool,
}

impl Room {
    /// Room for the log of that database.
    pub fn of(database: PathBuf) -> Self {
        let mut log = database.into_os_string();
        log.push("-wal");
        Self { log: log.into(), wanted: true }
    }

    /// True while the log is not as long as it is to be, as far as is known.
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// The log has been cut off.
    pub fn is_gone(&mut self) {
        self.wanted = true;
    }

    /// Makes the log a step longer, unless it is long enough or the disk is too full. Nobody may write
    /// to the log meanwhile.
    ///
    /// # Errors
    /// When the disk could not be forced. A log that cannot be made longer stays as long as it is.
    pub fn make(&mut self) -> io::Result<()> {
        self.wanted = false;
        let Ok(file) = File::options().write(true).open(&self.log) else { return Ok(()) };
        let length = file.metadata()?.len();
        let free = rustix::fs::fstatvfs(&file).map_or(0, |told| told.f_bavail * told.f_frsize);
        if length >= ROOM || free < FREE_MIN {
            return Ok(());
        }
        if let Err(error) = file.write_all_at(&vec![0; STEP], length) {
            tracing::warn!(%error, "the journal's log is not made longer");
            // A full disk is to have it back. Behind `length` there was nothing.
            return file.set_len(length);
        }
        file.sync_all()?;
        self.wanted = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_log_grows_to_its_length_and_keeps_what_it_holds() {
        let name = format!("tiande-room-{}", hex::encode(crate::keys::random::<8>()));
        let database = std::env::temp_dir().join(name);
        let mut room = Room::of(database.clone());
        room.make().expect("there is none");
        assert!(!room.is_wanted(), "no log, no room");
        let log = PathBuf::from(format!("{}-wal", database.display()));
        fs::write(&log, b"frames").expect("written");
        room.is_gone();
        let mut steps = 0;
        while room.is_wanted() && steps < 100 {
            room.make().expect("made");
            steps += 1;
        }
        let bytes = fs::read(&log).expect("read");
        fs::remove_file(&log).expect("removed");
        let space = rustix::fs::statvfs(std::env::temp_dir()).expect("told");
        if space.f_bavail * space.f_frsize < 2 * FREE_MIN {
            return;
        }
        assert_eq!(bytes.len(), b"frames".len() + 16 * STEP);
        assert!(bytes.starts_with(b"frames") && bytes[6..].iter().all(|byte| *byte == 0));
    }
}
