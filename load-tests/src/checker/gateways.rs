//! What the gateways of a country counted, and which part of the machine server and drill had.

use std::collections::BTreeMap;

use serde::Serialize;

use super::seconds;
use super::tips::Latency;
use crate::record::{Entry, Event};

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
    pub gateway_batches: u64,
    pub gateway_batches_refused: u64,
    pub gateway_batches_refused_codes: BTreeMap<String, u64>,
    /// Gateways' sockets that broke.
    pub gateways_broken: u64,
    /// From a batch's first byte to its answer: all of it is on the disk.
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
            Event::Gateways {
                sent,
                taken,
                refused,
                batches,
                batches_refused,
                batch_us,
                broken,
            } => {
                found.gateway_positions_sent += sent;
                found.gateway_positions_taken += taken;
                for (code, count) in refused {
                    found.gateway_positions_refused += count;
                    *found.gateway_positions_refused_codes.entry(code.clone()).or_default() +=
                        count;
                }
                found.gateway_batches += batches;
                for (code, count) in batches_refused {
                    found.gateway_batches_refused += count;
                    *found.gateway_batches_refused_codes.entry(code.clone()).or_default() += count;
                }
                found.gateways_broken += broken;
                if running {
                    handled += taken;
                    all_us.extend(batch_us.iter().copied().map(u64::from));
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
