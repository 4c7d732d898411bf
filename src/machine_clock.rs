//! The server's clock: the machine's wall clock as far as it is believed.
//!
//! Between two looks time goes on by the monotonic clock. A look, once a second, follows a wall clock that is
//! being adjusted and not one that jumps; what it is held against is `tiande_core::nodes::CourtTime`, and the
//! clock of the database when that runs on another machine.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::gauge;
use tiande_actors::ports::Clock;
use tiande_actors::ports::clock::ClockStanding;
use tiande_core::nodes::CourtTime;
use tiande_core::time::{Millis, UnixMillis};
use tracing::{error, warn};

use crate::journal::Store;
use crate::telemetry::{monotonic, wall_clock};

/// How often the wall clock is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the database is asked, in looks.
const ASK_EVERY: u32 = 20;
/// What is older says nothing any more, milliseconds.
const FRESH: u64 = 120_000;
/// An answer that took longer says too little about when it was, milliseconds.
const ANSWER_WITHIN: u64 = 1_000;

/// The server's clock.
#[derive(Debug)]
pub struct MachineClock {
    /// The believed wall time less the monotonic clock, milliseconds.
    offset: AtomicI64,
    suspect: AtomicBool,
    time: Mutex<CourtTime>,
    /// The second source's wall time less the monotonic clock, milliseconds.
    second_offset: AtomicI64,
    /// When that was read, by the monotonic clock; 0: never.
    second_read_at: AtomicU64,
}

impl Default for MachineClock {
    fn default() -> Self {
        let (wall, mono) = (wall_clock(), monotonic());
        Self {
            offset: AtomicI64::new(wall.0 - signed(mono.0)),
            suspect: AtomicBool::new(false),
            time: Mutex::new(CourtTime::new(UnixMillis(0), wall, mono, None)),
            second_offset: AtomicI64::new(0),
            second_read_at: AtomicU64::new(0),
        }
    }
}

impl Clock for MachineClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.offset.load(Ordering::Relaxed) + signed(monotonic().0))
    }

    fn standing(&self) -> ClockStanding {
        let suspect = self.suspect.load(Ordering::Relaxed);
        ClockStanding { wall: wall_clock(), second: self.second(monotonic()), suspect }
    }

    fn confirm(&self) {
        self.time().confirm(wall_clock());
        self.look();
    }
}

impl MachineClock {
    fn time(&self) -> MutexGuard<'_, CourtTime> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn second(&self, now: Millis) -> Option<UnixMillis> {
        let read_at = self.second_read_at.load(Ordering::Acquire);
        let fresh = read_at > 0 && now.0.saturating_sub(read_at) <= FRESH;
        fresh.then(|| UnixMillis(self.second_offset.load(Ordering::Relaxed) + signed(now.0)))
    }

    /// Takes in that the second source showed `wall` between these two moments of the monotonic clock.
    fn note_second(&self, wall: UnixMillis, asked: Millis, answered: Millis) {
        let took = answered.0.saturating_sub(asked.0);
        if took <= ANSWER_WITHIN {
            let middle = asked.0 + took / 2;
            self.second_offset.store(wall.0 - signed(middle), Ordering::Relaxed);
            self.second_read_at.store(answered.0.max(1), Ordering::Release);
        }
    }

    /// Begins anew with what the second source says: before anything is recorded.
    fn begin(&self) {
        let (wall, mono) = (wall_clock(), monotonic());
        *self.time() = CourtTime::new(UnixMillis(0), wall, mono, self.second(mono));
        self.look();
    }

    /// Looks at the clocks.
    fn look(&self) {
        let (wall, mono) = (wall_clock(), monotonic());
        let reading = self.time().read(wall, mono, self.second(mono));
        self.offset.store(reading.believed.0 - signed(mono.0), Ordering::Relaxed);
        let suspect = reading.clock_suspect;
        if self.suspect.swap(suspect, Ordering::Relaxed) != suspect {
            gauge!("tiande_clock_suspect").set(f64::from(u8::from(suspect)));
            if suspect {
                error!("the wall clock has jumped: time goes on by the monotonic clock");
            } else {
                warn!("the wall clock is believed again");
            }
        }
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// Asks the second source once, if there is one, and looks at the clocks from now on.
pub async fn start(clock: Arc<MachineClock>, store: Arc<Store>) {
    let second = store.has_a_clock_of_its_own();
    if second {
        ask(&clock, &store).await;
    }
    clock.begin();
    actix::spawn(async move {
        let mut looks = actix_web::rt::time::interval(LOOK);
        for nth in 1_u32.. {
            looks.tick().await;
            if second && nth.is_multiple_of(ASK_EVERY) {
                ask(&clock, &store).await;
            }
            clock.look();
        }
    });
}

async fn ask(clock: &MachineClock, store: &Store) {
    let asked = monotonic();
    match store.wall_clock().await {
        Ok(wall) => clock.note_second(wall, asked, monotonic()),
        Err(fault) => warn!(%fault, "the clock of the database cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_the_middle_of_its_way_and_a_slow_one_not_at_all() {
        let clock = MachineClock::default();
        let here = monotonic();
        assert_eq!(clock.second(here), None);
        clock.note_second(UnixMillis(1_000_000), here, Millis(here.0 + ANSWER_WITHIN + 1));
        assert_eq!(clock.second(here), None);
        clock.note_second(UnixMillis(1_000_000), here, Millis(here.0 + 100));
        assert_eq!(clock.second(here), Some(UnixMillis(1_000_000 - 50)));
    }

    #[test]
    fn it_shows_the_wall_clock_and_doubts_it_when_the_database_does() {
        let clock = MachineClock::default();
        assert!(clock.now().0.abs_diff(wall_clock().0) <= 5);
        let (here, hour) = (monotonic(), 3_600_000);
        clock.note_second(UnixMillis(wall_clock().0 - hour), here, here);
        clock.begin();
        assert!(clock.standing().suspect);
        assert!(clock.now().0.abs_diff(wall_clock().0 - hour) <= 5, "the earlier one holds");
        clock.confirm();
        assert!(!clock.standing().suspect);
        assert!(clock.now().0.abs_diff(wall_clock().0) <= 5);
    }
}
