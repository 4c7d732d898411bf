//! What parties are told of a decision, and how much of it.

use super::{Case, CaseEvent, NoticeTopic, PartyNotice};
use crate::file::FileEvent;
use crate::file::closing::ClosingEvent;
use crate::file::paper::{Origin, PaperEvent};
use crate::file::party::{AppointmentDeed, MessageEvent, SituationEvent};
use crate::nodes::{NodeEvent, Rulebook};
use crate::procedure::{Documents, NodeCode, Office, Telling};
use crate::time::UnixMillis;

/// All that parties hear of these events of a case, which it has not taken in yet.
pub(super) fn notices(case: &Case, events: &[CaseEvent], rules: Rulebook<'_>) -> Vec<PartyNotice> {
    let mut measures = case.file.as_deref().map_or(0, |file| file.measures.len());
    let mut all = Vec::new();
    for event in events {
        match event {
            CaseEvent::Node(NodeEvent::Completed { node, round, at }) => {
                let of_node = node_notice(*node, *at, rules);
                all.extend(
                    of_node.map(|notice| PartyNotice { number: u32::from(*round), ..notice }),
                );
            }
            CaseEvent::StepReached { incident, node, at } => {
                all.extend(node_notice(*node, *at, rules).map(|notice| PartyNotice {
                    topic: NoticeTopic::Step,
                    incident: Some(*incident),
                    ..notice
                }));
            }
            CaseEvent::File(record) => {
                measures += usize::from(matches!(record.event, FileEvent::Measure(_)));
                all.extend(of_file(case, &record.event, measures));
            }
            _ => {}
        }
    }
    for notice in &mut all {
        notice.held = case.notices_held;
    }
    all
}

fn plain(
    topic: NoticeTopic,
    code: &str,
    number: u32,
    party: u16,
    reached: UnixMillis,
) -> PartyNotice {
    PartyNotice {
        topic,
        code: code.to_owned(),
        number,
        incident: None,
        party,
        reached,
        telling: Telling::Full,
        documents: Vec::new(),
        held: false,
    }
}

fn node_notice(code: NodeCode, at: UnixMillis, rules: Rulebook<'_>) -> Option<PartyNotice> {
    let node = rules.procedure.node(code)?;
    let documents = match &node.documents {
        Documents::All(documents) | Documents::OneOf(documents) => documents.clone(),
        Documents::None(_) => Vec::new(),
    };
    node.told.contains(&Office::Applicant).then(|| PartyNotice {
        telling: node.telling,
        documents,
        ..plain(NoticeTopic::Node, code.as_str(), 1, 0, at)
    })
}

fn of_file(case: &Case, event: &FileEvent, measures: usize) -> Vec<PartyNotice> {
    match event {
        // What was done, and not where or to what: 法释〔2017〕8号 12条, and the officers' safety.
        FileEvent::Measure(measure) => {
            let number = u32::try_from(measures).unwrap_or(u32::MAX);
            let notice = plain(NoticeTopic::Measure, measure.kind.name(), number, 0, measure.at);
            vec![PartyNotice { telling: Telling::Summary, ..notice }]
        }
        FileEvent::Paper(PaperEvent::Issued { paper, template, to, at, .. }) => {
            let one =
                |party: &u16| plain(NoticeTopic::Paper, template, u32::from(*paper), *party, *at);
            to.iter().map(one).collect()
        }
        FileEvent::Paper(PaperEvent::Withdrawn { paper }) => withdrawn(case, *paper),
        FileEvent::Message(MessageEvent::Written { message, party, from_party: false, at }) => {
            vec![plain(NoticeTopic::Message, "message", u32::from(*message), *party, *at)]
        }
        FileEvent::Appointment(appointment) => {
            let number = u32::from(appointment.appointment);
            let code = match (appointment.deed, appointment.reminded) {
                (AppointmentDeed::Made, true) => "reminder",
                (deed, _) => deed.name(),
            };
            let changed = appointment.changed;
            match appointment.deed {
                AppointmentDeed::Made | AppointmentDeed::Cancelled => {
                    vec![plain(NoticeTopic::Appointment, code, number, appointment.party, changed)]
                }
                AppointmentDeed::Asked | AppointmentDeed::Kept | AppointmentDeed::Missed => {
                    Vec::new()
                }
            }
        }
        FileEvent::Situation(SituationEvent::Released { item, released: true, at }) => {
            let file = case.file.as_deref();
            let known =
                file.and_then(|file| file.situation.iter().find(|known| known.item == *item));
            let topic = known.map_or("situation", |known| known.topic.name());
            vec![plain(NoticeTopic::Situation, topic, u32::from(*item), 0, *at)]
        }
        FileEvent::Closing(ClosingEvent::Closed(closed)) => {
            vec![plain(NoticeTopic::Closing, closed.how.name(), 1, 0, closed.at)]
        }
        FileEvent::Closing(ClosingEvent::ResumptionDecided { granted: true, at }) => {
            vec![plain(NoticeTopic::Closing, "resumed", 1, 0, *at)]
        }
        _ => Vec::new(),
    }
}

/// Whoever was told of a paper is told that it counts no more.
fn withdrawn(case: &Case, paper: u16) -> Vec<PartyNotice> {
    let file = case.file.as_deref();
    let known = file.and_then(|file| file.papers.iter().find(|known| known.paper == paper));
    let Some(known) = known else { return Vec::new() };
    let Origin::Court { to, .. } = &known.origin else { return Vec::new() };
    let one =
        |party: &u16| plain(NoticeTopic::Paper, "withdrawn", u32::from(paper), *party, known.at);
    to.iter().map(one).collect()
}
