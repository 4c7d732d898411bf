//! The store of tracks (轨迹): files of its own beside the journal, written by a thread of its own.
//!
//! ```text
//! DATA/tracks/checkpoint             what is safely in day files, and up to where each device is
//! DATA/tracks/wal-<generation>-<n>   everything since then, flush by flush
//! DATA/tracks/<court>/<day>-<n>.trk  sealed blocks of one officer's fixes each, by UTC day
//! DATA/tracks/<court>/keys-<month>   a random key for each officer, wrapped by the master key
//! ```
//!
//! Fixes wait in memory for a moment, go into the write-ahead file together, and are acknowledged
//! after one `fdatasync`. A checkpoint packs what has gathered into blocks, step by step, while flushes go
//! on into the next generation of the write-ahead file. Until it is complete the day files count only as
//! far as the one before says, so a crash at any point neither loses nor doubles a fix: what is beyond is
//! cut off, and made again from the write-ahead files.
//!
//! **Not here:** which fixes are kept (the officer's actor), and who may read them (`api::tracks`).

mod checkpoint;
mod days;
mod devices;
mod flush;
mod frame;
mod keys;
mod medium;
mod packing;
mod reading;
mod wal;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use metrics::gauge;
use tiande_actors::ports::Clock;
use tiande_actors::ports::tracks::{TrackBatch, Tracks, TracksFull};
use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::track::{Order, TrackWindow};
use tokio::sync::oneshot;

use crate::keys::MasterKey;

pub use medium::{Medium, Step};
pub use reading::{Place, StoredFix, TrackPage};

use devices::Devices;
use flush::{Waiting, places_of};
use writer::Writer;

/// Fixes wait at most so long for others to be written with.
pub const FLUSH_EVERY: Duration = Duration::from_millis(250);
/// So many that wait are written at once.
pub const FLUSH_FIXES: usize = 8_192;
/// Most fixes that wait in front of the disk: beyond, batches are refused, and the devices keep them.
/// At 64 bytes each 16 MiB.
pub const QUEUE_FIXES_MAX: usize = 262_144;

const DAY_MS: i64 = 86_400_000;

/// Most readers that wait for the writer to say where something is.
const REQUESTS_MAX: usize = 256;

/// How a store is opened.
pub struct TrackOptions {
    /// Its folder.
    pub folder: PathBuf,
    /// Wraps the officers' keys.
    pub master: Arc<MasterKey>,
    /// The wall clock: retention goes by it.
    pub clock: Arc<dyn Clock>,
    /// Days are removed when they are older than this.
    pub keep_days: u32,
    /// A checkpoint is made when the write-ahead file is so long, bytes.
    pub wal_max: u64,
    /// What stands between the store and the disk.
    pub medium: Medium,
}

impl TrackOptions {
    /// At this length of the write-ahead file a checkpoint is made.
    pub const WAL_MAX: u64 = 32 * 1024 * 1024;
}

/// What the writer is asked beside keeping fixes.
enum Request {
    /// Where the fixes of a window are.
    Read(CourtId, OfficerId, TrackWindow, oneshot::Sender<io::Result<reading::Sources>>),
    /// Destroy an officer's key of a month.
    Forget(CourtId, OfficerId, String, oneshot::Sender<io::Result<bool>>),
    /// Pack what has gathered.
    Checkpoint(oneshot::Sender<io::Result<()>>),
}

#[derive(Default)]
struct Queue {
    waiting: Waiting,
    requests: Vec<Request>,
    stop: bool,
}

/// What the handle and the writer share.
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Changed by the writer's thread alone, and never while the disk works.
    devices: RwLock<Devices>,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Every change of the queue is whole in itself.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn devices(&self) -> RwLockReadGuard<'_, Devices> {
        self.devices.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Devices) -> T) -> T {
        change(&mut self.devices.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The store. Shared by all courts.
pub struct TrackStore {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Too many wait, or the writer has ended.
fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, "the track store does not answer")
}

impl TrackStore {
    /// Opens the store: cuts off what a crash left half done, and reads what is not in day files yet.
    /// It blocks.
    ///
    /// # Errors
    /// Whatever the file system says, or `InvalidData` when the checkpoint is damaged.
    pub fn open(options: TrackOptions) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            devices: RwLock::default(),
        });
        let mut writer = Writer::open(options, Arc::clone(&shared))?;
        let thread =
            std::thread::Builder::new().name("tracks".to_owned()).spawn(move || writer.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    fn request<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Request) -> oneshot::Receiver<T> {
        let (tell, told) = oneshot::channel();
        let mut queue = self.shared.queue();
        if queue.requests.len() < REQUESTS_MAX && !queue.stop {
            queue.requests.push(make(tell)); // Else `tell` is dropped, and who asked is told so.
        }
        drop(queue);
        self.shared.changed.notify_one();
        told
    }

    /// Reads an officer's fixes of a window, in order of time; at most `limit` after `after`.
    ///
    /// # Errors
    /// Whatever the file system says; `InvalidData` when a block is damaged.
    pub async fn read(
        &self,
        court: CourtId,
        officer: OfficerId,
        window: TrackWindow,
        after: Option<Place>,
        limit: usize,
    ) -> io::Result<TrackPage> {
        let asked = self.request(|tell| Request::Read(court, officer, window, tell));
        let sources = asked.await.map_err(|_ended| gone())??;
        let read = actix_web::web::block(move || sources.page(after, limit)).await;
        read.unwrap_or_else(|_pool_gone| Err(gone()))
    }

    /// Destroys an officer's key of a month (`2026-11`): what was kept of that month can never be read
    /// again. False when there was none.
    ///
    /// # Errors
    /// Whatever the file system says; then nothing is forgotten.
    pub async fn forget(
        &self,
        court: CourtId,
        officer: OfficerId,
        month: String,
    ) -> io::Result<bool> {
        let asked = self.request(|tell| Request::Forget(court, officer, month, tell));
        asked.await.map_err(|_ended| gone())?
    }

    /// Packs what has gathered into day files.
    ///
    /// # Errors
    /// Whatever the file system says; nothing is lost then.
    pub async fn checkpoint(&self) -> io::Result<()> {
        self.request(Request::Checkpoint).await.map_err(|_ended| gone())?
    }

    /// Writes what waits, packs it, and ends. It blocks.
    pub fn close(&self) {
        self.shared.queue().stop = true;
        self.shared.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic inside has been reported by the panic hook.
            thread.join().ok();
        }
    }
}

impl Drop for TrackStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Tracks for TrackStore {
    fn keep(&self, batch: TrackBatch<'_>) -> Result<(), TracksFull> {
        let places = places_of(&batch);
        let mut queue = self.shared.queue();
        if queue.stop || queue.waiting.places + places > QUEUE_FIXES_MAX {
            return Err(TracksFull);
        }
        let first = queue.waiting.is_empty();
        let few = queue.waiting.places < FLUSH_FIXES;
        queue.waiting.push(batch);
        // Once when there is something, and once when it is enough for a flush.
        let wakes = first || (few && queue.waiting.places >= FLUSH_FIXES);
        drop(queue);
        if wakes {
            self.shared.changed.notify_one();
        }
        Ok(())
    }

    fn stored(&self, device: DeviceId) -> Option<Order> {
        self.shared.devices().mark(device)
    }
}

#[allow(clippy::cast_precision_loss)] // A bounded count.
fn show_waiting(fixes: usize) {
    gauge!("tiande_track_fixes_waiting").set(fixes as f64);
}

#[cfg(test)]
mod tests;
