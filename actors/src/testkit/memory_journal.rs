//! A journal in memory, with the same rules as the real ones: for actors' tests, and as the second
//! opinion in the contract suite that every store must pass.
//!
//! **Not here:** durability, sealing, hashes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tiande_core::calendar::CalendarVersion;
use tiande_core::case::{CaseEvent, CaseNumber, Escalation, PartyNotice, RunningNode};
use tiande_core::ids::{AlarmId, CaseId, CourtId, IncidentId, OfficerId, TipId};
use tiande_core::incident::IncidentEvent;
use tiande_core::journal::{Event, Snapshot, StreamId, snapshot_version};
use tiande_core::officer::OfficerEvent;
use tiande_core::procedure::NodeCode;
use tiande_core::time::UnixMillis;
use tiande_core::tip::TipEvent;

use crate::ports::journal::{
    Append, AppendFault, Appended, CaseChange, Delivery, DeliveryKeys, Journal, NoticeChange,
    OpenAlarm, OpenWork, ReadFault, Remembered, SetClock, Stored,
};

/// The journal. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal(Arc<Mutex<State>>);

#[derive(Clone, Debug)]
struct IncidentNote {
    court: CourtId,
    opened: i64,
    closed: bool,
}

#[derive(Clone, Debug)]
struct AlarmNote {
    court: CourtId,
    alarm: OpenAlarm,
    over: bool,
}

/// What is derived from events, as the read models of a database are.
#[derive(Clone, Debug, Default)]
struct Models {
    incidents: HashMap<IncidentId, IncidentNote>,
    numbers: HashSet<(CourtId, u16, u64)>,
    tips: HashSet<TipId>,
    tip_links: HashMap<TipId, IncidentId>,
    officers: BTreeMap<OfficerId, CourtId>,
    commitments: HashMap<OfficerId, Vec<(IncidentId, bool)>>,
    cases: BTreeMap<(CourtId, String), CaseId>,
    deliveries: HashMap<(String, String), Delivery>,
    alarms: BTreeMap<AlarmId, AlarmNote>,
    clocks: BTreeMap<CaseId, (CourtId, UnixMillis)>,
    case_notes: BTreeMap<CaseId, CaseNote>,
}

/// What is known of a case while it sleeps.
#[derive(Clone, Debug, Default)]
pub struct CaseNote {
    /// What runs, by node and round.
    pub running: BTreeMap<(NodeCode, u16), RunningNode>,
    /// The calendars that their dates are computed with.
    pub calendars: BTreeMap<(NodeCode, u16), CalendarVersion>,
    /// What was escalated, by node and round.
    pub escalations: BTreeMap<(NodeCode, u16), Escalation>,
    /// What the applicant is to be told, in order.
    pub notices: Vec<PartyNotice>,
}

#[derive(Debug, Default)]
struct State {
    position: u64,
    streams: HashMap<StreamId, Vec<Stored>>,
    models: Models,
    faults: VecDeque<AppendFault>,
    snapshots: HashMap<StreamId, Snapshot>,
    /// Records handed out so far.
    read: usize,
    appended: Vec<Append>,
    deliveries_hidden: bool,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the next append that has no other answer yet fail like that. Nothing is written then.
    pub fn fail_next(&self, fault: AppendFault) {
        self.state().faults.push_back(fault);
    }

    /// From now on the list of deliveries is empty, whatever was taken.
    pub fn hide_deliveries(&self) {
        self.state().deliveries_hidden = true;
    }

    /// How many appends are still to fail.
    #[must_use]
    pub fn failures_left(&self) -> usize {
        self.state().faults.len()
    }

    /// All decisions taken so far, in order.
    #[must_use]
    pub fn appended(&self) -> Vec<Append> {
        self.state().appended.clone()
    }

    /// What is known of a case while it sleeps.
    #[must_use]
    pub fn case_note(&self, case: CaseId) -> CaseNote {
        self.state().models.case_notes.get(&case).cloned().unwrap_or_default()
    }

    /// The snapshot kept of a stream, if there is one.
    #[must_use]
    pub fn snapshot(&self, stream: StreamId) -> Option<Snapshot> {
        self.state().snapshots.get(&stream).cloned()
    }

    /// Puts a snapshot in the place of the one that is kept, whatever it says.
    pub fn plant_snapshot(&self, stream: StreamId, snapshot: Snapshot) {
        self.state().snapshots.insert(stream, snapshot);
    }

