//! The checker: reads a record and says what was wrong, from the wire alone.
//!
//! Pure. It asks no server and reads no clock, so a saved record gives the same findings again.

mod commitments;
mod decision;
mod gateways;
mod nearest;
mod overload;
#[cfg(test)]
mod tests;
mod tips;
mod world;

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

pub use tips::Latency;
use world::World;

use crate::record::{Entry, Event};

/// Lines kept of the faults; more say nothing new.
const FAULT_LINES_MAX: usize = 200;

/// What the checker found.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    pub officers: u64,
    pub positions_sent: u64,
    pub positions_acked: u64,
    pub positions_refused: u64,
    /// Refused of those the server judged; `older` is no refusal.
    pub positions_refused_ratio: f64,
    pub positions_refused_codes: BTreeMap<String, u64>,
    pub positions_per_s: f64,
    pub tips_sent: u64,
    pub tips_acked: u64,
    pub tips_refused: u64,
    pub tips_unanswered: u64,
    pub tips_lost: u64,
    pub tip_answers_differ: u64,
    /// Tips that a dispatcher could be shown at the end; of the others the same answer was asked for.
    pub tips_looked_up: u64,
    pub tip_to_ack_ms: Latency,
    pub tip_to_offer_ms: Latency,
    pub tip_to_accept_ms: Latency,
    pub offers: u64,
    pub offers_accepted: u64,
    pub offers_judged: u64,
    pub offers_not_nearest: u64,
    pub offers_off_duty: u64,
    pub offers_reasked: u64,
    pub double_commitments: u64,
    pub commitments_lost: u64,
    pub duties_lost: u64,
    pub incidents: u64,
    pub incidents_exhausted: u64,
    pub disconnects: u64,
    pub restarts: u64,
    #[serde(flatten)]
    pub overload: overload::Found,
    #[serde(flatten)]
    pub gateways: gateways::Found,
    pub server_rss_mb_max: Option<f64>,
    pub server_cpu_s: Option<f64>,
    /// Processor seconds of the drill: it shares the machine with the server.
    pub drill_cpu_s: Option<f64>,
    pub faults: Vec<String>,
    pub notes: Vec<String>,
}

impl Findings {
    /// No fault of safety at all, whatever the limits of a scenario allow.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Checks a record.
pub fn check(entries: &[Entry]) -> Findings {
    let world = World::new(entries);
    let (tips, nearest, commitments) =
        (tips::judge(&world), nearest::judge(&world), commitments::judge(&world));
    let count = |lines: &[String]| lines.len() as u64;
    let mut findings = Findings {
        officers: world.officers.len() as u64,
        tips_sent: tips.sent,
        tips_acked: tips.acked,
        tips_refused: tips.refused,
        tips_unanswered: tips.unanswered,
        tips_lost: count(&tips.lost),
        tip_answers_differ: count(&tips.answers_differ),
        tip_to_ack_ms: tips.to_ack,
        tip_to_offer_ms: tips.to_offer,
        tip_to_accept_ms: tips.to_accept,
        offers: world.offers.len() as u64,
        offers_accepted: world
            .offers
            .iter()
            .filter(|offer| offer.accept_done != world::NEVER)
            .count() as u64,
        offers_judged: nearest.judged,
        offers_not_nearest: nearest.wrong.len() as u64,
        offers_off_duty: count(&commitments.off_duty),
        offers_reasked: count(&commitments.reasked),
        double_commitments: count(&commitments.double),
        commitments_lost: count(&commitments.lost),
        duties_lost: count(&commitments.duties_lost),
        incidents: world.incidents.iter().filter(|incident| !incident.tips.is_empty()).count()
            as u64,
        restarts: world.restarts,
        overload: overload::judge(entries, &world),
        gateways: gateways::judge(entries),
        ..Findings::default()
    };
    let not_nearest = nearest.wrong.iter().map(|wrong| {
        let offer = &world.offers[wrong.offer];
        format!(
            "offer {} of {} at {:.3} s went to officer {} at {:.0} m or more; officer {} was free at {:.0} m \
             or less",
            offer.id,
            world.incidents[offer.incident].id,
            seconds(offer.first),
            offer.o,
            wrong.asked_m,
            wrong.better,
            wrong.better_m,
        )
    });
    findings.faults = tips
        .lost
        .into_iter()
        .chain(tips.answers_differ)
        .chain(findings.overload.lines.clone())
        .chain(commitments.double)
        .chain(commitments.lost)
        .chain(commitments.duties_lost)
        .chain(commitments.off_duty)
        .chain(commitments.reasked)
        .chain(not_nearest)
        .take(FAULT_LINES_MAX)
        .collect();
    count_events(entries, &mut findings);
    findings
}

#[allow(clippy::cast_precision_loss)] // Counts and microseconds of a drill are exact in f64.
fn count_events(entries: &[Entry], findings: &mut Findings) {
    let mut exhausted = HashSet::new();
    let (mut started, mut over) = (None, None);
    let mut sent_while_running = 0_u64;
    for Entry { t, event } in entries {
        match event {
            Event::Started => started = Some(*t),
            Event::TipsOver => over = Some(*t),
            Event::Fix { .. } => {
                findings.positions_sent += 1;
                sent_while_running += u64::from(started.is_some() && over.is_none());
            }
            Event::Ack { taken, refused, codes, .. } => {
                let older = codes.get("older").copied().unwrap_or(0);
                findings.positions_acked += taken;
                findings.positions_refused += refused.saturating_sub(older);
                for (code, count) in codes {
                    *findings.positions_refused_codes.entry(code.clone()).or_default() += count;
                }
            }
            Event::Disconnected { .. } => findings.disconnects += 1,
            Event::EndTip { by_dispatcher, .. } => {
                findings.tips_looked_up += u64::from(*by_dispatcher);
            }
            Event::IncidentSeen { incident, status } if status == "exhausted" => {
                exhausted.insert(incident);
            }
            Event::Alarm { incident, kind } if kind == "exhausted" => {
                exhausted.insert(incident);
            }
            Event::Sample { rss_mb, cpu_s, drill_cpu_s } => {
                findings.drill_cpu_s = drill_cpu_s.or(findings.drill_cpu_s);
                let most = findings.server_rss_mb_max.get_or_insert(0.0);
                *most = most.max(*rss_mb);
                findings.server_cpu_s = Some(*cpu_s);
            }
            Event::Note { text } if findings.notes.len() < FAULT_LINES_MAX => {
                findings.notes.push(text.clone());
            }
            _ => {}
        }
    }
    findings.incidents_exhausted = exhausted.len() as u64;
    let judged = findings.positions_acked + findings.positions_refused;
    if judged > 0 {
        findings.positions_refused_ratio = findings.positions_refused as f64 / judged as f64;
    }
    if let (Some(started), Some(over)) = (started, over) {
        let span_s = seconds(over.saturating_sub(started)).max(0.001);
        findings.positions_per_s = (sent_while_running as f64 / span_s * 10.0).round() / 10.0;
    }
}

/// Seconds of the record.
#[allow(clippy::cast_precision_loss)] // Microseconds of a drill are exact in f64.
pub fn seconds(t: u64) -> f64 {
    t as f64 / 1e6
}
