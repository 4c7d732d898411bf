//! The facts of a report: findings, limits, and which of them broke.

use std::fmt::Write as _;

use serde::Serialize;

use crate::checker::{Findings, seconds};
use crate::clock;
use crate::record::{Entry, Event};
use crate::scenario::Limits;

/// One limit, held against what was measured.
#[derive(Debug, Serialize)]
pub struct LimitLine {
    pub name: &'static str,
    /// The value must not be above (or, with `at_least`, below) this.
    pub limit: f64,
    pub at_least: bool,
    /// `null`: could not be measured, which breaks the limit.
    pub value: Option<f64>,
    pub broken: bool,
}

/// A whole report.
#[derive(Debug, Serialize)]
pub struct Report {
    pub scenario: String,
    pub seed: u64,
    pub duration_s: u64,
    /// Length of the whole record, with warm-up and grace.
    pub recorded_s: f64,
    pub ended_at: String,
    pub passed: bool,
    #[serde(flatten)]
    pub findings: Findings,
    pub limits: Vec<LimitLine>,
    /// One line for each broken limit; empty when the run passed.
    pub limits_broken: Vec<String>,
}

impl Report {
    /// Holds the findings against the limits.
    pub fn new(limits: &Limits, entries: &[Entry], findings: Findings) -> Self {
        let lines = lines(limits, &findings);
        let limits_broken: Vec<String> =
            lines.iter().filter(|line| line.broken).map(sentence).collect();
        let setting = entries.iter().find_map(|entry| match &entry.event {
            Event::Begin(setting) => Some((**setting).clone()),
            _ => None,
        });
        let setting = setting.unwrap_or_default();
        Self {
            scenario: setting.scenario,
            seed: setting.seed,
            duration_s: setting.duration_s,
            recorded_s: entries.last().map_or(0.0, |entry| seconds(entry.t)),
            ended_at: clock::rfc3339(clock::unix_ms()),
            passed: limits_broken.is_empty(),
            findings,
            limits: lines,
            limits_broken,
        }
    }

    /// What the command line prints.
    pub fn verdict_lines(&self) -> String {
        let found = &self.findings;
        let mut text = format!(
            "{}: {}\n{} officers, {} positions, {} tips ({} acknowledged, {} lost), {} offers ({} judged, {} not \
             nearest), {} double commitments, {} restarts; tip to offer p50 {:.1} ms, p99 {:.1} ms",
            self.scenario,
            if self.passed { "passed" } else { "FAILED" },
            found.officers,
            found.positions_sent,
            found.tips_sent,
            found.tips_acked,
            found.tips_lost,
            found.offers,
            found.offers_judged,
            found.offers_not_nearest,
            found.double_commitments,
            found.restarts,
            found.tip_to_offer_ms.p50,
            found.tip_to_offer_ms.p99,
        );
        let overload = &found.overload;
        if overload.sos_sent > 0 {
            let ms = |latency: &crate::checker::Latency| format!("p99 {:.1} ms", latency.p99);
            let number = |value: Option<f64>| value.map_or("?".to_owned(), |v| format!("{v:.1}"));
            let _ = write!(
                text,
                "\n{} of {} calls for help acknowledged, {}, on the console {}; accepts {}; {} commands shed; \
                 tips refused {:?}; storm {} tips/s; normal again after {} s; server {} MB, {} s of \
                 processor; drill {} s of processor",
                overload.sos_acked,
                overload.sos_sent,
                ms(&overload.sos_to_ack_ms),
                ms(&overload.sos_to_console_ms),
                ms(&overload.accept_to_ack_ms),
                overload.commands_shed,
                overload.tips_refused_codes,
                number(overload.storm_tips_per_s),
                number(overload.normal_again_s),
                number(found.server_rss_mb_max),
                number(found.server_cpu_s),
                number(found.drill_cpu_s),
            );
        }
        let country = &found.gateways;
        if country.tracked > 0 {
            let _ = write!(
                text,
                "\n{} courts, {} tracked officers through gateways: {} positions, {} taken, {} refused {:?}, \
                 {} sent again, {} given up; {} batches, {} refused {:?}, {} unanswered, on the disk p50 {:.0} ms, p99 {:.0} ms; {:.0} positions/s handled in all; \
                 server {:.2} cores and {:.0} MB, drill {:.2} cores",
                country.courts,
                country.tracked,
                country.gateway_positions_sent,
                country.gateway_positions_taken,
                country.gateway_positions_refused,
                country.gateway_positions_refused_codes,
                country.gateway_positions_resent,
                country.gateway_positions_given_up,
                country.gateway_batches,
                country.gateway_batches_refused,
                country.gateway_batches_refused_codes,
                country.gateway_batches_unanswered,
                country.gateway_batch_ms.p50,
                country.gateway_batch_ms.p99,
                country.positions_handled_per_s,
                country.server_cpu_share.unwrap_or_default(),
                found.server_rss_mb_max.unwrap_or_default(),
                country.drill_cpu_share.unwrap_or_default(),
            );
        }
        for line in self.limits_broken.iter().chain(found.faults.iter().take(10)) {
            text.push_str("\n  ");
            text.push_str(line);
        }
        text
    }
}

fn sentence(line: &LimitLine) -> String {
    let bound = if line.at_least { "at least" } else { "at most" };
    match line.value {
        Some(value) => format!("{}: {value} (must be {bound} {})", line.name, line.limit),
        None => format!("{}: not measured (must be {bound} {})", line.name, line.limit),
    }
}

