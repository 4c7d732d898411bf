//! Starts the rendering process, feeds it, and takes what comes out, within bounds: two at a time, some
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

use super::child::{EXIT_TOO_LONG, REQUEST_MAX, Request};
use super::render::{PAGES_MAX, PDF_MAX, Rendered};

/// Documents that are rendered at once.
const AT_ONCE: usize = 2;
/// Documents that are rendered or wait for it; more are refused at once.
const WAITING_MAX: usize = 32;
/// A process that is not done by then is killed. More than its processor time, because a busy machine
/// gives it little; who asked may ask again.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Who gets no place within this is told to come again.
const PLACE_WITHIN: Duration = Duration::from_secs(5);
/// The argument by which the program knows that it is to render.
pub const SUBCOMMAND: &str = "render-document";

/// Why there is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PressFault {
    /// It has too many pages.
    #[error("the document is too long")]
    TooLong,
    /// The process failed, or took more than its bounds. The same will happen again.
    #[error("the document could not be rendered")]
    Failed,
    /// Too many are waiting, or the process could not be started: come again.
    #[error("too many documents are being rendered")]
    Busy,
}

/// Renders documents in processes of their own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Press(Arc<Inner>);

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

impl Press {
    /// A press that starts this program (the server itself).
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        let (places, waiting) = (Semaphore::new(AT_ONCE), AtomicUsize::new(0));
        Self(Arc::new(Inner { program, places, waiting }))
    }

    /// Renders a document. Its inputs were checked before ([`super::Documents::check`]); the process
    /// checks them again and renders nothing when they have faults.
    ///
    /// # Errors
    /// [`PressFault`].
    pub async fn render(&self, request: &Request) -> Result<Rendered, PressFault> {
        let before = self.0.waiting.fetch_add(1, Ordering::Relaxed);
        let _place = Place(&self.0.waiting);
        if before >= WAITING_MAX {
            counter!("tiande_documents_refused_total").increment(1);
            return Err(PressFault::Busy);
        }
        let bytes = serde_json::to_vec(request).map_err(|_fault| PressFault::Failed)?;
        if bytes.len() as u64 > REQUEST_MAX {
            return Err(PressFault::TooLong);
        }
        let turn = tokio::time::timeout(PLACE_WITHIN, self.0.places.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            counter!("tiande_documents_refused_total").increment(1);
            return Err(PressFault::Busy);
        };
        let done = tokio::time::timeout(PATIENCE, self.work(&bytes)).await;
        let done = done.unwrap_or(Err(PressFault::Busy));
        let what = if done.is_ok() { "made" } else { "failed" };
        counter!("tiande_documents_rendered_total", "end" => what).increment(1);
        if done.is_err() {
            // Not the inputs: they are about people.
            tracing::error!(template = %request.template, "a document could not be rendered");
        }
        done
    }

    async fn work(&self, bytes: &[u8]) -> Result<Rendered, PressFault> {
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
                tracing::error!(kind = ?fault.kind(), "no process to render a document in");
                PressFault::Busy
            })?;
        let (Some(mut input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(PressFault::Busy);
        };
        // Both at once: who only writes waits for ever for one who only writes too.
        let feed = async move {
            input.write_all(bytes).await.ok();
            drop(input);
        };
        let ((), rendered) = tokio::join!(feed, document(&mut output));
        if rendered.is_none() {
            // It may have more to say, and nobody listens any more.
            drop(output);
        }
        let status = child.wait().await.map_err(|_fault| PressFault::Failed)?;
        if status.code() == Some(i32::from(EXIT_TOO_LONG)) {
            return Err(PressFault::TooLong);
        }
        rendered.filter(|_| status.success()).ok_or(PressFault::Failed)
    }
}

/// Pages, length, then the file. What is no PDF is not passed on, whoever wrote it.
async fn document(output: &mut (impl AsyncReadExt + Unpin)) -> Option<Rendered> {
    let pages = usize::try_from(output.read_u32().await.ok()?).ok()?;
    let length = usize::try_from(output.read_u32().await.ok()?).ok()?;
    if pages > PAGES_MAX || length > PDF_MAX {
        return None;
    }
    let mut pdf = vec![0; length];
    output.read_exact(&mut pdf).await.ok()?;
    pdf.starts_with(b"%PDF-").then(|| Rendered::new(pdf, pages))
}
