//! A drill's scenario file: what is read, which keys exist, and what makes it impossible.
//!
//! An unknown key or a contradiction is refused here with one clear line. Nothing else is read from
//! the file later, and the server never sees it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::country::{Country, area_of};

/// A whole scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    pub seed: u64,
    /// Seconds in which tips are sent, 1..=3600; warm-up and grace come on top, both bounded.
    pub duration_s: u64,
    pub court: Court,
    /// Many courts instead of one; `court` is then the pattern of each, and its area the whole land.
    pub country: Option<Country>,
    pub officers: Officers,
    pub tips: Tips,
    pub answers: Answers,
    #[serde(default)]
    pub sos: Sos,
    #[serde(default)]
    pub faults: Faults,
    #[serde(default)]
    pub limits: Limits,
    /// The folder of the scenario file: data files are looked for here first.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// The court made for the drill.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Court {
    pub name: String,
    /// West, south, east, north; WGS-84 degrees.
    pub area: [f64; 4],
    #[serde(default)]
    pub dispatch: Dispatch,
}

/// Keys of the court file's `[dispatch]` that a scenario may set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_ttl_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_ttl_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_extra_emergency: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_extra_sos: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub director_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_max_kmh: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_every_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_lost_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<BTreeMap<String, u32>>,
}

/// Who is in the field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officers {
    /// 1..=20,000; with `tracks`: at most so many.
    pub count: u32,
    /// Recorded tracks to replay instead of synthetic walkers and drivers.
    pub tracks: Option<String>,
    pub columns: Option<TrackColumns>,
    pub start_at: Option<String>,
    #[serde(default = "one")]
    pub speed_up: f64,
    #[serde(default = "second")]
    pub report_every_ms: u64,
    /// Officers beyond `count` who go on duty, report, and go off duty before the first tip.
    #[serde(default)]
    pub off_duty: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackColumns {
    pub time: String,
    pub id: String,
    pub lat: String,
    pub lon: String,
}

/// What comes in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tips {
    pub rate_per_s: Option<f64>,
    pub calls: Option<String>,
    pub columns: Option<CallColumns>,
    pub start_at: Option<String>,
    #[serde(default = "one")]
    pub speed_up: f64,
    /// The calls' kinds in the tips' words; what is not listed is `other`.
    #[serde(default)]
    pub kinds: BTreeMap<String, String>,
    /// The share of answered tips that are sent once more with the same id, 0..=1.
    #[serde(default)]
    pub repeat: f64,
    /// A time in which many more come in, on top of the others.
    pub storm: Option<Storm>,
}

/// A storm of tips.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// Tips a second beside those of calm times.
    pub rate_per_s: f64,
    /// Begins so many seconds after the first tip.
    pub from_s: f64,
    /// Lasts so many seconds.
    pub for_s: f64,
    /// The share of its tips that are emergencies, 0..=1; the others wait for a dispatcher. No fleet
    /// can be sent to hundreds of places a second.
    #[serde(default = "one")]
    pub emergency: f64,
    /// The share of its senders who come back after `Retry-After`, 0..=1; the others give up.
    #[serde(default = "one")]
    pub retry: f64,
}

/// Calls for help. They come from the officers of `off_duty`, one each: who calls for help cannot be
/// sent anywhere, and the checker knows of these that they cannot.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sos {
    /// Calls a second; 0 is none.
    #[serde(default)]
    pub per_s: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallColumns {
    pub time: String,
    pub id: String,
    pub lat: String,
    pub lon: String,
    pub kind: Option<String>,
}

/// How officers answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    pub accept: f64,
    pub decline: f64,
    pub delay_ms: [u64; 2],
    pub finish_after_ms: [u64; 2],
}

/// What goes wrong on purpose.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// 0 is never; needs `--spawn`.
    #[serde(default)]
    pub kill_server_every_s: f64,
    /// Officers who stop reading a second after the first tip.
    #[serde(default)]
    pub stalled_sockets: u32,
}

