//! What events mean for the read models: pure, the same for every store.
//!
//! [`operations`] turns one event into operations. [`Changes`] takes the operations and notices of
//! many decisions in order and folds them into few row changes: a store then executes updates of rows
//! that were there before, then inserts. What a decision in the group made and a later one changed is
//! folded here and reaches the store as one row.
//!
//! **Not here:** SQL, and any refusal; the writer checks its rules before it folds.

use std::collections::BTreeMap;

use tiande_actors::ports::journal::{Audience, CaseChange, Delivery, NoticeChange};
use tiande_core::case::{CaseEvent, CaseStanding, Escalation, PartyNotice, RunningNode};
use tiande_core::ids::{AlarmId, CaseId, CourtId, IncidentId, OfferId, OfficerId, TipId, UserId};
use tiande_core::incident::{IncidentEvent, IncidentOpened, Origin, Outcome};
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::OfficerEvent;
use tiande_core::procedure::NodeCode;
use tiande_core::time::UnixMillis;
use tiande_core::tip::TipEvent;

/// How an incident ended, for its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// `finished` or `cancelled`.
    pub status: &'static str,
    /// When.
    pub at: UnixMillis,
    /// With what outcome, when finished.
    pub outcome: Option<Outcome>,
}

/// A new row of `incident`.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRow {
    /// Identity.
    pub id: IncidentId,
    /// Court.
    pub court: CourtId,
    /// Year of its number.
    pub year: u16,
    /// Number in that year.
    pub number: u64,
    /// Kind, by name.
    pub kind: &'static str,
    /// Urgency, by name.
    pub urgency: &'static str,
    /// When it was opened.
    pub opened: UnixMillis,
    /// When it last changed.
    pub updated: UnixMillis,
    /// How it ended, if it has.
    pub closing: Option<Closing>,
    /// A drill.
    pub exercise: bool,
    /// The tip it came from.
    pub tip: Option<TipId>,
}

/// A change of an incident's row that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentPatch {
    /// When it last changed.
    pub updated: UnixMillis,
    /// How it ended, if it has.
    pub closing: Option<Closing>,
}

/// A new row of `tip`.
#[derive(Clone, Debug, PartialEq)]
pub struct TipRow {
    /// Identity.
    pub id: TipId,
    /// Court.
    pub court: CourtId,
    /// Name of the source.
    pub source: String,
    /// When it was taken.
    pub received: UnixMillis,
    /// Kind, by name.
    pub kind: &'static str,
    /// Urgency, by name.
    pub urgency: &'static str,
}

/// A tip that was split off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TipMove {
    /// From where.
    pub from: IncidentId,
    /// To where.
    pub to: IncidentId,
    /// When.
    pub at: UnixMillis,
}

/// A new row of `officer`.
#[derive(Clone, Debug, PartialEq)]
pub struct OfficerRow {
    /// Identity.
    pub id: OfficerId,
    /// Court.
    pub court: CourtId,
    /// When registered.
    pub registered: UnixMillis,
    /// `off`, `on` or `break`.
    pub duty: &'static str,
}

/// A new row of `commitment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitmentRow {
    /// By which asking or order.
    pub offer: OfferId,
    /// Beside other commitments.
    pub stacked: bool,
    /// Since when.
    pub since: UnixMillis,
}

/// A new row of `case_file`.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseRow {
    /// Identity.
    pub id: CaseId,
    /// Court.
    pub court: CourtId,
    /// Number as text.
    pub number: String,
    /// Who handles it.
    pub handler: Option<UserId>,
}

/// A node of a case: case, code, round.
pub type NodeKey = (CaseId, NodeCode, u16);

/// A row of `running_node`.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningRow {
    /// How the node stands.
    pub node: RunningNode,
    /// The calendar that its date is computed with.
    pub calendar: String,
}

