//! Clocks of emergencies: what starts, warns, ends and stops them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::calendar::Calendar;
use crate::deadline::Level;
use crate::dispatch::Decision;
use crate::geo::{LatLon, Place};
use crate::ids::{IdSource, IncidentId, OfferId, OfficerId, TipId};
use crate::journal::Subject;
use crate::nodes::Rulebook;
use crate::nodes::life::{calendar, named, row};
use crate::officer::Stage;
use crate::procedure::{NodeCode, NodeDraft, Office, Procedure, ProcedureDraft, StartDraft};
use crate::time::{Millis, UnixMillis};

const NOW: UnixMillis = UnixMillis(1_790_000_000_000);
const MINUTE: u64 = 60_000;

/// Counts.
struct Ids(u8);

impl IdSource for Ids {
    fn random_bytes(&mut self) -> [u8; 10] {
        self.0 += 1;
        [self.0; 10]
    }
}

fn after(minutes: u64) -> UnixMillis {
    NOW.plus(Millis(minutes * MINUTE))
}

/// E01–E04 as the procedure has them.
fn procedure() -> Procedure {
    let clock = |code: &str, minutes, warn: &str, step: &str| NodeDraft {
        start: StartDraft { event: Some("tip_sent".into()), ..StartDraft::default() },
        reached_by: Some(step.into()),
        alarm_warn: vec!["command_centre".into()],
        alarm_expiry: vec!["director".into(), "president".into()],
        ..row(code, "minutes", minutes, "deadline", &[warn], &[])
    };
    let after_first = StartDraft {
        after: Some(vec!["E01".into()]),
        zh: Some("接警".into()),
        en: Some("acknowledged".into()),
        ..StartDraft::default()
    };
    let draft = ProcedureDraft {
        name: "test".into(),
        version: 1,
        effective_from: "2026-01-01".into(),
        answer_working_days: 3,
        ladder: vec!["director".into()],
        events: vec![named("tip_sent"), named("began")],
        nodes: vec![
            clock("E01", 2, "1min", "acknowledged"),
            NodeDraft { start: after_first, ..clock("E02", 5, "2min", "ordered") },
            clock("E03", 15, "5min", "rolling"),
            clock("E04", 30, "10min", "on_scene"),
            row("T01", "days", 30, "deadline", &[], &[]),
        ],
        ..ProcedureDraft::default()
    };
    Procedure::parse(&draft).expect("sound")
}

struct World {
    procedure: Procedure,
    calendar: Calendar,
    incident: Incident,
    ids: Ids,
}

fn officer() -> OfficerId {
    OfficerId(Uuid::from_u128(7))
}

impl World {
    fn new(urgency: Urgency, trusted: bool) -> Self {
        let procedure = procedure();
        let id = IncidentId(Uuid::from_u128(1));
        let place = Place { at: LatLon::new(35.2, 114.67).expect("a place"), accuracy: None };
        let origin =
            Origin::Tip { tip: TipId(Uuid::from_u128(3)), source: "alpha".into(), trusted };
        let opened = IncidentOpened {
            incident: id,
            number: 1,
            year: 2026,
            origin,
            kind: IncidentKind::DebtorSighted,
            urgency,
            need: 1,
            skills: Vec::new(),
            case_number: None,
            case: None,
            excluded: Vec::new(),
            exercise: false,
            alarm: None,
            procedure: Some(procedure.version().clone()),
            subject: Subject(Uuid::from_u128(3)),
            personal: Some(IncidentPersonal { place: Some(place), ..IncidentPersonal::default() }),
        };
        let incident = Incident::new(id);
        let mut world = Self { procedure, calendar: calendar(1), incident, ids: Ids(0) };
        world.act(IncidentCommand::Open(Box::new(opened)), NOW);
        world
    }

