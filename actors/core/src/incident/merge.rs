//! Further tips about one incident: how one is merged, and how a dispatcher splits it off again.
//!
//! A merged tip stays what it is, under its own key; the incident records that it came, and why it
//! was taken for the same. A split leaves that record and adds where the tip went.
//!
//! **Not here:** the likeness of two tips (`tip/likeness.rs`).

use serde::{Deserialize, Serialize, Serializer};

use crate::case::CaseNumber;
use crate::ids::{IncidentId, TipId};
use crate::journal::Subject;
use crate::time::UnixMillis;
use crate::tip::Likeness;

use super::command::{Decided, IncidentRefusal};
use super::event::{IncidentEvent, IncidentPersonal, Origin, Said, SearchReason};
use super::state::{Incident, Opening};
use super::{IncidentKind, Urgency};

/// Most further tips of one incident; the next one begins another. Each decision of an incident looks
/// at all of them.
pub const MERGED_MAX: usize = 200;

/// A further tip about an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TipMerged {
    /// Which.
    pub tip: TipId,
    /// Name of its source.
    pub source: String,
    /// True when that source may start a dispatch by itself.
    pub trusted: bool,
    /// Kind.
    pub kind: IncidentKind,
    /// Urgency.
    pub urgency: Urgency,
    /// Case it names.
    pub case_number: Option<CaseNumber>,
    /// A drill.
    pub exercise: bool,
    /// When it happened as the sender says, else when it came.
    pub told_at: UnixMillis,
    /// Pictures it has.
    pub pictures: u8,
    /// Why it was taken for the same.
    pub why: Likeness,
    /// The tip's own key.
    pub subject: Subject,
    /// What it tells; `None` when the key is destroyed.
    pub personal: Option<IncidentPersonal>,
}

/// A merged tip as the incident knows it. Its place and words are not part of its serial form, which
/// is that of snapshots: see `journal::fold`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergedTip {
    /// When it was merged.
    pub at: UnixMillis,
    /// What it is.
    #[serde(serialize_with = "impersonal")]
    pub merged: TipMerged,
    /// Its own incident, after a dispatcher split it off.
    pub split_to: Option<IncidentId>,
}

fn impersonal<S: Serializer>(merged: &TipMerged, serializer: S) -> Result<S::Ok, S::Error> {
    TipMerged { personal: None, ..merged.clone() }.serialize(serializer)
}

impl Incident {
    /// Merged tips that were not split off.
    pub fn merged_tips(&self) -> impl Iterator<Item = &MergedTip> {
        self.merged.values().filter(|it| it.split_to.is_none())
    }

    /// True when it asks officers by itself, or somebody has let it.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        let by_itself = self.opened.as_ref().is_some_and(Opening::starts_itself);
        by_itself || self.searching || !self.crew.is_empty()
    }

    /// When it was last told of: by its first tip or by a merged one.
    #[must_use]
    pub fn told_last(&self) -> Option<UnixMillis> {
        let first = self.opened.as_ref()?.at;
        self.merged_tips().map(|it| it.merged.told_at).chain([first]).max()
    }

    /// A further tip. What must never be merged is refused here whatever the caller believes.
    pub(super) fn merge_tip(
        &self,
        opened: &Opening,
        tip: &TipMerged,
        need: u8,
        skills: &[String],
    ) -> Result<Decided, IncidentRefusal> {
        if self.merged.contains_key(&tip.tip) {
            return Ok(Decided::default());
        }
        self.alive()?;
        let strange = match opened.origin {
            Origin::Sos { .. } | Origin::Task { .. } => true,
            Origin::Tip { tip: first, .. } => first == tip.tip,
        };
        let emergency = tip.urgency == Urgency::Emergency;
        let unlike = strange
            || tip.kind == IncidentKind::OfficerSos
            || opened.exercise != tip.exercise
            || (emergency && opened.urgency == Urgency::Routine)
            // Nobody goes to a stranger's place because somebody else is believed.
            || (tip.trusted && emergency && !self.is_moving())
            || self.merged.len() >= MERGED_MAX
            || (tip.case_number.is_some() && tip.case_number != opened.case_number)
            // Alone it would have brought more people, or others.
            || need > opened.need
            || skills.iter().any(|skill| !opened.skills.contains(skill));
        if unlike {
            return Err(IncidentRefusal::Unlike);
        }
        let mut decided = Decided::default();
        decided.events.push(IncidentEvent::TipMerged(Box::new(tip.clone())));
        if tip.trusted && emergency && !self.searching && self.place.is_some() {
            let why = SearchReason::TrustedEmergency;
            decided.events.push(IncidentEvent::SearchStarted { why });
        }
        Ok(decided)
    }

    /// Splits a tip off into `to`. A tip that was split off before changes nothing.
    pub(super) fn split_tip(
        &self,
        tip: TipId,
        to: IncidentId,
        reason: &str,
    ) -> Result<Decided, IncidentRefusal> {
        let known = self.merged.get(&tip).ok_or(IncidentRefusal::TipNotMerged)?;
        if known.split_to.is_some() {
            return Ok(Decided::default());
        }
        self.alive()?;
        let said = Said::under(Subject(tip.0), Some(reason));
        let event = IncidentEvent::TipSplit { tip, incident: to, said };
        Ok(Decided { events: vec![event], parts: Vec::new() })
    }
}
