//! What the outside gets to see of actors: plain data, encoded at the edge.

use std::sync::Arc;

use tiande_core::case::CaseNumber;
use tiande_core::court::CourtProfile;
use tiande_core::dispatch::Decision;
use tiande_core::geo::Place;
use tiande_core::ids::{AlarmId, CaseId, IncidentId, OfferId, OfficerId, TipId};
use tiande_core::incident::{
    AlarmLevel, IncidentKind, IncidentPersonal, IncidentStatus, Outcome, RunningClock, Urgency,
    Welfare,
};
use tiande_core::officer::{Commitment, KnownFix, OfferEnd, OfficerStatus, Stage};
use tiande_core::time::UnixMillis;
use tiande_core::tip::Likeness;
use tiande_core::track::Order;

use crate::ports::journal::OpenAlarm;

/// What an officer who is asked, or sent, is told of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentBrief {
    /// Identity.
    pub id: IncidentId,
    /// Number in the court and year.
    pub number: u64,
    /// That year.
    pub year: u16,
    /// Kind.
    pub kind: IncidentKind,
    /// Urgency.
    pub urgency: Urgency,
    /// Where.
    pub place: Option<Place>,
    /// Address in words.
    pub address: Option<String>,
    /// What is said of it.
    pub description: String,
    /// Case.
    pub case_number: Option<CaseNumber>,
    /// A drill.
    pub exercise: bool,
    /// Officers needed.
    pub need: u8,
    /// Tips about it, the first one and all merged ones; 0 for a call for help.
    pub tips: usize,
}

/// A merged tip on a dispatcher's screen.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedView {
    /// Which.
    pub tip: TipId,
    /// When it was merged.
    pub at: UnixMillis,
    /// Name of its source.
    pub source: String,
    /// Kind.
    pub kind: IncidentKind,
    /// Urgency.
    pub urgency: Urgency,
    /// Why it was taken for the same.
    pub why: Likeness,
    /// Pictures it has.
    pub pictures: u8,
    /// What it tells.
    pub personal: IncidentPersonal,
}

/// A crew member on a screen.
#[derive(Clone, Debug, PartialEq)]
pub struct CrewView {
    /// Who.
    pub officer: OfficerId,
    /// Name.
    pub name: String,
    /// How far.
    pub stage: Stage,
    /// Whether all is well, as far as is known.
    pub welfare: Welfare,
}

/// An open offer on a screen.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferView {
    /// Which.
    pub offer: OfferId,
    /// Whom.
    pub officer: OfficerId,
    /// Name.
    pub name: String,
    /// The device has shown it.
    pub received: bool,
    /// When it ends.
    pub expires_at: UnixMillis,
}

/// An incident on a dispatcher's screen.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentView {
    /// What officers are told too.
    pub brief: Arc<IncidentBrief>,
    /// Where it stands.
    pub status: IncidentStatus,
    /// It may start a search by itself.
    pub trusted: bool,
    /// When it was opened.
    pub opened_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
    /// When it was closed.
    pub closed_at: Option<UnixMillis>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The case, if the court has it.
    pub case: Option<CaseId>,
    /// Who is going, or there.
    pub crew: Vec<CrewView>,
    /// Who weighs it.
    pub offers_open: Vec<OfferView>,
    /// Who has been alarmed.
    pub alarm: Option<AlarmLevel>,
    /// Of an emergency: its clock that is due next.
    pub clock: Option<ClockView>,
    /// The tip it came from.
    pub tip: Option<TipId>,
    /// Further tips about it, those not split off, newest last: at most [`MERGED_SHOWN`] of them on the
    /// board, all when it is looked at.
    pub merged: Vec<MergedView>,
}

/// A clock of an emergency, with its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockView {
    /// Code of the node, when it is due, and whether that has passed.
    pub running: RunningClock,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// Merged tips that every screen is given: the newest. The count is in the brief.
pub const MERGED_SHOWN: usize = 20;

/// A decision with the names a dispatcher knows people by.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionView {
    /// When.
    pub at: UnixMillis,
    /// Round; 0 when nobody was asked yet.
    pub round: u32,
    /// The decision.
    pub decision: Decision,
    /// Offers made in it, by officer.
    pub offers: Vec<(OfficerId, OfferId)>,
    /// Names of all considered.
    pub names: Vec<(OfficerId, String)>,
}

/// An officer on a dispatcher's screen.
#[derive(Clone, Debug, PartialEq)]
pub struct RosterEntry {
    /// Small number for ticks.
    pub n: u32,
    /// Identity.
    pub id: OfficerId,
    /// Name.
    pub name: String,
    /// Badge.
    pub badge: Option<String>,
    /// Skills.
    pub skills: Vec<String>,
    /// State.
    pub status: OfficerStatus,
    /// First incident the officer is bound to.
    pub incident: Option<IncidentId>,
    /// Newest fix; `None` off duty.
    pub fix: Option<KnownFix>,
}