    fn rules(&self) -> Rulebook<'_> {
        Rulebook { procedure: &self.procedure, calendar: &self.calendar }
    }

    fn act(&mut self, command: IncidentCommand, now: UnixMillis) {
        let decided = self.incident.decide(&command, now).expect("granted");
        decided.events.iter().for_each(|event| self.incident.apply(event, now));
    }

    /// Lets the clock ring at that moment; what rang, by code, level and offices.
    fn ring(&mut self, now: UnixMillis) -> Vec<(String, Level, Vec<Office>)> {
        let rules = Rulebook { procedure: &self.procedure, calendar: &self.calendar };
        let rung = self.incident.ringing(now, rules, &mut self.ids);
        let told = rung.iter().map(|rung| {
            (rung.node.to_string(), rung.level, rung.alarms.iter().map(|(o, _)| *o).collect())
        });
        let told = told.collect();
        self.act(IncidentCommand::RingClocks { rung }, now);
        told
    }

    fn offer(&mut self, now: UnixMillis) {
        let made = OfferMade {
            offer: OfferId(Uuid::from_u128(9)),
            officer: officer(),
            distance_m: 10.0,
            fix_age_ms: 5,
            receive_by: now.plus(Millis(6_000)),
            expires_at: now.plus(Millis(20_000)),
        };
        let alarm = crate::ids::AlarmId(Uuid::nil());
        let decision = Decision::default();
        self.act(IncidentCommand::RecordRound { offers: vec![made], decision, alarm }, now);
    }

    fn progress(&mut self, stage: Stage, now: UnixMillis) {
        let how = StageSource::Reported;
        self.act(IncidentCommand::Progress { officer: officer(), stage, how }, now);
    }
}

fn code(text: &str) -> NodeCode {
    text.parse().expect("a code")
}

#[test]
fn an_emergency_that_nobody_takes_up_warns_the_centre_and_then_goes_up() {
    let mut world = World::new(Urgency::Emergency, false);
    assert_eq!(world.incident.next_clock(world.rules()), Some(after(1)));
    assert_eq!(world.ring(after(0)), []);
    let centre = vec![Office::CommandCentre];
    let above = vec![Office::Director, Office::President];
    assert_eq!(world.ring(after(1)), [("E01".into(), Level::Warning(0), centre.clone())]);
    assert_eq!(world.ring(after(1)), [], "once");
    // A server that was down for a quarter of an hour: all of it, in due order.
    let late = world.ring(after(15));
    let named: Vec<_> = late.iter().map(|(code, level, _)| (code.as_str(), *level)).collect();
    let due = Level::Due;
    assert_eq!(named, [("E01", due), ("E03", Level::Warning(0)), ("E03", due)]);
    assert_eq!(late[0].2, above);
    assert_eq!(late[1].2, centre);
    assert_eq!(world.incident.next_clock(world.rules()), Some(after(20)), "warning of E04");
    let running = world.incident.running_clock(world.rules()).expect("runs");
    assert_eq!((running.node, running.due, running.overdue), (code("E01"), after(2), true));
}

#[test]
fn each_step_stops_its_clock_and_the_first_starts_the_next() {
    let mut world = World::new(Urgency::Emergency, false);
    world.act(IncidentCommand::Dispatch, after(1));
    let running = world.incident.running_clock(world.rules()).expect("runs");
    assert_eq!((running.node, running.due), (code("E02"), after(6)));
    assert_eq!(world.ring(after(3)), [], "E01 is reached, its warning too");
    world.offer(after(3));
    assert_eq!(world.incident.next_clock(world.rules()), Some(after(10)), "warning of E03");
    let offer = OfferId(Uuid::from_u128(9));
    world.act(IncidentCommand::Accept { offer, officer: officer() }, after(3));
    // Straight to the scene: who is there was on the way.
    world.progress(Stage::OnScene, after(9));
    assert_eq!(world.incident.next_clock(world.rules()), None);
    assert_eq!(world.ring(after(60)), []);
    let reached = world.incident.reached(world.rules());
    let steps: Vec<_> = reached.iter().map(|(code, at)| (code.as_str(), *at)).collect();
    assert_eq!(steps, [("E01", after(1)), ("E02", after(3)), ("E03", after(9)), ("E04", after(9))]);
}

#[test]
fn what_starts_by_itself_is_taken_up_at_once() {
    let world = World::new(Urgency::Emergency, true);
    let running = world.incident.running_clock(world.rules()).expect("runs");
    assert_eq!((running.node, running.due), (code("E02"), after(5)));
}

#[test]
fn routine_ended_and_foreign_incidents_have_no_clocks() {
    let mut routine = World::new(Urgency::Routine, false);
    assert_eq!(routine.ring(after(60)), []);
    assert_eq!(routine.incident.reached(routine.rules()), []);
    let mut over = World::new(Urgency::Emergency, false);
    over.act(IncidentCommand::Cancel { reason: "误报".into() }, after(1));
    assert_eq!(over.ring(after(60)), []);
    let mut old = World::new(Urgency::Emergency, false);
    old.incident.opened.as_mut().expect("open").procedure = None;
    assert_eq!(old.ring(after(60)), [], "from before there were clocks");
}

