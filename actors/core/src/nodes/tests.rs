//! What happens to the nodes of a case, one thing after the other.

use super::life::{Life, at, begin, code, day, stay};
use super::*;
use crate::calendar::Day;
use crate::deadline::Level;

#[test]
fn a_case_is_warned_of_and_then_overdue_each_once() {
    let mut life = Life::new(at("2026-03-02T09:00"));
    life.open("T01", begin("2026-03-02T09:00"));
    // 30 days: April 1, a Wednesday.
    assert_eq!(life.nodes.next(life.rules()), Some(at("2026-03-22T09:00")));
    assert_eq!(life.fired_by("2026-03-22T08:59"), []);
    let due = |level| ("T01".to_owned(), 1, level);
    assert_eq!(life.fired_by("2026-03-22T09:00"), [due(Level::Warning(0))]);
    assert_eq!(life.fired_by("2026-03-22T09:00"), []);
    // The server was down for both of the others: in due order.
    assert_eq!(life.fired_by("2026-04-09T12:00"), [due(Level::Warning(1)), due(Level::Due)]);
    assert_eq!(life.nodes.next(life.rules()), None);
}

#[test]
fn what_is_done_or_cancelled_fires_no_more() {
    let mut life = Life::new(at("2026-03-02T09:00"));
    life.open("T01", begin("2026-03-02T09:00"));
    life.open("V01", begin("2026-03-02T09:00"));
    life.now = at("2026-03-05T09:00");
    let done = |moment| NodeCommand::Complete { node: code("T01"), round: 1, at: moment };
    assert_eq!(life.ask(&done(at("2026-03-05T09:01"))), Err(NodeRefusal::Future));
    life.please(done(at("2026-03-05T08:00")));
    life.please(done(at("2026-03-05T07:00")));
    let cancel =
        NodeCommand::Cancel { node: code("V01"), opening: 1, document: "解除裁定".into() };
    life.please(cancel);
    assert_eq!(life.fired_by("2026-12-01T00:00"), []);
    assert_eq!(life.events.len(), 5, "the second time nothing changed: {:?}", life.events);
    let more = NodeCommand::Extend { node: code("T01"), opening: 1, days: 5, document: "d".into() };
    assert_eq!(life.ask(&more), Err(NodeRefusal::Over));
    // Again, as another lead comes in: another round.
    life.open("T01", begin("2026-12-01T00:00"));
    let second = life.fired_by("2027-12-01T00:00");
    assert_eq!(second.iter().map(|(_, round, _)| *round).collect::<Vec<_>>(), [2, 2, 2]);
}

#[test]
fn a_suspended_case_is_silent_and_goes_on_where_it_stood() {
    let mut life = Life::new(at("2026-03-02T09:00"));
    life.open("T01", begin("2026-03-02T09:00"));
    life.please(stay("裁定1", "2026-03-12", None));
    assert_eq!(life.ask(&stay("裁定1", "2026-03-13", None)), Err(NodeRefusal::SameDocument));
    assert_eq!(life.fired_by("2026-09-01T00:00"), []);
    let resume = NodeCommand::Resume { document: "裁定1".into(), until: day("2026-09-01") };
    life.please(resume.clone());
    assert_eq!(life.ask(&resume), Err(NodeRefusal::NotSuspended));
    // Nine days had run, 3..11; from September 1 on 21 more: Monday 21.
    assert_eq!(life.nodes.next(life.rules()), Some(at("2026-09-11T09:00")));
    assert_eq!(
        life.fired_by("2026-09-21T23:58"),
        [("T01".to_owned(), 1, Level::Warning(0)), ("T01".to_owned(), 1, Level::Warning(1)),]
    );
    assert_eq!(life.fired_by("2026-09-22T00:00"), [("T01".to_owned(), 1, Level::Due)]);
}

