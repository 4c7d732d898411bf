//! One encrypted file for each paper of a case: `DATA/papers/<case>/<sha256>`.
//!
//! Each case has a key of its own, derived from the master key and the case's id, and a file opens
//! only under the name it was written for. A paper of two cases is kept twice, so that forgetting
//! one case takes nothing from the other. A file is written beside the others first
//! (`DATA/papers/drafts`) and takes its name when it is whole.
//!
//! **Not here:** whether the bytes are what they claim to be, and who may see them. Like pictures,
//! papers are not gone with a key: whoever forgets a case also calls [`PaperStore::remove_all`].

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::web;
use sha2::{Digest as _, Sha256};
use tiande_core::ids::CaseId;
use tokio::sync::Semaphore;

use crate::fault;
use crate::keys::{MasterKey, Sealer, keyed_hash, random};

/// Largest paper, bytes: a scan of some hundred pages.
pub const PAPER_MAX: usize = 64 * 1024 * 1024;
/// Papers that are sealed or opened at once; each is in memory twice.
const AT_WORK: usize = 4;
/// Folder of files that are not whole yet.
const DRAFTS: &str = "drafts";

/// Keeps papers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PaperStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    master: Arc<MasterKey>,
    places: Semaphore,
}

impl PaperStore {
    /// Opens the store in a data directory and makes its folders. Drafts that a crash left are
    /// thrown away: nobody was told that they are kept.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open(data_dir: &Path, master: Arc<MasterKey>) -> io::Result<Self> {
        let folder = data_dir.join("papers");
        private_folder(&folder)?;
        let drafts = folder.join(DRAFTS);
        private_folder(&drafts)?;
        for draft in fs::read_dir(drafts)? {
            fs::remove_file(draft?.path())?;
        }
        Ok(Self(Arc::new(Inner { folder, master, places: Semaphore::new(AT_WORK) })))
    }

    /// Keeps a paper of a case, and says its SHA-256. Durable on return. Again is safe, and mends a
    /// file that was damaged.
    ///
    /// # Errors
    /// `InvalidInput` when it is larger than [`PAPER_MAX`], else whatever the file system says;
    /// nothing is kept then that was not before.
    pub async fn put(&self, case: CaseId, bytes: Vec<u8>) -> io::Result<[u8; 32]> {
        if bytes.len() > PAPER_MAX {
            return Err(io::Error::from(ErrorKind::InvalidInput));
        }
        self.with(move |inner| inner.put(case, &bytes)).await
    }

    /// Reads a paper; `None` when it is not there.
    ///
    /// # Errors
    /// `InvalidData` when the file is not what was written, else whatever the file system says.
    pub async fn get(&self, case: CaseId, sha256: [u8; 32]) -> io::Result<Option<Vec<u8>>> {
        self.with(move |inner| inner.get(case, sha256)).await
    }

    /// Throws all papers of a case away. Durable on return: no power cut brings them back.
    ///
    /// # Errors
    /// Whatever the file system says; some may be there then, or come back. Again is safe.
    pub async fn remove_all(&self, case: CaseId) -> io::Result<()> {
        self.with(move |inner| inner.remove_all(case)).await
    }

    async fn with<T, F>(&self, work: F) -> io::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Inner) -> io::Result<T> + Send + 'static,
    {
        let gone = || io::Error::from(ErrorKind::Interrupted);
        let _place = self.0.places.acquire().await.map_err(|_closed| gone())?;
        let inner = Arc::clone(&self.0);
        let done = web::block(move || work(&inner)).await;
        done.unwrap_or_else(|_pool_gone| Err(gone()))
    }
}

impl Inner {
    fn folder_of(&self, case: CaseId) -> PathBuf {
        self.folder.join(case.to_string())
    }

    fn sealer(&self, case: CaseId) -> Sealer {
        let papers = self.master.derive("papers of cases");
        Sealer::new(&keyed_hash(&papers, &[case.0.as_bytes()]))
    }

    fn put(&self, case: CaseId, bytes: &[u8]) -> io::Result<[u8; 32]> {
        let sha256 = <[u8; 32]>::from(Sha256::digest(bytes));
        let folder = self.folder_of(case);
        private_folder(&folder)?;
        let draft = self.folder.join(DRAFTS).join(hex::encode(random::<16>()));
        let sealed = self.sealer(case).seal(&context(case, sha256), bytes);
        let written = write_durably(&draft, &sealed).and_then(|()| {
            fault::point("papers.before_rename");
            fs::rename(&draft, folder.join(hex::encode(sha256)))
        });
        if let Err(fault) = written {
            // It may be there or not; what counts is that it does not stay.
            fs::remove_file(&draft).ok();
            return Err(fault);
        }
        fault::point("papers.after_rename");
        sync_folder(&folder)?;
        Ok(sha256)
    }

    fn get(&self, case: CaseId, sha256: [u8; 32]) -> io::Result<Option<Vec<u8>>> {
        let sealed = match fs::read(self.folder_of(case).join(hex::encode(sha256))) {
            Ok(sealed) => sealed,
            Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let opened = self.sealer(case).open(&context(case, sha256), &sealed);
        let whole = opened.filter(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)) == sha256);
        whole.map(Some).ok_or_else(|| io::Error::from(ErrorKind::InvalidData))
    }

    fn remove_all(&self, case: CaseId) -> io::Result<()> {
        match fs::remove_dir_all(self.folder_of(case)) {
            Err(fault) if fault.kind() != ErrorKind::NotFound => return Err(fault),
            _ => {}
        }
        // Also when nothing was there: it may have been removed before by a call that failed here.
        sync_folder(&self.folder)
    }
}

