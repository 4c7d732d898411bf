//! The clocks of a court's cases: wakes each case when its time has come, in due order, and never before.
//!
//! Clocks are rows in the store, set in the same transaction as what sets them; a million of them need no
//! memory. This task knows the first of them. When it is due, some cases are woken together, asked for
//! their moments, and rung one moment after the other: what each prepares goes to the journal in the order
//! in which it was due, and shares its fsync.
//!
//! Time here is court time (`tiande_core::nodes::CourtTime`): it never goes backwards, and a wall clock
//! that jumps rings nothing.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

use futures_util::future::{join_all, select};
use metrics::{counter, histogram};
use tiande_core::ids::CaseId;
use tiande_core::time::{Millis, UnixMillis};
use tokio::sync::Notify;
use tracing::error;

use crate::case::{MomentsUpTo, RingAnswer, RingCase, SettleCase};
use crate::limits::{BELL_LOST, BELL_LOT, BELL_RETRY};
use crate::pause::pause;
use crate::ports::journal::{Append, AppendFault, Audience, SetClock};

use super::alarm::{About, raise};
use super::room::CourtRoom;
use super::time::tell_of_the_clock;

/// What is known of a court's clocks without asking the store.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    /// The first one rings then; `None`: there is none. Not looked at before it was read.
    first: Cell<Option<UnixMillis>>,
    /// They were read from the store.
    read: Cell<bool>,
    /// Somebody has set an earlier one.
    earlier: Rc<Notify>,
    /// Cases that cannot be woken, and when that is tried again: the others must not wait for them.
    lost: RefCell<BTreeMap<CaseId, UnixMillis>>,
    /// Of which of them somebody was told.
    told: RefCell<BTreeSet<CaseId>>,
}

impl Clocks {
    /// A case's clock was set; called when that is durable.
    pub(crate) fn note(&self, rings: Option<UnixMillis>) {
        let Some(rings) = rings else { return };
        if self.first.get().is_none_or(|first| rings < first) {
            self.first.set(Some(rings));
            self.earlier.notify_one();
        }
    }

    /// Time is another than it was: what is due is looked for at once.
    pub(super) fn look_again(&self) {
        self.earlier.notify_one();
    }

    /// The store is asked. What is set meanwhile may be missing in its answer.
    fn begin_reading(&self) {
        self.read.set(false);
        self.first.set(None);
    }

    /// The store has answered: what was set meanwhile is put beside it.
    fn end_reading(&self, stored: Option<UnixMillis>) {
        self.read.set(true);
        self.first.set(stored.into_iter().chain(self.first.get()).min());
    }
}

/// Why nothing could be rung just now; tried again.
enum Trouble {
    /// The store could not be read.
    Unreadable,
    /// A case is in the middle of another decision.
    Busy,
    /// Something was not written.
    NotWritten,
}

/// Rings until the court is gone.
pub(crate) async fn ring_clocks(room: Weak<CourtRoom>) {
    loop {
        let Some(here) = room.upgrade() else { return };
        let now = here.court_now();
        tell_of_the_clock(&here).await;
        let (rung, earlier) = (ring_due(&here, now).await, Rc::clone(&here.clocks.earlier));
        let wait = match rung {
            Ok(true) => continue,
            Ok(false) => until_first(&here, now),
            Err(Trouble::Busy) => Millis(10),
            Err(Trouble::Unreadable | Trouble::NotWritten) => BELL_RETRY,
        };
        drop(here); // A court that ends does not wait for its clocks.
        let (waited, set) = (std::pin::pin!(pause(wait)), std::pin::pin!(earlier.notified()));
        select(waited, set).await;
    }
}

fn until_first(room: &CourtRoom, now: UnixMillis) -> Millis {
    let first = room.clocks.first.get();
    // Also without a clock: court time wants to be read now and then.
    let look = room.bell_look;
    first.map_or(look, |first| first.since(now).min(look)).max(Millis(1))
}

/// Rings what is due; false when nothing is.
async fn ring_due(room: &Rc<CourtRoom>, now: UnixMillis) -> Result<bool, Trouble> {
    let Clocks { first, read, .. } = &room.clocks;
    if read.get() && first.get().is_none_or(|first| first > now) {
        return Ok(false);
    }
    room.clocks.begin_reading();
    let court = room.profile.id.clone();
    let lost = room.clocks.lost.borrow().len();
    let mut lot = match room.journal.first_clocks(court, BELL_LOT + 1 + lost).await {
        Ok(lot) => lot,
        Err(fault) => {
            error!(%fault, "the clocks of cases cannot be read");
            return Err(Trouble::Unreadable);
        }
    };
    room.clocks.lost.borrow_mut().retain(|_, again| *again > now);
    lot.retain(|clock| !room.clocks.lost.borrow().contains_key(&clock.case));
    room.clocks.end_reading(lot.first().map(|clock| clock.rings));
    // What those do that were not read comes later than this.
    let horizon = match lot.get(BELL_LOT) {
        Some(beyond) => beyond.rings.min(now),
        None => now,
    };
    lot.truncate(BELL_LOT);
    lot.retain(|clock| clock.rings <= now);
    if lot.is_empty() {
        return Ok(false);
    }
    let window = window(room, &lot, horizon).await?;
    ring(room, &window, now).await?;
    Ok(true)
}

