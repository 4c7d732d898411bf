//! Measures in the field (现场措施), as the handheld reports them step by step: who was there, when, with which
//! picture. Where it was and what was seen is in the sealed part.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::paper::Content;
use super::{Acting, NUMBER_MAX, Number};
use crate::ids::{IncidentId, OfficerId};
use crate::time::{Millis, UnixMillis};

/// How long after it a measure is recorded, at most: a handheld may be without a network for days.
const OLDEST: Millis = Millis::from_secs(30 * 86_400);
/// Most officers of one measure, and most pictures.
const MANY: usize = 20;

plain_enum! {
    /// What was done.
    MeasureKind {
        /// They are there (到达).
        Arrived => "arrived",
        /// They have shown who they are and said that all is recorded (告知).
        Announced => "announced",
        /// A search (搜查).
        Searched => "searched",
        /// Something was sealed (查封).
        Sealed => "sealed",
        /// Something was taken along (扣押).
        Impounded => "impounded",
        /// A document was served (送达).
        Served => "served",
        /// Somebody was brought in for questioning (拘传).
        BroughtIn => "brought_in",
        /// Somebody was detained (拘留).
        Detained => "detained",
        /// They have left (离开).
        Left => "left",
    }
}

impl MeasureKind {
    /// How many officers it takes (民诉法 and the court's own two-person rule).
    #[must_use]
    pub fn officers_needed(self) -> usize {
        match self {
            Self::Searched | Self::Sealed | Self::Impounded | Self::BroughtIn | Self::Detained => 2,
            Self::Arrived | Self::Announced | Self::Served | Self::Left => 1,
        }
    }

    /// It takes hold of an asset.
    #[must_use]
    pub fn controls(self) -> bool {
        matches!(self, Self::Sealed | Self::Impounded)
    }
}

/// One measure. Its identity is the handheld's, so that one that is sent twice is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Its identity.
    pub measure: Uuid,
    /// What was done.
    pub kind: MeasureKind,
    /// In the course of which task.
    pub incident: Option<IncidentId>,
    /// To which asset of the file.
    pub asset: Option<Number>,
    /// To which party.
    pub party: Option<u16>,
    /// Who was there; at least as many as it takes.
    pub officers: BTreeSet<OfficerId>,
    /// Pictures of it.
    pub pictures: Vec<Content>,
    /// When, by the handheld as far as it is believed.
    pub at: UnixMillis,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeasureRefusal {
    /// Not an officer's or the court's.
    #[error("measures are recorded by officers and the court")]
    NotAllowed,
    /// The officer was not there.
    #[error("an officer records what he or she was present at")]
    NotPresent,
    /// Too few.
    #[error("this measure takes two officers")]
    TwoOfficers,
    /// No such asset, or none was named.
    #[error("name the asset of the file that was sealed or impounded")]
    Asset,
    /// No such party.
    #[error("the case has no such party")]
    UnknownParty,
    /// Not pictures, or too many.
    #[error("a measure has up to 20 officers and 20 pictures")]
    Pictures,
    /// Long ago.
    #[error("a measure is recorded within 30 days, and was not before the case began")]
    Old,
    /// In the future.
    #[error("what is not yet cannot be recorded as done")]
    Future,
    /// Too many.
    #[error("the file has too many measures")]
    TooMany,
}

/// Decides; false when this very measure is in the file. `begun`: when the case began.
///
/// # Errors
/// [`MeasureRefusal`].
pub(super) fn decide(
    known: &BTreeSet<Uuid>,
    measure: &Measure,
    by: Acting,
    has_asset: impl Fn(Number) -> bool,
    parties: usize,
    begun: Option<UnixMillis>,
    now: UnixMillis,
) -> Result<bool, MeasureRefusal> {
    match by {
        Acting::Party(..) => return Err(MeasureRefusal::NotAllowed),
        Acting::Officer(officer) if !measure.officers.contains(&officer) => {
            return Err(MeasureRefusal::NotPresent);
        }
        Acting::Officer(_) | Acting::Staff(_) | Acting::System => {}
    }
    if known.contains(&measure.measure) {
        return Ok(false);
    }
    if measure.officers.len() < measure.kind.officers_needed() {
        return Err(MeasureRefusal::TwoOfficers);
    }
    let asset = match measure.asset {
        Some(asset) => has_asset(asset),
        None => !measure.kind.controls(),
    };
    asset.then_some(()).ok_or(MeasureRefusal::Asset)?;
    let party = measure.party.is_none_or(|party| (1..=parties).contains(&usize::from(party)));
    party.then_some(()).ok_or(MeasureRefusal::UnknownParty)?;
    let pictures = measure.pictures.len() <= MANY
        && measure.officers.len() <= MANY
        && measure.pictures.iter().all(|p| p.fits() && p.content_type.starts_with("image/"));
    pictures.then_some(()).ok_or(MeasureRefusal::Pictures)?;
    (measure.at <= now).then_some(()).ok_or(MeasureRefusal::Future)?;
    let oldest = now.minus(OLDEST).max(begun.unwrap_or(UnixMillis(i64::MIN)));
    (oldest <= measure.at).then_some(()).ok_or(MeasureRefusal::Old)?;
    (known.len() < NUMBER_MAX).then_some(true).ok_or(MeasureRefusal::TooMany)
}