/// What must hold. A broken limit fails the run. The safety limits are 0 unless the file says
/// otherwise; the `_min` limits keep a run from passing because nothing happened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub tips_lost: u64,
    pub double_commitments: u64,
    pub offers_not_nearest: u64,
    pub offers_off_duty: u64,
    pub offers_reasked: u64,
    pub commitments_lost: u64,
    pub duties_lost: u64,
    pub tip_answers_differ: u64,
    /// Calls for help that were refused or never answered.
    pub sos_failed: u64,
    /// Commands that were refused because too much was going on.
    pub commands_shed: u64,
    /// Batches of gateways that were never answered.
    pub gateway_batches_unanswered: u64,
    /// Answers to batches that do not add up.
    pub gateway_answers_wrong: u64,
    pub tips_unanswered: Option<u64>,
    pub tips_refused: Option<u64>,
    pub incidents_exhausted: Option<u64>,
    pub positions_refused_ratio: Option<f64>,
    pub tip_to_ack_p99_ms: Option<f64>,
    pub tip_to_offer_p99_ms: Option<f64>,
    pub tip_to_accept_p99_ms: Option<f64>,
    pub sos_to_ack_p99_ms: Option<f64>,
    pub sos_to_console_p99_ms: Option<f64>,
    pub accept_to_ack_p99_ms: Option<f64>,
    /// What counts as normal for tip → offer after a storm, milliseconds.
    pub normal_ms: Option<f64>,
    pub normal_again_s: Option<f64>,
    pub server_rss_mb_max: Option<f64>,
    /// Processor seconds a second, while tips come in: 1 is a whole core.
    pub server_cpu_share: Option<f64>,
    pub drill_cpu_share: Option<f64>,
    pub positions_handled_per_s_min: Option<f64>,
    pub gateway_positions_refused: Option<u64>,
    /// Positions that the server had no room for in two minutes.
    pub gateway_positions_given_up: Option<u64>,
    pub gateway_batches_refused: Option<u64>,
    pub gateway_batch_p99_ms: Option<f64>,
    pub sos_acked_min: Option<u64>,
    pub storm_tips_per_s_min: Option<f64>,
    pub tips_acked_min: Option<u64>,
    /// Tips that a dispatcher could be shown at the end.
    pub tips_looked_up_min: Option<u64>,
    pub offers_judged_min: Option<u64>,
    pub restarts_min: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tips_lost: 0,
            double_commitments: 0,
            offers_not_nearest: 0,
            offers_off_duty: 0,
            offers_reasked: 0,
            commitments_lost: 0,
            duties_lost: 0,
            tip_answers_differ: 0,
            sos_failed: 0,
            commands_shed: 0,
            gateway_batches_unanswered: 0,
            gateway_answers_wrong: 0,
            tips_unanswered: None,
            tips_refused: None,
            incidents_exhausted: None,
            positions_refused_ratio: None,
            tip_to_ack_p99_ms: None,
            tip_to_offer_p99_ms: None,
            tip_to_accept_p99_ms: None,
            sos_to_ack_p99_ms: None,
            sos_to_console_p99_ms: None,
            accept_to_ack_p99_ms: None,
            normal_ms: None,
            normal_again_s: None,
            server_rss_mb_max: None,
            server_cpu_share: None,
            drill_cpu_share: None,
            positions_handled_per_s_min: None,
            gateway_positions_refused: None,
            gateway_positions_given_up: None,
            gateway_batches_refused: None,
            gateway_batch_p99_ms: None,
            sos_acked_min: None,
            storm_tips_per_s_min: None,
            tips_looked_up_min: None,
            tips_acked_min: Some(1),
            offers_judged_min: None,
            restarts_min: None,
        }
    }
}

fn one() -> f64 {
    1.0
}

fn second() -> u64 {
    1000
}

/// The kinds a tip may have, with the number of officers that the server's default asks for.
pub const KINDS: [(&str, u32); 4] =
    [("debtor_sighted", 2), ("asset_sighted", 1), ("obstruction", 2), ("other", 1)];

