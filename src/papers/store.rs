//! One encrypted file for each paper of a case: `DATA/papers/<case>/<sha256>`.
//!
//! Each case has a key of its own, derived from the master key and the case's id, and a file opens
//! only under the name it was written for. A paper of two cases is kept twice, so that forgetting
//! one case takes nothing from the other. A file is written beside the others first
//! (`DATA/papers/drafts`), waits for its case's decision when it is whole (`DATA/papers/waiting`), and takes its name
//! when the case knows it. Nobody ever holds a whole paper: they come and go in pieces.
//!
//! **Not here:** who may see them. Like pictures, papers are not gone with a key: whoever forgets a case also calls
//! [`PaperStore::remove_all`].

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::web::{self, Bytes};
use tiande_core::ids::CaseId;
use tokio::sync::Semaphore;

use super::draft::{Draft, Stay, Waiting};
use super::sealed::Reading;
use crate::fault;
use crate::keys::{MasterKey, Sealer, keyed_hash, random};

/// Pieces that are sealed or opened at once.
const AT_WORK: usize = 4;
/// Folder of files that are not whole yet.
const DRAFTS: &str = "drafts";
/// Folder of files whose case has not decided yet.
const WAITING: &str = "waiting";

/// Keeps papers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PaperStore(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
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
        private_folder(&folder.join(WAITING))?;
        for draft in fs::read_dir(drafts)? {
            fs::remove_file(draft?.path())?;
        }
        Ok(Self(Arc::new(Inner { folder, master, places: Semaphore::new(AT_WORK) })))
    }

    /// Begins to take a paper of a case in, whose bytes are said to be of that type.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub async fn begin(&self, case: CaseId, content_type: &str) -> io::Result<Draft> {
        Draft::begin(self, case, content_type).await
    }

    /// Takes a small paper in that is in memory anyway. Durable on return, and waits for its case.
    ///
    /// # Errors
    /// Whatever the file system says; nothing is left then.
    pub async fn take_in(&self, case: CaseId, bytes: impl Into<Bytes>) -> io::Result<Waiting> {
        let mut draft = self.begin(case, "").await?;
        draft.write(bytes.into()).await?;
        draft.wait(Stay::Request).await
    }

    /// Opens a paper; `None` when it is not there. One that waits is there: only its case can name it.
    ///
    /// # Errors
    /// `InvalidData` when the file is not what was written, else whatever the file system says.
    pub async fn look(&self, case: CaseId, sha256: [u8; 32]) -> io::Result<Option<Reading>> {
        self.with(move |inner| inner.look(case, sha256)).await
    }

    /// The next piece of a paper, and the rest of it; `None` after the last.
    ///
    /// # Errors
    /// `InvalidData` when the file is not what was written, else whatever the file system says.
    pub async fn piece(&self, mut reading: Reading) -> io::Result<Option<(Bytes, Reading)>> {
        let next =
            move |_inner: &Inner| Ok(reading.next()?.map(|piece| (Bytes::from(piece), reading)));
        self.with(next).await
    }

    /// Gives a paper that waits its name: its case knows it. Nothing happens when none waits.
    ///
    /// # Errors
    /// Whatever the file system says; it waits on then.
    pub async fn keep(&self, case: CaseId, sha256: [u8; 32]) -> io::Result<()> {
        let name = move |inner: &Inner| match inner.waiting_of(case, sha256)? {
            Some(path) => inner.name(case, sha256, &path),
            None => Ok(()),
        };
        self.with(name).await
    }

    /// Throws all papers of a case away. Durable on return: no power cut brings them back.
    ///
    /// # Errors
    /// Whatever the file system says; some may be there then, or come back. Again is safe.
    pub async fn remove_all(&self, case: CaseId) -> io::Result<()> {
        self.with(move |inner| inner.remove_all(case)).await
    }

    /// What waits.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(super) async fn waiting(&self) -> io::Result<Vec<Left>> {
        self.with(|inner| inner.waiting()).await
    }

    /// A fresh place for a draft.
    pub(super) fn draft_path(&self) -> PathBuf {
        self.0.folder.join(DRAFTS).join(hex::encode(random::<16>()))
    }

    pub(super) async fn with<T, F>(&self, work: F) -> io::Result<T>
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

