//! When can an offer have been decided? The lower bound; its sight by the officer is the upper one.
//!
//! Everything here errs to the early side: a longer window accuses less.

use super::world::{NEVER, Offer, Us, World};

/// Gives every offer the earliest moment at which it can have been decided.
///
/// At most `need + ask_extra` offers of an incident are out at once, so the n-th beyond them
/// came after n of the earlier ones had ended. The server's own `sent_at` can only make the
/// bound earlier: a late delivery must not look like a late decision.
pub fn bound(world: &mut World) {
    for incident in 0..world.incidents.len() {
        let began = world.incident_began(incident);
        let at_once = world.need(incident).map(|need| (need + world.setting.ask_extra) as usize);
        let mut ends: Vec<Us> = Vec::new();
        for (number, index) in world.incidents[incident].offers.clone().into_iter().enumerate() {
            let needed_ends = at_once.map_or(0, |at_once| (number + 1).saturating_sub(at_once));
            ends.sort_unstable();
            let by_count = match needed_ends {
                0 => began,
                _ => ends.get(needed_ends - 1).copied().unwrap_or(began),
            };
            let offer = &mut world.offers[index];
            let after_0_ms = offer.sent_at - world.setting.unix_ms_at_0;
            // 50 ms: both sides cut to milliseconds, and the wall clock may be adjusted.
            let by_word =
                u64::try_from(after_0_ms).map_or(0, |ms| ms * 1000).saturating_sub(50_000);
            offer.lo = began.max(by_count.min(by_word)).min(offer.first);
            if let Some(end) = earliest_end(offer, world.setting.shortest_ttl_ms * 1000) {
                ends.push(end);
            }
        }
    }
}

/// The earliest moment at which the server can have given an offer up; `None` while it is held.
fn earliest_end(offer: &Offer, shortest_ttl_us: Us) -> Option<Us> {
    if offer.accept_done != NEVER {
        return offer.was_released().then_some(offer.accept_sent);
    }
    let by_time = match offer.reason.as_deref() {
        Some("withdrawn") => offer.lo,
        _ => offer.lo + shortest_ttl_us,
    };
    Some(by_time.min(offer.decline_sent))
}
