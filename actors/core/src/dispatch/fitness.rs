//! May this officer be asked? One function, so that the search, the candidates' list of a dispatcher
//! and the tests can never disagree. Source: design §2, "Fit".

use std::collections::BTreeSet;

use crate::ids::OfficerId;
use crate::officer::{Duty, FixRules, KnownFix, Officer};
use crate::time::{Millis, UnixMillis};

use super::Verdict;

/// What the search knows of an officer. The officer's actor keeps it up to date and still has the
/// last word.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// The officer's journalled state.
    pub officer: Officer,
    /// Newest fix that decides.
    pub fix: Option<KnownFix>,
    /// In the middle of a decision that is not durable yet.
    pub busy: bool,
}

/// What is searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchFor<'a> {
    /// Skills each officer must have.
    pub skills: &'a [String],
    /// Who was asked before.
    pub asked: &'a BTreeSet<OfficerId>,
    /// Who must not go.
    pub excluded: &'a BTreeSet<OfficerId>,
    /// Whose call for help it is: nobody is sent to oneself.
    pub caller: Option<OfficerId>,
    /// Who is in the middle of another decision.
    pub busy: &'a BTreeSet<OfficerId>,
    /// The oldest fix that may decide.
    pub fix_age_max: Millis,
}

/// Says whether an officer may be asked.
///
/// # Errors
/// The first reason against it, in the order in which a dispatcher would want to hear it.
pub fn fitness(glance: &Glance, wanted: &SearchFor<'_>, now: UnixMillis) -> Result<(), Verdict> {
    let officer = &glance.officer;
    if wanted.excluded.contains(&officer.id) {
        return Err(Verdict::ConflictOfInterest);
    }
    if wanted.asked.contains(&officer.id) {
        return Err(Verdict::AlreadyAsked);
    }
    match officer.duty {
        Duty::Off => return Err(Verdict::OffDuty),
        Duty::Break => return Err(Verdict::OnBreak),
        Duty::On => {}
    }
    // The call itself may be a part of this very decision, and not in the officer's state yet.
    let calls = officer.sos.is_some() || wanted.caller == Some(officer.id);
    if calls || !officer.commitments.is_empty() {
        return Err(Verdict::Committed);
    }
    if officer.offer.is_some() {
        return Err(Verdict::OfferedElsewhere);
    }
    if officer.contact_lost {
        return Err(Verdict::OutOfContact);
    }
    let Some(known) = glance.fix else { return Err(Verdict::NoFix) };
    if known.age(now) > wanted.fix_age_max {
        return Err(Verdict::FixStale);
    }
    if known.fix.accuracy.is_some_and(|accuracy| accuracy.0 > FixRules::ACCURACY_MAX_M) {
        return Err(Verdict::FixInaccurate);
    }
    if !wanted.skills.iter().all(|skill| officer.skills.contains(skill)) {
        return Err(Verdict::LacksSkill);
    }
    if glance.busy || wanted.busy.contains(&officer.id) {
        return Err(Verdict::Busy);
    }
    Ok(())
}