/// A new row of `outbox`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmRow {
    /// Identity.
    pub id: AlarmId,
    /// Position of the journal's head then.
    pub position: u64,
    /// Court.
    pub court: CourtId,
    /// For whom.
    pub audience: Audience,
    /// Kind.
    pub kind: String,
    /// What it is about.
    pub incident: Option<IncidentId>,
    /// Whom it is about.
    pub officer: Option<OfficerId>,
    /// Which clock of an emergency it is about.
    pub node: Option<NodeCode>,
    /// When it was raised.
    pub raised: UnixMillis,
    /// Who took note, and when.
    pub acknowledged: Option<(String, UnixMillis)>,
    /// When it was over by itself.
    pub settled: Option<UnixMillis>,
}

/// One change of the read models.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A new incident.
    OpenIncident(IncidentRow),
    /// An incident changed.
    PatchIncident(IncidentId, IncidentPatch),
    /// A new tip.
    AddTip(TipRow),
    /// A tip got its incident.
    LinkTip(TipId, IncidentId),
    /// A tip got another incident; the old link stays as a forwarding one.
    RelinkTip(TipId, TipMove),
    /// A new officer.
    AddOfficer(OfficerRow),
    /// An officer's duty changed.
    SetDuty(OfficerId, &'static str),
    /// An officer is bound.
    Commit(OfficerId, IncidentId, CommitmentRow),
    /// An officer is bound no more.
    Release(OfficerId, IncidentId),
    /// A new case.
    AddCase(CaseRow),
}

/// The name of an audience in rows.
#[must_use]
pub fn audience_name(audience: Audience) -> &'static str {
    match audience {
        Audience::Centre => "centre",
        Audience::Director => "director",
        Audience::President => "president",
    }
}

/// The audience of that name.
#[must_use]
pub fn audience_from_name(name: &str) -> Option<Audience> {
    match name {
        "centre" => Some(Audience::Centre),
        "director" => Some(Audience::Director),
        "president" => Some(Audience::President),
        _ => None,
    }
}

/// The emergency of a notice, as its row keeps it; empty for a node of the case itself.
#[must_use]
pub fn of_incident(incident: Option<IncidentId>) -> String {
    incident.map(|id| id.to_string()).unwrap_or_default()
}

/// An escalation as its row keeps it.
#[must_use]
pub fn escalation_body(known: &Escalation) -> String {
    serde_json::to_string(known).expect("plain data always serialises")
}

/// How a case's file stands, as its row keeps it.
#[must_use]
pub fn standing_body(known: &CaseStanding) -> String {
    serde_json::to_string(known).expect("plain data always serialises")
}

/// Whom an escalation has reached, as its row keeps it: each name between blanks.
#[must_use]
pub fn escalation_offices(known: &Escalation) -> String {
    let names = known.offices.iter().map(|office| office.name());
    names.fold(String::from(" "), |all, name| all + name + " ")
}

/// What one event changes. `None` when the event is not of the stream's kind, which is a bug of the
/// caller; most events change one row, many of officers none.
#[must_use]
pub fn operations(
    court: &CourtId,
    stream: StreamId,
    at: UnixMillis,
    event: &Event,
) -> Option<Vec<Operation>> {
    let one = match (stream, event) {
        (StreamId::Incident(id), Event::Incident(event)) => Some(incident(court, id, at, event)),
        (StreamId::Officer(id), Event::Officer(event)) => officer(court, id, at, event),
        (StreamId::Tip(id), Event::Tip(event)) => tip(court, id, at, event),
        (StreamId::Case(id), Event::Case(event)) => case(court, id, event),
        (
            StreamId::Incident(_) | StreamId::Officer(_) | StreamId::Tip(_) | StreamId::Case(_),
            Event::Incident(_) | Event::Officer(_) | Event::Tip(_) | Event::Case(_),
        ) => return None,
    };
    Some(one.into_iter().collect())
}