#[allow(clippy::cast_precision_loss)] // Counts of a drill are exact in f64.
fn lines(limits: &Limits, found: &Findings) -> Vec<LimitLine> {
    let mut lines = Vec::new();
    let mut line = |name, at_least, limit: Option<f64>, value: Option<f64>| {
        if let Some(limit) = limit {
            let broken =
                value.is_none_or(|value| if at_least { value < limit } else { value > limit });
            lines.push(LimitLine { name, limit, at_least, value, broken });
        }
    };
    let counts = [
        ("tips_lost", Some(limits.tips_lost), found.tips_lost),
        ("double_commitments", Some(limits.double_commitments), found.double_commitments),
        ("offers_not_nearest", Some(limits.offers_not_nearest), found.offers_not_nearest),
        ("offers_off_duty", Some(limits.offers_off_duty), found.offers_off_duty),
        ("offers_reasked", Some(limits.offers_reasked), found.offers_reasked),
        ("commitments_lost", Some(limits.commitments_lost), found.commitments_lost),
        ("duties_lost", Some(limits.duties_lost), found.duties_lost),
        ("tip_answers_differ", Some(limits.tip_answers_differ), found.tip_answers_differ),
        ("sos_failed", Some(limits.sos_failed), found.overload.sos_failed),
        ("commands_shed", Some(limits.commands_shed), found.overload.commands_shed),
        (
            "gateway_batches_unanswered",
            Some(limits.gateway_batches_unanswered),
            found.gateways.gateway_batches_unanswered,
        ),
        (
            "gateway_answers_wrong",
            Some(limits.gateway_answers_wrong),
            found.gateways.gateway_answers_wrong,
        ),
        (
            "gateway_positions_given_up",
            limits.gateway_positions_given_up,
            found.gateways.gateway_positions_given_up,
        ),
        ("tips_unanswered", limits.tips_unanswered, found.tips_unanswered),
        ("tips_refused", limits.tips_refused, found.tips_refused),
        (
            "gateway_positions_refused",
            limits.gateway_positions_refused,
            found.gateways.gateway_positions_refused,
        ),
        (
            "gateway_batches_refused",
            limits.gateway_batches_refused,
            found.gateways.gateway_batches_refused,
        ),
        ("incidents_exhausted", limits.incidents_exhausted, found.incidents_exhausted),
    ];
    for (name, limit, value) in counts {
        line(name, false, limit.map(|limit| limit as f64), Some(value as f64));
    }
    let judged = (found.positions_acked + found.positions_refused > 0)
        .then_some(found.positions_refused_ratio);
    line("positions_refused_ratio", false, limits.positions_refused_ratio, judged);
    // A quantile of nothing is not a good one.
    let p99 = |latency: &crate::checker::Latency| (latency.count > 0).then_some(latency.p99);
    line("tip_to_ack_p99_ms", false, limits.tip_to_ack_p99_ms, p99(&found.tip_to_ack_ms));
    line("tip_to_offer_p99_ms", false, limits.tip_to_offer_p99_ms, p99(&found.tip_to_offer_ms));
    line("tip_to_accept_p99_ms", false, limits.tip_to_accept_p99_ms, p99(&found.tip_to_accept_ms));
    let overload = &found.overload;
    line("sos_to_ack_p99_ms", false, limits.sos_to_ack_p99_ms, p99(&overload.sos_to_ack_ms));
    line(
        "sos_to_console_p99_ms",
        false,
        limits.sos_to_console_p99_ms,
        p99(&overload.sos_to_console_ms),
    );
    line(
        "accept_to_ack_p99_ms",
        false,
        limits.accept_to_ack_p99_ms,
        p99(&overload.accept_to_ack_ms),
    );
    line("normal_again_s", false, limits.normal_again_s, overload.normal_again_s);
    line("storm_tips_per_s_min", true, limits.storm_tips_per_s_min, overload.storm_tips_per_s);
    let country = &found.gateways;
    line("server_cpu_share", false, limits.server_cpu_share, country.server_cpu_share);
    line("drill_cpu_share", false, limits.drill_cpu_share, country.drill_cpu_share);
    line(
        "positions_handled_per_s_min",
        true,
        limits.positions_handled_per_s_min,
        Some(country.positions_handled_per_s),
    );
    line(
        "gateway_batch_p99_ms",
        false,
        limits.gateway_batch_p99_ms,
        p99(&country.gateway_batch_ms),
    );
    line("server_rss_mb_max", false, limits.server_rss_mb_max, found.server_rss_mb_max);
    let floors = [
        ("tips_acked_min", limits.tips_acked_min, found.tips_acked),
        ("tips_looked_up_min", limits.tips_looked_up_min, found.tips_looked_up),
        ("offers_judged_min", limits.offers_judged_min, found.offers_judged),
        ("sos_acked_min", limits.sos_acked_min, found.overload.sos_acked),
        ("restarts_min", limits.restarts_min, found.restarts),
    ];
    for (name, limit, value) in floors {
        line(name, true, limit.map(|limit| limit as f64), Some(value as f64));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_limit_fails_the_report() {
        let findings = Findings { tips_acked: 3, offers_not_nearest: 1, ..Findings::default() };
        let report = Report::new(&Limits::default(), &[], findings);
        assert!(!report.passed);
        assert_eq!(report.limits_broken, ["offers_not_nearest: 1 (must be at most 0)"]);
    }

    #[test]
    fn a_limit_that_could_not_be_measured_is_broken() {
        let limits = Limits { tip_to_offer_p99_ms: Some(50.0), ..Limits::default() };
        let report = Report::new(&limits, &[], Findings { tips_acked: 1, ..Findings::default() });
        assert_eq!(
            report.limits_broken,
            ["tip_to_offer_p99_ms: not measured (must be at most 50)"]
        );
    }

    #[test]
    fn a_run_in_which_nothing_happened_does_not_pass() {
        assert!(!Report::new(&Limits::default(), &[], Findings::default()).passed);
    }
}