#[test]
fn each_suspension_extension_and_correction_needs_its_document() {
    let mut life = Life::new(at("2026-03-02T09:00"));
    life.open("T01", begin("2026-03-02T09:00"));
    let node = code("T01");
    let (opening, document) = (1, "  ".to_owned());
    for command in [
        stay(" ", "2026-03-12", None),
        NodeCommand::Extend { node, opening, days: 5, document: document.clone() },
        NodeCommand::Correct {
            node,
            opening,
            begin: begin("2026-03-01T09:00"),
            document: document.clone(),
        },
        NodeCommand::Cancel { node, opening, document: document.clone() },
        NodeCommand::Resume { document, until: day("2026-03-12") },
    ] {
        assert_eq!(life.ask(&command), Err(NodeRefusal::Document), "{command:?}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let mut life = Life::new(at("2026-03-02T09:00"));
    let first = begin("2026-03-02T09:00");
    let document = || "d".to_owned();
    let open = |node| NodeCommand::Open { node: code(node), begin: first };
    life.open("V01", first);
    life.open("T03", first);
    let extend = |node, days| NodeCommand::Extend {
        node: code(node),
        opening: 1,
        days,
        document: document(),
    };
    life.open("T01", first);
    let correct =
        NodeCommand::Correct { node: code("T03"), opening: 1, begin: first, document: document() };
    let unknown = NodeCommand::Suspend(Suspension {
        reason: "rain".into(),
        document: document(),
        first: day("2026-03-02"),
        until: None,
    });
    for (command, refusal) in [
        (open("W02"), NodeRefusal::NoClock),
        (open("Q99"), NodeRefusal::UnknownNode),
        (extend("V01", 5), NodeRefusal::NotExtendable),
        (extend("T01", 0), NodeRefusal::NotExtendable),
        (extend("T01", 3_661), NodeRefusal::NotExtendable),
        (extend("M01", 5), NodeRefusal::NotOpen),
        (correct, NodeRefusal::DerivedStart),
        (unknown, NodeRefusal::UnknownReason),
        (stay("d", "2026-03-02", Some("2026-03-01")), NodeRefusal::Reversed),
        (NodeCommand::Complete { node: code("T01"), round: 2, at: first.at }, NodeRefusal::NotOpen),
        (NodeCommand::Complete { node: code("T01"), round: 0, at: first.at }, NodeRefusal::NotOpen),
    ] {
        assert_eq!(life.ask(&command), Err(refusal), "{command:?}");
    }
    let fresh = CaseNodes::default();
    assert_eq!(fresh.decide(&open("T01"), life.now, life.rules()), Err(NodeRefusal::Procedure));
}

#[test]
fn the_last_day_to_ask_for_more_time_moves_with_the_end_it_is_counted_from() {
    let mut life = Life::new(at("2026-03-02T09:00"));
    life.open("T01", begin("2026-03-02T09:00"));
    life.open("T03", begin("2026-03-02T09:00"));
    let due = |life: &Life| {
        let all = life.nodes.deadlines(life.rules());
        all.iter().find(|d| d.node == code("T03") && d.level == Level::Due).map(|d| Day::of(d.due))
    };
    // April 1 less five: March 27, a Friday.
    assert_eq!(due(&life), Some(day("2026-03-27")));
    let more =
        NodeCommand::Extend { node: code("T01"), opening: 1, days: 10, document: "批准".into() };
    life.please(more);
    // April 11, unrolled, less five: Monday 6.
    assert_eq!(due(&life), Some(day("2026-04-06")));
    life.please(stay("裁定", "2026-03-10", None));
    assert_eq!(due(&life), None, "nobody knows the end");
}

#[test]
fn a_recurring_node_is_due_once_in_each_round() {
    let mut life = Life::new(at("2026-01-31T09:00"));
    life.open("Z04", begin("2026-01-31T09:00"));
    life.please(NodeCommand::Complete { node: code("Z04"), round: 2, at: at("2026-01-31T09:00") });
    life.open("Z04", begin("2026-06-30T09:00"));
    let fired = life.fired_by("2026-12-31T00:00");
    let rounds: Vec<_> =
        fired.iter().filter(|(_, _, l)| *l == Level::Due).map(|(_, r, _)| *r).collect();
    assert_eq!(rounds, [1, 3, 4, 5, 6], "the second was done before it was due");
}

#[test]
fn a_new_calendar_moves_what_has_not_fired_and_fires_nothing_again() {
    let mut life = Life::new(at("2026-05-09T09:00"));
    life.open("T01", begin("2026-05-09T09:00"));
    // June 8, a Monday; in the other calendar the week is off: Monday 15.
    let (first, second) = (Level::Warning(0), Level::Warning(1));
    assert_eq!(life.fired_by("2026-06-01T00:00"), [("T01".to_owned(), 1, first)]);
    life.calendar = 1;
    assert_eq!(life.nodes.next(life.rules()), Some(at("2026-06-10T09:00")));
    assert_eq!(life.fired_by("2026-06-10T09:00"), [("T01".to_owned(), 1, second)]);
    let last = life.fired_by("2026-06-16T00:00");
    assert_eq!(last, [("T01".to_owned(), 1, Level::Due)]);
    let with = life.events.iter().filter_map(|event| match event {
        NodeEvent::Fired { calendar, .. } => Some(calendar.version),
        _ => None,
    });
    assert_eq!(with.collect::<Vec<_>>(), [1, 2, 2]);
}

#[test]
fn a_wait_is_not_completed_before_it_is_over() {
    let mut life = Life::new(at("2026-03-02T09:00"));
    life.open("Z01", begin("2026-03-02T09:00"));
    let done = |at| NodeCommand::Complete { node: code("Z01"), round: 1, at };
    life.now = at("2026-06-02T09:00");
    assert_eq!(life.ask(&done(at("2026-03-02T09:00"))), Err(NodeRefusal::TooEarly));
    assert_eq!(life.ask(&done(life.now)), Err(NodeRefusal::TooEarly), "the last day is not over");
    life.please(stay("裁定1", "2026-05-01", None));
    life.now = at("2026-07-03T09:00");
    assert_eq!(life.ask(&done(life.now)), Err(NodeRefusal::TooEarly), "it stands still");
    life.please(NodeCommand::Resume { document: "裁定1".into(), until: day("2026-05-11") });
    assert_eq!(life.ask(&done(at("2026-06-12T23:00"))), Err(NodeRefusal::TooEarly));
    life.please(done(at("2026-06-13T00:00")));
}
