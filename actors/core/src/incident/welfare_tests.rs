//! Silence on scene: asked, alarmed, answered.

use uuid::Uuid;

use super::*;
use crate::ids::{IncidentId, OfferId, TipId};
use crate::incident::{
    IncidentCommand, IncidentKind, IncidentOpened, Origin, StageSource, Urgency,
};
use crate::journal::Subject;

const START: i64 = 1_000_000;
const PATIENCE: Patience = Patience {
    director_after: Millis(60_000),
    silent_after: Millis(900_000),
    answer_within: Millis(30_000),
};
const ALARM: AlarmId = AlarmId(Uuid::from_u128(9));

fn officer(n: u128) -> OfficerId {
    OfficerId(Uuid::from_u128(n))
}

fn at(seconds: i64) -> UnixMillis {
    UnixMillis(START + seconds * 1_000)
}

fn act(incident: &mut Incident, command: &IncidentCommand, now: UnixMillis) -> Decided {
    let decided = incident.decide(command, now).expect("may be done");
    decided.events.iter().for_each(|event| incident.apply(event, now));
    decided
}

fn tick(incident: &mut Incident, seconds: i64) -> Vec<IncidentEvent> {
    let command = IncidentCommand::Tick { alarm: ALARM, patience: PATIENCE };
    act(incident, &command, at(seconds)).events
}

fn reach(incident: &mut Incident, n: u128, stage: Stage, seconds: i64) {
    let how = StageSource::Reported;
    act(incident, &IncidentCommand::Progress { officer: officer(n), stage, how }, at(seconds));
}

/// An incident with two officers bound to it.
fn underway() -> Incident {
    let id = IncidentId(Uuid::from_u128(1));
    let mut incident = Incident::new(id);
    let tip = TipId(Uuid::from_u128(3));
    let opened = IncidentOpened {
        incident: id,
        number: 1,
        year: 2026,
        origin: Origin::Tip { tip, source: "alpha".into(), trusted: true },
        kind: IncidentKind::DebtorSighted,
        urgency: Urgency::Routine,
        need: 2,
        skills: Vec::new(),
        case_number: None,
        case: None,
        excluded: Vec::new(),
        exercise: false,
        alarm: None,
        procedure: None,
        subject: Subject(tip.0),
        personal: None,
    };
    act(&mut incident, &IncidentCommand::Open(Box::new(opened)), at(0));
    for n in [1, 2] {
        let (offer, officer) = (OfferId(Uuid::from_u128(n)), officer(n));
        let command =
            IncidentCommand::Assign { offer, officer, stack: false, stack_max: 1, reason: None };
        act(&mut incident, &command, at(0));
    }
    incident
}

#[test]
fn on_the_way_nobody_is_asked() {
    let mut incident = underway();
    reach(&mut incident, 1, Stage::EnRoute, 1);
    assert_eq!(incident.next_due(PATIENCE), None);
    assert_eq!(tick(&mut incident, 100_000), []);
}

#[test]
fn silence_on_scene_is_a_question_then_an_alarm_then_the_directors() {
    let mut incident = underway();
    reach(&mut incident, 1, Stage::OnScene, 10);
    assert_eq!(incident.next_due(PATIENCE), Some(at(910)));
    assert_eq!(tick(&mut incident, 909), [], "never early");
    let asked = IncidentCommand::Tick { alarm: ALARM, patience: PATIENCE };
    let asked = act(&mut incident, &asked, at(910));
    assert_eq!(asked.events, [IncidentEvent::WelfareAsked { officer: officer(1) }]);
    let part = OfficerPart::BeAskedWell { incident: incident.id };
    assert_eq!(asked.parts, [(officer(1), part)], "the officer hears of it in the same decision");
    assert_eq!(tick(&mut incident, 939), [], "once");
    let alarm = |level| IncidentEvent::WelfareAlarmed { officer: officer(1), level, alarm: ALARM };
    assert_eq!(tick(&mut incident, 940), [alarm(AlarmLevel::Centre)]);
    assert_eq!(tick(&mut incident, 999), []);
    assert_eq!(tick(&mut incident, 1_000), [alarm(AlarmLevel::Director)]);
    assert_eq!(incident.next_due(PATIENCE), None, "both know; nothing is repeated");
}

#[test]
fn an_answer_begins_the_wait_anew_also_after_an_alarm() {
    let mut incident = underway();
    reach(&mut incident, 1, Stage::OnScene, 0);
    tick(&mut incident, 900);
    tick(&mut incident, 930);
    let well = IncidentCommand::ReportWell { officer: officer(1) };
    let said = act(&mut incident, &well, at(950));
    assert_eq!(said.events, [IncidentEvent::WelfareAnswered { officer: officer(1) }]);
    assert_eq!(said.parts, [(officer(1), OfficerPart::SayWell { incident: incident.id })]);
    assert_eq!(incident.next_due(PATIENCE), Some(at(1_850)));
}

#[test]
fn a_word_unasked_counts_too() {
    let mut incident = underway();
    reach(&mut incident, 1, Stage::OnScene, 0);
    act(&mut incident, &IncidentCommand::ReportWell { officer: officer(1) }, at(800));
    assert_eq!(tick(&mut incident, 900), []);
    assert_eq!(incident.next_due(PATIENCE), Some(at(1_700)));
}

#[test]
fn each_alarm_has_an_identity_of_its_own() {
    let mut incident = underway();
    reach(&mut incident, 1, Stage::OnScene, 0);
    reach(&mut incident, 2, Stage::OnScene, 0);
    assert_eq!(tick(&mut incident, 900).len(), 2, "both are asked at once");
    assert_eq!(tick(&mut incident, 930).len(), 1, "one identity, one alarm");
    assert_eq!(incident.next_due(PATIENCE), Some(at(930)), "the next is due at once");
    assert_eq!(tick(&mut incident, 930).len(), 1);
    assert_eq!(incident.next_due(PATIENCE), Some(at(990)), "then both directors' alarms");
}

#[test]
fn who_is_not_on_it_is_not_asked_and_cannot_answer() {
    let mut incident = underway();
    reach(&mut incident, 1, Stage::OnScene, 0);
    let reason = "另有任务".to_owned();
    act(&mut incident, &IncidentCommand::Release { officer: officer(1), reason }, at(10));
    assert_eq!(tick(&mut incident, 100_000), []);
    let well = IncidentCommand::ReportWell { officer: officer(1) };
    assert_eq!(incident.decide(&well, at(20)), Err(IncidentRefusal::NotCrew));
}
