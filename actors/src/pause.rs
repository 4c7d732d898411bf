//! The one place where an actor's future may sleep.
#![allow(clippy::disallowed_methods)] // Bounded retries need a pause; all of them come through here.

use std::time::Duration;

use tiande_core::time::Millis;

/// Waits `span` without blocking the arbiter.
pub(crate) async fn pause(span: Millis) {
    actix::clock::sleep(Duration::from_millis(span.0)).await;
}
