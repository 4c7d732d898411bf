//! How a case's file stands, in a few figures: what lists and indicators of a court need of it while it sleeps.

use serde::{Deserialize, Serialize};

use super::Case;
use crate::deadline::Level;
use crate::file::CaseKind;
use crate::file::asset::Outcome;
use crate::file::closing::ClosedBy;
use crate::file::handover::Segment;
use crate::file::party::AppointmentDeed;
use crate::ids::UserId;
use crate::money::Totals;
use crate::nodes::Rulebook;
use crate::procedure::Deed;
use crate::time::UnixMillis;

/// What it counts for in the third-party assessment (第三方评估「三个90%一个80%」).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grade {
    /// Something was found that can be used: it counts as a case with property (有财产可供执行).
    pub with_assets: bool,
    /// It was closed within its term, extensions and suspensions counted; `None` while it is open.
    pub in_time: Option<bool>,
    /// Of a round closed without property: to standard.
    pub to_standard: Option<bool>,
    /// Petitions about it.
    pub petitions: u16,
    /// Petitions that are settled.
    pub settled: u16,
}

/// How a file stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseStanding {
    /// What is enforced.
    pub kind: Option<CaseKind>,
    /// When it was docketed.
    pub docketed: Option<UnixMillis>,
    /// Who has the file, when that is not the handler.
    pub holder: Option<UserId>,
    /// The segment it is in.
    pub segment: Option<Segment>,
    /// How it was closed, and when.
    pub closed: Option<(ClosedBy, UnixMillis)>,
    /// Closing without property waits for approval.
    pub approval_asked: bool,
    /// Money.
    pub money: Totals,
    /// A party waits for an answer since.
    pub waits_since: Option<UnixMillis>,
    /// The next appointment that stands.
    pub appointment: Option<UnixMillis>,
    /// An appointment that a party asked for waits.
    pub appointment_asked: bool,
    /// What queries found and nobody has entered as an asset or settled yet.
    pub hits: u16,
    /// What it counts for.
    pub grade: Grade,
}

impl Case {
    /// How its file stands; `None` without one.
    #[must_use]
    pub fn standing(&self, rules: Rulebook<'_>) -> Option<CaseStanding> {
        let file = self.file.as_deref()?;
        let closed = file.closing.closed;
        let money = file.money.totals();
        let open = |deed| move |a: &&crate::file::party::Appointment| a.deed == deed;
        let appointments = file.appointments.iter().filter(open(AppointmentDeed::Made));
        let usable = file.assets.iter().any(|asset| {
            !matches!(asset.outcome, Some(Outcome::GivenUp | Outcome::Released))
                && asset.control.is_none_or(|control| !control.waiting)
        });
        let settled =
            file.petitions.iter().filter(|p| p.answered.is_some_and(|(_, ok)| ok)).count();
        let many = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let round = closed.filter(|closed| closed.how == ClosedBy::RoundClosed);
        Some(CaseStanding {
            kind: file.filing.map(|filing| filing.kind),
            docketed: file.docketed,
            holder: file.hands.holder.filter(|holder| Some(*holder) != self.handler),
            segment: file.hands.segment,
            closed: closed.map(|closed| (closed.how, closed.at)),
            approval_asked: file.closing.asked.is_some() && file.closing.approved.is_none(),
            money,
            waits_since: file.messages.threads.values().filter_map(|t| t.waits_since()).min(),
            appointment: appointments.map(|appointment| appointment.at).min(),
            appointment_asked: file.appointments.iter().any(|a| open(AppointmentDeed::Asked)(&a)),
            hits: file.search.hits(),
            grade: Grade {
                // Money that came in came from something.
                with_assets: usable || money.recovered.0 > 0 || money.held.0 > 0,
                in_time: closed.map(|closed| self.closed_in_time(closed.at, rules)),
                to_standard: round.map(|closed| closed.to_standard && self.requeries_kept(rules)),
                petitions: many(file.petitions.len()),
                settled: many(settled),
            },
        })
    }

    /// Closed before the end of the term that runs for the case as a whole (T01, T02). Of a case that went on the
    /// newest term counts.
    fn closed_in_time(&self, at: UnixMillis, rules: Rulebook<'_>) -> bool {
        let mut terms =
            rules.procedure.nodes().iter().filter(|n| n.done_by == Some(Deed::CaseClosed));
        terms.all(|node| {
            let Some(newest) = self.nodes.newest(node.code) else { return true };
            if self.nodes.opening(node.code, newest).is_none_or(|opened| opened.cancelled) {
                return true;
            }
            let computed = self.nodes.computed(node, newest, 1, rules);
            computed.and_then(|computed| computed.due()).is_none_or(|due| due >= at)
        })
    }

    /// None of the queries that are owed after the last closing is late.
    fn requeries_kept(&self, rules: Rulebook<'_>) -> bool {
        let mut owed =
            rules.procedure.nodes().iter().filter(|n| n.done_by == Some(Deed::Requeried));
        owed.all(|node| {
            let Some(newest) = self.nodes.newest(node.code) else { return true };
            self.nodes.rounds_of(node.code, newest, rules).all(|round| {
                self.nodes.done.contains(&(node.code, round))
                    || !self.nodes.fired.contains(&(node.code, round, Level::Due))
            })
        })
    }
}
