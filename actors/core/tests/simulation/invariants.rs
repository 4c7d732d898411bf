//! The invariants of `reliability.md` §2 that the simulator can see, by their numbers. Those that hold
//! at each prefix of the journal are in `truth.rs` and `asking.rs`; here are the others.

use std::collections::{BTreeMap, BTreeSet};

use tiande_core::dispatch::Decision;
use tiande_core::ids::{IncidentId, OfferId, OfficerId, TipId};
use tiande_core::journal::StreamId;
use tiande_core::time::UnixMillis;

use super::asking::eligible;
use super::journal::{Delivery, DeliveryKey, Store};
use super::knowledge::{Knowledge, SKEW_MS};
use super::server::Server;
use super::truth::{Asking, IncidentTruth, Status, Truth, may_follow};

/// A broken invariant.
#[derive(Clone, Debug)]
pub struct Violation {
    pub id: &'static str,
    pub what: String,
}

pub type Check = Result<(), Violation>;

pub fn ensure(holds: bool, id: &'static str, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Violation { id, what: what() }) }
}

/// Nothing may be unsettled longer, milliseconds (I09).
const PATIENCE_MS: i64 = 5_000;

/// I01: the tip that is acknowledged is in the journal. I02: with one incident, which has it.
pub fn acknowledged(truth: &Truth, told: &Delivery) -> Check {
    let tip = truth.tips.get(&told.tip);
    let durable = tip.is_some_and(|tip| tip.received == 1);
    ensure(durable, "I01", || format!("{} was acknowledged, but is not durable", told.tip))?;
    linked_once(truth, told)
}

/// I02: each tip in the journal has exactly one incident, and that incident is the tip's.
pub fn linked_once(truth: &Truth, told: &Delivery) -> Check {
    let links = truth.tips.get(&told.tip).map(|tip| tip.links.as_slice()).unwrap_or_default();
    ensure(links.first() == Some(&told.incident), "I02", || {
        format!("{} has the incidents {links:?}", told.tip)
    })?;
    tip_agrees(truth, told.tip)
}

/// I02: a tip is linked once, forwarded since, and only where its newest link says.
fn tip_agrees(truth: &Truth, id: TipId) -> Check {
    let Some(tip) = truth.tips.get(&id) else { return Ok(()) };
    ensure(tip.linked == 1, "I02", || format!("{id} was linked {} times", tip.linked))?;
    let holds =
        |incident: &IncidentTruth| incident.tip == Some(id) || incident.merged.contains(&id);
    let homes: Vec<IncidentId> =
        truth.incidents.iter().filter(|(_, i)| holds(i)).map(|(id, _)| *id).collect();
    let last: Vec<IncidentId> = tip.links.last().copied().into_iter().collect();
    ensure(homes == last, "I02", || format!("{id} is in {homes:?}, linked to {last:?}"))
}

/// I03: one id, one body, one answer.
pub fn same_answer(
    answers: &mut BTreeMap<DeliveryKey, Delivery>,
    key: DeliveryKey,
    body: u64,
    told: &Delivery,
) -> Check {
    let first = *answers.entry(key).or_insert(*told);
    ensure(first == *told, "I03", || format!("{key:?}: first {first:?}, then {told:?}"))?;
    ensure(told.body == body, "I03", || format!("{key:?}: body {body} got the answer of another"))
}

/// I03: a conflict is told only of an id that was taken with another body.
pub fn real_conflict(store: &Store, key: DeliveryKey, body: u64) -> Check {
    let other = store.deliveries.get(&key).is_some_and(|kept| kept.body != body);
    ensure(other, "I03", || format!("{key:?} was refused as a conflict, but is none"))
}

/// The streams of a batch agree: an open offer is open on both sides, a commitment binds on both.
pub fn agree(truth: &Truth, streams: &[StreamId]) -> Check {
    for stream in streams {
        match stream {
            StreamId::Officer(id) => officer_agrees(truth, *id)?,
            StreamId::Incident(id) => incident_agrees(truth, *id)?,
            StreamId::Tip(id) => tip_agrees(truth, *id)?,
            StreamId::Case(_) => {}
        }
    }
    Ok(())
}

