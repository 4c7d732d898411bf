//! Positions from many handhelds as a load beside which something else is measured: a thread of its own,
//! which reports while it is told to.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::field::{Gang, Spread};
use super::host::say;
use crate::clock;

/// The load: a thread of its own, which reports while it is told to.
pub struct Load {
    per_s: Arc<AtomicU64>,
    sent: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    fault: oneshot::Receiver<anyhow::Error>,
}

impl Load {
    /// Starts it with those sockets; nothing is reported yet but what keeps them.
    pub fn start(streams: Vec<TcpStream>, spread: Spread) -> Result<Self> {
        let streams = streams.into_iter().map(TcpStream::into_std);
        let streams: Vec<_> = streams.collect::<Result<_, _>>().context("a socket is lost")?;
        Ok(Self::begin(async move || {
            let mut here = Vec::with_capacity(streams.len());
            for stream in streams {
                let stream = TcpStream::from_std(stream)?;
                stream.writable().await?; // This runtime knows nothing of it yet.
                here.push(stream);
            }
            Ok(Gang::new(here, spread))
        }))
    }

    /// The same with a gang that is there already; what it is told is still read where it began.
    pub fn over(gang: Gang) -> Self {
        Self::begin(async move || Ok(gang))
    }

    fn begin(make: impl AsyncFnOnce() -> Result<Gang> + Send + 'static) -> Self {
        let (per_s, sent) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let over = Arc::new(AtomicBool::new(false));
        let (tell, fault) = oneshot::channel();
        let (wanted, done, ended) = (Arc::clone(&per_s), Arc::clone(&sent), Arc::clone(&over));
        std::thread::spawn(move || {
            let work = || -> Result<()> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(async {
                    let mut gang = make().await?;
                    gang.report(gang.len())?;
                    while !ended.load(Ordering::Relaxed) {
                        match wanted.load(Ordering::Relaxed) {
                            // A handheld that says nothing for long is taken for lost: some 100 frames a
                            // second keep a thousand of them.
                            0 => {
                                gang.report(2)?;
                                clock::sleep_ms(20).await;
                            }
                            per_s => {
                                #[allow(clippy::cast_precision_loss)] // Thousands.
                                let lot = gang.report_for(per_s as f64, 100_000).await?;
                                done.fetch_add(lot, Ordering::Relaxed);
                            }
                        }
                    }
                    Ok(())
                })
            };
            if let Err(fault) = work() {
                // Whoever waited may have gone.
                tell.send(fault).unwrap_or_default();
            }
        });
        Self { per_s, sent, over, fault }
    }

    /// Positions that were sent so far while it was told to.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Reports so many positions a second from now on.
    pub fn set(&mut self, per_s: u64) -> Result<()> {
        if let Ok(fault) = self.fault.try_recv() {
            return Err(fault.context("the load broke off"));
        }
        self.per_s.store(per_s, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Lets this thread go before all others of its core. Not possible for everybody.
pub fn go_first() {
    // `PID/task/TID`.
    let this = std::fs::read_link("/proc/thread-self").unwrap_or_default();
    let this = this.file_name().unwrap_or_default();
    let done = Command::new("chrt")
        .args(["--fifo", "-p", "1"])
        .arg(this)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !done.is_ok_and(|status| status.success()) {
        say(
            "note: the measuring thread cannot go first; the load's own generator is in the figures",
        );
    }
}
