//! What one console looks at: which officers' lines of a tick it gets, and which it is owed.
//!
//! Whoever moves in the console's box, or into or out of it, is told at the next tick; so is everybody
//! who calls for help or is at an open incident, wherever that is. Of the others it is remembered that
//! the console has not been told: it hears of them when it looks elsewhere.

use std::collections::BTreeSet;

use tiande_core::geo::{Area, LatLon};
use tiande_core::time::{Millis, UnixMillis};

use crate::views::Moved;

/// What a console wants to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Where it looks.
    pub area: Area,
    /// Most lines of a tick, beside officers in need; the rest comes with the next ones.
    pub limit: Option<usize>,
    /// Officers outside are told so often all together; `None`: only when the view changes.
    pub outside_every: Option<Millis>,
}

/// An officer's line in a tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) moved: Moved,
    /// Where the officer was at the tick before.
    pub(super) was: Option<LatLon>,
    /// Changed since the tick before; else only owed to somebody.
    pub(super) fresh: bool,
}

/// A console's view, and what it has not been told for it.
#[derive(Debug)]
pub(super) struct Eye {
    view: View,
    /// To be told at the next tick: there were too many, or the view has changed.
    owed: BTreeSet<u32>,
    /// Have moved outside.
    unseen: BTreeSet<u32>,
    told_outside: UnixMillis,
}

impl Eye {
    pub(super) fn new(view: View, now: UnixMillis) -> Self {
        Self { view, owed: BTreeSet::new(), unseen: BTreeSet::new(), told_outside: now }
    }

    /// Looks elsewhere. All that it was not told comes next: an officer whom the page still shows in the
    /// new box may have left it long ago.
    pub(super) fn look(&mut self, view: View) {
        self.view = view;
        self.owed.append(&mut self.unseen);
    }

    /// Everybody of whom the console has not been told the newest.
    pub(super) fn untold(self) -> BTreeSet<u32> {
        &self.owed | &self.unseen
    }

    /// Whose lines it needs now beside those that are fresh.
    pub(super) fn wants(&self, now: UnixMillis) -> impl Iterator<Item = u32> {
        let unseen = self.outside_is_due(now).then_some(&self.unseen);
        self.owed.iter().chain(unseen.into_iter().flatten()).copied()
    }

    fn outside_is_due(&self, now: UnixMillis) -> bool {
        self.view.outside_every.is_some_and(|every| now.since(self.told_outside) >= every)
    }

