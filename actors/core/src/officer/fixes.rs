//! Which of an officer's position reports decide.
//!
//! The newest fix is the one with the greatest (device epoch, device sequence), whatever order they
//! arrive in (I16). Fixes that cannot be trusted are marked and decide nothing (I17). Nothing here is
//! journalled: positions on a board are not decisions.

use crate::geo::{Accuracy, LatLon};
use crate::time::{Millis, UnixMillis};

/// A position report of a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    /// Grows each time the device's counter starts again.
    pub epoch: u32,
    /// Grows with each fix of an epoch.
    pub seq: u32,
    /// When the device measured it, by the device's clock.
    pub taken_at: UnixMillis,
    /// Where.
    pub at: LatLon,
    /// How well; `None` when the device did not say.
    pub accuracy: Option<Accuracy>,
    /// Metres a second.
    pub speed_mps: Option<f32>,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f32>,
}

impl Fix {
    /// What the device counts by: the greater one is the newer fix.
    #[must_use]
    pub fn order(&self) -> (u32, u32) {
        (self.epoch, self.seq)
    }
}

/// The newest fix that decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownFix {
    /// The report.
    pub fix: Fix,
    /// When the server got it.
    pub received_at: UnixMillis,
}

impl KnownFix {
    /// How old the knowledge is. Device clocks may run up to the skew ahead: then the receipt counts.
    #[must_use]
    pub fn age(&self, now: UnixMillis) -> Millis {
        now.since(self.fix.taken_at.min(self.received_at))
    }
}

plain_enum! {
    /// What became of a fix.
    FixVerdict {
        /// It is the officer's position now.
        Taken => "taken",
        /// A newer one is known already.
        Older => "older",
        /// Measured in the future, by more than the allowed skew.
        Future => "future",
        /// Measured too long ago to decide; shown with its age.
        Stale => "stale",
        /// Too far from the last one for the time between.
        Implausible => "implausible",
        /// Known to more than 500 m only.
        Inaccurate => "inaccurate",
        /// The officer is off duty, or was when it was measured: nothing is kept.
        OffDuty => "off_duty",
        /// No place on earth.
        OutOfRange => "out_of_range",
    }
}

/// Limits for fixes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FixRules {
    /// Older at receipt than this decides nothing.
    pub age_max: Millis,
    /// A device's clock may be so far ahead.
    pub skew_max: Millis,
    /// Faster between two fixes is implausible, metres a second.
    pub speed_max_mps: f64,
    /// Worse than this decides nothing, metres.
    pub accuracy_max_m: f64,
    /// Since when the officer is on duty. What was measured before, by more than the skew, is not kept:
    /// a device may hand in what it saved up off duty (I18).
    pub on_duty_since: UnixMillis,
}

impl FixRules {
    /// Clock skew of a device that is tolerated (`reliability.md` I17).
    pub const SKEW_MAX: Millis = Millis(5_000);
    /// Worst accuracy that may decide, metres (design §2, "Fit").
    pub const ACCURACY_MAX_M: f64 = 500.0;
}

/// Two fixes measured at nearly the same moment may differ by this much by noise alone, metres.
const NOISE_M: f64 = 50.0;

/// Orders and judges one officer's fixes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FixFilter {
    /// Greatest (epoch, seq) that came, whatever became of it.
    newest: Option<(u32, u32)>,
    /// Nothing up to this counts any more: it is older than the current one, or of an earlier shift.
    floor: Option<(u32, u32)>,
    current: Option<KnownFix>,
    /// The newest implausible fix: a later one that agrees with it shows that the *current* one was
    /// wrong.
    suspect: Option<Fix>,
}

impl FixFilter {
    /// The position that decides and is shown.
    #[must_use]
    pub fn current(&self) -> Option<&KnownFix> {
        self.current.as_ref()
    }

