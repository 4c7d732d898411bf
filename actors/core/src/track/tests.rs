//! Blocks come back as they were, take any bytes without harm, and are small.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::geo::{LatLon, Metres};

fn any_fix() -> impl Strategy<Value = TrackFix> {
    let most = TrackFix::ACCURACY_MAX_DM;
    let numbers = (any::<u32>(), any::<u32>(), any::<i64>());
    let place = (-900_000_000_i32..=900_000_000, -1_800_000_000_i32..=1_800_000_000);
    let quality = (option::of(0..=most), option::of(0..=most), option::of(0_u16..360));
    let verdict = proptest::sample::select(FixVerdict::ALL);
    (numbers, place, quality, verdict).prop_map(|(numbers, place, quality, verdict)| TrackFix {
        epoch: numbers.0,
        seq: numbers.1,
        taken_at: UnixMillis(numbers.2),
        lat_e7: place.0,
        lon_e7: place.1,
        accuracy_dm: quality.0,
        speed_dmps: quality.1,
        heading_deg: quality.2,
        verdict,
    })
}

fn ascending(mut fixes: Vec<TrackFix>) -> Vec<TrackFix> {
    fixes.sort_by_key(TrackFix::order);
    fixes.dedup_by_key(|fix| fix.order());
    fixes
}

/// Small numbers that look random, the same in each run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from(u32::try_from(self.0 >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }

    /// About normal, with this deviation.
    fn about(&mut self, deviation: f64) -> f64 {
        ((0..12).map(|_| self.next()).sum::<f64>() - 6.0) * deviation
    }
}

/// Somebody who walks at 1.4 m/s and turns now and then, under a phone's noise, once a second.
fn walker(count: u32) -> Vec<TrackFix> {
    let mut noise = Noise(1);
    let (mut lat, mut lon, mut course) = (35.2_f64, 114.67_f64, 0.7_f64);
    let each = |at: u32| {
        course += noise.about(0.15);
        lat += course.cos() * 1.4 / 111_000.0;
        lon += course.sin() * 1.4 / 91_000.0;
        let seen = |degrees: f64, noise: &mut Noise| degrees + noise.about(2.0) / 100_000.0;
        let at_place = LatLon::new(seen(lat, &mut noise), seen(lon, &mut noise));
        let fix = Fix {
            epoch: 1_795_413_600,
            seq: at + 1,
            taken_at: UnixMillis(
                1_795_413_600_000 + i64::from(at) * 1_000 + noise.about(20.0).round() as i64,
            ),
            at: at_place.expect("a place"),
            accuracy: Some(Metres(8.0 + noise.about(1.5).abs())),
            speed_mps: Some((1.4 + noise.about(0.2)).abs() as f32),
            heading_deg: Some((course.to_degrees() + noise.about(8.0)).rem_euclid(360.0) as f32),
        };
        TrackFix::of(&fix, FixVerdict::Taken)
    };
    (0..count).map(each).collect()
}

proptest! {
    #[test]
    fn a_block_comes_back_as_it_was(fixes in vec(any_fix(), 1..200)) {
        let fixes = ascending(fixes);
        let block = encode(&fixes).expect("in order");
        prop_assert_eq!(decode(&block), Ok(fixes));
    }

    #[test]
    fn any_bytes_are_taken_without_harm(bytes in vec(any::<u8>(), 0..400)) {
        if let Ok(fixes) = decode(&bytes) {
            prop_assert!(fixes.len() <= BLOCK_FIXES_MAX);
        }
        let mut versioned = vec![1, 3, 0];
        versioned.extend(&bytes);
        if let Ok(fixes) = decode(&versioned) {
            prop_assert_eq!(fixes.len(), 3);
        }
    }

    #[test]
    fn a_damaged_block_is_a_fault_or_other_fixes_in_order(
        fixes in vec(any_fix(), 2..40), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let mut block = encode(&ascending(fixes)).expect("in order");
        let at = at.index(block.len());
        block[at] ^= 1 << bit;
        if let Ok(read) = decode(&block) {
            prop_assert!(read.windows(2).all(|pair| pair[0].order() < pair[1].order()));
        }
        block.truncate(at);
        prop_assert!(decode(&block).is_err());
    }
}

#[test]
fn what_is_no_block_is_refused() {
    let fixes = walker(3);
    assert_eq!(encode(&[]), Err(BlockFault::Count));
    assert_eq!(encode(&walker(1_025)), Err(BlockFault::Count));
    assert_eq!(encode(&[fixes[1], fixes[0]]), Err(BlockFault::Order));
    assert_eq!(encode(&[fixes[1], fixes[1]]), Err(BlockFault::Order));
    let mut block = encode(&fixes).expect("in order");
    block.push(0);
    assert_eq!(decode(&block), Err(BlockFault::Damaged), "something behind it");
    block[0] = 2;
    assert_eq!(decode(&block), Err(BlockFault::Version));
    // Twenty bytes that announce much make no more than a block.
    let mut zeros = vec![1, 0xFF, 0xFF];
    zeros.extend([0xFF; 40]);
    assert_eq!(decode(&zeros), Err(BlockFault::Count));
}

#[test]
fn a_fix_is_kept_to_a_centimetre_and_a_decimetre() {
    let fix = Fix {
        epoch: 7,
        seq: 9,
        taken_at: UnixMillis(-5),
        at: LatLon::new(-35.123_456_78, 179.999_999_99).expect("a place"),
        accuracy: Some(Metres(12.34)),
        speed_mps: Some(f32::MAX),
        heading_deg: Some(359.7),
    };
    let kept = TrackFix::of(&fix, FixVerdict::Inaccurate);
    assert!((kept.lat() - fix.at.lat()).abs() < 6e-8 && (kept.lon() - fix.at.lon()).abs() < 6e-8);
    assert_eq!(kept.accuracy_dm, Some(123));
    assert_eq!(kept.speed_dmps, Some(TrackFix::ACCURACY_MAX_DM), "the fastest there is");
    assert_eq!(kept.heading_deg, Some(0), "once round");
    assert_eq!(decode(&encode(&[kept]).expect("one")), Ok(vec![kept]));
}

#[test]
fn a_walkers_second_takes_few_bytes() {
    let fixes = walker(BLOCK_FIXES_MAX as u32);
    let block = encode(&fixes).expect("in order");
    assert_eq!(decode(&block).as_deref(), Ok(fixes.as_slice()));
    let each = block.len() as f64 / fixes.len() as f64;
    assert!(each <= 7.0, "{each} bytes a fix");
}

#[test]
fn nothing_is_stored_above_a_hole() {
    let mut gap = Gap::default();
    assert!(gap.admits((1, 4)));
    gap.turned_away((1, 6));
    gap.turned_away((1, 5));
    gap.turned_away((1, 7));
    assert!(!gap.admits((1, 8)));
    assert!(!gap.admits((2, 1)), "a later epoch is later too");
    assert!(gap.admits((1, 5)), "the device sends again from there");
    assert!(gap.admits((1, 8)));
    gap.turned_away((1, 9));
    assert!(gap.admits((1, 3)), "or from before it");
    gap.turned_away((1, 9));
    gap.close();
    assert!(gap.admits((1, 10)));
}
