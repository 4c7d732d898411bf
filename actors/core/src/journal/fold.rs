//! A state as the fold of its stream, and snapshots that make folding short.
//!
//! A [`Snapshot`] is a cache and never the truth: whoever finds one that is unreadable, of another
//! version or of another history ignores it and folds from the first event. It holds **no personal
//! data**. The states leave names, places and words out of their serial form, and a snapshot names the
//! few records that carry them; who restores it reads those from the journal again. So what becomes
//! unreadable when a subject's key is destroyed is unreadable to a snapshot too, at once and without
//! anybody looking for copies.
//!
//! **Not here:** when snapshots are made, where they are kept, and how it is found out that one belongs
//! to another history.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event::Event;
use super::stream::StreamId;
use crate::case::{Case, CaseEvent};
use crate::ids::TipId;
use crate::incident::{Closed, Incident, IncidentEvent};
use crate::officer::{Officer, OfficerEvent};
use crate::time::UnixMillis;

/// What a snapshot must say to be of use to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotVersion {
    /// Of the state's serial form.
    pub shape: u16,
    /// Of the fold: what this program makes of the same events.
    pub fold: u16,
}

/// A personal part of a state. The newest event that carries it rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What was said when it began: names, parties, descriptions, the first place.
    Opening,
    /// A place said later.
    Place,
    /// Words at its end.
    End,
    /// What a further tip tells.
    Merged(TipId),
}

/// A state that is folded from one stream.
///
/// Its serial form leaves out everything personal. What `take` does to the rest must not depend on
/// whether a personal part could be read: a snapshot outlives a destroyed key.
pub trait Folded: Sized + Clone + PartialEq + Serialize + DeserializeOwned {
    /// To be raised when the serial form changes, or `take` makes something else of the same events.
    /// The golden snapshots fail until then.
    const VERSION: SnapshotVersion;

    /// The events of its stream.
    type Own;

    /// The state before the first event; `None` when the stream is of another kind.
    fn before(stream: StreamId) -> Option<Self>;

    /// The event, if it is of this kind of stream.
    fn own(event: &Event) -> Option<&Self::Own>;

    /// Takes an event in.
    fn take(&mut self, event: &Self::Own, at: UnixMillis);

    /// The personal part that the event carries, whether or not it can still be read.
    fn part(event: &Self::Own) -> Option<Part>;

    /// Takes only the personal part of an event in, as `take` did when the event was new.
    fn recall(&mut self, event: &Self::Own);
}

/// Which records of a stream carry what the serial form of its state leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carriers(Vec<(Part, u64)>);

impl Carriers {
    /// Notes the event of that number.
    pub fn note<S: Folded>(&mut self, seq: u64, event: &S::Own) {
        if let Some(part) = S::part(event) {
            self.0.retain(|(other, _)| *other != part);
            self.0.push((part, seq));
        }
    }
}

/// A state at one moment of its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Number of the last event in it, from 1.
    pub seq: u64,
    /// Who can read it.
    pub version: SnapshotVersion,
    /// Numbers of the records that carry its personal parts, ascending.
    pub kept: Vec<u64>,
    /// The state without them, JSON.
    pub body: Vec<u8>,
}

impl Snapshot {
    /// A state that is the fold of the first `seq` events of its stream.
    #[must_use]
    pub fn of<S: Folded>(state: &S, seq: u64, carriers: &Carriers) -> Self {
        Self {
            seq,
            version: S::VERSION,
            kept: carriers.0.iter().map(|(_, seq)| *seq).collect(),
            body: serde_json::to_vec(state).expect("states are plain data with text keys"),
        }
    }
}

/// A snapshot that is of no use; the stream has to be folded from its beginning.
#[derive(Debug, thiserror::Error)]
pub enum RestoreFault {
    /// Written by a program with another shape or another fold, or of another kind of stream.
    #[error("the snapshot is of another version")]
    Version,
    /// A record that it names was not handed over, or carries nothing personal.
    #[error("record {0}, which the snapshot needs, is missing or another")]
    Missing(u64),
    /// Not what was written.
    #[error("the snapshot is unreadable")]
    Body(#[from] serde_json::Error),
}

/// A stream, folded so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold<S> {
    /// What it amounts to.
    pub state: S,
    /// Number of the newest event in it.
    pub seq: u64,
    /// Which records carry the personal parts.
    pub carriers: Carriers,
}

impl<S: Folded> Fold<S> {
    /// A stream before its first event; `None` when it is of another kind.
    #[must_use]
    pub fn before(stream: StreamId) -> Option<Self> {
        S::before(stream).map(|state| Self { state, seq: 0, carriers: Carriers::default() })
    }

