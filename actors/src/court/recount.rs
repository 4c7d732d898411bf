//! Another calendar: the dates of all running nodes are computed anew, once, in the background.
//!
//! Which calendar a date was computed with stands beside it in the store, so a server that dies in the middle
//! goes on with the rest at its next start. A case whose clock rings meanwhile computes its dates by itself.

use std::collections::BTreeSet;
use std::rc::{Rc, Weak};

use futures_util::future::join_all;
use tiande_core::ids::CaseId;
use tiande_core::time::{Millis, UnixMillis};
use tracing::{error, info, warn};

use crate::case::{RingAnswer, RingCase, SettleCase};
use crate::limits::{RECOUNT_LOT, RECOUNT_PAUSE, RECOUNT_RETRY, RECOUNT_SKIPPED};
use crate::pause::pause;
use crate::ports::journal::{AppendFault, ReadFault};

use super::room::CourtRoom;

/// Computes anew what was computed with another calendar, until there is no more of it or the court is gone.
pub(crate) async fn recount_cases(room: Weak<CourtRoom>) {
    let mut counted = 0;
    // What could not be done just now; it is tried again when all others are through.
    let mut skipped: BTreeSet<CaseId> = BTreeSet::new();
    loop {
        let Some(here) = room.upgrade() else { return };
        let lot = next_lot(&here, skipped.len()).await;
        let wait = match lot {
            Err(fault) => {
                error!(%fault, "cases of another calendar cannot be read; they are looked for again");
                RECOUNT_RETRY
            }
            Ok(lot) if lot.is_empty() => {
                if counted > 0 {
                    let (court, calendar) = (&here.profile.id, here.rules.calendar().version());
                    info!(%court, %calendar, cases = counted, "dates were computed anew");
                }
                return;
            }
            Ok(lot) => {
                let fresh: Vec<CaseId> =
                    lot.into_iter().filter(|case| !skipped.contains(case)).collect();
                let done = recount(&here, &fresh).await;
                counted += done.len();
                let left = fresh.iter().filter(|case| !done.contains(case)).copied();
                skipped.extend(left);
                again(&mut skipped, fresh.is_empty())
            }
        };
        drop(here);
        pause(wait).await;
    }
}

/// How long to wait; those that were skipped have their turn when nothing else is left, or too many are.
fn again(skipped: &mut BTreeSet<CaseId>, nothing_else: bool) -> Millis {
    if nothing_else || skipped.len() > RECOUNT_SKIPPED {
        warn!(cases = skipped.len(), "dates of some cases could not be computed anew; tried again");
        skipped.clear();
        return RECOUNT_RETRY;
    }
    RECOUNT_PAUSE
}

async fn next_lot(room: &CourtRoom, skipped: usize) -> Result<Vec<CaseId>, ReadFault> {
    let calendar = room.rules.calendar().version().clone();
    let most = RECOUNT_LOT + skipped;
    room.journal.outdated_cases(room.profile.id.clone(), calendar, most).await
}

/// Has these cases write all their dates; gives those that did.
async fn recount(room: &Rc<CourtRoom>, lot: &[CaseId]) -> BTreeSet<CaseId> {
    // One that cannot be woken must not hold up the others: each is asked, and wakes by itself if need be.
    room.wake_cases(lot).await.ok();
    let mut appends = Vec::with_capacity(lot.len());
    for case in lot {
        // Nothing rings that early: what a case answers is its dates alone.
        let ring = RingCase { upto: UnixMillis(i64::MIN), now: room.court_now() };
        match room.ask_case(*case, ring).await {
            Ok(RingAnswer::Due(append)) => appends.push((*case, *append)),
            Ok(RingAnswer::Busy | RingAnswer::NoRules) | Err(_) => {}
        }
    }
    let (cases, appends): (Vec<_>, Vec<_>) = appends.into_iter().unzip();
    let writes = appends.into_iter().map(|append| room.journal.append(append));
    let written = join_all(writes.collect::<Vec<_>>()).await;
    let mut done = BTreeSet::new();
    for (case, written) in cases.into_iter().zip(written) {
        let known = match &written {
            Ok(_) => Some(true),
            Err(AppendFault::Unknown | AppendFault::Conflict { .. }) => None,
            Err(_) => Some(false),
        };
        if written.is_ok() {
            done.insert(case);
        }
        room.ask_case(case, SettleCase { written: known }).await.ok();
    }
    done
}
