use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::time::{Millis, UnixMillis};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Court time never goes backwards, whatever the clocks do (I12).
    #[test]
    fn court_time_never_goes_backwards(
        readings in vec((0_u64..5_000, -200_000_i64..200_000, any::<bool>()), 1..60),
    ) {
        let start = UnixMillis(1_800_000_000_000);
        let mut clock = CourtTime::new(start, start, Millis(0), None);
        let (mut mono, mut last) = (0, start);
        for (passed, error, second) in readings {
            mono += passed;
            let truth = start.plus(Millis(mono));
            let wall = UnixMillis(truth.0 + error);
            let now = clock.read(wall, Millis(mono), second.then_some(truth)).now;
            prop_assert!(now >= last);
            last = now;
        }
    }

    /// A jump of the wall clock moves court time by no more than real time has passed (I15).
    #[test]
    fn a_wall_clock_that_jumps_moves_nothing_by_itself(
        jump in prop_oneof![2_001_i64..100_000_000, -100_000_000_i64..-2_000],
        steps in vec(1_u64..5_000, 1..100),
    ) {
        let start = UnixMillis(1_800_000_000_000);
        let mut clock = CourtTime::new(start, start, Millis(0), None);
        let mut mono = 0;
        for passed in steps {
            mono += passed;
            let wall = UnixMillis(start.plus(Millis(mono)).0 + jump);
            let reading = clock.read(wall, Millis(mono), None);
            prop_assert!(reading.clock_suspect);
            prop_assert_eq!(reading.now, start.plus(Millis(mono)));
        }
    }
}

#[test]
fn a_jump_that_a_second_source_confirms_for_a_minute_is_believed() {
    let start = UnixMillis(1_800_000_000_000);
    let hour = 3_600_000;
    let mut clock = CourtTime::new(start, start, Millis(0), None);
    let mut read = |seconds: u64, second: bool| {
        let mono = Millis::from_secs(seconds);
        let wall = UnixMillis(start.plus(mono).0 + hour);
        clock.read(wall, mono, second.then_some(wall))
    };
    assert!(read(1, true).clock_suspect);
    assert!(read(60, true).clock_suspect, "59 s are not enough");
    let believed = read(61, true);
    assert!(!believed.clock_suspect);
    assert_eq!(believed.now, UnixMillis(start.0 + 61_000 + hour));
    // Disagreement in between begins it anew.
    let mut clock = CourtTime::new(start, start, Millis(0), None);
    for seconds in 1..=100 {
        let mono = Millis::from_secs(seconds);
        let wall = UnixMillis(start.plus(mono).0 + hour);
        let second = if seconds == 50 { start.plus(mono) } else { wall };
        assert!(clock.read(wall, mono, Some(second)).clock_suspect, "{seconds}");
    }
}

#[test]
fn a_clock_that_runs_twice_as_fast_is_found_out_and_a_slewed_one_is_followed() {
    let start = UnixMillis(1_800_000_000_000);
    let mut fast = CourtTime::new(start, start, Millis(0), None);
    let found = (1..=10_u64).find(|seconds| {
        let wall = start.plus(Millis::from_secs(seconds * 2));
        fast.read(wall, Millis::from_secs(*seconds), None).clock_suspect
    });
    assert!(found.is_some_and(|seconds| seconds <= 4), "{found:?}");
    let mut slewed = CourtTime::new(start, start, Millis(0), None);
    for seconds in 1..=100_000_u64 {
        // One part in two thousand faster.
        let wall = start.plus(Millis(seconds * 1_000 + seconds / 2));
        let reading = slewed.read(wall, Millis::from_secs(seconds), None);
        assert!(!reading.clock_suspect, "{seconds}");
        assert_eq!(reading.now, wall);
    }
}

#[test]
fn a_start_with_a_clock_that_is_behind_goes_on_from_what_was_committed() {
    let committed = UnixMillis(1_800_000_000_000);
    let behind = committed.minus(Millis(5_000));
    let mut clock = CourtTime::new(committed, behind, Millis(0), None);
    let mut read = |seconds: u64| {
        let passed = Millis::from_secs(seconds);
        clock.read(behind.plus(passed), passed, None).now
    };
    assert_eq!([read(1), read(5)], [committed, committed]);
    assert_eq!(read(6), committed.plus(Millis(1_000)));
}

#[test]
fn a_start_at_which_two_clocks_disagree_goes_by_the_earlier_and_says_so() {
    let (committed, right) = (UnixMillis(1_000_000), UnixMillis(2_000_000));
    let ahead = UnixMillis(9_000_000);
    for (wall, second) in [(ahead, right), (right, ahead)] {
        let mut clock = CourtTime::new(committed, wall, Millis(0), Some(second));
        let reading = clock.read(wall, Millis(0), Some(second));
        assert_eq!((reading.now, reading.clock_suspect), (right, true));
    }
    let mut clock = CourtTime::new(committed, right, Millis(0), Some(right.plus(Millis(1_500))));
    assert!(!clock.read(right, Millis(0), None).clock_suspect, "they differ a little");
}

#[test]
fn a_second_source_that_contradicts_is_heard_at_any_time_until_an_operator_has_decided() {
    let start = UnixMillis(1_800_000_000_000);
    let mut clock = CourtTime::new(start, start, Millis(0), None);
    let wall = |seconds| start.plus(Millis::from_secs(seconds));
    let read = |clock: &mut CourtTime, seconds, second: Option<u64>| {
        clock.read(wall(seconds), Millis::from_secs(seconds), second.map(wall)).clock_suspect
    };
    assert!(!read(&mut clock, 1, None));
    assert!(read(&mut clock, 2, Some(3_600)), "it was wrong from the beginning, perhaps");
    assert!(read(&mut clock, 3, None), "silence is no agreement");
    clock.confirm(wall(3));
    assert!(!read(&mut clock, 4, Some(3_600)), "somebody has looked");
    assert!(!read(&mut clock, 5, Some(5)));
    assert!(read(&mut clock, 6, Some(3_600)), "they had agreed in between");
    assert!(!read(&mut clock, 7, Some(7)), "and do again");
}

#[test]
fn a_small_step_is_followed_however_often_the_clock_is_read() {
    let start = UnixMillis(1_800_000_000_000);
    let mut clock = CourtTime::new(start, start, Millis(0), None);
    let ahead = Millis(500);
    let mut last = start;
    for nth in 1..=60_000_u64 {
        let passed = Millis(nth * 10);
        last = clock.read(start.plus(passed).plus(ahead), passed, None).now;
    }
    assert_eq!(last, start.plus(Millis(600_000)).plus(ahead));
}