    /// Forgets the position, as going off duty demands. The order of fixes is kept, so that a late
    /// one of the last shift cannot come back as new.
    pub fn forget(&mut self) {
        self.current = None;
        self.suspect = None;
        self.floor = self.floor.max(self.newest);
    }

    /// Another device reports from now on, and counts by itself. Where the officer is stays known; until
    /// the new device has been believed once, the moments of measurement say what is older.
    pub fn change_device(&mut self) {
        self.newest = None;
        self.floor = None;
        self.suspect = None;
    }

    /// Judges a fix of an officer on duty and takes it in when it is good.
    ///
    /// Of a fix from before the officer went on duty not even the order is kept.
    ///
    /// A fix that is not taken does not make older ones late: a jump or a vague fix that overtakes a
    /// good one must not hide it.
    pub fn take(&mut self, fix: Fix, now: UnixMillis, rules: &FixRules) -> FixVerdict {
        if fix.taken_at.plus(rules.skew_max) < rules.on_duty_since {
            return FixVerdict::OffDuty;
        }
        let order = fix.order();
        let older = match (self.floor, &self.current) {
            (Some(floor), _) => order <= floor,
            (None, Some(current)) => fix.taken_at < current.fix.taken_at,
            (None, None) => false,
        };
        if older {
            return FixVerdict::Older;
        }
        if fix.taken_at > now.plus(rules.skew_max) {
            // Not counted as newest: when the device's clock is set right, its next fix is good.
            return FixVerdict::Future;
        }
        self.newest = self.newest.max(Some(order));
        if fix.accuracy.is_some_and(|accuracy| accuracy.0 > rules.accuracy_max_m) {
            return FixVerdict::Inaccurate;
        }
        if let Some(current) = self.current
            && !plausible(&current.fix, &fix, rules)
        {
            // Only a later fix can bear a suspect out; the same one twice says nothing new.
            let borne_out = self
                .suspect
                .is_some_and(|suspect| suspect.order() < order && plausible(&suspect, &fix, rules));
            if !borne_out {
                if self.suspect.is_none_or(|suspect| suspect.order() < order) {
                    self.suspect = Some(fix);
                }
                return FixVerdict::Implausible;
            }
        }
        self.suspect = self.suspect.filter(|suspect| suspect.order() > order);
        self.floor = Some(order);
        self.current = Some(KnownFix { fix, received_at: now });
        if now.since(fix.taken_at) > rules.age_max { FixVerdict::Stale } else { FixVerdict::Taken }
    }
}

/// No degree of latitude or longitude is longer than this anywhere on the ellipsoid, metres (at a pole
/// 111,694). So two places are never further apart than the root of the squares of their degrees, times
/// this.
const DEGREE_M_MAX: f64 = 111_700.0;

