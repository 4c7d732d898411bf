//! A file that only takes room, `DATA/reserve`: given up when the server ends on a full disk, so that
//! the signed checkpoint and the emptied log still fit.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};

use super::Space;
use crate::fault;

/// Its size, bytes.
const BYTES: u64 = 64 << 20;
/// A file system smaller than so many reserves has none: it would take too much of it.
const OF_TOTAL: u64 = 16;

/// The reserve of a data folder.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    bytes: u64,
}

impl Reserve {
    /// That of a folder, there or not.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        let bytes = fault::number("storage.reserve_bytes", BYTES);
        Self { path: data.join("reserve"), bytes }
    }

    /// Makes it, when it is missing and as much again stays free. True when it is there.
    ///
    /// # Errors
    /// Whatever the file system says; a file system that cannot set room aside is none.
    pub fn keep(&self, space: Space) -> io::Result<bool> {
        if self.path.metadata().is_ok_and(|kept| kept.len() == self.bytes) {
            return Ok(true);
        }
        if space.total / OF_TOTAL < self.bytes || space.free / 2 < self.bytes {
            return Ok(false);
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(&self.path)?;
        match fallocate(&file, FallocateFlags::empty(), 0, self.bytes) {
            Ok(()) => Ok(true),
            Err(fault) => {
                self.release()?;
                let known = [rustix::io::Errno::NOTSUP, rustix::io::Errno::NOSPC];
                if known.contains(&fault) { Ok(false) } else { Err(fault.into()) }
            }
        }
    }

    /// Gives it up when less than its size is free. True when it was there.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn release_if_short(&self, space: Space) -> io::Result<bool> {
        if space.free >= self.bytes { Ok(false) } else { self.release() }
    }

    fn release(&self) -> io::Result<bool> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_when_there_is_room_and_given_up_when_there_is_none() {
        let folder = std::env::temp_dir()
            .join(format!("tiande-reserve-{}", hex::encode(crate::keys::random::<8>())));
        fs::create_dir_all(&folder).expect("a folder");
        let reserve = Reserve { path: folder.join("reserve"), bytes: 1 << 20 };
        let space = |free: u64, total: u64| Space { free: free << 20, total: total << 20 };
        assert!(!reserve.keep(space(5, 15)).expect("small"), "too much of a small one");
        assert!(!reserve.keep(space(1, 100)).expect("full"), "as much again must stay free");
        if reserve.keep(space(50, 100)).expect("made") {
            assert_eq!(reserve.path.metadata().expect("there").len(), 1 << 20);
            assert!(reserve.keep(space(0, 100)).expect("kept"), "it stays when room is short");
            assert!(!reserve.release_if_short(space(2, 100)).expect("not yet"));
            assert!(reserve.release_if_short(space(0, 100)).expect("given up"));
        }
        assert!(!reserve.release_if_short(space(0, 100)).expect("gone already"));
        fs::remove_dir_all(&folder).expect("removed");
    }
}
