//! A court with some cases: what people do, how time passes, and what breaks.

use std::collections::BTreeMap;

use tiande_core::calendar::{Calendar, Day};
use tiande_core::case::{
    Case, CaseCommand, CaseEvent, CaseNumber, EscalationAct, Party, PartyRole,
};
use tiande_core::deadline::Begin;
use tiande_core::ids::{CaseId, UserId};
use tiande_core::nodes::{CourtTime, NodeCommand, NodeEvent, Rulebook, Suspension};
use tiande_core::procedure::Procedure;
use tiande_core::time::{Millis, UnixMillis};
use uuid::Uuid;

use super::bugs::Bug;
use super::observer::{Observer, Violation};
use super::rng::Rng;
use super::rules::{NODES, calendar, code, procedure};

const JUDGE: UserId = UserId(Uuid::from_u128(1));
const DIRECTOR: UserId = UserId(Uuid::from_u128(2));
/// 2026-03-02, 09:00 in Shanghai.
const BEGIN: UnixMillis = UnixMillis(1_772_413_200_000);
const CASES: usize = 7;
const STEPS: usize = 120;
/// A step of the wall clock that must be noticed.
const STEP_MS: u64 = 2_000;

pub struct World {
    pub rng: Rng,
    pub bug: Bug,
    pub procedure: Procedure,
    calendars: [Calendar; 2],
    calendar: usize,
    pub observer: Observer,
    pub restarts: usize,
    /// Durable: all events by case, in order, and when each case rings.
    pub journal: Vec<(usize, CaseEvent)>,
    pub rows: BTreeMap<usize, UnixMillis>,
    /// In memory: lost in a crash.
    pub awake: BTreeMap<usize, Case>,
    time: CourtTime,
    suspect: bool,
    /// Real time, and how far the wall clock is off.
    mono: Millis,
    off_ms: i64,
    /// The wall clock was stepped since the server began to read it.
    stepped: bool,
    newest: UnixMillis,
    documents: usize,
}

impl World {
    pub fn new(seed: u64, bug: Bug) -> Self {
        Self {
            rng: Rng::new(seed),
            bug,
            procedure: procedure(),
            calendars: [calendar(1), calendar(2)],
            calendar: 0,
            observer: Observer::default(),
            restarts: 0,
            journal: Vec::new(),
            rows: BTreeMap::new(),
            awake: BTreeMap::new(),
            time: CourtTime::new(BEGIN, BEGIN, Millis(0), None),
            suspect: false,
            mono: Millis(0),
            off_ms: 0,
            stepped: false,
            newest: BEGIN,
            documents: 0,
        }
    }