fn incident(court: &CourtId, id: IncidentId, at: UnixMillis, event: &IncidentEvent) -> Operation {
    let closing = match event {
        IncidentEvent::Opened(opened) => {
            return Operation::OpenIncident(opened_row(court, id, at, opened));
        }
        IncidentEvent::Finished { outcome } => {
            Some(Closing { status: "finished", at, outcome: Some(*outcome) })
        }
        IncidentEvent::Cancelled { .. } => Some(Closing { status: "cancelled", at, outcome: None }),
        IncidentEvent::Placed { .. }
        | IncidentEvent::TipMerged(_)
        | IncidentEvent::TipSplit { .. }
        | IncidentEvent::SearchStarted { .. }
        | IncidentEvent::OffersMade { .. }
        | IncidentEvent::OfferReceived { .. }
        | IncidentEvent::OfferAccepted { .. }
        | IncidentEvent::OfferClosed { .. }
        | IncidentEvent::Assigned { .. }
        | IncidentEvent::StageReached { .. }
        | IncidentEvent::WelfareAsked { .. }
        | IncidentEvent::WelfareAnswered { .. }
        | IncidentEvent::WelfareAlarmed { .. }
        | IncidentEvent::OfficerFinished { .. }
        | IncidentEvent::OfficerReleased { .. }
        | IncidentEvent::Exhausted { .. }
        | IncidentEvent::DirectorAlarmed { .. }
        | IncidentEvent::ClockRang(_) => None,
    };
    Operation::PatchIncident(id, IncidentPatch { updated: at, closing })
}

fn opened_row(
    court: &CourtId,
    id: IncidentId,
    at: UnixMillis,
    opened: &IncidentOpened,
) -> IncidentRow {
    IncidentRow {
        id,
        court: court.clone(),
        year: opened.year,
        number: opened.number,
        kind: opened.kind.name(),
        urgency: opened.urgency.name(),
        opened: at,
        updated: at,
        closing: None,
        exercise: opened.exercise,
        tip: match &opened.origin {
            Origin::Tip { tip, .. } => Some(*tip),
            Origin::Sos { .. } | Origin::Task { .. } => None,
        },
    }
}

fn officer(
    court: &CourtId,
    id: OfficerId,
    at: UnixMillis,
    event: &OfficerEvent,
) -> Option<Operation> {
    match event {
        OfficerEvent::Registered { .. } => Some(Operation::AddOfficer(OfficerRow {
            id,
            court: court.clone(),
            registered: at,
            duty: "off",
        })),
        OfficerEvent::WentOnDuty { .. } | OfficerEvent::BreakEnded {} => {
            Some(Operation::SetDuty(id, "on"))
        }
        OfficerEvent::WentOffDuty { .. } => Some(Operation::SetDuty(id, "off")),
        OfficerEvent::BreakStarted {} => Some(Operation::SetDuty(id, "break")),
        OfficerEvent::Committed { incident, offer, stacked, .. } => {
            let row = CommitmentRow { offer: *offer, stacked: *stacked, since: at };
            Some(Operation::Commit(id, *incident, row))
        }
        OfficerEvent::Released { incident, .. } => Some(Operation::Release(id, *incident)),
        OfficerEvent::ContactLost { .. }
        | OfficerEvent::ContactRegained {}
        | OfficerEvent::Offered { .. }
        | OfficerEvent::OfferClosed { .. }
        | OfficerEvent::StageReached { .. }
        | OfficerEvent::WelfareAsked { .. }
        | OfficerEvent::WelfareAnswered { .. }
        | OfficerEvent::SosRaised { .. }
        | OfficerEvent::SosEnded { .. }
        | OfficerEvent::TrackRead { .. } => None,
    }
}

fn tip(court: &CourtId, id: TipId, at: UnixMillis, event: &TipEvent) -> Option<Operation> {
    match event {
        TipEvent::Received(tip) => Some(Operation::AddTip(TipRow {
            id,
            court: court.clone(),
            source: tip.source.clone(),
            received: at,
            kind: tip.kind.name(),
            urgency: tip.urgency.name(),
        })),
        TipEvent::Linked { incident } => Some(Operation::LinkTip(id, *incident)),
        TipEvent::Relinked { from, incident } => {
            Some(Operation::RelinkTip(id, TipMove { from: *from, to: *incident, at }))
        }
        TipEvent::OriginalRead { .. } => None,
    }
}

