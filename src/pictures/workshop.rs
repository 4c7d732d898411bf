//! Starts the decoding process, feeds it, and takes what comes out, within bounds: two at a time, some
//! waiting, each for a few seconds.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::counter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::decode::{BYTES_MAX, COPY_MAX};

/// Pictures that are decoded at once.
const AT_ONCE: usize = 2;
/// Pictures that are decoded or wait for it; more are refused at once.
const WAITING_MAX: usize = 32;
/// A process that is not done by then is killed. More than its processor time, because a busy machine
/// gives it little; who asked may ask again.
pub const PATIENCE: Duration = Duration::from_secs(4);
/// Who gets no place within this is told to come again: nothing is decoded for somebody who has left.
const PLACE_WITHIN: Duration = Duration::from_secs(5);
/// The argument by which the program knows that it is to decode.
pub const SUBCOMMAND: &str = "decode-picture";

/// Both copies of a picture, JPEG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copies {
    /// The one to look at.
    pub view: Vec<u8>,
    /// The small one.
    pub preview: Vec<u8>,
}

/// Why there are no copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkFault {
    /// It cannot be decoded within the bounds. It will not become better.
    Unreadable,
    /// Too many are waiting, or the process could not be started: come again.
    Busy,
}

/// Starts decoders. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Workshop(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    program: PathBuf,
    places: Semaphore,
    waiting: AtomicUsize,
}

struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workshop {
    /// A workshop that starts this program (the server itself).
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        let (places, waiting) = (Semaphore::new(AT_ONCE), AtomicUsize::new(0));
        Self(Arc::new(Inner { program, places, waiting }))
    }

    /// Makes the copies of a picture.
    ///
    /// # Errors
    /// [`WorkFault`].
    pub async fn copies(&self, picture: &[u8]) -> Result<Copies, WorkFault> {
        let before = self.0.waiting.fetch_add(1, Ordering::Relaxed);
        let _place = Place(&self.0.waiting);
        if before >= WAITING_MAX {
            counter!("tiande_pictures_refused_total").increment(1);
            return Err(WorkFault::Busy);
        }
        if picture.len() as u64 > BYTES_MAX {
            return Err(WorkFault::Unreadable);
        }
        let turn = tokio::time::timeout(PLACE_WITHIN, self.0.places.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            counter!("tiande_pictures_refused_total").increment(1);
            return Err(WorkFault::Busy);
        };
        let done = tokio::time::timeout(PATIENCE, self.work(picture)).await;
        let done = done.unwrap_or(Err(WorkFault::Busy));
        let what = if done.is_ok() { "made" } else { "failed" };
        counter!("tiande_pictures_decoded_total", "end" => what).increment(1);
        done
    }

    async fn work(&self, picture: &[u8]) -> Result<Copies, WorkFault> {
        let mut child = Command::new(&self.0.program)
            .arg(SUBCOMMAND)
            .env_clear()
            // The allocator must not reserve more than the process may have.
            .env("MIMALLOC_DISALLOW_ARENA_ALLOC", "1")
            .env("MIMALLOC_ARENA_RESERVE", "0")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|fault| {
                tracing::error!(kind = ?fault.kind(), "no process to decode a picture in");
                WorkFault::Busy
            })?;
        let (Some(mut input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(WorkFault::Busy);
        };
        // Both at once: who only writes waits for ever for one who only writes too.
        let feed = async move {
            input.write_all(picture).await.ok();
            drop(input);
        };
        let take = async {
            let view = copy(&mut output).await?;
            let preview = copy(&mut output).await?;
            Some(Copies { view, preview })
        };
        let ((), copies) = tokio::join!(feed, take);
        if copies.is_none() {
            // It may have more to say, and nobody listens any more.
            child.start_kill().ok();
        }
        let status = child.wait().await;
        let ended_well = status.is_ok_and(|status| status.success());
        copies.filter(|_| ended_well).ok_or(WorkFault::Unreadable)
    }
}

/// One copy: its length, then it. What is no JPEG is not passed on, whoever wrote it.
async fn copy(output: &mut (impl AsyncReadExt + Unpin)) -> Option<Vec<u8>> {
    let length = output.read_u32().await.ok().filter(|length| *length <= COPY_MAX)?;
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    output.read_exact(&mut bytes).await.ok()?;
    bytes.starts_with(&[0xFF, 0xD8, 0xFF]).then_some(bytes)
}
