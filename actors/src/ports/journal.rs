//! The journal as the actors see it. One [`Append`] is one decision: all its streams, read models
//! and notices become durable together, or none of them does.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tiande_core::calendar::CalendarVersion;
use tiande_core::case::{CaseNumber, CaseRows};
use tiande_core::ids::{AlarmId, CaseId, CourtId, IncidentId, OfficerId, TipId};
use tiande_core::journal::{By, Event, Snapshot, StreamId};
use tiande_core::procedure::NodeCode;
use tiande_core::time::UnixMillis;

/// Events for one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamAppend {
    /// Which stream.
    pub stream: StreamId,
    /// How many events the decider believes are there already; the first new one gets the next number.
    pub expected_seq: u64,
    /// What happened, in order; never empty.
    pub events: Vec<Event>,
}

/// The memory of a webhook's delivery, so that a repeated one gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Name of the source.
    pub source: String,
    /// Its `webhook-id`.
    pub webhook_id: String,
    /// SHA-256 of the body as it came.
    pub body_sha256: [u8; 32],
    /// The tip it became.
    pub tip: TipId,
    /// The tip's incident.
    pub incident: IncidentId,
}

/// Who must be told of something, durably, until somebody has taken note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The dispatchers of the court.
    Centre,
    /// The enforcement director.
    Director,
    /// The court president.
    President,
}

/// What is done with a durable notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeChange {
    /// Raises an alarm.
    Raise {
        /// Its identity.
        alarm: AlarmId,
        /// For whom.
        audience: Audience,
        /// `exhausted`, `sos`, `officer_silent`, `clock_warning`, `clock_overdue`, `clock_suspect` or
        /// `actor_down`.
        kind: String,
        /// What it is about.
        incident: Option<IncidentId>,
        /// The officer it is about.
        officer: Option<OfficerId>,
        /// The clock of an emergency it is about.
        node: Option<NodeCode>,
    },
    /// A named person has taken note.
    Acknowledge {
        /// Which.
        alarm: AlarmId,
        /// Name of that person.
        by: String,
    },
    /// All alarms of this incident are over, because it is.
    Settle {
        /// Which.
        incident: IncidentId,
    },
}

/// One decision on its way into the journal.
#[derive(Clone, Debug)]
pub struct Append {
    /// Court of all the streams.
    pub court: CourtId,
    /// When it was decided.
    pub at: UnixMillis,
    /// Who caused it.
    pub by: By,
    /// Why, as one of the program's own fixed codes. Never a person's words: this stands in clear in the
    /// hashed envelope and cannot be forgotten. Words of people are a personal part of the event.
    pub why: Option<String>,
    /// The streams it touches. May be empty when only a notice changes.
    pub streams: Vec<StreamAppend>,
    /// The webhook delivery it answers.
    pub delivery: Option<Delivery>,
    /// Durable notices, in the same transaction.
    pub notices: Vec<NoticeChange>,
    /// What changes in what is known of a case while it sleeps.
    pub case: Option<Box<CaseChange>>,
}

/// What a decision changes in the rows of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseChange {
    /// Which case.
    pub case: CaseId,
    /// The calendar that its dates are computed with.
    pub calendar: CalendarVersion,
    /// What changes.
    pub rows: CaseRows,
}

/// The decision is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Global position of its last record.
    pub position: u64,
}

/// Why a decision did not become durable.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendFault {
    /// Another decision was there first: nothing was written.
    #[error("stream {stream} is at {actual}, not {expected}")]
    Conflict {
        /// Which stream.
        stream: StreamId,
        /// What the decider believed.
        expected: u64,
        /// What is true.
        actual: u64,
    },
    /// That webhook id of that source was answered already: nothing was written.
    #[error("this delivery was taken before")]
    DuplicateDelivery,
    /// A rule of the store itself (such as one commitment an officer) says no: nothing was written.
    #[error("the store refuses: {0}")]
    Violates(String),
    /// The queue in front of the writer is full, or the writer has stopped: nothing was written.
    #[error("the journal takes no more now")]
    Unavailable,
    /// No room on the disk: nothing was written.
    #[error("no room for the journal")]
    StorageFull,
    /// It is not known whether it was written. Who gets this must read the journal again.
    #[error("it is not known whether the decision was written")]
    Unknown,
}

/// An event read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Court it belongs to.
    pub court: CourtId,
    /// Number in its stream, from 1.
    pub seq: u64,
    /// When it was decided.
    pub at: UnixMillis,
    /// Who caused it.
    pub by: By,
    /// Why, as a fixed code, if there was one.
    pub why: Option<String>,
    /// The event.
    pub event: Event,
}

/// A stream as an actor wakes from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remembered {
    /// The newest snapshot that this program can use, of this very history.
    pub snapshot: Option<Snapshot>,
    /// The records that the snapshot names, then all that came after it, in order; without a snapshot
    /// the whole stream.
    pub records: Vec<Stored>,
}

