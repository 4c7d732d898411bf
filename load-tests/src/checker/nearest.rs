//! Was each offer made to one of the nearest? The drill's own brute force, from the wire alone.
//!
//! An offer is called wrong only when another officer was certainly fit during the whole time in
//! which it can have been decided, and certainly nearer under every position that the fixes sent and
//! acknowledged allow. Doubt always speaks for the server.

use geographiclib_rs::{Geodesic, InverseGeodesic};

use super::world::{NEVER, Offer, Officer, Us, World};

/// Distances closer than this are equal, metres (design §2).
const TIE_M: f64 = 1.0;
/// An officer counts as certainly free only so long after the drill saw it.
const SETTLE_US: Us = 100_000;
/// An officer counts as certainly reached only when a fix sent so long after the offer was
/// acknowledged on the same connection: an offer to him would have been seen by then.
const WITNESS_US: Us = 500_000;
/// The newest acknowledged fix is certainly fresh enough up to this age; the server's limit is 45 s.
const FRESH_US: Us = 40_000_000;

/// An offer that passed over a certainly better officer.
#[derive(Debug, Clone)]
pub struct Wrong {
    pub offer: usize,
    pub better: u32,
    /// The least distance the asked officer can have had, and the most of the better one, metres.
    pub asked_m: f64,
    pub better_m: f64,
}

/// The newest acknowledged position of an officer at some moment.
#[derive(Debug, Clone, Copy)]
struct Known {
    acked: Us,
    /// Index into the officer's fixes.
    fix: usize,
    /// The fix's place, kept here because every offer looks at everybody's.
    at: (f64, f64),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Judged {
    /// Offers with a known decision time, a known place of the asked one, and at least one other
    /// officer who was certainly fit.
    pub judged: u64,
    pub wrong: Vec<Wrong>,
}

/// Judges every offer.
pub fn judge(world: &World) -> Judged {
    let geodesic = Geodesic::wgs84();
    let mut order: Vec<usize> = (0..world.offers.len()).collect();
    order.sort_by_key(|index| world.offers[*index].lo);
    let mut acks = world.acks.iter().peekable();
    // For each officer the newest acknowledged fix before the offer's earliest decision.
    let mut newest: Vec<Option<Known>> = vec![None; world.officers.len()];
    let mut found = Judged::default();
    for index in order {
        let offer = &world.offers[index];
        while let Some(ack) = acks.next_if(|ack| ack.t <= offer.lo) {
            let fix = world.officers[ack.o as usize].fixes[ack.fix];
            newest[ack.o as usize] =
                Some(Known { acked: ack.t, fix: ack.fix, at: (fix.lat, fix.lon) });
        }
        let places = places(world, offer);
        let Some(asked) = newest[offer.o as usize].filter(|_| offer.lo > 0 && !places.is_empty())
        else {
            continue;
        };
        // A fresh process may decide by an older place until the officer reports again.
        if world.kills.iter().any(|kill| (asked.acked..=offer.first).contains(kill)) {
            continue;
        }
        let asked_m: Vec<f64> = places
            .iter()
            .map(|place| {
                let way = possible(&world.officers[offer.o as usize], asked.fix, offer.first);
                way.map(|at| metres(&geodesic, *place, at)).fold(f64::INFINITY, f64::min)
            })
            .collect();
        if others(world, offer, &newest).any(|(o, known)| fit(world, o, offer, known)) {
            found.judged += 1;
        }
        let near = Near::new(places[0], asked_m[0] + TIE_M);
        let better = others(world, offer, &newest).find_map(|(o, known)| {
            // Cheap first: the place at the start of the window is one of the possible ones.
            if !near.may_hold(known.at) {
                return None;
            }
            let most_m: Vec<f64> = places
                .iter()
                .map(|place| {
                    let way = possible(&world.officers[o as usize], known.fix, offer.first);
                    way.map(|at| metres(&geodesic, *place, at)).fold(0.0, f64::max)
                })
                .collect();
            let nearer = most_m.iter().zip(&asked_m).all(|(most, asked)| most + TIE_M < *asked);
            (nearer && fit(world, o, offer, known)).then_some((o, most_m[0]))
        });
        if let Some((better, better_m)) = better {
            found.wrong.push(Wrong { offer: index, better, asked_m: asked_m[0], better_m });
        }
    }
    found
}

/// The places an incident may have for the server: those of its tips.
fn places(world: &World, offer: &Offer) -> Vec<(f64, f64)> {
    let tips = world.incidents[offer.incident].tips.iter();
    let mut places: Vec<(f64, f64)> =
        tips.filter_map(|tip| world.tips.get(tip)).map(|tip| tip.place).collect();
    places.dedup();
    places
}

fn others<'a>(
    world: &'a World,
    offer: &'a Offer,
    newest: &'a [Option<Known>],
) -> impl Iterator<Item = (u32, Known)> + 'a {
    let court = world.officers[offer.o as usize].court;
    (0..u32::try_from(world.officers.len()).unwrap_or(u32::MAX))
        .filter(move |o| *o != offer.o && world.officers[*o as usize].court == court)
        .filter_map(move |o| newest[o as usize].map(|known| (o, known)))
}

