//! What stands between the store and the disk: durable files, and the one place where a test can let
//! the disk fail.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use crate::fault;

/// Something that is about to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes are written.
    Write,
    /// They are forced to the disk.
    Sync,
    /// A file takes its name.
    Rename,
    /// A file is removed.
    Remove,
}

/// Asked before each step; what it returns as a fault the step fails with.
type Check = Arc<dyn Fn(Step, &Path) -> io::Result<()> + Send + Sync>;

/// The disk.
#[derive(Clone)]
pub struct Medium(Check);

impl Default for Medium {
    fn default() -> Self {
        Self(Arc::new(|_, _| Ok(())))
    }
}

impl Medium {
    /// A disk that fails when `check` says so.
    #[must_use]
    pub fn failing(check: impl Fn(Step, &Path) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// Makes a folder for our user only; durable on return.
    pub(super) fn folder(&self, path: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => path.parent().map_or(Ok(()), |parent| self.sync_folder(parent)),
            Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    pub(super) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        (self.0)(Step::Sync, path)?;
        File::open(path)?.sync_all()
    }

    /// Makes a new file with these bytes; its name and content are durable on return.
    pub(super) fn create(&self, path: &Path, head: &[u8]) -> io::Result<File> {
        (self.0)(Step::Write, path)?;
        let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(head)?;
        self.sync(&file, path)?;
        self.sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        Ok(file)
    }

    pub(super) fn write(&self, file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
        (self.0)(Step::Write, path)?;
        let (first, rest) = bytes.split_at(fault::cut("tracks.mid_write", bytes.len()));
        if !first.is_empty() {
            file.write_all(first)?;
            fault::point("tracks.mid_write");
        }
        file.write_all(rest)
    }

    pub(super) fn sync(&self, file: &File, path: &Path) -> io::Result<()> {
        (self.0)(Step::Sync, path)?;
        fault::point("tracks.before_sync");
        // The control of the tests, which must lose what it has told.
        if fault::setting("tracks.sync") != Some("off") {
            file.sync_data()?;
        }
        fault::point("tracks.after_sync");
        Ok(())
    }

    /// Writes a file whole or not at all; durable on return.
    pub(super) fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.draft(path, bytes)?;
        self.adopt(path)
    }

    /// Writes what a file is to become, beside it. When this fails the file is what it was.
    pub(super) fn draft(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let draft = path.with_extension("new");
        (self.0)(Step::Write, &draft)?;
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        self.sync(&file, &draft)
    }

    /// Puts the draft in its place. When this fails it is not known which of the two is there.
    pub(super) fn adopt(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension("new");
        (self.0)(Step::Rename, path)?;
        fault::point("tracks.before_rename");
        fs::rename(&draft, path)?;
        fault::point("tracks.after_rename");
        self.sync_folder(path.parent().unwrap_or(Path::new(".")))
    }

    /// Removes a file; that it is gone already is no fault.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        (self.0)(Step::Remove, path)?;
        match fs::remove_file(path) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
            _ => Ok(()),
        }
    }
}
