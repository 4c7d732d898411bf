//! Random lives of cases, watched by an observer that knows what was done and does not ask the rules.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::life::{Life, at, code};
use super::*;
use crate::calendar::Day;
use crate::deadline::Begin;
use crate::procedure::NodeCode;
use crate::time::{Millis, UnixMillis};

/// What happens in a random life.
#[derive(Clone, Debug)]
enum Step {
    Open(usize, i16),
    Correct(usize, u16, i16),
    Extend(usize, u16, u8),
    Complete(usize, u16),
    Cancel(usize, u16),
    Suspend(bool, i16, Option<u8>),
    Resume(usize, i16),
    Pass(u32),
    NewCalendar,
    Restart,
}

const NODES: [&str; 6] = ["T01", "T03", "M01", "V01", "Z04", "C02"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_usize..6, -40_i16..40).prop_map(|(n, days)| Step::Open(n, days)),
        1 => (0_usize..6, 1_u16..3, -40_i16..40).prop_map(|(n, o, days)| Step::Correct(n, o, days)),
        1 => (0_usize..6, 1_u16..3, 1_u8..30).prop_map(|(n, o, days)| Step::Extend(n, o, days)),
        1 => (0_usize..6, 1_u16..4).prop_map(|(n, round)| Step::Complete(n, round)),
        1 => (0_usize..6, 1_u16..3).prop_map(|(n, opening)| Step::Cancel(n, opening)),
        2 => (any::<bool>(), -20_i16..20, proptest::option::of(0_u8..40))
            .prop_map(|(stay, first, length)| Step::Suspend(stay, first, length)),
        2 => (0_usize..4, -10_i16..30).prop_map(|(nth, days)| Step::Resume(nth, days)),
        6 => (0_u32..20 * 86_400).prop_map(Step::Pass),
        1 => Just(Step::NewCalendar),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..40)
}

impl Life {
    fn today(&self, days: i16) -> Day {
        Day::of(self.now).plus(i32::from(days))
    }

    fn step(&mut self, step: &Step, number: usize) {
        let begin = |life: &Self, days| Begin { at: life.today(days).morning(), whole_day: false };
        let document = format!("文书{number}");
        let command = match *step {
            Step::Open(n, days) => {
                NodeCommand::Open { node: code(NODES[n]), begin: begin(self, days) }
            }
            Step::Correct(n, opening, days) => {
                let begin = begin(self, days);
                NodeCommand::Correct { node: code(NODES[n]), opening, begin, document }
            }
            Step::Extend(n, opening, days) => {
                let days = u32::from(days);
                NodeCommand::Extend { node: code(NODES[n]), opening, days, document }
            }
            Step::Complete(n, round) => {
                NodeCommand::Complete { node: code(NODES[n]), round, at: self.now }
            }
            Step::Cancel(n, opening) => {
                NodeCommand::Cancel { node: code(NODES[n]), opening, document }
            }
            Step::Suspend(stay, first, length) => {
                let first = self.today(first);
                let until = length.map(|length| first.plus(i32::from(length)));
                let reason = if stay { "stay" } else { "auction" }.to_owned();
                NodeCommand::Suspend(Suspension { reason, document, first, until })
            }
            Step::Resume(nth, days) => {
                let open = self.nodes.suspensions.iter().filter(|s| s.until.is_none()).nth(nth);
                let Some(document) = open.map(|open| open.document.clone()) else { return };
                NodeCommand::Resume { document, until: self.today(days) }
            }
            Step::Pass(seconds) => {
                self.now = self.now.plus(Millis::from_secs(u64::from(seconds)));
                return;
            }
            Step::NewCalendar => {
                self.calendar = 1 - self.calendar;
                return;
            }
            Step::Restart => {
                let mut folded = CaseNodes::default();
                self.events.iter().for_each(|event| folded.apply(event));
                assert_eq!(folded, self.nodes, "the state is the fold of its events");
                let text = serde_json::to_string(&folded).expect("JSON");
                self.nodes = serde_json::from_str(&text).expect("JSON");
                assert_eq!(folded, self.nodes);
                return;
            }
        };
        // Many are refused, as they should be.
        let _refused = self.ask(&command);
    }

    /// Is that day suspended for the node? Straight from the suspensions.
    fn stands_still(&self, node: NodeCode, on: Day) -> bool {
        let reasons: &[&str] = match node.as_str() {
            "T01" => &["stay", "auction"],
            "M01" => &["stay"],
            _ => &[],
        };
        self.nodes.suspensions.iter().any(|s| {
            reasons.contains(&s.reason.as_str())
                && s.first <= on
                && s.until.is_none_or(|until| on < until)
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// I11, I12, I14, and that nothing due is left lying (I13's order).
    #[test]
    fn in_any_life_everything_fires_once_in_order_never_early_and_never_when_it_stands_still(
        steps in steps(),
    ) {
        let mut life = Life::new(at("2026-03-02T09:00"));
        let mut seen = BTreeSet::new();
        let mut done: BTreeSet<(NodeCode, u16)> = BTreeSet::new();
        for (number, step) in steps.iter().enumerate() {
            let before = life.events.len();
            life.step(step, number);
            for event in &life.events[before..] {
                if let NodeEvent::Completed { node, round, .. } = event {
                    done.insert((*node, *round));
                }
            }
            let today = Day::of(life.now);
            let calendar = life.rules().calendar.version().clone();
            let mut last = UnixMillis(i64::MIN);
            for event in life.fire() {
                let NodeEvent::Fired { node, round, level, due, at, calendar: with, .. } = event else {
                    return Err(TestCaseError::fail("something else fired"));
                };
                prop_assert!(seen.insert((node, round, level)), "twice: {node} {round} {level:?}");
                prop_assert!(at >= due, "early: {node}");
                prop_assert_eq!(at, life.now);
                prop_assert!(!done.contains(&(node, round)), "done before: {node}");
                // What fell due before a stay may come late in it, as when the server was down; what
                // falls due in it waits until the clock has run again.
                let mut day = Day::of(due);
                while day <= today && life.stands_still(node, day) {
                    day = day.plus(1);
                }
                prop_assert!(day <= today, "stands still: {node}");
                prop_assert_eq!(with, calendar.clone());
                // In due order, but for what a suspension had held back.
                prop_assert!(due >= last || life.stands_still(node, Day::of(due)));
                last = last.max(due);
            }
            prop_assert!(life.fire().is_empty(), "a second look fires nothing");
            let left = life.nodes.next(life.rules());
            prop_assert!(left.is_none_or(|next| next > life.now), "something due was left");
        }
    }
}