impl Scenario {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the scenario {}", path.display()))?;
        let mut scenario = Self::parse(&text)
            .with_context(|| format!("the scenario {} is refused", path.display()))?;
        scenario.folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(scenario)
    }

    /// Reads and checks a text.
    pub fn parse(text: &str) -> Result<Self> {
        let scenario: Self = toml::from_str(text)?;
        let faults = scenario.faults();
        if !faults.is_empty() {
            bail!("{}", faults.join("\n"));
        }
        Ok(scenario)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, line: &str| {
            if !holds {
                faults.push(line.to_owned());
            }
        };
        let [west, south, east, north] = self.court.area;
        must((1..=3600).contains(&self.duration_s), "duration_s: must be 1..=3600");
        must(
            west < east && south < north && west >= -180.0 && east <= 180.0,
            "court.area: must be west < east, south < north, in degrees",
        );
        must(south >= -85.0 && north <= 85.0, "court.area: latitudes must be within ±85");
        must((1..=20_000).contains(&self.officers.count), "officers.count: must be 1..=20000");
        must(
            (100..=60_000).contains(&self.officers.report_every_ms),
            "officers.report_every_ms: must be 100..=60000",
        );
        must(
            self.officers.tracks.is_some() == self.officers.columns.is_some()
                && (self.officers.tracks.is_none() || self.officers.start_at.is_some()),
            "officers: tracks, columns and start_at come together",
        );
        must(
            self.tips.calls.is_some() == self.tips.columns.is_some()
                && (self.tips.calls.is_none() || self.tips.start_at.is_some()),
            "tips: calls, columns and start_at come together",
        );
        must(
            self.tips.rate_per_s.is_some() || self.tips.calls.is_some(),
            "tips: rate_per_s or calls must be given",
        );
        must(
            self.tips.rate_per_s.is_none_or(|rate| rate > 0.0 && rate <= 10_000.0),
            "tips.rate_per_s: must be above 0 and at most 10000",
        );
        let speeds = [self.officers.speed_up, self.tips.speed_up];
        must(
            speeds.iter().all(|speed| *speed > 0.0 && *speed <= 10_000.0),
            "speed_up: must be above 0 and at most 10000",
        );
        if let Some(country) = &self.country {
            must(country.fault().is_none(), country.fault().unwrap_or_default());
            must(
                self.officers.tracks.is_none()
                    && self.tips.calls.is_none()
                    && self.sos.per_s == 0.0
                    && self.officers.off_duty == 0
                    && self.faults.kill_server_every_s == 0.0,
                "country: goes with synthetic officers and tips only, without off_duty, sos and kills",
            );
        }
        must((0.0..=1.0).contains(&self.tips.repeat), "tips.repeat: must be 0..=1");
        for kind in self.tips.kinds.values() {
            must(
                KINDS.iter().any(|(known, _)| known == kind),
                &format!("tips.kinds: `{kind}` is no kind of tip"),
            );
        }
        if let Some(storm) = &self.tips.storm {
            #[allow(clippy::cast_precision_loss)] // At most 3,600.
            let duration_s = self.duration_s as f64;
            must(
                storm.rate_per_s > 0.0
                    && storm.rate_per_s <= 10_000.0
                    && storm.from_s >= 0.0
                    && storm.for_s > 0.0
                    && storm.from_s + storm.for_s <= duration_s,
                "tips.storm: rate_per_s must be above 0 and at most 10000, and it must lie in duration_s",
            );
            must(
                [storm.emergency, storm.retry].iter().all(|share| (0.0..=1.0).contains(share)),
                "tips.storm: emergency and retry must be 0..=1",
            );
        }
        must((0.0..=100.0).contains(&self.sos.per_s), "sos.per_s: must be 0..=100");
        #[allow(clippy::cast_precision_loss)] // At most 3,600.
        let calls = self.sos.per_s * self.duration_s as f64;
        must(
            calls <= f64::from(self.officers.off_duty),
            "sos.per_s: officers.off_duty must be at least one for each call of the whole drill",
        );
        let answers = &self.answers;
        must(
            answers.accept >= 0.0
                && answers.decline >= 0.0
                && answers.accept + answers.decline <= 1.0 + 1e-9,
            "answers: accept + decline must be at most 1",
        );
        must(answers.delay_ms[0] <= answers.delay_ms[1], "answers.delay_ms: must be [min, max]");
        must(
            answers.finish_after_ms[0] <= answers.finish_after_ms[1],
            "answers.finish_after_ms: must be [min, max]",
        );
        must(
            answers.delay_ms[1] <= 600_000 && answers.finish_after_ms[1] <= 600_000,
            "answers: a delay is at most 600000 ms, for a drill ends by itself",
        );
        let kill = self.faults.kill_server_every_s;
        must(
            kill == 0.0 || (1.0..=3600.0).contains(&kill),
            "faults.kill_server_every_s: must be 0 or 1..=3600",
        );
        must(
            self.faults.stalled_sockets <= self.officers.count,
            "faults.stalled_sockets: must be at most officers.count",
        );
        faults
    }

    /// How many courts there are.
    pub fn courts(&self) -> u32 {
        self.country.as_ref().map_or(1, |country| country.courts)
    }

    /// The area of a court.
    pub fn area_of(&self, court: u32) -> [f64; 4] {
        area_of(self.court.area, self.courts(), court)
    }

    /// Officers asked for, by kind.
    pub fn need(&self) -> BTreeMap<String, u32> {
        let mut need: BTreeMap<String, u32> =
            KINDS.iter().map(|(kind, need)| ((*kind).to_owned(), *need)).collect();
        need.extend(self.court.dispatch.need.clone().unwrap_or_default());
        need
    }

    /// The offer's time to live, milliseconds.
    pub fn offer_ttl_ms(&self) -> u64 {
        self.court.dispatch.offer_ttl_ms.unwrap_or(20_000)
    }

    /// The shortest time after which the server may give an unanswered offer to another.
    pub fn shortest_ttl_ms(&self) -> u64 {
        self.court.dispatch.receive_ttl_ms.unwrap_or(6_000).min(self.offer_ttl_ms())
    }

    /// Officers asked beyond the open seats.
    pub fn ask_extra(&self) -> u32 {
        self.court.dispatch.ask_extra_emergency.unwrap_or(1)
    }

    /// A data file: beside the scenario, else in the data folder.
    pub fn data_file(&self, name: &str, data: &Path) -> Result<PathBuf> {
        let places = [self.folder.join(name), data.join(name)];
        match places.iter().find(|place| place.is_file()) {
            Some(place) => Ok(place.clone()),
            None => bail!(
                "the data file {name} is neither beside the scenario nor in {}; name its folder \
                 with --data or DATA",
                data.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_file_loads() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                Scenario::load(&path).unwrap();
                seen += 1;
            }
        }
        assert!(seen >= 3, "only {seen} scenarios");
    }

    const SMALL: &str = r#"
name = "small"
seed = 1
duration_s = 5
[court]
name = "drill"
area = [114.4, 34.9, 114.9, 35.4]
[officers]
count = 3
[tips]
rate_per_s = 1
[answers]
accept = 1.0
decline = 0.0
delay_ms = [10, 20]
finish_after_ms = [10, 20]
"#;

    #[test]
    fn the_safety_limits_are_zero_without_being_written() {
        let scenario = Scenario::parse(SMALL).unwrap();
        assert_eq!(scenario.limits.offers_not_nearest, 0);
        assert_eq!(scenario.limits.tips_lost, 0);
        assert_eq!(scenario.need()["obstruction"], 2);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let text = SMALL.replace("seed = 1", "seed = 1\nspeed = 3");
        let fault = format!("{:#}", Scenario::parse(&text).unwrap_err());
        assert!(fault.contains("speed"), "{fault}");
    }

    #[test]
    fn a_contradiction_is_refused_with_its_line() {
        let text =
            SMALL.replace("accept = 1.0", "accept = 0.9").replace("decline = 0.0", "decline = 0.2");
        let fault = format!("{:#}", Scenario::parse(&text).unwrap_err());
        assert!(fault.contains("accept + decline"), "{fault}");
    }
}