/// A file that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Of which case.
    pub(super) case: CaseId,
    /// Which paper.
    pub(super) sha256: [u8; 32],
    /// It may wait for some days.
    pub(super) days: bool,
    /// Where it is.
    pub(super) path: PathBuf,
    /// Since when, Unix milliseconds.
    pub(super) since_ms: u64,
}

impl Inner {
    fn folder_of(&self, case: CaseId) -> PathBuf {
        self.folder.join(case.to_string())
    }

    pub(super) fn waiting_folder(&self) -> PathBuf {
        self.folder.join(WAITING)
    }

    pub(super) fn sealer(&self, case: CaseId) -> Arc<Sealer> {
        let papers = self.master.derive("papers of cases");
        Arc::new(Sealer::new(&keyed_hash(&papers, &[case.0.as_bytes()])))
    }

    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    /// Gives a waiting file its name; durable on return. It mends one of that name that was damaged.
    pub(super) fn name(&self, case: CaseId, sha256: [u8; 32], waiting: &Path) -> io::Result<()> {
        let folder = self.folder_of(case);
        private_folder(&folder)?;
        fault::point("papers.before_rename");
        fs::rename(waiting, folder.join(hex::encode(sha256)))?;
        fault::point("papers.after_rename");
        sync_folder(&folder)
    }

    fn look(&self, case: CaseId, sha256: [u8; 32]) -> io::Result<Option<Reading>> {
        let path = self.folder_of(case).join(hex::encode(sha256));
        let there = |path: &Path| match File::open(path) {
            Ok(file) => Ok(Some(file)),
            Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        };
        let mut found = there(&path)?;
        if found.is_none() {
            if let Some(waiting) = self.waiting_of(case, sha256)? {
                found = there(&waiting)?;
            }
            // It may have taken its name in between: then it has it.
            found = found.map_or_else(|| there(&path), |file| Ok(Some(file)))?;
        }
        found.map(|file| Reading::new(file, self.sealer(case), case, sha256)).transpose()
    }

    fn waiting_of(&self, case: CaseId, sha256: [u8; 32]) -> io::Result<Option<PathBuf>> {
        let all = self.waiting()?;
        let found = all.into_iter().find(|left| left.case == case && left.sha256 == sha256);
        Ok(found.map(|left| left.path))
    }

    fn waiting(&self) -> io::Result<Vec<Left>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.waiting_folder())? {
            let entry = entry?;
            let name = entry.file_name();
            let read = name.to_str().and_then(waiting_parts);
            // Gone since: it was named or thrown away.
            let (Some((case, sha256, days)), Ok(known)) = (read, entry.metadata()) else {
                continue;
            };
            let since = known.modified()?.duration_since(std::time::UNIX_EPOCH);
            let since = since.map_or(0, |since| since.as_millis());
            let since_ms = u64::try_from(since).unwrap_or(u64::MAX);
            all.push(Left { case, sha256, days, path: entry.path(), since_ms });
        }
        Ok(all)
    }

    fn remove_all(&self, case: CaseId) -> io::Result<()> {
        for left in self.waiting()?.into_iter().filter(|left| left.case == case) {
            fs::remove_file(left.path)?;
        }
        sync_folder(&self.waiting_folder())?;
        match fs::remove_dir_all(self.folder_of(case)) {
            Err(fault) if fault.kind() != ErrorKind::NotFound => return Err(fault),
            _ => {}
        }
        // Also when nothing was there: it may have been removed before by a call that failed here.
        sync_folder(&self.folder)
    }
}

/// Reads a waiting file's name: `<case>.<sha256>.<r or d><anything>`.
fn waiting_parts(name: &str) -> Option<(CaseId, [u8; 32], bool)> {
    let mut parts = name.splitn(3, '.');
    let (case, hash, stay) = (parts.next()?, parts.next()?, parts.next()?);
    let mut sha256 = [0; 32];
    hex::decode_to_slice(hash, &mut sha256).ok()?;
    Some((case.parse().ok()?, sha256, stay.starts_with(Stay::Days.letter())))
}

