//! A court as the rules see it: its area, its court house, its hours, its dispatch settings.
//!
//! Read from the court's file (`config/courts/`, PROTOCOL §8); `CourtProfile::check` refuses values
//! that contradict each other before anything runs by them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::geo::{Area, LatLon, Metres};
use crate::ids::CourtId;
use crate::incident::{IncidentKind, Patience};
use crate::time::{Millis, UnixMillis};

/// Everything the rules need to know of one court.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourtProfile {
    /// Short name, part of addresses.
    pub id: CourtId,
    /// Name for people.
    pub name: String,
    /// West, south, east, north; degrees, WGS-84. West may be greater than east (across ±180°).
    pub area: [f64; 4],
    /// A tip's place may lie this far outside the area, metres, 0..=100_000.
    #[serde(default = "default_area_margin")]
    pub area_margin_m: f64,
    /// Local time minus UTC, minutes, -720..=840.
    #[serde(default = "default_utc_offset")]
    pub utc_offset_minutes: i32,
    /// The court house's geofence.
    pub court_house: CourtHouse,
    /// Working hours.
    #[serde(default)]
    pub shift: Shift,
    /// How officers are chosen and asked.
    #[serde(default)]
    pub dispatch: DispatchSettings,
    /// When two tips are about the same.
    #[serde(default)]
    pub merge: MergeSettings,
}

fn default_area_margin() -> f64 {
    5_000.0
}
fn default_utc_offset() -> i32 {
    480
}

/// The court house as a circle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourtHouse {
    /// Latitude of the centre, degrees.
    pub lat: f64,
    /// Longitude of the centre, degrees.
    pub lon: f64,
    /// Radius, metres, 20..=5_000.
    pub radius_m: f64,
}

impl CourtHouse {
    /// The centre, if the numbers are a place.
    #[must_use]
    pub fn centre(&self) -> Option<LatLon> {
        LatLon::new(self.lat, self.lon).ok()
    }
}

/// Working hours in the court's local time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// `HH:MM`, included.
    pub start: String,
    /// `HH:MM`, excluded; earlier than `start` means past midnight.
    pub end: String,
    /// Days on which a shift starts; Monday = 1 … Sunday = 7.
    pub days: Vec<u8>,
}

impl Default for Shift {
    fn default() -> Self {
        Self { start: "08:00".into(), end: "18:30".into(), days: vec![1, 2, 3, 4, 5] }
    }
}

/// When a tip is taken for a further one about an open incident (PROTOCOL §8).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MergeSettings {
    /// Places this near are one, metres, and what both are inexact by; 0..=2_000, 0 turns merging off.
    /// A crossing with its four corners, as several people see it from where they stand.
    pub within_m: f64,
    /// Times this near are one; 0..=86_400_000. A quarter of an hour: who calls later tells of what
    /// has become of it, and that deserves its own look.
    pub within_ms: u64,
    /// Words this alike are one, percent of their pairs of letters; 30..=100. Of the sentences in
    /// `tip/likeness_tests.rs` those about the same have 66 and more, others in one street 38 and less.
    pub text_percent: u8,
}

impl Default for MergeSettings {
    fn default() -> Self {
        Self { within_m: 150.0, within_ms: 900_000, text_percent: 66 }
    }
}

/// How officers are chosen and asked. Units and ranges as in PROTOCOL §8.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DispatchSettings {
    /// An offer nobody answered lapses after this; 2_000..=120_000.
    pub offer_ttl_ms: u64,
    /// An offer no device acknowledged by then is undelivered; 1_000..=`offer_ttl_ms`.
    pub receive_ttl_ms: u64,
    /// Officers asked beyond the open seats in an emergency; 0..=8.
    pub ask_extra_emergency: u8,
    /// The same for an officer's SOS; 0..=8.
    pub ask_extra_sos: u8,
    /// Exhausted that long: the director is alarmed; 1_000..=3_600_000.
    pub director_after_ms: u64,
    /// Incidents one officer may hold at once by explicit order; 1..=3.
    pub stack_max: u8,
    /// Between two fixes faster than this is implausible; 20..=2_000, and at most 300 for people.
    pub speed_max_kmh: f64,
    /// What handhelds are asked for; 200..=60_000.
    pub report_every_ms: u64,
    /// Nothing heard from the device for so long: out of contact; 10_000..=600_000.
    pub contact_lost_after_ms: u64,
    /// Silent on scene for so long: the officer is asked whether all is well; 1_000..=7_200_000.
    pub welfare_after_ms: u64,
    /// Asked, and no answer for so long: the centre is alarmed; 1_000..=600_000.
    pub welfare_answer_ms: u64,
    /// Officers needed by kind; 1..=8; kinds that are absent need [`Self::need_by_default`].
    pub need: BTreeMap<IncidentKind, u8>,
    /// Skills an officer must have, by kind.
    pub skills: BTreeMap<IncidentKind, Vec<String>>,
}