#[test]
fn what_was_reached_while_it_rang_is_not_recorded_as_late_twice() {
    let mut world = World::new(Urgency::Emergency, false);
    let rules = Rulebook { procedure: &world.procedure, calendar: &world.calendar };
    let rung = world.incident.ringing(after(2), rules, &mut world.ids);
    assert_eq!(rung.len(), 2);
    world.act(IncidentCommand::RingClocks { rung: rung.clone() }, after(2));
    let again = world.incident.decide(&IncidentCommand::RingClocks { rung }, after(2));
    assert!(again.expect("granted").is_empty());
}

/// What may happen between two looks at the clock.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Nothing,
    TakenUp,
    Offered,
    Arrives,
    /// The actor dies and is folded again.
    Folded,
}

/// Limit, warning and step of each clock, written down once more: minutes, and which step starts it.
const MODEL: [(&str, u64, u64, usize, Option<usize>); 4] = [
    ("E01", 2, 1, 0, None),
    ("E02", 5, 2, 1, Some(0)),
    ("E03", 15, 5, 2, None),
    ("E04", 30, 10, 3, None),
];

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => Just(Happens::Nothing),
        1 => Just(Happens::TakenUp),
        1 => Just(Happens::Offered),
        1 => Just(Happens::Arrives),
        1 => Just(Happens::Folded),
    ]
}

proptest! {
    /// I11, I12: each warning and each end rings once, at the first look at or after its moment, and only
    /// while its step is not reached; also through restarts.
    #[test]
    fn clocks_ring_as_a_model_says(story in proptest::collection::vec((0_u64..9, happens()), 1..20)) {
        let mut world = World::new(Urgency::Emergency, false);
        let (mut minute, mut steps, mut rung) = (0, [None; 4], BTreeSet::new());
        for (pass, what) in story {
            minute += pass;
            let now = after(minute);
            let mut due: Vec<(u64, &str, Level)> = Vec::new();
            for (code, limit, warn, step, start) in MODEL {
                let begins = start.map_or(Some(0), |start| steps[start]);
                let Some(begins) = begins.filter(|_| steps[step].is_none()) else { continue };
                let moments = [(limit - warn, Level::Warning(0)), (limit, Level::Due)];
                for (after, level) in moments {
                    if begins + after <= minute && rung.insert((code, level)) {
                        due.push((begins + after, code, level));
                    }
                }
            }
            due.sort_by_key(|(at, code, level)| (*at, *code, *level));
            let told = world.ring(now);
            let told: Vec<_> = told.iter().map(|(code, level, _)| (code.as_str(), *level)).collect();
            let model: Vec<_> = due.into_iter().map(|(_, code, level)| (code, level)).collect();
            prop_assert_eq!(told, model);
            let reach = |steps: &mut [Option<u64>; 4], last: usize| {
                steps.iter_mut().take(last + 1).for_each(|step| *step = step.or(Some(minute)));
            };
            let (command, last) = match what {
                Happens::Nothing => (None, None),
                Happens::TakenUp => (Some(IncidentCommand::Dispatch), Some(0)),
                Happens::Offered if steps[0].is_some() && world.incident.offers.is_empty() => {
                    world.offer(now);
                    (None, Some(1))
                }
                Happens::Arrives if world.incident.offers.len() == 1 && steps[3].is_none() => {
                    let offer = OfferId(Uuid::from_u128(9));
                    world.incident.crew.entry(officer()).or_insert(CrewMember {
                        offer, stage: Stage::Accepted, welfare: Welfare::Heard(now),
                    });
                    world.progress(Stage::OnScene, now);
                    (None, Some(3))
                }
                Happens::Offered | Happens::Arrives => (None, None),
                Happens::Folded => {
                    // As a snapshot keeps it.
                    let kept = serde_json::to_string(&world.incident).expect("serialises");
                    let back: Incident = serde_json::from_str(&kept).expect("reads");
                    world.incident = Incident { place: world.incident.place, ..back };
                    (None, None)
                }
            };
            if let Some(command) = command {
                world.act(command, now);
            }
            if let Some(last) = last {
                reach(&mut steps, last);
            }
        }
    }
}