/// Makes a folder for our user only; a new one is durable on return.
fn private_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_folder),
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(fault) => Err(fault),
    }
}

pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};
    use uuid::Uuid;

    use super::super::sealed::PIECE;
    use super::super::sweep::sweep_with;
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

    fn count(folder: &Folder, name: &str) -> usize {
        fs::read_dir(folder.0.join("papers").join(name)).expect("a folder").count()
    }

    async fn kept(papers: &PaperStore, case: CaseId, bytes: &[u8]) -> [u8; 32] {
        let waiting = papers.take_in(case, bytes.to_vec()).await.expect("taken");
        let sha256 = waiting.sha256();
        assert_eq!(waiting.bytes(), bytes.len() as u64);
        waiting.keep().await;
        sha256
    }

    async fn get(
        papers: &PaperStore,
        case: CaseId,
        sha256: [u8; 32],
    ) -> io::Result<Option<Vec<u8>>> {
        let Some(mut reading) = papers.look(case, sha256).await? else { return Ok(None) };
        let mut all = Vec::new();
        while let Some((piece, rest)) = papers.piece(reading).await? {
            all.extend_from_slice(&piece);
            reading = rest;
        }
        Ok(Some(all))
    }

    #[actix_web::test]
    async fn a_paper_comes_back_and_is_not_readable_on_the_disk() {
        let (papers, folder) = store();
        let text = "申请书".repeat(100).into_bytes();
        let sha256 = kept(&papers, case(1), &text).await;
        assert_eq!(sha256, <[u8; 32]>::from(Sha256::digest(&text)));
        // Again is the same.
        assert_eq!(kept(&papers, case(1), &text).await, sha256);
        let papers = again(&folder);
        assert_eq!(get(&papers, case(1), sha256).await.expect("read"), Some(text.clone()));
        assert_eq!(get(&papers, case(2), sha256).await.expect("read"), None);
        assert_eq!(get(&papers, case(1), [0; 32]).await.expect("read"), None);
        let sealed = fs::read(file(&folder, case(1), sha256)).expect("a file");
        assert!(!sealed.windows(9).any(|part| part == &text[..9]));
        assert_eq!((count(&folder, DRAFTS), count(&folder, WAITING)), (0, 0));
        // Of a case that does not exist nothing is there, not even its folder.
        assert!(!folder.0.join("papers").join(case(2).to_string()).exists());
    }

    #[actix_web::test]
    async fn pieces_meet_wherever_the_paper_ends() {
        let (papers, _folder) = store();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let mut draft = papers.begin(case(1), "").await.expect("begun");
            for part in bytes.chunks(100_003) {
                draft.write(Bytes::copy_from_slice(part)).await.expect("written");
            }
            let waiting = draft.wait(Stay::Request).await.expect("whole");
            let sha256 = waiting.sha256();
            assert_eq!(sha256, <[u8; 32]>::from(Sha256::digest(&bytes)), "{length}");
            // It can be read while it waits, and after.
            assert_eq!(get(&papers, case(1), sha256).await.expect("read"), Some(bytes.clone()));
            waiting.keep().await;
            let reading = papers.look(case(1), sha256).await.expect("read").expect("there");
            assert_eq!(reading.bytes(), length as u64);
            assert_eq!(get(&papers, case(1), sha256).await.expect("read"), Some(bytes));
        }
    }

    #[actix_web::test]
    async fn a_damaged_file_is_a_fault_and_mended_by_the_paper() {
        let (papers, folder) = store();
        let paper = vec![0xA5; PIECE + 10];
        let sha256 = kept(&papers, case(1), &paper).await;
        let path = file(&folder, case(1), sha256);
        let good = fs::read(&path).expect("a file");
        for at in [0, 16, 100, PIECE, good.len() - 60, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).expect("written");
            let fault = get(&papers, case(1), sha256).await.expect_err("damaged");
            assert_eq!(fault.kind(), ErrorKind::InvalidData, "{at}");
        }
        // Cut, and cut with its end put back: a piece is missing.
        let end = &good[good.len() - 48..];
        let cut = [&good[..16 + PIECE + 40], end].concat();
        for bad in [&good[..10], &good[..good.len() - 1], cut.as_slice()] {
            fs::write(&path, bad).expect("written");
            let fault = get(&papers, case(1), sha256).await.expect_err("cut");
            assert_eq!(fault.kind(), ErrorKind::InvalidData);
        }
        // Under another name it is nothing either.
        assert_eq!(kept(&papers, case(1), &paper).await, sha256);
        fs::copy(&path, file(&folder, case(1), [9; 32])).expect("copied");
        let fault = get(&papers, case(1), [9; 32]).await.expect_err("another's");
        assert_eq!(fault.kind(), ErrorKind::InvalidData);
        assert_eq!(get(&papers, case(1), sha256).await.expect("read"), Some(paper));
    }

    #[actix_web::test]
    async fn what_is_forgotten_is_gone_and_of_that_case_only() {
        let (papers, folder) = store();
        let one = kept(&papers, case(1), b"one").await;
        let waiting = papers.take_in(case(1), b"two".to_vec()).await.expect("taken");
        kept(&papers, case(2), b"one").await;
        papers.remove_all(case(1)).await.expect("removed");
        papers.remove_all(case(1)).await.expect("again");
        assert_eq!(get(&papers, case(1), one).await.expect("read"), None);
        assert_eq!(get(&papers, case(1), waiting.sha256()).await.expect("read"), None);
        assert!(get(&papers, case(2), one).await.expect("read").is_some());
        assert!(!folder.0.join("papers").join(case(1).to_string()).exists());
    }

    #[actix_web::test]
    async fn what_is_refused_or_given_up_leaves_nothing() {
        let (papers, folder) = store();
        let waiting = papers.take_in(case(1), b"one".to_vec()).await.expect("taken");
        // The same paper again, at the same time: one is kept, the other refused.
        let other = papers.take_in(case(1), b"one".to_vec()).await.expect("taken");
        let sha256 = waiting.sha256();
        waiting.throw_away().await;
        other.keep().await;
        assert!(get(&papers, case(1), sha256).await.expect("read").is_some());
        let mut draft = papers.begin(case(1), "application/pdf").await.expect("begun");
        draft.write(Bytes::from_static(b"%PDF-")).await.expect("written");
        assert!(draft.fits());
        assert_eq!(count(&folder, DRAFTS), 1);
        drop(draft);
        assert_eq!((count(&folder, DRAFTS), count(&folder, WAITING)), (0, 0));
    }

    #[actix_web::test]
    async fn what_a_crash_left_is_swept_by_what_the_case_knows() {
        let (papers, folder) = store();
        let mut known = Vec::new();
        for bytes in [b"known", b"never"] {
            let waiting = papers.take_in(case(1), bytes.to_vec()).await.expect("taken");
            known.push(waiting.sha256());
        }
        let mut draft = papers.begin(case(1), "image/png").await.expect("begun");
        draft.write(Bytes::from_static(b"picture")).await.expect("written");
        let picture = draft.wait(Stay::Days).await.expect("whole").sha256();
        fs::write(folder.0.join("papers").join(DRAFTS).join("left"), b"half").expect("written");
        let papers = again(&folder);
        assert_eq!(count(&folder, DRAFTS), 0);
        let knows = |_case, sha256: [u8; 32]| {
            let knows = sha256 == known[0];
            async move { Ok(knows) }
        };
        let now = u64::try_from(
            fs::metadata(&folder.0)
                .expect("there")
                .modified()
                .expect("a time")
                .duration_since(std::time::UNIX_EPOCH)
                .expect("later")
                .as_millis(),
        )
        .expect("fits");
        sweep_with(&papers, now + 1_000, now + 1_000, knows).await.expect("swept");
        assert!(file(&folder, case(1), known[0]).exists(), "it has its name");
        assert_eq!(get(&papers, case(1), known[1]).await.expect("read"), None);
        assert!(get(&papers, case(1), picture).await.expect("read").is_some(), "it may wait");
        sweep_with(&papers, now + 8 * 86_400_000, 0, knows).await.expect("swept");
        assert_eq!(get(&papers, case(1), picture).await.expect("read"), None);
        assert_eq!(count(&folder, WAITING), 0);
    }
}
