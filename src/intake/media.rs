//! Pictures that came with tips: one encrypted file each, `DATA/media/<ab>/<sha256>-<tip>`.
//!
//! Each tip has a key of its own, derived from the master key and the tip's id, and a file opens only
//! under the name it was written for. What the journal forgets about a person by destroying the
//! subject's key is *not* gone from here: pictures are written before that key exists, so whoever
//! forgets a tip also calls [`MediaStore::remove`] for its pictures.
//!
//! **Not here:** whether the bytes are a picture, and who may see it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use actix_web::web;
use sha2::{Digest, Sha256};
use tiande_core::ids::TipId;
use tiande_core::time::UnixMillis;

use crate::fault;
use crate::keys::{MasterKey, Sealer, keyed_hash, random};

/// End of the name of a file that is not whole yet.
const DRAFT: &str = ".new";

/// Keeps pictures. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MediaStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    master: Arc<MasterKey>,
}

impl MediaStore {
    /// Opens the store in a data directory and makes its folder. What a crash left is swept later (see
    /// `sweep`), so that this takes no longer with many pictures.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open(data_dir: &Path, master: Arc<MasterKey>) -> io::Result<Self> {
        let inner = Inner { folder: data_dir.join("media"), master };
        private_folder(&inner.folder)?;
        Ok(Self(Arc::new(inner)))
    }

    /// The folders that pictures are in.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub async fn folders(&self) -> io::Result<Vec<PathBuf>> {
        self.with(Inner::folders).await
    }

    /// Pictures in one of the folders whose tips were made from `from` on and before `before`. Drafts
    /// last written before `before` are thrown away on the way: nobody finishes them any more.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub async fn left_in(
        &self,
        folder: PathBuf,
        from: UnixMillis,
        before: UnixMillis,
    ) -> io::Result<Vec<(TipId, [u8; 32])>> {
        self.with(move |_| left_in(&folder, from, before)).await
    }

    /// Keeps a picture. Durable on return.
    ///
    /// # Errors
    /// Whatever the file system says; nothing is kept then.
    pub async fn put(&self, tip: TipId, sha256: [u8; 32], bytes: Vec<u8>) -> io::Result<()> {
        self.with(move |inner| inner.put(tip, sha256, &bytes)).await
    }

    /// Throws a picture away, if it is there.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub async fn remove(&self, tip: TipId, sha256: [u8; 32]) -> io::Result<()> {
        self.with(move |inner| inner.remove(tip, sha256)).await
    }

    /// Reads a picture; `None` when it is not there.
    ///
    /// # Errors
    /// `InvalidData` when the file is not what was written, else whatever the file system says.
    pub async fn get(&self, tip: TipId, sha256: [u8; 32]) -> io::Result<Option<Vec<u8>>> {
        self.with(move |inner| inner.get(tip, sha256)).await
    }

    async fn with<T, F>(&self, work: F) -> io::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Inner) -> io::Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let done = web::block(move || work(&inner)).await;
        done.unwrap_or_else(|_pool_gone| Err(io::Error::from(io::ErrorKind::Interrupted)))
    }
}

impl Inner {
    fn path(&self, tip: TipId, sha256: [u8; 32]) -> PathBuf {
        let hash = hex::encode(sha256);
        self.folder.join(&hash[..2]).join(format!("{hash}-{tip}"))
    }

    fn sealer(&self, tip: TipId) -> Sealer {
        let pictures = self.master.derive("pictures of tips");
        Sealer::new(&keyed_hash(&pictures, &[tip.0.as_bytes()]))
    }

    fn put(&self, tip: TipId, sha256: [u8; 32], bytes: &[u8]) -> io::Result<()> {
        let path = self.path(tip, sha256);
        let folder = path.parent().unwrap_or(&self.folder);
        private_folder(folder)?;
        let draft = folder.join(format!("{}{DRAFT}", hex::encode(random::<16>())));
        let sealed = self.sealer(tip).seal(&context(tip, sha256), bytes);
        let written = write_durably(&draft, &sealed).and_then(|()| {
            fault::point("media.before_rename");
            fs::rename(&draft, &path)
        });
        if let Err(fault) = written {
            // Either may be there or not; what counts is that neither stays.
            fs::remove_file(&draft).ok();
            return Err(fault);
        }
        fault::point("media.after_rename");
        File::open(folder)?.sync_all().inspect_err(|_unsure| {
            fs::remove_file(&path).ok();
        })
    }

    fn remove(&self, tip: TipId, sha256: [u8; 32]) -> io::Result<()> {
        match fs::remove_file(self.path(tip, sha256)) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
            _ => Ok(()),
        }
    }

    fn get(&self, tip: TipId, sha256: [u8; 32]) -> io::Result<Option<Vec<u8>>> {
        let sealed = match fs::read(self.path(tip, sha256)) {
            Ok(sealed) => sealed,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let opened = self.sealer(tip).open(&context(tip, sha256), &sealed);
        let whole = opened.filter(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)) == sha256);
        whole.map(Some).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    fn folders(&self) -> io::Result<Vec<PathBuf>> {
        let mut folders = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
        Ok(folders)
    }
}

fn left_in(
    folder: &Path,
    from: UnixMillis,
    before: UnixMillis,
) -> io::Result<Vec<(TipId, [u8; 32])>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.ends_with(DRAFT) {
            let written = file.metadata()?.modified()?.duration_since(UNIX_EPOCH);
            let written =
                written.map_or(i64::MIN, |at| i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
            if written < before.0 {
                fs::remove_file(file.path())?;
            }
        } else if let Some((tip, sha256)) = parse(name)
            && (from.0..before.0).contains(&tip.made_at().0)
        {
            found.push((tip, sha256));
        }
    }
    Ok(found)
}

/// Tip and hash of a picture's name.
fn parse(name: &str) -> Option<(TipId, [u8; 32])> {
    let (hash, tip) = name.split_once('-')?;
    let mut sha256 = [0; 32];
    hex::decode_to_slice(hash, &mut sha256).ok()?;
    Some((tip.parse().ok()?, sha256))
}

/// Binds a file's content to its name.
fn context(tip: TipId, sha256: [u8; 32]) -> Vec<u8> {
    [tip.0.as_bytes().as_slice(), &sha256].concat()
}

/// Makes a folder for our user only; a new one is durable on return.
fn private_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all()),
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(fault) => Err(fault),
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