/// An officer's line in a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// Small number.
    pub n: u32,
    /// State.
    pub status: OfficerStatus,
    /// Newest fix.
    pub fix: Option<KnownFix>,
    /// Calls for help, or is asked to, or bound to, an open incident.
    pub pressing: bool,
}

/// One line of the console's feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedLine {
    /// When.
    pub at: UnixMillis,
    /// Stable kind, the event's.
    pub kind: String,
    /// About which incident.
    pub incident: Option<IncidentId>,
    /// About which officer.
    pub officer: Option<OfficerId>,
    /// In words.
    pub title: String,
}

/// What a console is told.
pub enum ConsoleNote<'a> {
    /// Everything, on connecting.
    Welcome {
        /// Now.
        now: UnixMillis,
        /// The life of the court in which numbers are good.
        run: u32,
        /// Whose console it is.
        user: &'a str,
        /// The court.
        court: &'a CourtProfile,
        /// Everybody.
        officers: &'a [RosterEntry],
        /// Open incidents.
        incidents: &'a [Arc<IncidentView>],
        /// Alarms this console's people have to take note of.
        alarms: &'a [OpenAlarm],
    },
    /// All that was missed has been told.
    Resumed {
        /// Now.
        now: UnixMillis,
        /// As in the welcome.
        run: u32,
    },
    /// Who moved in the last second.
    Tick {
        /// Now.
        now: UnixMillis,
        /// Who.
        moved: &'a [Moved],
    },
    /// An officer joined or changed state.
    Officer(&'a RosterEntry),
    /// An incident is new or changed.
    Incident(&'a IncidentView),
    /// One line for the feed.
    Event(&'a FeedLine),
    /// Somebody must take note.
    Alarm(&'a OpenAlarm),
    /// Somebody has.
    AlarmAcked {
        /// Of which alarm.
        alarm: AlarmId,
        /// Who.
        by: &'a str,
        /// When.
        at: UnixMillis,
    },
}

/// An offer or order as a handheld shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferCard {
    /// Which.
    pub offer: OfferId,
    /// About what; `None` in the moments after a restart, before the incident has spoken.
    pub brief: Option<Arc<IncidentBrief>>,
    /// Which incident.
    pub incident: IncidentId,
    /// Geodesic metres when asked.
    pub distance_m: Option<f64>,
    /// When it was made.
    pub sent_at: Option<UnixMillis>,
    /// When it ends; `None` for an order.
    pub expires_at: Option<UnixMillis>,
}

/// A commitment as a handheld shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitmentCard {
    /// The commitment.
    pub commitment: Commitment,
    /// About what.
    pub brief: Option<Arc<IncidentBrief>>,
}

/// Everything a handheld has to know.
#[derive(Clone, Debug, PartialEq)]
pub struct HandheldState {
    /// State.
    pub status: OfficerStatus,
    /// Offers that wait.
    pub offers: Vec<OfferCard>,
    /// Commitments.
    pub commitments: Vec<CommitmentCard>,
}

/// Counts of fixes since the last acknowledgement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixCounts {
    /// Became the position.
    pub taken: u32,
    /// Did not, by reason.
    pub refused: Vec<(&'static str, u32)>,
}

/// What a handheld is told.
pub enum HandheldNote<'a> {
    /// Everything, on connecting.
    Welcome {
        /// Now.
        now: UnixMillis,
        /// Whose handheld it is.
        officer: OfficerId,
        /// Name.
        name: &'a str,
        /// The court.
        court: &'a CourtProfile,
        /// State.
        state: &'a HandheldState,
        /// Up to where this device's fixes are in the track, if any are.
        stored: Option<Order>,
    },
    /// The whole truth, after a change.
    State(&'a HandheldState),
    /// Asked to go.
    Offer(&'a OfferCard),
    /// Ordered to go.
    Assigned(&'a OfferCard),
    /// An offer is over.
    OfferClosed {
        /// Which.
        offer: OfferId,
        /// How; `None` means accepted.
        how: Option<OfferEnd>,
    },
    /// Fixes were taken in.
    Ack {
        /// Device epoch of the greatest.
        epoch: u32,
        /// Device sequence of the greatest.
        seq: u32,
        /// Counts.
        counts: &'a FixCounts,
    },
    /// Fixes are in the track, durably; the device need not keep them.
    Stored {
        /// Device epoch of the greatest.
        epoch: u32,
        /// Device sequence of the greatest.
        seq: u32,
    },
    /// Something the officer should know.
    Notice {
        /// Stable code.
        code: &'static str,
        /// When.
        at: UnixMillis,
    },
}