impl Default for DispatchSettings {
    fn default() -> Self {
        Self {
            offer_ttl_ms: 20_000,
            receive_ttl_ms: 6_000,
            ask_extra_emergency: 1,
            ask_extra_sos: 3,
            director_after_ms: 60_000,
            stack_max: 3,
            speed_max_kmh: 300.0,
            report_every_ms: 5_000,
            contact_lost_after_ms: 45_000,
            welfare_after_ms: 900_000,
            welfare_answer_ms: 60_000,
            need: BTreeMap::new(),
            skills: BTreeMap::new(),
        }
    }
}

impl DispatchSettings {
    /// How long an incident waits before time alone changes something.
    #[must_use]
    pub fn patience(&self) -> Patience {
        Patience {
            director_after: Millis(self.director_after_ms),
            silent_after: Millis(self.welfare_after_ms),
            answer_within: Millis(self.welfare_answer_ms),
        }
    }

    /// How many officers a kind needs when the court says nothing of it.
    #[must_use]
    pub fn need_by_default(kind: IncidentKind) -> u8 {
        match kind {
            IncidentKind::DebtorSighted
            | IncidentKind::Obstruction
            | IncidentKind::OfficerSos
            | IncidentKind::FieldTask => 2,
            IncidentKind::AssetSighted | IncidentKind::Other => 1,
        }
    }
}

/// One thing wrong with a court's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// Path of the key, such as `dispatch.offer_ttl_ms`.
    pub key: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

impl CourtProfile {
    /// True when a place lies in the court's area or its margin. Nothing lies in an area that is none, which a checked
    /// profile does not have.
    #[must_use]
    pub fn covers(&self, at: LatLon) -> bool {
        let margin = Metres(self.area_margin_m);
        Area::new(self.area).is_ok_and(|area| area.contains_within(at, margin))
    }

    /// Lists everything that is out of range or contradicts itself; empty when the profile is sound.
    #[must_use]
    pub fn check(&self) -> Vec<ProfileFault> {
        let mut faults = Vec::new();
        let mut need = |ok: bool, key: &'static str, rule: &'static str| {
            if !ok {
                faults.push(ProfileFault { key, rule });
            }
        };
        let [west, south, east, north] = self.area;
        let corners = LatLon::new(south, west).is_ok() && LatLon::new(north, east).is_ok();
        need(
            corners && south < north,
            "area",
            "west, south, east, north in degrees, south below north",
        );
        need((0.0..=100_000.0).contains(&self.area_margin_m), "area_margin_m", "0..=100000");
        need(
            !self.name.trim().is_empty() && self.name.chars().count() <= 80,
            "name",
            "1–80 characters",
        );
        need((-720..=840).contains(&self.utc_offset_minutes), "utc_offset_minutes", "-720..=840");
        need(self.court_house.centre().is_some(), "court_house", "a place in degrees");
        need(
            (20.0..=5_000.0).contains(&self.court_house.radius_m),
            "court_house.radius_m",
            "20..=5000",
        );
        need(minute_of_day(&self.shift.start).is_some(), "shift.start", "HH:MM");
        need(minute_of_day(&self.shift.end).is_some(), "shift.end", "HH:MM");
        need(self.shift.days.iter().all(|d| (1..=7).contains(d)), "shift.days", "1 (Monday) to 7");
        let d = &self.dispatch;
        need((2_000..=120_000).contains(&d.offer_ttl_ms), "dispatch.offer_ttl_ms", "2000..=120000");
        need(
            (1_000..=d.offer_ttl_ms).contains(&d.receive_ttl_ms),
            "dispatch.receive_ttl_ms",
            "1000..=offer_ttl_ms",
        );
        need(d.ask_extra_emergency <= 8, "dispatch.ask_extra_emergency", "0..=8");
        need(d.ask_extra_sos <= 8, "dispatch.ask_extra_sos", "0..=8");
        need(
            (1_000..=3_600_000).contains(&d.director_after_ms),
            "dispatch.director_after_ms",
            "1000..=3600000",
        );
        need((1..=3).contains(&d.stack_max), "dispatch.stack_max", "1..=3");
        need((20.0..=2_000.0).contains(&d.speed_max_kmh), "dispatch.speed_max_kmh", "20..=2000");
        need(
            (200..=60_000).contains(&d.report_every_ms),
            "dispatch.report_every_ms",
            "200..=60000",
        );
        need(
            (10_000..=600_000).contains(&d.contact_lost_after_ms),
            "dispatch.contact_lost_after_ms",
            "10000..=600000",
        );
        need(
            (1_000..=7_200_000).contains(&d.welfare_after_ms),
            "dispatch.welfare_after_ms",
            "1000..=7200000",
        );
        need(
            (1_000..=600_000).contains(&d.welfare_answer_ms),
            "dispatch.welfare_answer_ms",
            "1000..=600000",
        );
        let m = &self.merge;
        need((0.0..=2_000.0).contains(&m.within_m), "merge.within_m", "0..=2000");
        need(m.within_ms <= 86_400_000, "merge.within_ms", "0..=86400000");
        need((30..=100).contains(&m.text_percent), "merge.text_percent", "30..=100");
        need(d.need.values().all(|n| (1..=8).contains(n)), "dispatch.need", "1..=8 each");
        faults
    }

