//! What is done in the background while the server runs: forgetting what may be forgotten, in small
//! steps, so that nobody waits for it.

use std::sync::Arc;
use std::time::Duration;

use tiande_actors::ports::Clock;
use tracing::{info, warn};

use crate::journal::Store;

/// Deliveries forgotten in one transaction: a few milliseconds of the writer's time.
const BATCH: u32 = 500;
/// Between two batches decisions have the writer for themselves.
const BREATH: Duration = Duration::from_millis(100);
/// How often it looks. A delivery may be kept that much longer than promised.
const EACH: Duration = Duration::from_secs(3_600);

/// Starts it, on the caller's own thread; it ends with that thread's runtime.
pub fn start(journal: Arc<Store>, clock: Arc<dyn Clock>) {
    actix_web::rt::spawn(async move {
        let mut looks = actix_web::rt::time::interval(EACH);
        loop {
            looks.tick().await;
            let mut gone = 0;
            let mut breath = actix_web::rt::time::interval(BREATH);
            loop {
                breath.tick().await;
                match journal.sweep_deliveries(clock.now(), BATCH).await {
                    Ok(swept) => {
                        gone += swept;
                        if swept < u64::from(BATCH) {
                            break;
                        }
                    }
                    Err(fault) => {
                        warn!(?fault, "old deliveries could not be forgotten; tried again later");
                        break;
                    }
                }
            }
            if gone > 0 {
                info!(gone, "deliveries older than 30 days were forgotten");
            }
        }
    });
}
