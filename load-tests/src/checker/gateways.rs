//! What the gateways of a country counted, and which part of the machine server and drill had.

use std::collections::BTreeMap;

use serde::Serialize;

use super::seconds;
use super::tips::Latency;
use crate::record::{Entry, Event, GatewayCounts};

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Found {
    /// Officers with a tracker only.
    pub tracked: u64,
    pub courts: u64,
    pub gateway_positions_sent: u64,
    pub gateway_positions_taken: u64,
    pub gateway_positions_refused: u64,
    pub gateway_positions_refused_codes: BTreeMap<String, u64>,
    /// Positions that were sent once more, for a server that had no room for them.
    pub gateway_positions_resent: u64,
    /// Positions for which it had none in two minutes.
    pub gateway_positions_given_up: u64,
    pub gateway_batches: u64,
    pub gateway_batches_refused: u64,
    pub gateway_batches_refused_codes: BTreeMap<String, u64>,
    /// Batches to which no answer ever came.
    pub gateway_batches_unanswered: u64,
    /// Answers that do not add up.
    pub gateway_answers_wrong: u64,
    /// Gateways' sockets that broke.
    pub gateways_broken: u64,
    /// From the first sending of a batch's oldest position to the answer that it is on the disk.
    pub gateway_batch_ms: Latency,
    /// Positions of sockets and gateways that were taken, a second, while tips came in.
    pub positions_handled_per_s: f64,
    /// Processor seconds a second while tips came in: 1 is a whole core.
    pub server_cpu_share: Option<f64>,
    pub drill_cpu_share: Option<f64>,
}

/// Adds everything up.
#[allow(clippy::cast_precision_loss)] // Counts of a drill are exact in f64.
pub fn judge(entries: &[Entry]) -> Found {
    let mut found = Found::default();
    let (mut started, mut over) = (None, None);
    let (mut handled, mut all_us) = (0_u64, Vec::new());
    let mut samples: Vec<(u64, f64, Option<f64>)> = Vec::new();
    for Entry { t, event } in entries {
        let running = started.is_some() && over.is_none();
        match event {
            Event::Begin(setting) => {
                found.tracked = u64::from(setting.tracked);
                found.courts = u64::from(setting.courts.max(1));
            }
            Event::Started => started = Some(*t),
            Event::TipsOver => over = Some(*t),
            Event::Ack { taken, .. } if running => handled += taken,
            Event::Sample { cpu_s, drill_cpu_s, .. } if running => {
                samples.push((*t, *cpu_s, *drill_cpu_s));
            }
            Event::Gateways(told) => {
                add(&mut found, told);
                if running {
                    handled += told.taken;
                    all_us.extend(told.batch_us.iter().copied().map(u64::from));
                }
            }
            _ => {}
        }
    }
    if let (Some(started), Some(over)) = (started, over) {
        let span_s = seconds(over.saturating_sub(started)).max(0.001);
        found.positions_handled_per_s = (handled as f64 / span_s * 10.0).round() / 10.0;
    }
    if let (Some((from, cpu, drill)), Some((to, cpu_to, drill_to))) =
        (samples.first(), samples.last())
        && to > from
    {
        let share = |used: f64| (used / seconds(to - from) * 1000.0).round() / 1000.0;
        found.server_cpu_share = Some(share(cpu_to - cpu));
        found.drill_cpu_share = drill.zip(*drill_to).map(|(from, to)| share(to - from));
    }
    found.gateway_batch_ms = Latency::new(all_us);
    found
}

fn add(found: &mut Found, told: &GatewayCounts) {
    found.gateway_positions_sent += told.sent;
    found.gateway_positions_taken += told.taken;
    for (code, count) in &told.refused {
        *found.gateway_positions_refused_codes.entry(code.clone()).or_default() += count;
        // What came again on a new socket may have been taken on the one before.
        found.gateway_positions_refused += if code == "older" { 0 } else { *count };
    }
    found.gateway_positions_resent += told.resent;
    found.gateway_positions_given_up += told.given_up;
    found.gateway_batches += told.batches;
    for (code, count) in &told.batches_refused {
        found.gateway_batches_refused += count;
        *found.gateway_batches_refused_codes.entry(code.clone()).or_default() += count;
    }
    found.gateway_batches_unanswered += told.unanswered;
    found.gateway_answers_wrong += told.wrong;
    found.gateways_broken += told.broken;
}
