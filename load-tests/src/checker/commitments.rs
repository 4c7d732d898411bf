//! Is anybody committed twice, or an incident manned beyond its need, or an officer asked wrongly?
//!
//! A commitment is certain from the receipt of the accept's `done` until the officer sends that he
//! has finished; two such spans of one officer that overlap are a double commitment.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::world::{NEVER, Offer, Us, World};

/// What was found, one line each.
#[derive(Debug, Default)]
pub struct Found {
    pub double: Vec<String>,
    pub reasked: Vec<String>,
    pub off_duty: Vec<String>,
    pub lost: Vec<String>,
    pub duties_lost: Vec<String>,
}

/// Looks at every officer and every incident.
pub fn judge(world: &World) -> Found {
    let mut found = Found { double: doubles(world), ..Found::default() };
    found.double.extend(overmanned(world));
    let mut asked = HashSet::new();
    for offer in &world.offers {
        let incident = &world.incidents[offer.incident].id;
        if !asked.insert((offer.o, offer.incident)) {
            let line =
                format!("officer {} was asked for {incident} again, as {}", offer.o, offer.id);
            found.reasked.push(line);
        }
        if off_duty(world, offer) {
            found
                .off_duty
                .push(format!("officer {} was off duty and was asked for {incident}", offer.o));
        }
    }
    for o in &world.lost_duties {
        found.duties_lost.push(format!("officer {o} was on duty, and off duty after a reconnect"));
    }
    for index in &world.lost_commitments {
        let offer = &world.offers[*index];
        // A colleague's finish may have ended the incident for everybody.
        if first_finish(world, offer.incident) > offer.state_without {
            let incident = &world.incidents[offer.incident].id;
            found.lost.push(format!(
                "officer {} had accepted {incident}, and lost it in a restart",
                offer.o
            ));
        }
    }
    found
}

fn first_finish(world: &World, incident: usize) -> Us {
    let offers = world.incidents[incident].offers.iter().map(|index| &world.offers[*index]);
    offers.map(|offer| offer.finish_sent).min().unwrap_or(NEVER)
}

/// From when to when an officer was certainly committed by this offer.
fn certain(world: &World, offer: &Offer) -> Option<(Us, Us)> {
    let to = offer.state_without.min(first_finish(world, offer.incident));
    (offer.accept_done < to).then_some((offer.accept_done, to))
}

fn doubles(world: &World) -> Vec<String> {
    let mut pairs: BTreeSet<(u32, String, String)> = BTreeSet::new();
    let mut add = |o: u32, a: &str, b: &str| {
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        pairs.insert((o, first.to_owned(), second.to_owned()));
    };
    for (o, a, b) in &world.double_states {
        add(*o, a, b);
    }
    for (o, officer) in (0_u32..).zip(&world.officers) {
        let mut spans: Vec<(Us, Us, &str)> = officer
            .offers
            .iter()
            .filter_map(|index| {
                let offer = &world.offers[*index];
                let (from, to) = certain(world, offer)?;
                Some((from, to, world.incidents[offer.incident].id.as_str()))
            })
            .collect();
        spans.sort_unstable();
        // The one that lasts longest so far is enough: what overlaps any overlaps it.
        let mut longest: Option<(Us, &str)> = None;
        for (from, to, incident) in spans {
            if let Some((until, held)) =
                longest.filter(|(until, held)| from < *until && *held != incident)
            {
                add(o, held, incident);
                longest = Some(if to > until { (to, incident) } else { (until, held) });
            } else if longest.is_none_or(|(until, _)| to > until) {
                longest = Some((to, incident));
            }
        }
    }
    pairs
        .into_iter()
        .map(|(o, a, b)| format!("officer {o} was committed to {a} and {b} at once"))
        .collect()
}

/// More officers accepted than the incident asks for. A seat whose holder was released is open again.
fn overmanned(world: &World) -> Vec<String> {
    let mut crews: HashMap<usize, HashSet<u32>> = HashMap::new();
    for offer in
        world.offers.iter().filter(|offer| offer.accept_done != NEVER && !offer.was_released())
    {
        crews.entry(offer.incident).or_default().insert(offer.o);
    }
    let mut lines: Vec<String> = crews
        .into_iter()
        .filter_map(|(incident, crew)| {
            let need = world.need(incident)? as usize;
            let id = &world.incidents[incident].id;
            (crew.len() > need)
                .then(|| format!("{id} needs {need} and has {} accepted", crew.len()))
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// Off duty, with the server's word for it, before the offer can have been decided.
fn off_duty(world: &World, offer: &Offer) -> bool {
    let mut off_since = None;
    for (on, done, t) in &world.officers[offer.o as usize].duty {
        if *t <= offer.first {
            off_since = (!*on && *done).then_some(*t).or(off_since.filter(|_| !*on));
        }
    }
    off_since.is_some_and(|t| t < offer.lo)
}
