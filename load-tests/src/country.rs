//! A country: many courts side by side, each with a cell of the land, and officers of whom most are seen
//! through their court's gateway only.
//!
//! Geometry and numbers; who is made and who is played is for `court`, `fleet` and `gateways`.

use serde::Deserialize;

/// The part of a cell that is its court's area; the rest lies between neighbours.
const CELL_PART: f64 = 0.8;

/// The courts of a drill that has many, and the officers beyond those with a socket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Country {
    /// 2..=5000; officers and tips are spread over them in turns.
    pub courts: u32,
    /// Officers with a tracker and no handheld, 0..=200,000; each court's are reported by a gateway of
    /// its own, in one batch each `officers.report_every_ms`.
    pub tracked: u32,
    /// Every so many-th court has a dispatcher, 1 is each: making one and signing one in is slow on
    /// purpose, and what a dispatcher can be shown at the end is judged in those courts.
    #[serde(default = "each")]
    pub dispatchers_every: u32,
}

fn each() -> u32 {
    1
}

impl Country {
    /// What makes it impossible.
    pub fn fault(&self) -> Option<&'static str> {
        if !(2..=5_000).contains(&self.courts) || self.tracked > 200_000 {
            return Some("country: courts must be 2..=5000, tracked at most 200000");
        }
        if self.dispatchers_every == 0 {
            return Some("country.dispatchers_every: must be at least 1");
        }
        // A batch holds 500 records.
        (self.tracked > self.courts * 500).then_some("country.tracked: at most 500 for each court")
    }

    /// Whether that court has a dispatcher.
    pub fn has_dispatcher(&self, court: u32) -> bool {
        court.is_multiple_of(self.dispatchers_every)
    }

    /// The numbers of a court's tracked officers.
    pub fn tracked_of(&self, court: u32) -> impl Iterator<Item = u32> {
        (court..self.tracked).step_by(self.courts as usize)
    }
}

/// The area of a court: its cell in a grid over the whole area.
pub fn area_of([west, south, east, north]: [f64; 4], courts: u32, court: u32) -> [f64; 4] {
    if courts <= 1 {
        return [west, south, east, north];
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // At most 71.
    let columns = f64::from(courts).sqrt().ceil() as u32;
    let rows = courts.div_ceil(columns);
    let (wide, tall) = ((east - west) / f64::from(columns), (north - south) / f64::from(rows));
    let west = west + f64::from(court % columns) * wide;
    let south = south + f64::from(court / columns) * tall;
    [west, south, west + wide * CELL_PART, south + tall * CELL_PART]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn courts_lie_inside_and_apart() {
        let whole = [100.0, 25.0, 120.0, 40.0];
        let areas: Vec<_> = (0..7).map(|court| area_of(whole, 7, court)).collect();
        for (at, a) in areas.iter().enumerate() {
            assert!(whole[0] <= a[0] && a[2] <= whole[2] && whole[1] <= a[1] && a[3] <= whole[3]);
            for b in &areas[at + 1..] {
                assert!(a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1], "{a:?} {b:?}");
            }
        }
        assert_eq!(area_of(whole, 1, 0), whole);
    }

    #[test]
    fn everybody_tracked_is_in_one_court() {
        let country = Country { courts: 3, tracked: 8, dispatchers_every: 1 };
        let mut all: Vec<u32> = (0..3).flat_map(|court| country.tracked_of(court)).collect();
        all.sort_unstable();
        assert_eq!(all, (0..8).collect::<Vec<_>>());
        assert!(Country { courts: 2, tracked: 1_001, dispatchers_every: 1 }.fault().is_some());
    }
}