/// Every place the server may have believed in: from the newest acknowledged fix before the window
/// to the last one sent before its end.
fn possible(officer: &Officer, from: usize, until: Us) -> impl Iterator<Item = (f64, f64)> + '_ {
    officer.fixes[from..].iter().take_while(move |fix| fix.t <= until).map(|fix| (fix.lat, fix.lon))
}

/// Was this officer certainly fit for the incident of the offer, all the time from its earliest
/// decision to its sight?
fn fit(world: &World, o: u32, offer: &Offer, known: Known) -> bool {
    let officer = &world.officers[o as usize];
    let (lo, hi) = (offer.lo, offer.first);
    if hi.saturating_sub(officer.fixes[known.fix].t) > FRESH_US {
        return false;
    }
    let at = officer.connections.partition_point(|connection| connection.from <= lo);
    let Some(connection) = at.checked_sub(1).map(|at| officer.connections[at]) else {
        return false;
    };
    if connection.acked_from.saturating_add(SETTLE_US) > lo
        || !witnessed(officer, hi, connection.to)
    {
        return false;
    }
    if officer.stalled.is_some_and(|stalled| stalled <= hi + 2 * WITNESS_US) {
        return false;
    }
    on_duty(officer, lo, hi) && free(world, officer, offer)
}

/// A fix sent well after the offer was acknowledged before the connection ended.
fn witnessed(officer: &Officer, hi: Us, connected_to: Us) -> bool {
    let after = officer.fixes.partition_point(|fix| fix.t < hi + WITNESS_US);
    let ack = officer.acks.partition_point(|ack| ack.fix < after);
    officer.acks.get(ack).is_some_and(|ack| ack.t < connected_to)
}

fn on_duty(officer: &Officer, lo: Us, hi: Us) -> bool {
    let mut on = false;
    for (to, done, t) in &officer.duty {
        if *t > hi {
            break;
        }
        // On duty from the answer on, no longer from the wish to leave on.
        on = *to && (*done && *t + SETTLE_US <= lo || on);
    }
    on
}

/// Not asked for this incident, and with nothing open, in the whole window.
fn free(world: &World, officer: &Officer, offer: &Offer) -> bool {
    officer.offers.iter().map(|index| &world.offers[*index]).all(|own| {
        let settled = if own.end == NEVER { NEVER } else { own.end + SETTLE_US };
        let in_window = own.lo <= offer.first && settled >= offer.lo;
        let asked_already = own.incident == offer.incident && own.lo <= offer.first;
        !in_window && !asked_already
    })
}

fn metres(geodesic: &Geodesic, a: (f64, f64), b: (f64, f64)) -> f64 {
    geodesic.inverse(a.0, a.1, b.0, b.1)
}

/// A circle on a flat earth, a twentieth wider than asked for: what is outside is farther away. An
/// officer whom the flat earth misplaces by more is left out, which accuses nobody.
struct Near {
    centre: (f64, f64),
    east_m_per_deg: f64,
    radius_m_squared: f64,
}

impl Near {
    fn new(centre: (f64, f64), radius_m: f64) -> Self {
        let east_m_per_deg = 111_195.0 * centre.0.to_radians().cos();
        Self { centre, east_m_per_deg, radius_m_squared: (radius_m * 1.05).powi(2) }
    }

    fn may_hold(&self, at: (f64, f64)) -> bool {
        let north = (at.0 - self.centre.0) * 111_195.0;
        let east = (at.1 - self.centre.1) * self.east_m_per_deg;
        north * north + east * east <= self.radius_m_squared
    }
}