    /// Takes the next event in. One of another kind of stream only counts.
    pub fn take(&mut self, seq: u64, event: &Event, at: UnixMillis) {
        if let Some(event) = S::own(event) {
            self.state.take(event, at);
            self.carriers.note::<S>(seq, event);
        }
        self.seq = seq;
    }

    /// Goes on from a snapshot. `kept` are the records that it names, in order, with their numbers.
    ///
    /// # Errors
    /// [`RestoreFault`]; then fold from zero.
    pub fn restore<'e>(
        snapshot: &Snapshot,
        kept: impl IntoIterator<Item = (u64, &'e Event)>,
    ) -> Result<Self, RestoreFault> {
        if snapshot.version != S::VERSION {
            return Err(RestoreFault::Version);
        }
        let state = serde_json::from_slice(&snapshot.body)?;
        let mut fold = Self { state, seq: snapshot.seq, carriers: Carriers::default() };
        let mut kept = kept.into_iter();
        for seq in &snapshot.kept {
            let (_, event) =
                kept.find(|(found, _)| found == seq).ok_or(RestoreFault::Missing(*seq))?;
            let event = S::own(event).filter(|event| S::part(event).is_some());
            let event = event.ok_or(RestoreFault::Missing(*seq))?;
            fold.state.recall(event);
            fold.carriers.note::<S>(*seq, event);
        }
        Ok(fold)
    }

    /// A snapshot of it.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.state, self.seq, &self.carriers)
    }
}

/// The version of a snapshot of that stream that this program can use; `None` for streams that no
/// state is folded from.
#[must_use]
pub fn snapshot_version(stream: StreamId) -> Option<SnapshotVersion> {
    match stream {
        StreamId::Case(_) => Some(Case::VERSION),
        StreamId::Incident(_) => Some(Incident::VERSION),
        StreamId::Officer(_) => Some(Officer::VERSION),
        StreamId::Tip(_) => None,
    }
}

impl Folded for Officer {
    const VERSION: SnapshotVersion = SnapshotVersion { shape: 2, fold: 1 };

    type Own = OfficerEvent;

    fn before(stream: StreamId) -> Option<Self> {
        match stream {
            StreamId::Officer(id) => Some(Self::new(id)),
            StreamId::Case(_) | StreamId::Incident(_) | StreamId::Tip(_) => None,
        }
    }

    fn own(event: &Event) -> Option<&OfficerEvent> {
        match event {
            Event::Officer(event) => Some(event),
            Event::Case(_) | Event::Incident(_) | Event::Tip(_) => None,
        }
    }

    fn take(&mut self, event: &OfficerEvent, at: UnixMillis) {
        self.apply(event, at);
    }

    fn part(event: &OfficerEvent) -> Option<Part> {
        match event {
            OfficerEvent::Registered { .. } => Some(Part::Opening),
            OfficerEvent::WentOnDuty { .. }
            | OfficerEvent::WentOffDuty { .. }
            | OfficerEvent::BreakStarted {}
            | OfficerEvent::BreakEnded {}
            | OfficerEvent::ContactLost { .. }
            | OfficerEvent::ContactRegained {}
            | OfficerEvent::Offered { .. }
            | OfficerEvent::OfferClosed { .. }
            | OfficerEvent::Committed { .. }
            | OfficerEvent::StageReached { .. }
            | OfficerEvent::Released { .. }
            | OfficerEvent::WelfareAsked { .. }
            | OfficerEvent::WelfareAnswered { .. }
            | OfficerEvent::SosRaised { .. }
            | OfficerEvent::SosEnded { .. }
            // The reader's words stay in the journal; the state does not hold them.
            | OfficerEvent::TrackRead { .. } => None,
        }
    }

    fn recall(&mut self, event: &OfficerEvent) {
        if let OfficerEvent::Registered { personal: Some(personal), .. } = event {
            self.name.clone_from(&personal.name);
            self.badge.clone_from(&personal.badge);
        }
    }
}

impl Folded for Incident {
    const VERSION: SnapshotVersion = SnapshotVersion { shape: 3, fold: 1 };

    type Own = IncidentEvent;

    fn before(stream: StreamId) -> Option<Self> {
        match stream {
            StreamId::Incident(id) => Some(Self::new(id)),
            StreamId::Case(_) | StreamId::Officer(_) | StreamId::Tip(_) => None,
        }
    }