/// The journal could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot read the journal: {what}")]
pub struct ReadFault {
    /// What was tried.
    pub what: String,
    /// Why it failed.
    #[source]
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// An alarm nobody has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAlarm {
    /// Identity.
    pub alarm: AlarmId,
    /// For whom.
    pub audience: Audience,
    /// As in [`NoticeChange::Raise`].
    pub kind: String,
    /// What it is about.
    pub incident: Option<IncidentId>,
    /// The officer it is about.
    pub officer: Option<OfficerId>,
    /// The clock of an emergency it is about.
    pub node: Option<NodeCode>,
    /// When it was raised.
    pub at: UnixMillis,
}

/// What a court has to wake up at start: never more than its officers and what is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenWork {
    /// Incidents that are not closed, oldest first.
    pub incidents: Vec<IncidentId>,
    /// All officers of the court.
    pub officers: Vec<OfficerId>,
    /// Alarms nobody has acknowledged, oldest first.
    pub alarms: Vec<OpenAlarm>,
    /// Year and number of the court's newest incident, by which the next one is numbered; `None` when
    /// it never had one.
    pub incident_number_last: Option<(u16, u64)>,
    /// When the newest record of the journal, of whatever court, was decided.
    pub newest_record: Option<UnixMillis>,
}

/// A case whose clock is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetClock {
    /// When it rings.
    pub rings: UnixMillis,
    /// Whose.
    pub case: CaseId,
}

/// Deliveries by what names them: the source, with its court, and the sender's `webhook-id`.
pub type DeliveryKeys = Vec<(String, String)>;

/// The journal. Implementations are shared by all courts.
pub trait Journal: Send + Sync + 'static {
    /// Makes a decision durable. Resolves after it is on disk.
    ///
    /// # Errors
    /// [`AppendFault`]; all but `Unknown` mean that nothing was written.
    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendFault>>;

    /// Resolves when every append asked for before has ended, however it ended. Whoever rebuilds a
    /// state that an append in flight may change waits for this before reading.
    fn settled(&self) -> BoxFuture<'static, ()>;

    /// Reads a stream from its beginning, in order.
    ///
    /// # Errors
    /// [`ReadFault`] when the store fails or holds something unreadable.
    fn read_stream(&self, stream: StreamId) -> BoxFuture<'static, Result<Vec<Stored>, ReadFault>>;

    /// Reads streams as actors wake from them: one answer for each, in the order they are asked for.
    /// A snapshot that is damaged, of another version or of another history is as good as none. A store
    /// without snapshots reads the streams from their beginning.
    ///
    /// # Errors
    /// [`ReadFault`] when the store fails or holds an event that is unreadable.
    fn recall(
        &self,
        streams: Vec<StreamId>,
    ) -> BoxFuture<'static, Result<Vec<Remembered>, ReadFault>>;

    /// Keeps snapshots, when there is time, or loses them: nothing depends on it. Resolves when it is
    /// over.
    fn keep(&self, snapshots: Vec<(StreamId, Snapshot)>) -> BoxFuture<'static, ()>;

    /// The court's case of that number.
    ///
    /// # Errors
    /// [`ReadFault`].
    fn case_numbered(
        &self,
        court: CourtId,
        number: CaseNumber,
    ) -> BoxFuture<'static, Result<Option<CaseId>, ReadFault>>;

    /// The clocks of a court's cases that ring first, in that order, at most so many.
    ///
    /// # Errors
    /// [`ReadFault`].
    fn first_clocks(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<SetClock>, ReadFault>>;

    /// Cases of a court with a running node whose date was computed with another calendar than this one, in
    /// any order, at most so many.
    ///
    /// # Errors
    /// [`ReadFault`].
    fn outdated_cases(
        &self,
        court: CourtId,
        calendar: CalendarVersion,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<CaseId>, ReadFault>>;

    /// Reads what a court has to wake up at start.
    ///
    /// # Errors
    /// [`ReadFault`].
    fn open_work(&self, court: CourtId) -> BoxFuture<'static, Result<OpenWork, ReadFault>>;

    /// Alarms of a court that nobody has acknowledged, oldest first.
    ///
    /// # Errors
    /// [`ReadFault`].
    fn open_alarms(&self, court: CourtId) -> BoxFuture<'static, Result<Vec<OpenAlarm>, ReadFault>>;

    /// Source and `webhook-id` of all deliveries of a court that are remembered; `None` when they are
    /// more than `most`, or when this store has no cheap way to tell: then each is to be looked up.
    ///
    /// # Errors
    /// [`ReadFault`].
    fn deliveries(
        &self,
        _court: CourtId,
        _most: usize,
    ) -> BoxFuture<'static, Result<Option<DeliveryKeys>, ReadFault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// The delivery of that id, if it was taken before.
    ///
    /// # Errors
    /// [`ReadFault`].
    fn delivery(
        &self,
        source: String,
        webhook_id: String,
    ) -> BoxFuture<'static, Result<Option<Delivery>, ReadFault>>;
}