    /// Which of the lines the console gets, those in need first; notes what it is owed.
    pub(super) fn choose(&mut self, lines: &[Line], now: UnixMillis) -> Vec<usize> {
        let outside_too = self.outside_is_due(now);
        let mut chosen: Vec<(u8, bool, usize)> = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let n = line.moved.n;
            let owed = self.owed.contains(&n);
            let concerns = line.fresh || owed || (outside_too && self.unseen.contains(&n));
            if !concerns {
                continue; // Owed to another console.
            }
            let here = |at: Option<LatLon>| at.is_some_and(|at| self.view.area.contains(at));
            let inside = || here(line.moved.fix.map(|known| known.fix.at)) || here(line.was);
            let rank = match line.moved.pressing {
                true => 0,
                false if inside() => 1,
                false if owed || outside_too => 2,
                false => {
                    self.unseen.insert(n);
                    continue;
                }
            };
            chosen.push((rank, !owed, index));
        }
        chosen.sort_unstable();
        let pressing = chosen.partition_point(|(rank, _, _)| *rank == 0);
        let most = self.view.limit.map_or(usize::MAX, |limit| limit.saturating_add(pressing));
        for (place, (_, _, index)) in chosen.iter().enumerate() {
            let Some(line) = lines.get(*index) else { continue };
            let n = line.moved.n;
            self.unseen.remove(&n);
            if place < most {
                self.owed.remove(&n);
            } else {
                self.owed.insert(n);
            }
        }
        if outside_too {
            self.told_outside = now;
        }
        chosen.truncate(most);
        chosen.into_iter().map(|(_, _, index)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tiande_core::officer::{Fix, KnownFix, OfficerStatus};

    use super::*;

    fn at(lon: f64) -> LatLon {
        LatLon::new(35.0, lon).expect("a place")
    }

    fn line(n: u32, lon: f64, was: f64, fresh: bool) -> Line {
        let fix = Fix {
            epoch: 1,
            seq: 1,
            taken_at: UnixMillis(0),
            at: at(lon),
            accuracy: None,
            speed_mps: None,
            heading_deg: None,
        };
        let fix = Some(KnownFix { fix, received_at: UnixMillis(0) });
        let moved = Moved { n, status: OfficerStatus::Available, fix, pressing: false };
        Line { moved, was: Some(at(was)), fresh }
    }

    fn view(west: f64, east: f64) -> View {
        let area = Area::new([west, 34.0, east, 36.0]).expect("an area");
        View { area, limit: None, outside_every: None }
    }

    const NOW: UnixMillis = UnixMillis(100_000);

    fn numbers(lines: &[Line], chosen: &[usize]) -> Vec<u32> {
        chosen.iter().map(|index| lines[*index].moved.n).collect()
    }

    #[test]
    fn those_inside_and_those_who_come_or_go_are_told_and_those_in_need_always() {
        let mut eye = Eye::new(view(10.0, 20.0), NOW);
        let mut lines = vec![
            line(0, 15.0, 15.0, true),
            line(1, 25.0, 15.0, true),
            line(2, 15.0, 25.0, true),
            line(3, 25.0, 25.0, true),
            line(4, 15.0, 15.0, false),
            line(5, 25.0, 25.0, true),
        ];
        lines[5].moved.pressing = true;
        let chosen = eye.choose(&lines, NOW);
        assert_eq!(numbers(&lines, &chosen), [5, 0, 1, 2]);
        assert_eq!(eye.untold(), BTreeSet::from([3]));
    }

    #[test]
    fn whoever_looks_elsewhere_is_told_what_it_has_not_been() {
        let mut eye = Eye::new(view(10.0, 20.0), NOW);
        eye.choose(&[line(0, 25.0, 26.0, true), line(1, 50.0, 25.0, true)], NOW);
        assert_eq!(eye.wants(NOW).count(), 0);
        eye.look(view(20.0, 30.0));
        assert_eq!(eye.wants(NOW).collect::<Vec<_>>(), [0, 1]);
        let lines = [line(1, 50.0, 50.0, false), line(0, 25.0, 25.0, false)];
        // Also the one who is not there any more, as far as the page knows.
        assert_eq!(numbers(&lines, &eye.choose(&lines, NOW)), [0, 1]);
        assert_eq!(eye.untold(), BTreeSet::new());
    }

    #[test]
    fn a_limit_puts_off_and_loses_nothing_and_those_in_need_do_not_count() {
        let mut eye = Eye::new(View { limit: Some(2), ..view(10.0, 20.0) }, NOW);
        let mut lines: Vec<_> = (0..6).map(|n| line(n, 15.0, 15.0, true)).collect();
        lines[5].moved.pressing = true;
        assert_eq!(numbers(&lines, &eye.choose(&lines, NOW)), [5, 0, 1]);
        assert_eq!(eye.wants(NOW).collect::<Vec<_>>(), [2, 3, 4]);
        // Those who wait go before those who have just moved again.
        let lines: Vec<_> = (0..5).map(|n| line(n, 15.0, 15.0, n < 2)).collect();
        assert_eq!(numbers(&lines, &eye.choose(&lines, NOW)), [2, 3]);
        assert_eq!(eye.untold(), BTreeSet::from([0, 1, 4]));
    }

    #[test]
    fn those_outside_are_told_together_as_often_as_is_wanted() {
        let every = Some(Millis(10_000));
        let mut eye = Eye::new(View { outside_every: every, ..view(10.0, 20.0) }, NOW);
        let lines = [line(0, 25.0, 25.0, true)];
        assert!(eye.choose(&lines, NOW.plus(Millis(9_999))).is_empty());
        let due = NOW.plus(Millis(10_000));
        assert_eq!(eye.wants(due).collect::<Vec<_>>(), [0]);
        let lines = [line(0, 25.0, 25.0, false), line(1, 26.0, 26.0, true)];
        assert_eq!(numbers(&lines, &eye.choose(&lines, due)), [0, 1]);
        assert!(eye.choose(&lines, due.plus(Millis(1))).is_empty(), "and not again at once");
    }

    proptest! {
        /// Whatever moves and wherever the console looks: what it was not told it is still owed, and
        /// after a last look around everything nothing is missing.
        #[test]
        fn nothing_is_ever_lost(
            steps in prop::collection::vec(
                (prop::collection::vec((0_u32..8, 0_u32..40), 0..8), prop::option::of(0_u32..40), 1_usize..4),
                1..30,
            ),
        ) {
            let mut eye = Eye::new(view(0.0, 10.0), NOW);
            let mut real: std::collections::BTreeMap<u32, f64> = std::collections::BTreeMap::new();
            let mut page = real.clone();
            for (moves, looks, limit) in steps {
                if let Some(west) = looks {
                    let west = f64::from(west);
                    eye.look(View { limit: Some(limit), ..view(west, west + 10.0) });
                }
                let before = real.clone();
                for (n, lon) in &moves {
                    real.insert(*n, f64::from(*lon));
                }
                let fresh: BTreeSet<u32> = moves.iter().map(|(n, _)| *n).collect();
                let all: BTreeSet<u32> = fresh.iter().copied().chain(eye.wants(NOW)).collect();
                let lines: Vec<_> = all
                    .iter()
                    .map(|n| line(*n, real[n], before.get(n).copied().unwrap_or(real[n]), fresh.contains(n)))
                    .collect();
                for n in numbers(&lines, &eye.choose(&lines, NOW)) {
                    page.insert(n, real[&n]);
                }
                // In the box the page is right, but for what the limit has put off.
                let owed = eye.owed.clone();
                for (n, lon) in &real {
                    let shown = page.get(n);
                    let inside = eye.view.area.contains(at(*lon))
                        || shown.is_some_and(|lon| eye.view.area.contains(at(*lon)));
                    if inside && !owed.contains(n) {
                        prop_assert_eq!(shown, Some(lon), "{}", n);
                    }
                }
            }
            let untold = eye.untold();
            for (n, lon) in &real {
                prop_assert!(page.get(n) == Some(lon) || untold.contains(n), "{}", n);
            }
        }
    }
}