/// The next moments, in due order, of which each case has at most one: what follows in a case is known
/// only when its first moment is durable.
async fn window(
    room: &Rc<CourtRoom>,
    first: &[SetClock],
    horizon: UnixMillis,
) -> Result<Vec<(UnixMillis, CaseId)>, Trouble> {
    let ids: Vec<CaseId> = first.iter().map(|clock| clock.case).collect();
    let mut lost = BTreeSet::new();
    if let Err(absent) = room.wake_cases(&ids).await {
        error!(?absent, "cases cannot be woken by their clocks");
        lost = wake_singly(room, &ids, horizon).await?;
    }
    let mut all = Vec::with_capacity(first.len());
    for clock in first.iter().filter(|clock| !lost.contains(&clock.case)) {
        let Ok(moments) = room.ask_case(clock.case, MomentsUpTo(horizon)).await else {
            return Err(Trouble::Busy);
        };
        if moments.is_empty() {
            // Set by another calendar: it is rung to be set anew.
            all.push((clock.rings, clock.case));
        }
        all.extend(moments.into_iter().map(|at| (at, clock.case)));
    }
    all.sort_unstable();
    let mut seen = BTreeSet::new();
    let distinct = all.iter().take_while(|(_, case)| seen.insert(*case)).count();
    all.truncate(distinct);
    Ok(all)
}

/// Wakes cases one by one, so that one whose records cannot be read holds up nobody else; gives those, whom an
/// alarm tells of. When none can be woken it is the store that is in trouble, and not a case.
async fn wake_singly(
    room: &Rc<CourtRoom>,
    ids: &[CaseId],
    now: UnixMillis,
) -> Result<BTreeSet<CaseId>, Trouble> {
    let mut lost = BTreeSet::new();
    for id in ids {
        if let Err(absent) = room.wake_case(*id).await {
            error!(case = %id, ?absent, "a case cannot be woken: its clock stands still for now");
            lost.insert(*id);
        }
    }
    if lost.len() == ids.len() {
        return Err(Trouble::Unreadable);
    }
    let again = now.plus(BELL_LOST);
    room.clocks.lost.borrow_mut().extend(lost.iter().map(|case| (*case, again)));
    let before = room.clocks.told.borrow().len();
    room.clocks.told.borrow_mut().extend(&lost);
    if room.clocks.told.borrow().len() > before {
        raise(room, Audience::Centre, "actor_down", About::default()).await;
    }
    Ok(lost)
}

async fn ring(
    room: &Rc<CourtRoom>,
    window: &[(UnixMillis, CaseId)],
    now: UnixMillis,
) -> Result<(), Trouble> {
    let mut due: Vec<(UnixMillis, CaseId, Append)> = Vec::with_capacity(window.len());
    let mut trouble = None;
    for (upto, case) in window {
        match room.ask_case(*case, RingCase { upto: *upto, now }).await {
            Ok(RingAnswer::Due(append)) => due.push((*upto, *case, *append)),
            Ok(RingAnswer::NoRules) => {
                error!(%case, "the procedure that the case runs by is not on this server");
                trouble = Some(Trouble::Unreadable);
            }
            Ok(RingAnswer::Busy) | Err(_) => {
                trouble = Some(Trouble::Busy);
                break; // What comes after it must not be written before it.
            }
        }
    }
    let about: Vec<_> = due.iter().map(|(upto, case, append)| (*upto, *case, append.at)).collect();
    // In the order in which they are due, and with one fsync.
    let writes = due.into_iter().map(|(_, _, append)| room.journal.append(append));
    let written = join_all(writes.collect::<Vec<_>>()).await;
    for ((upto, case, at), written) in about.into_iter().zip(written) {
        let known = match &written {
            Ok(_) => {
                counter!("tiande_deadlines_fired_total").increment(1);
                histogram!("tiande_deadline_lateness_seconds").record(seconds(at.since(upto)));
                Some(true)
            }
            Err(AppendFault::Unknown | AppendFault::Conflict { .. }) => None,
            Err(_) => Some(false),
        };
        if let Err(fault) = written {
            error!(%case, %fault, "what was due could not be written; it is tried again");
            trouble = Some(Trouble::NotWritten);
        }
        // One that died meanwhile is folded from the journal when it wakes.
        room.ask_case(case, SettleCase { written: known }).await.ok();
    }
    trouble.map_or(Ok(()), Err)
}

#[allow(clippy::cast_precision_loss)] // A metric.
fn seconds(span: Millis) -> f64 {
    span.0 as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_while_the_store_is_read_is_not_forgotten() {
        let clocks = Clocks::default();
        clocks.end_reading(Some(UnixMillis(50)));
        clocks.begin_reading();
        clocks.note(Some(UnixMillis(20)));
        // The answer was made before that.
        clocks.end_reading(Some(UnixMillis(50)));
        assert_eq!(clocks.first.get(), Some(UnixMillis(20)));
        clocks.begin_reading();
        assert!(!clocks.read.get(), "a reading that fails is begun again");
        clocks.end_reading(None);
        assert_eq!(clocks.first.get(), None);
    }
}
