//! The court's task that has what came in judged: no message, no actor's poll, and on the usual way no
//! allocation. Runs on the court's thread, in short turns between everything else.

use std::collections::VecDeque;
use std::mem;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use tiande_core::officer::FixRules;
use tiande_core::time::UnixMillis;
use tiande_core::track::Order;
use tokio::task::yield_now;

use crate::officer::{
    BatchTeller, FixesWaiting, GatewayBatch, Judging, Kept, OfBatch, RecordEnd, Seat, Tally, Waits,
};
use crate::ports::tracks::TrackPart;

use super::arrivals::{Arrivals, Arrived, teller};
use super::room::CourtRoom;

/// So many seats are looked at before others get a turn on the court's thread, so that a decision does not
/// wait for a crowd of positions.
const SEATS_A_TURN: usize = 64;

/// What the task uses again and again.
pub(crate) struct Drain {
    /// The court ends when everybody else has let go of it.
    room: Weak<CourtRoom>,
    now: Arrived,
    rung: VecDeque<u32>,
    stored: VecDeque<TrackPart>,
    /// What was taken out of a lane.
    waiting: FixesWaiting,
    kept: Kept,
    /// Room to sort a batch's records in.
    order: Vec<(u32, Order, usize)>,
}

impl Drain {
    pub(crate) fn of(room: &Rc<CourtRoom>) -> Self {
        Self {
            room: Rc::downgrade(room),
            now: Arrived::default(),
            rung: VecDeque::new(),
            stored: VecDeque::new(),
            waiting: FixesWaiting::default(),
            kept: Kept::default(),
            order: Vec::new(),
        }
    }

    /// Works until the court is over.
    pub(crate) async fn run(mut self, arrivals: Arc<Arrivals>) {
        while arrivals.some().await {
            arrivals.take(&mut self.now);
            self.rung.extend(self.now.rung.drain(..));
            self.stored.extend(self.now.stored.drain(..));
            loop {
                let Some(room) = self.room.upgrade() else { return };
                let more = self.turn(&room);
                drop(room);
                if !more {
                    break;
                }
                yield_now().await;
            }
        }
    }

    /// One turn; false when nothing is left.
    fn turn(&mut self, room: &CourtRoom) -> bool {
        let now = room.now();
        let told = self.stored.len().min(SEATS_A_TURN);
        for TrackPart { number, device, upto, .. } in self.stored.drain(..told) {
            room.at_seat(number, |seat| seat.owe_stored(device, upto, room));
        }
        self.judge_lanes(room, now);
        match self.now.gateways.next() {
            Some(Waits::Batch(batch)) => self.judge_batch(batch, room, now),
            Some(Waits::Missing(words)) => self.judging(room, |task, tally| {
                for ((_, number), word) in &words {
                    task.at_seat(*number, room, now, tally, |seat, court| seat.miss(word, court));
                }
            }),
            None => {}
        }
        !(self.stored.is_empty() && self.rung.is_empty() && self.now.gateways.is_empty())
    }

    /// Counts what becomes of positions meanwhile.
    fn judging(&mut self, room: &CourtRoom, judge: impl FnOnce(&mut Self, &mut Tally)) {
        let mut tally = Tally::default();
        judge(self, &mut tally);
        room.fix_counters.add(&tally);
    }

    /// Has a seat judge; when that fails, nothing of it is kept.
    fn at_seat(
        &mut self,
        number: u32,
        room: &CourtRoom,
        now: UnixMillis,
        tally: &mut Tally,
        judge: impl FnOnce(&mut Seat, &mut Judging<'_>),
    ) -> bool {
        let before = self.kept.mark();
        let rules = room.fix_rules();
        let mut court = Judging { room, now, rules, kept: &mut self.kept, tally };
        let judged = room.at_seat(number, |seat| judge(seat, &mut court)).is_some();
        if !judged {
            self.kept.back_to(before);
        }
        judged
    }

    /// Handhelds' positions; what is to be kept of all of them goes to the store as one batch.
    fn judge_lanes(&mut self, room: &CourtRoom, now: UnixMillis) {
        let turn = self.rung.len().min(SEATS_A_TURN);
        if turn == 0 {
            return;
        }
        self.judging(room, |task, tally| {
            for _ in 0..turn {
                let Some(number) = task.rung.pop_front() else { break };
                let mut waiting = mem::take(&mut task.waiting);
                task.at_seat(number, room, now, tally, |seat, court| {
                    seat.take_fixes(&mut waiting, court);
                });
                task.waiting = waiting; // Its room is used again.
            }
        });
        if !self.kept.is_empty() && !self.kept.hand_over(room, teller(&room.arrivals)) {
            for (number, from) in self.kept.each() {
                if let Some(link) = from.link {
                    room.at_seat(number, |seat| seat.turned_away(link, from.first));
                }
            }
        }
        self.kept.clear();
    }

    /// A gateway's batch: each officer's records in the order of the tracker, and one batch for the store.
    fn judge_batch(&mut self, batch: GatewayBatch, room: &CourtRoom, now: UnixMillis) {
        let mut batch = OfBatch::begin(batch, mem::take(&mut self.order), room);
        self.judging(room, |task, tally| {
            while let Some(number) = batch.next_officer() {
                let judged = task.at_seat(number, room, now, tally, |seat, court| {
                    seat.take_records(&mut batch, court);
                });
                if !judged {
                    batch.say_all(RecordEnd::Again);
                }
            }
        });
        let gateway = batch.gateway;
        let (order, reply, ends) = batch.end();
        self.order = order;
        if self.kept.is_empty() {
            reply.say(ends); // There is nothing to wait for.
            return;
        }
        let teller = Arc::new(BatchTeller::new(reply, ends));
        if !self.kept.hand_over(room, teller) {
            for (number, from) in self.kept.each() {
                room.at_seat(number, |seat| seat.not_kept(gateway, from.first, now));
            }
        }
        self.kept.clear();
    }
}

impl CourtRoom {
    /// The court's limits for fixes; the moment an officer came on duty is put in by the seat.
    pub(crate) fn fix_rules(&self) -> FixRules {
        FixRules {
            age_max: self.profile.fix_age_max(),
            skew_max: FixRules::SKEW_MAX,
            speed_max_mps: self.profile.dispatch.speed_max_kmh / 3.6,
            accuracy_max_m: FixRules::ACCURACY_MAX_M,
            on_duty_since: UnixMillis(i64::MAX),
        }
    }
}