fn case(court: &CourtId, id: CaseId, event: &CaseEvent) -> Option<Operation> {
    match event {
        CaseEvent::Opened { number, .. } => Some(Operation::AddCase(CaseRow {
            id,
            court: court.clone(),
            number: number.to_string(),
            handler: None,
        })),
        CaseEvent::IncidentLinked { .. }
        | CaseEvent::StepReached { .. }
        | CaseEvent::HandlerSet { .. }
        | CaseEvent::Node(_)
        | CaseEvent::File(_)
        | CaseEvent::EscalationRaised { .. }
        | CaseEvent::EscalationClimbed { .. }
        | CaseEvent::EscalationAcknowledged { .. }
        | CaseEvent::EscalationAnswered { .. }
        | CaseEvent::EscalationReturned { .. }
        | CaseEvent::EscalationClosed { .. }
        | CaseEvent::NoticesHeld { .. }
        | CaseEvent::NoticesReleased { .. } => None,
    }
}

/// The folded changes of a group of decisions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// New incidents.
    pub incidents: Vec<IncidentRow>,
    /// Changes of incidents that were there before.
    pub incident_patches: BTreeMap<IncidentId, IncidentPatch>,
    /// New tips.
    pub tips: Vec<TipRow>,
    /// Links of tips.
    pub tip_links: Vec<(TipId, IncidentId)>,
    /// Tips that were split off, in order.
    pub tip_moves: Vec<(TipId, TipMove)>,
    /// New officers.
    pub officers: Vec<OfficerRow>,
    /// Duty of officers that were there before.
    pub duties: BTreeMap<OfficerId, &'static str>,
    /// Commitments as they stand after the group; `None` for those that ended. The store deletes all
    /// that are named here, then inserts.
    pub commitments: BTreeMap<(OfficerId, IncidentId), Option<CommitmentRow>>,
    /// New cases.
    pub cases: Vec<CaseRow>,
    /// Handlers of cases that were there before.
    pub handlers: BTreeMap<CaseId, UserId>,
    /// Clocks of cases as they stand after the group; `None` for those that ring no more.
    pub clocks: BTreeMap<CaseId, (CourtId, Option<UnixMillis>)>,
    /// Running nodes as they stand after the group; `None` for those that ended.
    pub running: BTreeMap<NodeKey, (CourtId, Option<RunningRow>)>,
    /// Escalations as they stand after the group.
    pub escalations: BTreeMap<NodeKey, (CourtId, Escalation)>,
    /// How files stand after the group.
    pub standings: BTreeMap<CaseId, (CourtId, CaseStanding)>,
    /// New notices to parties, and when each was let go.
    pub party_notices: Vec<(CourtId, CaseId, PartyNotice, Option<UnixMillis>)>,
    /// Cases whose notices from before are let go, and when.
    pub releases: Vec<(CaseId, UnixMillis)>,
    /// New deliveries, and when they came.
    pub deliveries: Vec<(Delivery, UnixMillis)>,
    /// New alarms.
    pub alarms: Vec<AlarmRow>,
    /// Alarms from before that somebody took note of: court, alarm, who, when. First one wins.
    pub acknowledgements: Vec<(CourtId, AlarmId, String, UnixMillis)>,
    /// Incidents whose alarms from before are over: court, incident, when.
    pub settlements: Vec<(CourtId, IncidentId, UnixMillis)>,
}

impl Changes {
    /// Takes one operation in.
    pub fn take(&mut self, operation: Operation) {
        match operation {
            Operation::OpenIncident(row) => self.incidents.push(row),
            Operation::PatchIncident(id, patch) => self.patch_incident(id, patch),
            Operation::AddTip(row) => self.tips.push(row),
            Operation::LinkTip(tip, incident) => self.tip_links.push((tip, incident)),
            Operation::RelinkTip(tip, to) => self.move_tip(tip, to),
            Operation::AddOfficer(row) => self.officers.push(row),
            Operation::SetDuty(id, duty) => {
                match self.officers.iter_mut().find(|row| row.id == id) {
                    Some(row) => row.duty = duty,
                    None => drop(self.duties.insert(id, duty)),
                }
            }
            Operation::Commit(officer, incident, row) => {
                self.commitments.insert((officer, incident), Some(row));
            }
            Operation::Release(officer, incident) => {
                self.commitments.insert((officer, incident), None);
            }
            Operation::AddCase(row) => self.cases.push(row),
        }
    }

