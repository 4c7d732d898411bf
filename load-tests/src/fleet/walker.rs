//! Synthetic officers: half on foot, half by car, going from one seeded waypoint to the next.
//!
//! The same seed walks the same ways. No roads, no weather: the point is movement a server must follow.

use crate::rng::Rng;

/// Metres of one degree of latitude, near enough for a walk.
const M_PER_DEG: f64 = 111_195.0;
/// Metres a second on foot and by car.
const SPEEDS_MPS: [f64; 2] = [1.4, 14.0];

/// One officer on the move.
#[derive(Debug)]
pub struct Walker {
    rng: Rng,
    area: [f64; 4],
    speed_mps: f64,
    place: (f64, f64),
    goal: (f64, f64),
    second: f64,
}

impl Walker {
    /// The officer with this number, at a seeded place inside the area.
    pub fn new(seed: u64, number: u32, area: [f64; 4], speed_up: f64) -> Self {
        let mut rng = Rng::new(seed ^ (u64::from(number) << 20) ^ 0x5741_4c4b);
        let (place, goal) = (inside(&mut rng, area), inside(&mut rng, area));
        let speed_mps = SPEEDS_MPS[number as usize % 2] * speed_up;
        Self { rng, area, speed_mps, place, goal, second: 0.0 }
    }

    /// Goes on to the given second of the run and says where that is.
    pub fn at(&mut self, second: f64) -> (f64, f64) {
        let mut left_m = (second - self.second).max(0.0) * self.speed_mps;
        self.second = self.second.max(second);
        // A waypoint is kilometres away, so this ends soon; the bound is for absurd speeds.
        for _ in 0..64 {
            let (lat, lon) = self.place;
            let east_m = (self.goal.1 - lon) * M_PER_DEG * lat.to_radians().cos();
            let north_m = (self.goal.0 - lat) * M_PER_DEG;
            let way_m = east_m.hypot(north_m);
            if way_m > left_m {
                let share = left_m / way_m;
                self.place = (lat + (self.goal.0 - lat) * share, lon + (self.goal.1 - lon) * share);
                break;
            }
            left_m -= way_m;
            self.place = self.goal;
            self.goal = inside(&mut self.rng, self.area);
        }
        self.place
    }
}

/// A place in the area, a twentieth of its side away from the edge.
pub fn inside(rng: &mut Rng, [west, south, east, north]: [f64; 4]) -> (f64, f64) {
    let between = |low: f64, high: f64, share: f64| low + (high - low) * (0.05 + 0.9 * share);
    (between(south, north, rng.unit()), between(west, east, rng.unit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_is_the_same_for_the_same_seed_and_never_faster_than_its_speed() {
        let area = [114.40, 34.97, 114.99, 35.40];
        let (mut one, mut two) = (Walker::new(7, 1, area, 1.0), Walker::new(7, 1, area, 1.0));
        let mut before = one.at(0.0);
        assert_eq!(before, two.at(0.0));
        for second in 1..600 {
            let here = one.at(f64::from(second));
            assert_eq!(here, two.at(f64::from(second)));
            let moved_m =
                ((here.0 - before.0) * M_PER_DEG).hypot((here.1 - before.1) * M_PER_DEG * 0.83);
            assert!(moved_m < 15.0, "{moved_m} m in a second");
            before = here;
        }
    }
}