    /// How many records were handed out so far, by whatever way.
    #[must_use]
    pub fn records_read(&self) -> usize {
        self.state().read
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn violates(rule: &str) -> AppendFault {
    AppendFault::Violates(rule.to_owned())
}

fn must(rule_holds: bool, rule: &str) -> Result<(), AppendFault> {
    if rule_holds { Ok(()) } else { Err(violates(rule)) }
}

impl State {
    fn append(&mut self, append: &Append) -> Result<Appended, AppendFault> {
        if let Some(fault) = self.faults.pop_front() {
            return Err(fault);
        }
        let mut heads: HashMap<StreamId, u64> = HashMap::new();
        for part in &append.streams {
            must(!part.events.is_empty(), "a stream without events")?;
            let stored = self.streams.get(&part.stream).map_or(0, Vec::len) as u64;
            let head = heads.entry(part.stream).or_insert(stored);
            if *head != part.expected_seq {
                let (stream, expected, actual) = (part.stream, part.expected_seq, *head);
                return Err(AppendFault::Conflict { stream, expected, actual });
            }
            *head += part.events.len() as u64;
        }
        // A copy is what makes it all or nothing; tests are small.
        let mut models = self.models.clone();
        for part in &append.streams {
            for event in &part.events {
                models.apply(append, part.stream, event)?;
            }
        }
        if let Some(delivery) = &append.delivery {
            let key = (delivery.source.clone(), delivery.webhook_id.clone());
            if models.deliveries.insert(key, delivery.clone()).is_some() {
                return Err(AppendFault::DuplicateDelivery);
            }
        }
        for notice in &append.notices {
            models.notice(append, notice)?;
        }
        if let Some(change) = &append.case {
            models.case(append, change)?;
        }
        self.models = models;
        for part in &append.streams {
            let stream = self.streams.entry(part.stream).or_default();
            for (seq, event) in (part.expected_seq + 1..).zip(&part.events) {
                let (at, by, why) = (append.at, append.by.clone(), append.why.clone());
                let court = append.court.clone();
                stream.push(Stored { court, seq, at, by, why, event: event.clone() });
                self.position += 1;
            }
        }
        self.appended.push(append.clone());
        Ok(Appended { position: self.position })
    }

    fn open_work(&self, court: &CourtId) -> OpenWork {
        let models = &self.models;
        let mut incidents: Vec<_> =
            models.incidents.iter().filter(|(_, i)| i.court == *court && !i.closed).collect();
        incidents.sort_by_key(|(id, note)| (note.opened, **id));
        let mut alarms: Vec<_> =
            models.alarms.values().filter(|a| a.court == *court && !a.over).collect();
        alarms.sort_by_key(|note| (note.alarm.at, note.alarm.alarm));
        let newest = models.numbers.iter().filter(|(c, _, _)| c == court);
        OpenWork {
            incidents: incidents.into_iter().map(|(id, _)| *id).collect(),
            officers: models
                .officers
                .iter()
                .filter(|(_, of)| *of == court)
                .map(|(id, _)| *id)
                .collect(),
            alarms: alarms.into_iter().map(|note| note.alarm.clone()).collect(),
            newest_record: self.appended.last().map(|append| append.at),
            incident_number_last: newest.map(|(_, year, number)| (*year, *number)).max(),
        }
    }
}

impl State {
    fn read(&mut self, stream: StreamId, wanted: impl Fn(u64) -> bool) -> Vec<Stored> {
        let all = self.streams.get(&stream).map(Vec::as_slice).unwrap_or_default();
        let records: Vec<Stored> = all.iter().filter(|r| wanted(r.seq)).cloned().collect();
        self.read += records.len();
        records
    }

    fn recall(&mut self, stream: StreamId) -> Remembered {
        let head = self.streams.get(&stream).map_or(0, Vec::len) as u64;
        let usable = |s: &&Snapshot| s.seq <= head && Some(s.version) == snapshot_version(stream);
        let snapshot = self.snapshots.get(&stream).filter(usable).cloned();
        let (from, kept) = snapshot.as_ref().map_or((0, Vec::new()), |s| (s.seq, s.kept.clone()));
        let records = self.read(stream, |seq| seq > from || kept.contains(&seq));
        Remembered { snapshot, records }
    }

    fn keep(&mut self, stream: StreamId, snapshot: Snapshot) {
        let head = self.streams.get(&stream).map_or(0, Vec::len) as u64;
        let newer = self.snapshots.get(&stream).is_none_or(|kept| kept.seq < snapshot.seq);
        if newer && snapshot.seq <= head {
            self.snapshots.insert(stream, snapshot);
        }
    }
}

impl Models {
    fn apply(
        &mut self,
        append: &Append,
        stream: StreamId,
        event: &Event,
    ) -> Result<(), AppendFault> {
        match (stream, event) {
            (StreamId::Incident(id), Event::Incident(event)) => self.incident(append, id, event),
            (StreamId::Officer(id), Event::Officer(event)) => self.officer(append, id, event),
            (StreamId::Tip(id), Event::Tip(TipEvent::Received(_))) => {
                must(self.tips.insert(id), "a tip twice")
            }
            (StreamId::Tip(id), Event::Tip(TipEvent::Linked { incident })) => {
                must(self.tip_links.insert(id, *incident).is_none(), "a tip of two incidents")
            }
            (StreamId::Tip(id), Event::Tip(TipEvent::Relinked { from, incident })) => {
                let before = self.tip_links.insert(id, *incident);
                must(before == Some(*from), "a tip taken from where it was not")
            }
            (StreamId::Case(id), Event::Case(CaseEvent::Opened { number, .. })) => {
                let key = (append.court.clone(), number.to_string());
                must(self.cases.insert(key, id).is_none(), "a case number twice")
            }
            (StreamId::Case(_), Event::Case(_)) => Ok(()),
            (
                StreamId::Incident(_) | StreamId::Officer(_) | StreamId::Tip(_) | StreamId::Case(_),
                Event::Incident(_) | Event::Officer(_) | Event::Tip(_) | Event::Case(_),
            ) => Err(violates("an event of another kind of stream")),
        }
    }

    fn incident(
        &mut self,
        append: &Append,
        id: IncidentId,
        event: &IncidentEvent,
    ) -> Result<(), AppendFault> {
        if let IncidentEvent::Opened(opened) = event {
            let (court, year, number) = (append.court.clone(), opened.year, opened.number);
            must(self.numbers.insert((court.clone(), year, number)), "an incident number twice")?;
            let opened = append.at.0;
            let note = IncidentNote { court, opened, closed: false };
            return must(self.incidents.insert(id, note).is_none(), "an incident twice");
        }
        let ends =
            matches!(event, IncidentEvent::Finished { .. } | IncidentEvent::Cancelled { .. });
        if let Some(note) = self.incidents.get_mut(&id) {
            note.closed |= ends;
        }
        Ok(())
    }

    fn officer(
        &mut self,
        append: &Append,
        id: OfficerId,
        event: &OfficerEvent,
    ) -> Result<(), AppendFault> {
        match event {
            OfficerEvent::Registered { .. } => {
                let before = self.officers.insert(id, append.court.clone());
                must(before.is_none(), "an officer twice")
            }
            OfficerEvent::Committed { incident, stacked, .. } => {
                let bound = self.commitments.entry(id).or_default();
                must(
                    bound.iter().all(|(other, s)| other != incident && (*s || *stacked)),
                    "a second commitment",
                )?;
                bound.push((*incident, *stacked));
                Ok(())
            }
            OfficerEvent::Released { incident, .. } => {
                if let Some(bound) = self.commitments.get_mut(&id) {
                    bound.retain(|(other, _)| other != incident);
                }
                Ok(())
            }
            OfficerEvent::WentOnDuty { .. }
            | OfficerEvent::WentOffDuty { .. }
            | OfficerEvent::BreakStarted {}
            | OfficerEvent::BreakEnded {}
            | OfficerEvent::ContactLost { .. }
            | OfficerEvent::ContactRegained {}
            | OfficerEvent::Offered { .. }
            | OfficerEvent::OfferClosed { .. }
            | OfficerEvent::StageReached { .. }
            | OfficerEvent::WelfareAsked { .. }
            | OfficerEvent::WelfareAnswered { .. }
            | OfficerEvent::SosRaised { .. }
            | OfficerEvent::SosEnded { .. }
            | OfficerEvent::TrackRead { .. } => Ok(()),
        }
    }

    fn case(&mut self, append: &Append, change: &CaseChange) -> Result<(), AppendFault> {
        let CaseChange { case, calendar, rows } = change;
        match rows.next {
            Some(Some(rings)) => drop(self.clocks.insert(*case, (append.court.clone(), rings))),
            Some(None) => drop(self.clocks.remove(case)),
            None => {}
        }
        let note = self.case_notes.entry(*case).or_default();
        for node in &rows.running {
            note.running.insert((node.node, node.round), *node);
            note.calendars.insert((node.node, node.round), calendar.clone());
        }
        for ended in &rows.ended {
            note.running.remove(ended);
            note.calendars.remove(ended);
        }
        for known in &rows.escalations {
            note.escalations.insert((known.node, known.round), known.clone());
        }
        if rows.release {
            note.notices.iter_mut().for_each(|notice| notice.held = false);
        }
        for new in &rows.notices {
            let key = |n: &PartyNotice| {
                (n.topic, n.code.clone(), n.number, n.party, n.incident, n.reached)
            };
            let twice = note.notices.iter().any(|known| key(known) == key(new));
            must(!twice, "a party told the same twice")?;
            note.notices.push(new.clone());
        }
        Ok(())
    }

    fn notice(&mut self, append: &Append, change: &NoticeChange) -> Result<(), AppendFault> {
        match change {
            NoticeChange::Raise { alarm, audience, kind, incident, officer, node } => {
                let alarm = OpenAlarm {
                    alarm: *alarm,
                    audience: *audience,
                    kind: kind.clone(),
                    incident: *incident,
                    officer: *officer,
                    node: *node,
                    at: append.at,
                };
                let note = AlarmNote { court: append.court.clone(), alarm, over: false };
                must(self.alarms.insert(note.alarm.alarm, note).is_none(), "an alarm twice")
            }
            NoticeChange::Acknowledge { alarm, .. } => {
                if let Some(note) = self.alarms.get_mut(alarm)
                    && note.court == append.court
                {
                    note.over = true;
                }
                Ok(())
            }
            NoticeChange::Settle { incident } => {
                for note in self.alarms.values_mut() {
                    note.over |=
                        note.alarm.incident == Some(*incident) && note.court == append.court;
                }
                Ok(())
            }
        }
    }
}

impl Journal for MemoryJournal {
    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendFault>> {
        ready(self.state().append(&append)).boxed()
    }

    fn settled(&self) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }

    fn read_stream(&self, stream: StreamId) -> BoxFuture<'static, Result<Vec<Stored>, ReadFault>> {
        ready(Ok(self.state().read(stream, |_| true))).boxed()
    }