    fn own(event: &Event) -> Option<&IncidentEvent> {
        match event {
            Event::Incident(event) => Some(event),
            Event::Case(_) | Event::Officer(_) | Event::Tip(_) => None,
        }
    }

    fn take(&mut self, event: &IncidentEvent, at: UnixMillis) {
        self.apply(event, at);
    }

    fn part(event: &IncidentEvent) -> Option<Part> {
        match event {
            IncidentEvent::Opened(_) => Some(Part::Opening),
            IncidentEvent::Placed { .. } => Some(Part::Place),
            IncidentEvent::Cancelled { .. } => Some(Part::End),
            IncidentEvent::TipMerged(merged) => Some(Part::Merged(merged.tip)),
            // Words that go with these stay in the journal; the state does not hold them.
            IncidentEvent::TipSplit { .. }
            | IncidentEvent::OfferClosed { .. }
            | IncidentEvent::Assigned { .. }
            | IncidentEvent::OfficerFinished { .. }
            | IncidentEvent::OfficerReleased { .. }
            | IncidentEvent::SearchStarted { .. }
            | IncidentEvent::OffersMade { .. }
            | IncidentEvent::OfferReceived { .. }
            | IncidentEvent::OfferAccepted { .. }
            | IncidentEvent::StageReached { .. }
            | IncidentEvent::Exhausted { .. }
            | IncidentEvent::DirectorAlarmed { .. }
            | IncidentEvent::ClockRang(_)
            | IncidentEvent::WelfareAsked { .. }
            | IncidentEvent::WelfareAnswered { .. }
            | IncidentEvent::WelfareAlarmed { .. }
            | IncidentEvent::Finished { .. } => None,
        }
    }

    fn recall(&mut self, event: &IncidentEvent) {
        match event {
            IncidentEvent::Opened(opened) => {
                let personal = opened.personal.clone().unwrap_or_default();
                self.place = personal.place;
                if let Some(opening) = &mut self.opened {
                    opening.address = personal.address;
                    opening.description = personal.description;
                }
            }
            IncidentEvent::Placed { personal, .. } => {
                self.place = personal.as_ref().map(|p| p.place);
            }
            IncidentEvent::Cancelled { said } => {
                if let Some(Closed::Cancelled(words)) = &mut self.closed {
                    said.text().clone_into(words);
                }
            }
            IncidentEvent::TipMerged(merged) => {
                if let Some(known) = self.merged.get_mut(&merged.tip) {
                    known.merged.personal.clone_from(&merged.personal);
                }
            }
            IncidentEvent::TipSplit { .. }
            | IncidentEvent::OfferClosed { .. }
            | IncidentEvent::Assigned { .. }
            | IncidentEvent::OfficerFinished { .. }
            | IncidentEvent::OfficerReleased { .. }
            | IncidentEvent::SearchStarted { .. }
            | IncidentEvent::OffersMade { .. }
            | IncidentEvent::OfferReceived { .. }
            | IncidentEvent::OfferAccepted { .. }
            | IncidentEvent::StageReached { .. }
            | IncidentEvent::Exhausted { .. }
            | IncidentEvent::DirectorAlarmed { .. }
            | IncidentEvent::ClockRang(_)
            | IncidentEvent::WelfareAsked { .. }
            | IncidentEvent::WelfareAnswered { .. }
            | IncidentEvent::WelfareAlarmed { .. }
            | IncidentEvent::Finished { .. } => {}
        }
    }
}

impl Folded for Case {
    const VERSION: SnapshotVersion = SnapshotVersion { shape: 4, fold: 1 };

    type Own = CaseEvent;

    fn before(stream: StreamId) -> Option<Self> {
        match stream {
            StreamId::Case(id) => Some(Self::new(id)),
            StreamId::Incident(_) | StreamId::Officer(_) | StreamId::Tip(_) => None,
        }
    }

    fn own(event: &Event) -> Option<&CaseEvent> {
        match event {
            Event::Case(event) => Some(event),
            Event::Incident(_) | Event::Officer(_) | Event::Tip(_) => None,
        }
    }

    fn take(&mut self, event: &CaseEvent, _: UnixMillis) {
        self.apply(event);
    }

    fn part(event: &CaseEvent) -> Option<Part> {
        match event {
            CaseEvent::Opened { .. } => Some(Part::Opening),
            // Words that go with these stay in the journal; the state does not hold them.
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

    fn recall(&mut self, event: &CaseEvent) {
        if let CaseEvent::Opened { personal, .. } = event {
            self.parties = personal.as_ref().map(|p| p.parties.clone()).unwrap_or_default();
        }
    }
}
