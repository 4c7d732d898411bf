//! The one place where tests wait: for a condition, in short steps, with a limit.
#![allow(clippy::disallowed_methods)] // Bounded polling needs a pause; all of it comes through here.

use std::future::Future;
use std::time::Duration;

/// How long a condition may take on a loaded machine.
const LIMIT: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(2);

/// Waits until `look` finds something.
pub async fn found<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LIMIT.as_millis() / STEP.as_millis() {
        if let Some(found) = look() {
            return found;
        }
        actix::clock::sleep(STEP).await;
    }
    panic!("waited in vain: {what}");
}

/// Waits until `holds` does.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    found(what, || holds().then_some(())).await;
}

/// Tries `ask` again and again until it gives something.
pub async fn gets<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..LIMIT.as_millis() / STEP.as_millis() {
        if let Some(got) = within(what, ask()).await {
            return got;
        }
        actix::clock::sleep(STEP).await;
    }
    panic!("asked in vain: {what}");
}

/// Lets so much time pass, where the point is that nothing happens meanwhile.
pub async fn passes(time: Duration) {
    actix::clock::sleep(time).await;
}

/// Awaits `work`, which must not hang.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match actix::clock::timeout(LIMIT, work).await {
        Ok(done) => done,
        Err(_elapsed) => panic!("hangs: {what}"),
    }
}