fn officer_agrees(truth: &Truth, id: OfficerId) -> Check {
    let Some(officer) = truth.officers.get(&id) else { return Ok(()) };
    if let Some((incident, offer)) = officer.offer {
        let there = truth.incidents.get(&incident).and_then(|i| i.offers.get(&offer));
        let open = there.is_some_and(|o| o.state == Asking::Open && o.officer == id);
        ensure(open, "AGREE", || format!("{id} weighs {offer}, which {incident} does not"))?;
    }
    for incident in officer.bound.keys() {
        let crew = truth.incidents.get(incident).is_some_and(|i| i.crew.contains(&id));
        ensure(crew, "AGREE", || format!("{id} is bound to {incident}, which has no such crew"))?;
    }
    if let Some(sos) = officer.sos {
        let live =
            truth.incidents.get(&sos).is_some_and(|i| i.over.is_none() && i.caller == Some(id));
        ensure(live, "AGREE", || format!("{id} calls for help in {sos}, which is over"))?;
    }
    Ok(())
}

fn incident_agrees(truth: &Truth, id: IncidentId) -> Check {
    let Some(incident) = truth.incidents.get(&id) else { return Ok(()) };
    for tip in incident.tip.iter().chain(&incident.merged) {
        tip_agrees(truth, *tip)?;
    }
    for (offer, open) in incident.open_offers() {
        let weighs = truth.officers.get(&open.officer).and_then(|o| o.offer) == Some((id, *offer));
        ensure(weighs, "AGREE", || {
            format!("{id} has {offer} open, its officer does not weigh it")
        })?;
    }
    for officer in &incident.crew {
        let bound = truth.officers.get(officer).is_some_and(|o| o.bound.contains_key(&id));
        ensure(bound, "AGREE", || format!("{officer} is crew of {id}, but not bound to it"))?;
    }
    if let (None, Some(caller)) = (incident.over, incident.caller) {
        let calls = truth.officers.get(&caller).is_some_and(|o| o.sos == Some(id));
        ensure(calls, "AGREE", || format!("{id} is {caller}'s call for help, who does not know"))?;
    }
    Ok(())
}

/// I10: the status before and after a decision.
pub fn transition(id: IncidentId, from: Status, to: Status) -> Check {
    ensure(may_follow(from, to), "I10", || format!("{id} went from {from:?} to {to:?}"))
}

/// I16, I17: the position that decides is the newest honest one. I18: none off duty, and none from
/// before.
pub fn position(server: &Server, knowledge: &Knowledge, id: OfficerId) -> Check {
    let (Some(glance), Some(known)) = (server.glances.get(&id), knowledge.officers.get(&id)) else {
        return Ok(());
    };
    let shown = glance.fix.map(|fix| (fix.fix.epoch, fix.fix.seq));
    let indexed = server.index.get(id);
    let Some(since) = known.since else {
        let kept = server.filters.get(&id).is_some_and(|filter| filter.current().is_some());
        let nothing = shown.is_none() && indexed.is_none() && !kept;
        return ensure(nothing, "I18", || format!("{id} is off duty, but {shown:?} is kept"));
    };
    let early = glance.fix.filter(|fix| fix.fix.taken_at.0 < since - SKEW_MS);
    ensure(early.is_none(), "I18", || format!("{id} is on duty since {since}, but: {early:?}"))?;
    let best = known.best.map(|best| best.order);
    let honest = glance.fix.is_none_or(|fix| {
        let vague = fix.fix.accuracy.is_none_or(|accuracy| accuracy.0 > 500.0);
        !vague && (35.0..35.5).contains(&fix.fix.at.lat())
    });
    ensure(honest, "I17", || format!("{id} stands where a spoilt fix says: {:?}", glance.fix))?;
    ensure(shown == best, "I16", || format!("{id} is shown at {shown:?}, the newest is {best:?}"))?;
    let placed = indexed == glance.fix.map(|fix| fix.fix.at);
    ensure(placed, "I16", || format!("{id} is indexed at {indexed:?}"))
}