/// Binds a file's content to its name.
fn context(case: CaseId, sha256: [u8; 32]) -> Vec<u8> {
    [case.0.as_bytes().as_slice(), &sha256].concat()
}

/// Makes a folder for our user only; a new one is durable on return.
fn private_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_folder),
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists => Ok(()),
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
mod tests {
    use uuid::Uuid;

    use super::*;

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn store() -> (PaperStore, Folder) {
        let name = format!("tiande-papers-{}", hex::encode(random::<8>()));
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).expect("made");
        (again(&folder), folder)
    }

    fn again(folder: &Folder) -> PaperStore {
        PaperStore::open(&folder.0, Arc::new(MasterKey::from_bytes([7; 32]))).expect("opens")
    }

    fn case(number: u128) -> CaseId {
        CaseId(Uuid::from_u128(number))
    }

    fn file(folder: &Folder, case: CaseId, sha256: [u8; 32]) -> PathBuf {
        folder.0.join("papers").join(case.to_string()).join(hex::encode(sha256))
    }

    #[actix_web::test]
    async fn a_paper_comes_back_and_is_not_readable_on_the_disk() {
        let (papers, folder) = store();
        let text = "申请书".repeat(100).into_bytes();
        let sha256 = papers.put(case(1), text.clone()).await.expect("kept");
        assert_eq!(sha256, <[u8; 32]>::from(Sha256::digest(&text)));
        // Again is the same.
        assert_eq!(papers.put(case(1), text.clone()).await.expect("kept"), sha256);
        let papers = again(&folder);
        assert_eq!(papers.get(case(1), sha256).await.expect("read"), Some(text.clone()));
        assert_eq!(papers.get(case(2), sha256).await.expect("read"), None);
        assert_eq!(papers.get(case(1), [0; 32]).await.expect("read"), None);
        let sealed = fs::read(file(&folder, case(1), sha256)).expect("a file");
        assert!(!sealed.windows(9).any(|part| part == &text[..9]));
        // Of a case that does not exist nothing is there, not even its folder.
        assert!(!folder.0.join("papers").join(case(2).to_string()).exists());
    }

    #[actix_web::test]
    async fn a_damaged_file_is_a_fault_and_mended_by_the_paper() {
        let (papers, folder) = store();
        let sha256 = papers.put(case(1), b"paper".to_vec()).await.expect("kept");
        let path = file(&folder, case(1), sha256);
        let good = fs::read(&path).expect("a file");
        for at in [0, 30, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).expect("written");
            let fault = papers.get(case(1), sha256).await.expect_err("damaged");
            assert_eq!(fault.kind(), ErrorKind::InvalidData, "{at}");
        }
        fs::write(&path, &good[..10]).expect("written");
        let fault = papers.get(case(1), sha256).await.expect_err("cut");
        assert_eq!(fault.kind(), ErrorKind::InvalidData);
        // Under another name it is nothing either.
        papers.put(case(1), b"paper".to_vec()).await.expect("kept");
        fs::copy(&path, file(&folder, case(1), [9; 32])).expect("copied");
        let fault = papers.get(case(1), [9; 32]).await.expect_err("another's");
        assert_eq!(fault.kind(), ErrorKind::InvalidData);
        assert!(papers.get(case(1), sha256).await.expect("read").is_some());
    }

    #[actix_web::test]
    async fn what_is_forgotten_is_gone_and_of_that_case_only() {
        let (papers, folder) = store();
        let one = papers.put(case(1), b"one".to_vec()).await.expect("kept");
        papers.put(case(1), b"two".to_vec()).await.expect("kept");
        papers.put(case(2), b"one".to_vec()).await.expect("kept");
        papers.remove_all(case(1)).await.expect("removed");
        papers.remove_all(case(1)).await.expect("again");
        assert_eq!(papers.get(case(1), one).await.expect("read"), None);
        assert!(papers.get(case(2), one).await.expect("read").is_some());
        assert!(!folder.0.join("papers").join(case(1).to_string()).exists());
    }

    #[actix_web::test]
    async fn a_scan_of_many_pages_is_kept_and_one_too_large_is_not() {
        let (papers, folder) = store();
        // What hashes and seals is slow where it is not optimised.
        let size = if cfg!(debug_assertions) { 4 } else { 50 };
        let scan = vec![0xA5; size * 1024 * 1024];
        let sha256 = papers.put(case(1), scan.clone()).await.expect("kept");
        assert_eq!(papers.get(case(1), sha256).await.expect("read"), Some(scan));
        let fault = papers.put(case(1), vec![0; PAPER_MAX + 1]).await.expect_err("too large");
        assert_eq!(fault.kind(), ErrorKind::InvalidInput);
        // A draft that a crash left is gone with the next start.
        let drafts = folder.0.join("papers").join(DRAFTS);
        fs::write(drafts.join("left"), b"half").expect("written");
        again(&folder);
        assert_eq!(fs::read_dir(drafts).expect("a folder").count(), 0);
    }
}
