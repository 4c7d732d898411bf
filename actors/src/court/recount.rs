//! Another calendar: the dates of all running nodes are computed anew, once, in the background.
//!
//! Which calendar a date was computed with stands beside it in the store, so a server that dies in the middle
//! goes on with the rest at its next start. A case whose clock rings meanwhile computes its dates by itself.

use std::rc::{Rc, Weak};

use futures_util::future::join_all;
use tiande_core::ids::CaseId;
use tiande_core::time::UnixMillis;
use tracing::{error, info, warn};

use crate::case::{RingAnswer, RingCase, SettleCase};
use crate::limits::{BELL_RETRY, RECOUNT_LOT, RECOUNT_PAUSE};
use crate::pause::pause;
use crate::ports::journal::{AppendFault, ReadFault};

use super::room::CourtRoom;

/// Computes anew what was computed with another calendar, until there is no more of it or the court is gone.
pub(crate) async fn recount_cases(room: Weak<CourtRoom>) {
    let (mut after, mut counted, mut left) = (None, 0, 0);
    loop {
        let Some(here) = room.upgrade() else { return };
        let lot = match next_lot(&here, after).await {
            Ok(lot) => lot,
            Err(fault) => {
                error!(%fault, "cases of another calendar cannot be read; they are looked for again");
                drop(here);
                pause(BELL_RETRY).await;
                continue;
            }
        };
        let Some(last) = lot.last().copied() else {
            if counted > 0 || left > 0 {
                let (court, calendar) = (&here.profile.id, here.rules.calendar().version());
                info!(%court, %calendar, cases = counted, left, "dates were computed anew");
            }
            return;
        };
        after = Some(last);
        let done = recount(&here, &lot).await;
        counted += done;
        // A case in the middle of a decision computes its dates with it, all but those that it leaves as
        // they were; the next start looks again.
        left += lot.len() - done;
        drop(here);
        pause(RECOUNT_PAUSE).await;
    }
}

async fn next_lot(room: &CourtRoom, after: Option<CaseId>) -> Result<Vec<CaseId>, ReadFault> {
    let calendar = room.rules.calendar().version().clone();
    room.journal.outdated_cases(room.profile.id.clone(), calendar, after, RECOUNT_LOT).await
}

/// Has these cases write all their dates; gives how many did.
async fn recount(room: &Rc<CourtRoom>, lot: &[CaseId]) -> usize {
    if let Err(absent) = room.wake_cases(lot).await {
        warn!(?absent, "cases cannot be woken to compute their dates anew");
        return 0;
    }
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
    let mut done = 0;
    for (case, written) in cases.into_iter().zip(written) {
        let known = match &written {
            Ok(_) => Some(true),
            Err(AppendFault::Unknown | AppendFault::Conflict { .. }) => None,
            Err(_) => Some(false),
        };
        done += usize::from(written.is_ok());
        room.ask_case(case, SettleCase { written: known }).await.ok();
    }
    done
}
