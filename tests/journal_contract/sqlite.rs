//! The SQLite journal in a folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tiande::journal::{HashAlg, OpenOptions, SqliteJournal};
use tiande_actors::ports::journal::Journal;

use crate::Harness;
use crate::samples::Still;

/// A folder that goes away with the test, unless it fails.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("tiande-journal-{}", hex::encode(tiande::keys::random::<8>()));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }
}

pub fn options(data_dir: &Path) -> OpenOptions {
    OpenOptions::new(data_dir.to_owned(), HashAlg::Sha256.name(), Arc::new(Still))
}

pub async fn open(data_dir: &Path) -> SqliteJournal {
    SqliteJournal::open(options(data_dir)).await.expect("opens")
}

pub struct Sqlite {
    pub journal: SqliteJournal,
    pub folder: Folder,
}

impl Harness for Sqlite {
    async fn fresh() -> Self {
        let folder = Folder::new();
        Self { journal: open(folder.path()).await, folder }
    }
    async fn again(self) -> Self {
        self.journal.shutdown().await;
        Self { journal: open(self.folder.path()).await, folder: self.folder }
    }
    fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.journal.clone())
    }
}
