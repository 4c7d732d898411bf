//! Makes the roots of courts: counts what came since the last one, signs, keeps.
//!
//! The records are read through readers, a window of positions at a time, so that no decision
//! waits; of a day of a million records no more than a window and the hashes of its blocks are in
//! memory. The row of a root becomes durable first, and only then its line in the file: whoever is
//! killed in between finds the row, and the line is written by the next one who looks.

use std::path::PathBuf;
use std::sync::Arc;

use ed25519_dalek::{Signer as _, SigningKey};
use tiande_actors::ports::Clock;
use tiande_actors::ports::journal::ReadFault;
use tiande_core::calendar::Day;
use tiande_core::ids::CourtId;
use tiande_core::proof::{Blocks, DayRoot, Growing, Log, LogFault, Promise, leaf_hash};
use tokio::sync::Mutex;
use tracing::info;

use super::file;
use super::wire::{PromiseShape, RootShape};
use crate::fault;
use crate::journal::checkpoint::signing_key;
use crate::journal::day_roots::{ROOTS_MAX, SignedRoot};
use crate::journal::evidence::WINDOW;
use crate::journal::{Store, StoreFault};
use crate::keys::KeyFault;

/// Why there is no root. Nothing was signed that is not kept, and nothing was signed twice.
#[derive(Debug, thiserror::Error)]
pub enum CloseFault {
    /// The journal could not be read.
    #[error("cannot read what the root is over")]
    Read(#[from] ReadFault),
    /// The root could not be kept.
    #[error("cannot keep the root")]
    Store(#[from] StoreFault),
    /// The file of roots could not be used.
    #[error("cannot use the file of roots {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What is in the table is no history.
    #[error("root {0} of the database {1}")]
    Log(u64, #[source] LogFault),
    /// The file holds what the database does not: an older copy of the database was put back. A
    /// root made now would be a second history.
    #[error(
        "{0} holds roots that the database does not know: was an older database put back? No root is made, because \
         it would contradict one that was handed out"
    )]
    FileAhead(PathBuf),
    /// The journal ends before what was signed.
    #[error("the journal ends before what root {0} covers: it was cut")]
    JournalCut(u64),
}

/// Makes roots, and promises of roots. One in a server.
pub struct Proof {
    pub(super) journal: Arc<Store>,
    clock: Arc<dyn Clock>,
    key: SigningKey,
    /// One root at a time.
    closing: Mutex<()>,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

impl Proof {
    /// Proofs over a journal, signed with the key of its checkpoints.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn open(journal: Arc<Store>, clock: Arc<dyn Clock>) -> Result<Self, KeyFault> {
        let key = signing_key(journal.data_dir())?;
        Ok(Self { journal, clock, key, closing: Mutex::new(()) })
    }

    /// The key that checks what is signed here.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Roots of a court after that number, in order.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn roots(
        &self,
        court: &CourtId,
        after: u64,
        most: u32,
    ) -> Result<Vec<SignedRoot>, ReadFault> {
        self.journal.day_roots(court, after, most).await
    }