/// The live state of the streams is the fold of the journal (I26).
pub fn folded(live: &Server, fold: &Server, streams: &[StreamId]) -> Check {
    for stream in streams {
        let same = match stream {
            StreamId::Officer(id) => {
                live.glances.get(id).map(|g| &g.officer) == fold.glances.get(id).map(|g| &g.officer)
            }
            StreamId::Incident(id) => live.incidents.get(id) == fold.incidents.get(id),
            StreamId::Case(_) | StreamId::Tip(_) => true,
        };
        ensure(same, "FOLD", || match stream {
            StreamId::Incident(id) => {
                format!("live {:?}\nfold {:?}", live.incidents.get(id), fold.incidents.get(id))
            }
            _ => format!("{stream} is not the fold of its stream"),
        })?;
    }
    Ok(())
}

/// The explanation of a round is in order of distance.
pub fn explained(decision: &Decision) -> Check {
    let metres: Vec<f64> = decision.considered.iter().filter_map(|c| c.distance_m).collect();
    let ordered = metres.is_sorted_by(|a, b| a <= b);
    ensure(ordered, "I07", || format!("the explanation is not in order: {metres:?}"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unsettled {
    /// Seats are open, nobody weighs it, nobody is alarmed.
    Silent(IncidentId),
    /// Somebody could be asked, and is not.
    Unasked(IncidentId),
    /// An offer's time is over, and it is still open.
    Overdue(OfferId),
    /// The director should know by now.
    Director(IncidentId),
    /// Somebody on scene should have been asked, or somebody alarmed.
    Unheard(IncidentId, OfficerId),
}

/// I09: what must not last.
#[derive(Default)]
pub struct Liveness {
    since: BTreeMap<Unsettled, i64>,
}

impl Liveness {
    /// The server could not act: patience begins anew.
    pub fn reset(&mut self) {
        self.since.clear();
    }

    pub fn check(
        &mut self,
        truth: &Truth,
        knowledge: &Knowledge,
        now: UnixMillis,
        mono: i64,
        age_max: i64,
    ) -> Check {
        let patience = truth.patience;
        let open = truth.incidents.iter().filter(|(_, incident)| incident.over.is_none());
        let mut unsettled = BTreeSet::new();
        // A fix that is about to grow stale is nobody's fault.
        let witness = knowledge.witness(truth, now, age_max - PATIENCE_MS, &BTreeSet::new());
        for (id, incident) in open {
            let offers = incident.open_offers().count();
            let searches = incident.searching && incident.seats() > 0 && incident.place.is_some();
            if searches && offers == 0 && incident.exhausted.is_none() {
                unsettled.insert(Unsettled::Silent(*id));
            }
            let wanted = incident.seats() + truth.extra_of(incident);
            if searches
                && offers < wanted
                && !eligible(incident, &truth.officers, &witness).is_empty()
            {
                unsettled.insert(Unsettled::Unasked(*id));
            }
            for (offer, open) in incident.open_offers() {
                let end = if open.received { open.expires_at } else { open.receive_by };
                if end <= now.0 {
                    unsettled.insert(Unsettled::Overdue(*offer));
                }
            }
            for officer in super::welfare::neglected(incident, now.0, patience) {
                unsettled.insert(Unsettled::Unheard(*id, officer));
            }
            if incident
                .exhausted
                .is_some_and(|at| UnixMillis(at).plus(patience.director_after) <= now)
                && !incident.director
            {
                unsettled.insert(Unsettled::Director(*id));
            }
        }
        self.since.retain(|what, _| unsettled.contains(what));
        for what in unsettled {
            let since = *self.since.entry(what).or_insert(mono);
            let patient = mono - since <= PATIENCE_MS;
            let id = if matches!(what, Unsettled::Unheard(..)) { "WELFARE" } else { "I09" };
            ensure(patient, id, || format!("for {} ms: {what:?}", mono - since))?;
        }
        Ok(())
    }
}
