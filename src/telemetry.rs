//! Logs, metrics, panics, and the two clocks of the server.
#![allow(clippy::disallowed_methods)] // The one place of the server that reads the system's clock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use metrics::counter;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tiande_actors::ports::Clock;
use tiande_core::time::{Millis, UnixMillis};
use tracing_subscriber::EnvFilter;

/// The system's wall clock, believed whatever it shows: for commands and tests. The server has
/// [`crate::machine_clock::MachineClock`].
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        wall_clock()
    }
}

/// What the system's wall clock shows.
#[must_use]
pub fn wall_clock() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Time since the first call, which no setting of the wall clock changes.
#[must_use]
pub fn monotonic() -> Millis {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let passed = BEGIN.get_or_init(Instant::now).elapsed();
    Millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
}

/// Sets logs up: to standard error, so that what commands print stays clean.
///
/// # Errors
/// The filter's text is none.
pub fn start_logs(filter: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|fault| format!("log: {fault}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started =
        if json { builder.with_ansi(false).compact().try_init() } else { builder.try_init() };
    started.map_err(|fault| format!("log: {fault}"))
}

/// Sets metrics up; the handle renders them.
///
/// # Errors
/// Another recorder is there already.
pub fn start_metrics() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new().install_recorder().map_err(|fault| format!("metrics: {fault}"))
}

/// A panic inside an actor is caught by the runtime and would pass in silence: it is counted and
/// logged here. The desk of its court rebuilds the actor.
pub fn count_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        counter!("tiande_panics_total").increment(1);
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
        usual(info);
    }));
}

/// An id for one request's answer, for asking the operator about it: unique in this process.
#[must_use]
pub fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", SystemClock.now().0, NEXT.fetch_add(1, Ordering::Relaxed))
}
