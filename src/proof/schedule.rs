//! When roots are made: soon after each midnight in Shanghai, for each court. A server that stood
//! still makes one when it starts, over all that came before.
//!
//! **Not here:** the machine it runs by: the server's clock says what day it is.

use std::time::Duration;

use actix_web::web::Data;
use tracing::warn;

use crate::app::{App, Phase};

/// How often it looks whether a day is over.
const LOOK: Duration = Duration::from_secs(60);

/// Starts it, on the caller's own thread; it ends with that thread's runtime.
pub fn start(app: Data<App>) {
    actix_web::rt::spawn(async move {
        let mut looks = actix_web::rt::time::interval(LOOK);
        loop {
            looks.tick().await;
            if app.phase() != Phase::Ready {
                continue;
            }
            for court in app.courts() {
                let court = &court.profile().id;
                let closed = app.proof.close_if_due(court).await;
                // Also without a new root: a line may be missing that a killed server did not
                // write.
                let kept = app.proof.bring_file_up(court).await;
                if let Err(fault) = closed.map(drop).and(kept) {
                    let fault = anyhow::Error::new(fault);
                    warn!(%court, "no root was made: {fault:#}; tried again in a minute");
                }
            }
        }
    });
}