    /// All roots of a court, in order.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn all_roots(&self, court: &CourtId) -> Result<Vec<SignedRoot>, ReadFault> {
        let mut all: Vec<SignedRoot> = Vec::new();
        loop {
            let after = all.last().map_or(0, |signed| signed.root.number);
            let page = self.roots(court, after, ROOTS_MAX).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// A promise for a record, given now.
    pub(super) fn promise(&self, court: CourtId, hash: [u8; 32]) -> PromiseShape {
        let promise = Promise::given(court, hash, self.clock.now());
        PromiseShape::new(&promise, self.key.sign(&promise.message()).to_bytes())
    }

    /// Makes the court's root for the day that was over last, unless one was made since it ended.
    ///
    /// # Errors
    /// [`CloseFault`].
    pub async fn close_if_due(&self, court: &CourtId) -> Result<Option<SignedRoot>, CloseFault> {
        let newest = self.journal.newest_root(court).await?;
        let since = match &newest {
            Some(signed) => Some(signed.root.at.0),
            // A court without a root: as old as the journal is.
            None => self.journal.begun_at().await?,
        };
        let today = Day::of(self.clock.now());
        if since.is_none_or(|since| since >= today.begins().0) {
            return Ok(None);
        }
        self.close(court, today.plus(-1)).await.map(Some)
    }

    /// Makes a root now, for the day that runs.
    ///
    /// # Errors
    /// [`CloseFault`].
    pub async fn close_now(&self, court: &CourtId) -> Result<SignedRoot, CloseFault> {
        self.close(court, Day::of(self.clock.now())).await
    }

    async fn close(&self, court: &CourtId, day: Day) -> Result<SignedRoot, CloseFault> {
        let _one_at_a_time = self.closing.lock().await;
        self.bring_up(court).await?;
        let mut log = Log::default();
        for signed in self.all_roots(court).await? {
            let number = signed.root.number;
            log.check(&signed.root).map_err(|fault| CloseFault::Log(number, fault))?;
        }
        let first = log.covered() + 1;
        let last = self.journal.head_position().await?;
        if last + 1 < first {
            return Err(CloseFault::JournalCut(log.size()));
        }
        let blocks = self.count(court, first, last).await?;
        let mut root = DayRoot {
            court: court.clone(),
            number: log.size() + 1,
            day,
            first,
            last,
            size: blocks.size(),
            root: blocks.root(),
            at: self.clock.now(),
            log_root: [0; 32],
        };
        root.log_root = log.push(&root);
        let signature = self.key.sign(&root.message()).to_bytes();
        let signed = SignedRoot { root, signature };
        fault::point("roots.before_row");
        self.journal.add_root(&signed, &blocks).await?;
        fault::point("roots.after_row");
        self.bring_up(court).await?;
        let root = &signed.root;
        info!(%court, number = root.number, day = %root.day, size = root.size, "a root was signed");
        Ok(signed)
    }

    /// The tree over the court's records between two positions.
    async fn count(&self, court: &CourtId, first: u64, last: u64) -> Result<Blocks, ReadFault> {
        let mut growing = Growing::default();
        let mut from = first;
        while from <= last {
            for (position, hash) in self.journal.hashes_between(court, from, last).await? {
                growing.push(position, leaf_hash(&hash));
            }
            from = from.saturating_add(WINDOW);
        }
        Ok(growing.finish())
    }

    /// Appends to the court's file what only the table has: a server was killed between the two.
    ///
    /// # Errors
    /// [`CloseFault`].
    pub async fn bring_file_up(&self, court: &CourtId) -> Result<(), CloseFault> {
        // Two at once would write a line twice.
        let _one_at_a_time = self.closing.lock().await;
        self.bring_up(court).await
    }

    async fn bring_up(&self, court: &CourtId) -> Result<(), CloseFault> {
        let path = file::file_of(self.journal.data_dir(), court.as_str());
        let fault = |source| CloseFault::File { path: path.clone(), source };
        let at = path.clone();
        let newest = blocking(move || file::newest(&at)).await.map_err(fault)?;
        let ahead = || CloseFault::FileAhead(path.clone());
        let mut after = 0;
        if let Some(newest) = newest {
            let written = RootShape::from_line(&newest).ok_or_else(ahead)?;
            let known = self.roots(court, written.number.saturating_sub(1), 1).await?;
            if known.first().map(RootShape::from).as_ref() != Some(&written) {
                return Err(ahead());
            }
            after = written.number;
        }
        loop {
            let missing = self.roots(court, after, ROOTS_MAX).await?;
            let Some(last) = missing.last() else { return Ok(()) };
            after = last.root.number;
            let lines: String =
                missing.iter().map(|one| file::line(&RootShape::from(one))).collect();
            let at = path.clone();
            blocking(move || file::append(&at, &lines)).await.map_err(fault)?;
        }
    }
}

/// Runs what waits for the disk beside everything else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    let done = actix_web::web::block(work).await;
    done.unwrap_or_else(|_pool_gone| Err(std::io::Error::from(std::io::ErrorKind::Interrupted)))
}
