//! Pictures that came with tips: one encrypted file each, `DATA/media/<ab>/<sha256>-<tip>`, and beside
//! it the copies that people see, `….view` and `….preview`.
//!
//! Each tip has a key of its own, derived from the master key and the tip's id, and a file opens only
//! under the name it was written for. What the journal forgets about a person by destroying the
//! subject's key is *not* gone from here: pictures are written before that key exists, so whoever
//! forgets a tip also calls [`MediaStore::remove`] for its pictures.
//!
//! **Not here:** whether the bytes are a picture, and who may see it.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::iter;
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

/// A copy that people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// The one to look at.
    View,
    /// The small one.
    Preview,
}

impl Copy {
    const ALL: [Self; 2] = [Self::View, Self::Preview];

    /// End of its file's name, and what binds its content to that name.
    fn ending(self) -> &'static str {
        match self {
            Self::View => ".view",
            Self::Preview => ".preview",
        }
    }
}

/// Keeps pictures. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MediaStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    master: Arc<MasterKey>,
    /// Makes durable which files are in a folder; a test has it fail.
    sync: fn(&Path) -> io::Result<()>,
}

impl MediaStore {
    /// Opens the store in a data directory and makes its folder. What a crash left is swept later (see
    /// `sweep`), so that this takes no longer with many pictures.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open(data_dir: &Path, master: Arc<MasterKey>) -> io::Result<Self> {
        let inner = Inner { folder: data_dir.join("media"), master, sync: sync_folder };
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

    /// Keeps a copy of a picture, as long as the picture is there. Durable on return.
    ///
    /// # Errors
    /// `NotFound` when the picture was removed meanwhile, else whatever the file system says; nothing
    /// is kept then.
    pub async fn put_copy(
        &self,
        tip: TipId,
        sha256: [u8; 32],
        copy: Copy,
        bytes: Vec<u8>,
    ) -> io::Result<()> {
        self.with(move |inner| inner.put_copy(tip, sha256, copy, &bytes)).await
    }

    /// Reads a copy of a picture; `None` when it was not made yet.
    ///
    /// # Errors
    /// `InvalidData` when the file is not what was written, else whatever the file system says.
    pub async fn get_copy(
        &self,
        tip: TipId,
        sha256: [u8; 32],
        copy: Copy,
    ) -> io::Result<Option<Vec<u8>>> {
        self.with(move |inner| {
            let path = inner.copy_path(tip, sha256, copy);
            inner.get_at(&path, tip, &copy_context(tip, sha256, copy))
        })
        .await
    }

    /// Throws a picture away with its copies, if it is there. Durable on return: no power cut brings it
    /// back.
    ///
    /// # Errors
    /// Whatever the file system says; some of it may be there then, or come back. Again is safe.
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
        self.put_at(&self.path(tip, sha256), tip, &context(tip, sha256), bytes)
    }

    fn copy_path(&self, tip: TipId, sha256: [u8; 32], copy: Copy) -> PathBuf {
        let mut name = self.path(tip, sha256).into_os_string();
        name.push(copy.ending());
        name.into()
    }

    fn put_at(&self, path: &Path, tip: TipId, context: &[u8], bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        private_folder(folder)?;
        let draft = folder.join(format!("{}{DRAFT}", hex::encode(random::<16>())));
        let sealed = self.sealer(tip).seal(context, bytes);
        let written = write_durably(&draft, &sealed).and_then(|()| {
            fault::point("media.before_rename");
            fs::rename(&draft, path)
        });
        if let Err(fault) = written {
            // Either may be there or not; what counts is that neither stays.
            fs::remove_file(&draft).ok();
            return Err(fault);
        }
        fault::point("media.after_rename");
        (self.sync)(folder).inspect_err(|_unsure| {
            fs::remove_file(path).ok();
        })
    }

    fn put_copy(&self, tip: TipId, sha256: [u8; 32], copy: Copy, bytes: &[u8]) -> io::Result<()> {
        let path = self.copy_path(tip, sha256, copy);
        self.put_at(&path, tip, &copy_context(tip, sha256, copy), bytes)?;
        // Whoever removes takes the original first: either sees the copy, or we see that it is gone.
        if self.path(tip, sha256).try_exists()? {
            return Ok(());
        }
        fs::remove_file(&path)?;
        self.sync_folder_of(&path)?;
        Err(io::Error::from(io::ErrorKind::NotFound))
    }

    fn remove(&self, tip: TipId, sha256: [u8; 32]) -> io::Result<()> {
        let original = self.path(tip, sha256);
        let copies = Copy::ALL.map(|copy| self.copy_path(tip, sha256, copy));
        // The original first: see `put_copy`.
        for path in iter::once(&original).chain(&copies) {
            match fs::remove_file(path) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
                _ => {}
            }
        }
        // Also when nothing was there: it may have been removed before by a call that failed here.
        self.sync_folder_of(&original)
    }

    /// Makes durable what was removed beside this file.
    fn sync_folder_of(&self, path: &Path) -> io::Result<()> {
        match (self.sync)(path.parent().unwrap_or(&self.folder)) {
            // No picture of these first figures was ever kept.
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
            synced => synced,
        }
    }

    fn get(&self, tip: TipId, sha256: [u8; 32]) -> io::Result<Option<Vec<u8>>> {
        let opened = self.get_at(&self.path(tip, sha256), tip, &context(tip, sha256))?;
        let is_whole = |bytes: &Vec<u8>| <[u8; 32]>::from(Sha256::digest(bytes)) == sha256;
        match opened {
            Some(bytes) if !is_whole(&bytes) => Err(io::Error::from(io::ErrorKind::InvalidData)),
            opened => Ok(opened),
        }
    }

    fn get_at(&self, path: &Path, tip: TipId, context: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let sealed = match fs::read(path) {
            Ok(sealed) => sealed,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let opened = self.sealer(tip).open(context, &sealed);
        opened.map(Some).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
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
    // A picture and its copies are one.
    let mut found = BTreeSet::new();
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
            found.insert((tip, sha256));
        }
    }
    Ok(found.into_iter().collect())
}

/// Tip and hash of a picture's name. A copy bears the same name with an ending.
fn parse(name: &str) -> Option<(TipId, [u8; 32])> {
    let (hash, rest) = name.split_once('-')?;
    let ended = |copy: &Copy| rest.strip_suffix(copy.ending());
    let tip = Copy::ALL.iter().find_map(ended).unwrap_or(rest);
    let mut sha256 = [0; 32];
    hex::decode_to_slice(hash, &mut sha256).ok()?;
    Some((tip.parse().ok()?, sha256))
}

/// Binds a file's content to its name.
fn context(tip: TipId, sha256: [u8; 32]) -> Vec<u8> {
    [tip.0.as_bytes().as_slice(), &sha256].concat()
}

/// Binds a copy's content to its name.
fn copy_context(tip: TipId, sha256: [u8; 32], copy: Copy) -> Vec<u8> {
    [context(tip, sha256).as_slice(), copy.ending().as_bytes()].concat()
}

/// Makes a folder for our user only; a new one is durable on return.
fn private_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_folder),
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(fault) => Err(fault),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
