//! Cases that run: each with a procedure, a node whose clock is set, and the rows of both, as the case's
//! actor would have left them.

use std::path::Path;

use tiande::procedure::{Rules, keep, read_procedure};
use tiande::telemetry::SystemClock;
use tiande_actors::ports::Clock as _;
use tiande_actors::ports::journal::{Append, CaseChange, StreamAppend};
use tiande_core::case::{Case, CaseEvent};
use tiande_core::deadline::Begin;
use tiande_core::journal::{Event, StreamId};
use tiande_core::nodes::{NodeEvent, Rulebook};
use tiande_core::procedure::NodeCode;
use tiande_core::time::{Millis, UnixMillis};

use crate::fill::{History, append_all, case_id, open, opening};

/// One node that is due by the minute and warns nobody.
const DUE: &str = include_str!("due.toml");
/// Its limit.
const MINUTE: Millis = Millis(60_000);
const DAY_MS: u64 = 86_400_000;
/// A prime: case numbers are spread over the moments by it, so that no store's order of cases is theirs.
const SPREAD: u64 = 7_919;

/// What the cases run by, and when their clocks began.
pub struct Clocks {
    rules: Rules,
    node: NodeCode,
    due: Option<Moments>,
}

/// When the clocks are due: the first one's moment, and how far apart they are.
#[derive(Debug, Clone, Copy)]
pub struct Moments {
    pub first: UnixMillis,
    pub every: Millis,
    pub count: u64,
}

impl Clocks {
    /// The procedure of enforcement with its six months, which end long after any bench.
    pub fn far_away() -> Self {
        let rules = Rules::load(None, None).expect("what is built in is sound");
        Self { rules, node: "T01".parse().expect("a code"), due: None }
    }

    /// Due at these moments, one case each. The rules are kept in the data folder for the server.
    pub fn at(data: &Path, moments: Moments) -> Self {
        let Rules { calendar, .. } = Rules::load(None, None).expect("what is built in is sound");
        let procedure = read_procedure(DUE).expect("a sound procedure");
        let rules = Rules { procedure, calendar, text: DUE.to_owned() };
        keep(data, &rules).expect("kept");
        Self { rules, node: "B01".parse().expect("a code"), due: Some(moments) }
    }

    /// The rules that its cases run by.
    pub fn book(&self) -> Rulebook<'_> {
        Rulebook { procedure: &self.rules.procedure, calendar: &self.rules.calendar }
    }

    /// The events with which the nth case begins.
    pub fn beginning(&self, n: u64) -> Vec<CaseEvent> {
        let version = self.rules.procedure.version().clone();
        vec![opening(n), CaseEvent::Node(NodeEvent::ProcedureChosen(version))]
    }

    /// The event with which the clock of the nth case is set.
    pub fn set(&self, now: UnixMillis, n: u64) -> CaseEvent {
        let at = match self.due {
            None => now.minus(Millis(n % 60 * DAY_MS)),
            Some(moments) => moments.of(n).minus(MINUTE),
        };
        let begin = Begin { at, whole_day: false };
        CaseEvent::Node(NodeEvent::Opened { node: self.node, opening: 1, begin })
    }

    /// The decision of a case that begins with its clock set.
    fn case(&self, history: &History, now: UnixMillis, n: u64) -> Append {
        let mut events = self.beginning(n);
        events.push(self.set(now, n));
        let before = Case::new(case_id(n));
        let rows = before.rows(&events, self.book());
        if let Some(moments) = self.due {
            assert_eq!(rows.next, Some(Some(moments.of(n))), "a minute is a minute");
        }
        decision(
            history,
            now,
            n,
            0,
            events,
            Some(CaseChange {
                case: before.id,
                calendar: self.book().calendar.version().clone(),
                rows,
            }),
        )
    }

    /// Writes so many cases after those that are there; the position of the last record.
    pub fn write(
        &self,
        data: &Path,
        database: Option<&str>,
        history: &History,
        cases: std::ops::RangeInclusive<u64>,
    ) -> u64 {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(1).enable_all();
        runtime.build().expect("a runtime").block_on(async {
            let journal = open(data, database).await;
            let now = SystemClock.now();
            let last = append_all(&journal, cases.map(|n| self.case(history, now, n))).await;
            journal.shutdown().await;
            last
        })
    }
}

impl Moments {
    /// When the clock of the nth case is due.
    fn of(self, n: u64) -> UnixMillis {
        let place = n.wrapping_mul(SPREAD) % self.count;
        self.first.plus(Millis(place * self.every.0))
    }
}

/// A decision of the nth case alone.
pub fn decision(
    history: &History,
    at: UnixMillis,
    n: u64,
    expected_seq: u64,
    events: Vec<CaseEvent>,
    change: Option<CaseChange>,
) -> Append {
    let stream = StreamId::Case(case_id(n));
    let events = events.into_iter().map(Event::Case).collect();
    let streams = vec![StreamAppend { stream, expected_seq, events }];
    Append { case: change.map(Box::new), ..history.decision(at, streams) }
}