    /// How many officers an incident of this kind needs. A court's own table need not name all kinds:
    /// the others keep their defaults, so that a table about evasions does not weaken the SOS.
    #[must_use]
    pub fn need(&self, kind: IncidentKind) -> u8 {
        let given = self.dispatch.need.get(&kind).copied();
        given.unwrap_or_else(|| DispatchSettings::need_by_default(kind))
    }

    /// The oldest fix that may decide: the larger of 45 s and three reporting intervals.
    #[must_use]
    pub fn fix_age_max(&self) -> Millis {
        Millis((self.dispatch.report_every_ms * 3).max(45_000))
    }

    /// True when `at` lies inside working hours (court's local time).
    #[must_use]
    pub fn on_shift(&self, at: UnixMillis) -> bool {
        let (Some(start), Some(end)) =
            (minute_of_day(&self.shift.start), minute_of_day(&self.shift.end))
        else {
            return false;
        };
        let local_minutes = at.0.div_euclid(60_000) + i64::from(self.utc_offset_minutes);
        let day = local_minutes.div_euclid(1_440);
        let minute = local_minutes.rem_euclid(1_440);
        let works = |day: i64| {
            // 1970-01-01 was a Thursday, the fourth day of its week.
            let weekday = u8::try_from((day + 3).rem_euclid(7) + 1).unwrap_or(0);
            self.shift.days.contains(&weekday)
        };
        if start < end {
            works(day) && (start..end).contains(&minute)
        } else {
            (works(day) && minute >= start) || (works(day - 1) && minute < end)
        }
    }
}

/// Minutes after midnight of `HH:MM`; `24:00` is the end of the day.
fn minute_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let whole = hours * 60 + minutes;
    ((0..60).contains(&minutes) && (0..=1_440).contains(&whole)).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> CourtProfile {
        CourtProfile {
            id: CourtId::parse("changyuan").expect("a valid name"),
            name: "长垣".into(),
            area: [114.4, 34.97, 114.99, 35.4],
            area_margin_m: 5_000.0,
            utc_offset_minutes: 480,
            court_house: CourtHouse { lat: 35.2, lon: 114.67, radius_m: 150.0 },
            shift: Shift::default(),
            dispatch: DispatchSettings::default(),
            merge: MergeSettings::default(),
        }
    }

    #[test]
    fn the_shift_is_local_time_and_knows_weekdays() {
        let court = profile();
        // 2026-11-23 is a Monday; 08:00 in Shanghai is 00:00 UTC.
        let monday_8 = UnixMillis(1_795_392_000_000);
        assert!(court.on_shift(monday_8));
        assert!(!court.on_shift(UnixMillis(monday_8.0 - 1)));
        assert!(!court.on_shift(UnixMillis(monday_8.0 - 86_400_000)), "Sunday");
    }

    #[test]
    fn a_night_shift_runs_past_midnight() {
        let mut court = profile();
        court.shift = Shift { start: "20:00".into(), end: "04:00".into(), days: vec![1] };
        let monday_20 = UnixMillis(1_795_392_000_000 + 12 * 3_600_000);
        assert!(court.on_shift(monday_20));
        assert!(court.on_shift(UnixMillis(monday_20.0 + 7 * 3_600_000)), "Tuesday 03:00");
        assert!(!court.on_shift(UnixMillis(monday_20.0 + 8 * 3_600_000)));
    }

    #[test]
    fn a_table_of_its_own_does_not_take_the_defaults_of_other_kinds_away() {
        let mut court = profile();
        let needs = |court: &CourtProfile| {
            [
                IncidentKind::DebtorSighted,
                IncidentKind::AssetSighted,
                IncidentKind::Obstruction,
                IncidentKind::Other,
                IncidentKind::OfficerSos,
            ]
            .map(|kind| court.need(kind))
        };
        assert_eq!(needs(&court), [2, 1, 2, 1, 2]);
        court.dispatch.need = BTreeMap::from([(IncidentKind::AssetSighted, 3)]);
        assert_eq!(needs(&court), [2, 3, 2, 1, 2]);
        court.dispatch.need = BTreeMap::from([(IncidentKind::OfficerSos, 4)]);
        assert_eq!(needs(&court), [2, 1, 2, 1, 4]);
    }

    #[test]
    fn a_contradiction_is_named() {
        let mut court = profile();
        assert_eq!(court.check(), vec![]);
        court.dispatch.receive_ttl_ms = court.dispatch.offer_ttl_ms + 1;
        court.area = [114.0, 35.0, 115.0, 34.0];
        let keys: Vec<_> = court.check().into_iter().map(|f| f.key).collect();
        assert_eq!(keys, ["area", "dispatch.receive_ttl_ms"]);
    }
}