/// True when one could have gone from `from` to `to` in the time between.
fn plausible(from: &Fix, to: &Fix, rules: &FixRules) -> bool {
    let slop = NOISE_M + from.accuracy.map_or(0.0, |a| a.0) + to.accuracy.map_or(0.0, |a| a.0);
    let between_ms = from.taken_at.since(to.taken_at).max(to.taken_at.since(from.taken_at));
    #[allow(clippy::cast_precision_loss)] // Milliseconds of a shift fit a double exactly.
    let reach_m = slop + rules.speed_max_mps * (between_ms.0 as f64) / 1_000.0;
    // Nearly everybody has gone so little that no trigonometry is needed to see it.
    let (north, east) = (to.at.lat() - from.at.lat(), to.at.lon() - from.at.lon());
    let degrees_max = reach_m / DEGREE_M_MAX;
    if north * north + east * east <= degrees_max * degrees_max {
        return true;
    }
    // The straight line is never longer than the way on the ground and costs a tenth to compute; only
    // where it leaves doubt does the exact distance matter, and there it differs by millimetres.
    let (a, b) = (from.at.ecef(), to.at.ecef());
    let squared: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    squared <= reach_m * reach_m
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geo::Metres;

    const RULES: FixRules = FixRules {
        age_max: Millis(45_000),
        skew_max: FixRules::SKEW_MAX,
        speed_max_mps: 83.3,
        accuracy_max_m: FixRules::ACCURACY_MAX_M,
        on_duty_since: UnixMillis(0),
    };
    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn fix(seq: u32, taken_at: i64, lat: f64) -> Fix {
        Fix {
            epoch: 1,
            seq,
            taken_at: UnixMillis(taken_at),
            at: LatLon::new(lat, 114.6).expect("a place"),
            accuracy: Some(Metres(10.0)),
            speed_mps: None,
            heading_deg: None,
        }
    }

    fn lat(filter: &FixFilter) -> Option<f64> {
        filter.current().map(|k| k.fix.at.lat())
    }

    #[test]
    fn order_is_the_devices_and_not_the_arrivals() {
        let mut filter = FixFilter::default();
        assert_eq!(filter.take(fix(2, 1_000_000, 35.0), NOW, &RULES), FixVerdict::Taken);
        assert_eq!(filter.take(fix(1, 999_000, 35.0001), NOW, &RULES), FixVerdict::Older);
        assert_eq!(filter.take(fix(2, 1_000_000, 35.0), NOW, &RULES), FixVerdict::Older);
        assert_eq!(lat(&filter), Some(35.0));
        let restarted = Fix { epoch: 2, ..fix(1, 1_001_000, 35.0002) };
        assert_eq!(filter.take(restarted, NOW, &RULES), FixVerdict::Taken);
    }

    #[test]
    fn a_fix_from_the_future_does_not_shut_out_later_good_ones() {
        let mut filter = FixFilter::default();
        assert_eq!(filter.take(fix(9, 1_005_001, 35.0), NOW, &RULES), FixVerdict::Future);
        assert_eq!(filter.take(fix(10, 1_005_000, 35.0), NOW, &RULES), FixVerdict::Taken);
        assert_eq!(filter.current().map(|k| k.age(UnixMillis(1_002_000))), Some(Millis(2_000)));
    }

    #[test]
    fn one_jump_is_ignored_and_a_second_that_agrees_is_believed() {
        let mut filter = FixFilter::default();
        filter.take(fix(1, 1_000_000, 35.0), NOW, &RULES);
        assert_eq!(filter.take(fix(2, 1_001_000, 36.0), NOW, &RULES), FixVerdict::Implausible);
        assert_eq!(lat(&filter), Some(35.0));
        assert_eq!(filter.take(fix(3, 1_002_000, 35.0001), NOW, &RULES), FixVerdict::Taken);
        assert_eq!(filter.take(fix(4, 1_003_000, 36.0), NOW, &RULES), FixVerdict::Implausible);
        assert_eq!(filter.take(fix(5, 1_004_000, 36.0001), NOW, &RULES), FixVerdict::Taken);
        assert_eq!(lat(&filter), Some(36.0001));
    }

    #[test]
    fn inaccurate_fixes_do_not_move_anybody() {
        let mut filter = FixFilter::default();
        filter.take(fix(1, 1_000_000, 35.0), NOW, &RULES);
        let vague = Fix { accuracy: Some(Metres(500.1)), ..fix(2, 1_001_000, 35.001) };
        assert_eq!(filter.take(vague, NOW, &RULES), FixVerdict::Inaccurate);
        assert_eq!(lat(&filter), Some(35.0));
    }

    #[test]
    fn an_old_measurement_is_shown_with_its_age() {
        let mut filter = FixFilter::default();
        assert_eq!(filter.take(fix(1, 900_000, 35.0), NOW, &RULES), FixVerdict::Stale);
        assert_eq!(filter.current().map(|k| k.age(NOW)), Some(Millis(100_000)));
    }

    #[test]
    fn a_bad_fix_that_overtakes_a_good_one_does_not_hide_it() {
        let mut filter = FixFilter::default();
        filter.take(fix(1, 1_000_000, 35.0), NOW, &RULES);
        assert_eq!(filter.take(fix(3, 1_002_000, 36.0), NOW, &RULES), FixVerdict::Implausible);
        let vague = Fix { accuracy: Some(Metres(900.0)), ..fix(4, 1_003_000, 35.0) };
        assert_eq!(filter.take(vague, NOW, &RULES), FixVerdict::Inaccurate);
        assert_eq!(filter.take(fix(2, 1_001_000, 35.0001), NOW, &RULES), FixVerdict::Taken);
        assert_eq!(lat(&filter), Some(35.0001));
    }

    #[test]
    fn a_jump_that_comes_twice_does_not_bear_itself_out() {
        let mut filter = FixFilter::default();
        filter.take(fix(1, 1_000_000, 35.0), NOW, &RULES);
        for _ in 0..3 {
            assert_eq!(filter.take(fix(3, 1_002_000, 36.0), NOW, &RULES), FixVerdict::Implausible);
        }
        assert_eq!(filter.take(fix(2, 1_001_000, 36.0), NOW, &RULES), FixVerdict::Implausible);
        assert_eq!(lat(&filter), Some(35.0));
        assert_eq!(filter.take(fix(4, 1_003_000, 36.0), NOW, &RULES), FixVerdict::Taken);
    }

    #[test]
    fn what_was_measured_off_duty_is_not_kept() {
        let rules = FixRules { on_duty_since: UnixMillis(990_000), ..RULES };
        let mut filter = FixFilter::default();
        assert_eq!(filter.take(fix(7, 984_999, 35.0), NOW, &rules), FixVerdict::OffDuty);
        assert_eq!(filter, FixFilter::default(), "nothing of it, not even its order");
        assert_eq!(filter.take(fix(6, 985_000, 35.1), NOW, &rules), FixVerdict::Taken, "the skew");
        assert_eq!(lat(&filter), Some(35.1));
    }

    #[test]
    fn another_device_counts_by_itself() {
        let mut filter = FixFilter::default();
        let old_phone = |seq, taken_at, lat| Fix { epoch: 9, ..fix(seq, taken_at, lat) };
        filter.take(old_phone(70, 1_000_000, 35.0), NOW, &RULES);
        filter.change_device();
        assert_eq!(lat(&filter), Some(35.0), "the place stays known");
        assert_eq!(filter.take(fix(1, 999_999, 35.1), NOW, &RULES), FixVerdict::Older);
        assert_eq!(filter.take(fix(2, 1_000_500, 35.0001), NOW, &RULES), FixVerdict::Taken);
        assert_eq!(filter.take(fix(1, 1_000_600, 35.0002), NOW, &RULES), FixVerdict::Older);
        assert_eq!(lat(&filter), Some(35.0001));
    }

    #[test]
    fn forgetting_keeps_the_order() {
        let mut filter = FixFilter::default();
        filter.take(fix(5, 1_000_000, 35.0), NOW, &RULES);
        filter.forget();
        assert_eq!(filter.current(), None);
        assert_eq!(filter.take(fix(4, 1_000_000, 35.0), NOW, &RULES), FixVerdict::Older);
    }

    proptest! {
        /// What needs no trigonometry is what trigonometry would say.
        #[test]
        fn a_degree_is_never_longer_than_it_is_taken_for(
            lat in -90.0..=90.0_f64,
            lon in -180.0..=180.0_f64,
            north in -0.01..0.01_f64,
            east in -0.01..0.01_f64,
        ) {
            let (Ok(a), Ok(b)) = (LatLon::new(lat, lon), LatLon::new(lat + north, lon + east)) else {
                return Ok(());
            };
            let bound = DEGREE_M_MAX * (north * north + east * east).sqrt();
            prop_assert!(a.distance(b).0 <= bound + 1e-6);
        }
    }
}