    fn move_tip(&mut self, tip: TipId, to: TipMove) {
        // A link of this very group reaches the store as it ends.
        if let Some((_, incident)) = self.tip_links.iter_mut().find(|(id, _)| *id == tip) {
            *incident = to.to;
        }
        self.tip_moves.push((tip, to));
    }

    fn patch_incident(&mut self, id: IncidentId, patch: IncidentPatch) {
        // Newest first: a decision changes what it has just made far more often than anything else.
        if let Some(row) = self.incidents.iter_mut().rev().find(|row| row.id == id) {
            row.updated = patch.updated;
            row.closing = patch.closing.or(row.closing);
            return;
        }
        let folded = self.incident_patches.entry(id).or_insert(patch);
        folded.updated = patch.updated;
        folded.closing = patch.closing.or(folded.closing);
    }

    /// Takes what a decision changes in the rows of one case in.
    pub fn case(&mut self, court: &CourtId, at: UnixMillis, change: &CaseChange) {
        let CaseChange { case, calendar, rows } = change;
        if let Some(handler) = rows.handler {
            match self.cases.iter_mut().find(|row| row.id == *case) {
                Some(row) => row.handler = Some(handler),
                None => drop(self.handlers.insert(*case, handler)),
            }
        }
        if let Some(next) = rows.next {
            self.clocks.insert(*case, (court.clone(), next));
        }
        for node in &rows.running {
            let row = RunningRow { node: *node, calendar: calendar.to_string() };
            self.running.insert((*case, node.node, node.round), (court.clone(), Some(row)));
        }
        for (node, round) in &rows.ended {
            self.running.insert((*case, *node, *round), (court.clone(), None));
        }
        for known in &rows.escalations {
            let key = (*case, known.node, known.round);
            self.escalations.insert(key, (court.clone(), known.clone()));
        }
        if let Some(standing) = &rows.standing {
            self.standings.insert(*case, (court.clone(), CaseStanding::clone(standing)));
        }
        if rows.release {
            let held = self
                .party_notices
                .iter_mut()
                .filter(|(_, of, _, let_go)| of == case && let_go.is_none());
            held.for_each(|(_, _, _, let_go)| *let_go = Some(at));
            self.releases.push((*case, at));
        }
        for notice in &rows.notices {
            let let_go = (!notice.held).then_some(at);
            self.party_notices.push((court.clone(), *case, notice.clone(), let_go));
        }
    }

    /// Takes a notice's change in. `position` is the journal's head after its decision.
    pub fn notice(
        &mut self,
        court: &CourtId,
        position: u64,
        at: UnixMillis,
        change: &NoticeChange,
    ) {
        match change {
            NoticeChange::Raise { alarm, audience, kind, incident, officer, node } => {
                self.alarms.push(AlarmRow {
                    id: *alarm,
                    position,
                    court: court.clone(),
                    audience: *audience,
                    kind: kind.clone(),
                    incident: *incident,
                    officer: *officer,
                    node: *node,
                    raised: at,
                    acknowledged: None,
                    settled: None,
                });
            }
            NoticeChange::Acknowledge { alarm, by } => {
                match self.alarms.iter_mut().find(|row| row.id == *alarm && row.court == *court) {
                    Some(row) => {
                        row.acknowledged.get_or_insert_with(|| (by.clone(), at));
                    }
                    None => {
                        self.acknowledgements.push((court.clone(), *alarm, by.clone(), at));
                    }
                }
            }
            NoticeChange::Settle { incident } => {
                let of_it = |row: &&mut AlarmRow| {
                    row.incident == Some(*incident) && row.court == *court && row.settled.is_none()
                };
                self.alarms.iter_mut().filter(of_it).for_each(|row| row.settled = Some(at));
                self.settlements.push((court.clone(), *incident, at));
            }
        }
    }
}

#[cfg(test)]
#[path = "projection_tests.rs"]
mod tests;