    pub fn rules(&self) -> Rulebook<'_> {
        Rulebook { procedure: &self.procedure, calendar: &self.calendars[self.calendar] }
    }

    /// What no clock of the server shows.
    pub fn real(&self) -> UnixMillis {
        BEGIN.plus(self.mono)
    }

    fn wall(&self) -> UnixMillis {
        UnixMillis(self.real().0 + self.off_ms)
    }

    pub fn now(&mut self) -> UnixMillis {
        if self.bug == Bug::FollowTheWall {
            return self.wall();
        }
        let reading = self.time.read(self.wall(), self.mono, None);
        self.suspect = reading.clock_suspect && self.bug != Bug::SwallowSuspicion;
        reading.now
    }

    pub fn run(&mut self) -> Result<(), Violation> {
        for case in 0..CASES {
            self.open_case(case)?;
        }
        for _ in 0..STEPS {
            self.step()?;
            self.ring_out()?;
        }
        Ok(())
    }

    fn open_case(&mut self, case: usize) -> Result<(), Violation> {
        let number = CaseNumber::parse(&format!("(2026)豫0783执{}号", case + 1)).expect("a number");
        let parties = vec![Party::named(PartyRole::Debtor, "李四")];
        self.command(case, &CaseCommand::Open { number, parties, filing: None })?;
        self.command(case, &CaseCommand::SetHandler { handler: JUDGE, reason: String::new() })
    }

    fn below(&mut self, many: u64) -> u64 {
        self.rng.below(many as usize) as u64
    }

    fn step(&mut self) -> Result<(), Violation> {
        match self.below(20) {
            0..=3 => {
                let hours = 1 + self.below(72);
                self.pass(Millis::from_secs(hours * 3_600));
                Ok(())
            }
            4 | 5 => {
                let minutes = self.below(240);
                self.pass(Millis::from_secs(minutes * 60));
                Ok(())
            }
            6 => {
                let by = self.below(10 * 86_400) as i64 - 5 * 86_400;
                self.jump(by * 1_000)
            }
            7 => {
                self.crash();
                Ok(())
            }
            8 if self.calendar == 0 && self.below(4) == 0 => {
                self.calendar = 1;
                // A calendar comes with a start: what runs is computed anew then.
                self.crash();
                Ok(())
            }
            _ => {
                let case = self.below(CASES as u64) as usize;
                let command = self.any_command(case);
                self.command(case, &command)
            }
        }
    }

    fn pass(&mut self, span: Millis) {
        self.mono = Millis(self.mono.0 + span.0);
    }

    fn jump(&mut self, by_ms: i64) -> Result<(), Violation> {
        self.now();
        self.off_ms += by_ms;
        self.stepped = self.off_ms.unsigned_abs() > STEP_MS;
        self.now();
        if self.bug != Bug::FollowTheWall {
            self.observer.suspicion(self.stepped, self.suspect)?;
        }
        Ok(())
    }

    /// The server ends and starts again: memory is gone. Court time begins at the newest record; an operator
    /// has set the clock right, or not.
    pub fn crash(&mut self) {
        self.restarts += 1;
        self.awake.clear();
        if self.below(2) == 0 {
            self.off_ms = 0;
        }
        // A server that starts with a wrong clock has nothing to compare it with: real servers start with
        // a clock that is set. One that is behind is the case that the journal's newest record covers.
        self.off_ms = self.off_ms.min(0);
        self.stepped = false;
        let (wall, newest) = (self.wall(), self.newest);
        let committed = if self.bug == Bug::BeginWithTheWall { wall } else { newest };
        self.time = CourtTime::new(committed, wall, self.mono, None);
        self.suspect = false;
        // The calendar may be another: all that runs is computed anew.
        self.observer.order_begins_anew();
        if self.calendar == 1 {
            for case in 0..CASES {
                let next = self.wake(case).next(self.rules());
                self.set_row(case, next);
            }
        }
    }

    /// A case, folded from its events if it sleeps.
    pub fn wake(&mut self, case: usize) -> Case {
        if let Some(known) = self.awake.get(&case) {
            return known.clone();
        }
        let mut state = Case::new(CaseId(Uuid::from_u128(case as u128)));
        for (_, event) in self.journal.iter().filter(|(of, _)| *of == case) {
            let fired = matches!(event, CaseEvent::Node(NodeEvent::Fired { .. }));
            if !(fired && self.bug == Bug::ForgetFired) {
                state.apply(event);
            }
        }
        self.awake.insert(case, state.clone());
        state
    }

    pub fn set_row(&mut self, case: usize, next: Option<UnixMillis>) {
        match next {
            Some(next) => drop(self.rows.insert(case, next)),
            None => drop(self.rows.remove(&case)),
        }
    }

    /// Events and rows become durable together. The server may crash right after that.
    pub fn append(
        &mut self,
        case: usize,
        events: &[CaseEvent],
        with_row: bool,
    ) -> Result<(), Violation> {
        let mut state = self.wake(case);
        let real = self.real();
        let with = self.calendars[self.calendar].version().clone();
        for event in events {
            self.observer.see(case, event, real, &with)?;
            self.journal.push((case, event.clone()));
            state.apply(event);
        }
        if with_row {
            let next = state.next(self.rules());
            self.set_row(case, next);
        }
        self.awake.insert(case, state);
        if self.below(40) == 0 {
            self.crash();
        }
        Ok(())
    }

    fn command(&mut self, case: usize, command: &CaseCommand) -> Result<(), Violation> {
        let now = self.now();
        self.newest = self.newest.max(now);
        let state = self.wake(case);
        // Many are refused, as they should be.
        let Ok(events) = state.decide(command, now, self.rules()) else { return Ok(()) };
        self.observer.order_begins_anew();
        let with_row = self.bug != Bug::CommandWithoutRow;
        self.append(case, &events, with_row)
    }

    pub fn note_newest(&mut self, at: UnixMillis) {
        self.newest = self.newest.max(at);
    }

    fn any_command(&mut self, case: usize) -> CaseCommand {
        let today = Day::of(self.real());
        let days = self.below(12) as i32 - 9;
        let begin = Begin { at: today.plus(days).morning(), whole_day: false };
        let node = code(NODES[self.below(NODES.len() as u64) as usize]);
        let (opening, round) = (1 + self.below(2) as u16, 1 + self.below(3) as u16);
        self.documents += 1;
        let document = format!("文书{}", self.documents);
        let by = if self.below(3) == 0 { DIRECTOR } else { JUDGE };
        let at = self.newest;
        let command = match self.below(16) {
            0..=5 => NodeCommand::Open { node, begin },
            6 => NodeCommand::Correct { node, opening, begin, document },
            7 => {
                let days = 1 + self.below(20) as u32;
                NodeCommand::Extend { node, opening, days, document }
            }
            8 | 9 => NodeCommand::Complete { node, round, at },
            10 => NodeCommand::Cancel { node, opening, document },
            11 | 12 => {
                let first = today.plus(self.below(10) as i32 - 4);
                let length = self.below(15) as i32;
                let until = (self.below(2) == 0).then(|| first.plus(length));
                NodeCommand::Suspend(Suspension { reason: "stay".into(), document, first, until })
            }
            13 => {
                let state = self.wake(case);
                let open = state.nodes.suspensions.iter().find(|s| s.until.is_none());
                let document = open.map_or(document, |open| open.document.clone());
                NodeCommand::Resume { document, until: today.plus(self.below(6) as i32) }
            }
            act => {
                let act = match act {
                    14 if by == JUDGE => EscalationAct::Answer("已办".into()),
                    14 => EscalationAct::Return("再查".into()),
                    _ if by == DIRECTOR => EscalationAct::Accept,
                    _ => EscalationAct::Acknowledge,
                };
                return CaseCommand::Escalation { node, round, by, act };
            }
        };
        CaseCommand::Node(command)
    }
}