    fn recall(
        &self,
        streams: Vec<StreamId>,
    ) -> BoxFuture<'static, Result<Vec<Remembered>, ReadFault>> {
        let mut state = self.state();
        ready(Ok(streams.into_iter().map(|stream| state.recall(stream)).collect())).boxed()
    }

    fn keep(&self, snapshots: Vec<(StreamId, Snapshot)>) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        snapshots.into_iter().for_each(|(stream, snapshot)| state.keep(stream, snapshot));
        ready(()).boxed()
    }

    fn case_numbered(
        &self,
        court: CourtId,
        number: CaseNumber,
    ) -> BoxFuture<'static, Result<Option<CaseId>, ReadFault>> {
        let found = self.state().models.cases.get(&(court, number.to_string())).copied();
        ready(Ok(found)).boxed()
    }

    fn first_clocks(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<SetClock>, ReadFault>> {
        let state = self.state();
        let own = state.models.clocks.iter().filter(|(_, (of, _))| *of == court);
        let mut first: Vec<_> =
            own.map(|(case, (_, rings))| SetClock { rings: *rings, case: *case }).collect();
        first.sort_unstable();
        first.truncate(most);
        ready(Ok(first)).boxed()
    }

    fn outdated_cases(
        &self,
        court: CourtId,
        calendar: CalendarVersion,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<CaseId>, ReadFault>> {
        let state = self.state();
        let own: BTreeSet<CaseId> = state
            .models
            .cases
            .iter()
            .filter(|((of, _), _)| *of == court)
            .map(|(_, id)| *id)
            .collect();
        let others = |note: &CaseNote| note.calendars.values().any(|known| *known != calendar);
        let notes = state.models.case_notes.iter();
        let outdated = notes.filter(|(case, note)| own.contains(case) && others(note));
        let mut found: Vec<CaseId> = outdated.map(|(case, _)| *case).collect();
        found.sort_unstable();
        found.truncate(most);
        ready(Ok(found)).boxed()
    }

    fn open_work(&self, court: CourtId) -> BoxFuture<'static, Result<OpenWork, ReadFault>> {
        ready(Ok(self.state().open_work(&court))).boxed()
    }

    fn open_alarms(&self, court: CourtId) -> BoxFuture<'static, Result<Vec<OpenAlarm>, ReadFault>> {
        ready(Ok(self.state().open_work(&court).alarms)).boxed()
    }

    fn deliveries(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Option<DeliveryKeys>, ReadFault>> {
        let of_court = format!("{court}/");
        let state = self.state();
        let keys: Vec<_> = state.models.deliveries.keys().cloned().collect();
        let keys = keys.into_iter().filter(|(source, _)| source.starts_with(&of_court));
        let keys: Vec<_> = keys.filter(|_| !state.deliveries_hidden).collect();
        ready(Ok((keys.len() <= most).then_some(keys))).boxed()
    }

    fn delivery(
        &self,
        source: String,
        webhook_id: String,
    ) -> BoxFuture<'static, Result<Option<Delivery>, ReadFault>> {
        ready(Ok(self.state().models.deliveries.get(&(source, webhook_id)).cloned())).boxed()
    }
}
