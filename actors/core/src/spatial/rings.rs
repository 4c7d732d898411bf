//! The search: rings around a point, one after the other, each complete before the next.
//!
//! A ring is gathered from the cells that it can touch, and ordered. The first one is so wide that it
//! should hold what is wanted by how dense the cell around the point is; if it holds far more, its outer
//! part is given up while it is gathered, if less, the next one is wider. So the guess decides
//! what a search costs, never what it finds.

use std::cmp::Ordering;

use crate::geo::Origin;

use super::Near;
use super::cells::{Body, CELL_MAX, CellNo, Cells, NONE, ROOT};

/// What straight lines and geodesics may be off by from rounding, metres: bounds are widened by it.
const ROUNDING: f64 = 1e-6;
/// How many the first ring should hold: eight, and some who may not be asked.
const FIRST: f64 = 16.0;
/// How much wider the next ring is.
const WIDER: f64 = 1.6;
/// A ring with so many loses its outer part …
const TOO_MANY: usize = 64;
/// Room for most rings without asking for more.
const AT_FIRST: usize = 32;
/// … but for so many.
const ENOUGH: usize = 24;

/// What was found between two distances.
struct Ring<Id> {
    found: Vec<Near<Id>>,
    /// Those at most so far were visited before, metres.
    done: f64,
    /// Those farther are left for later, metres.
    reach: f64,
    /// Nobody was left for later.
    is_last: bool,
    /// So many are too many.
    too_many: usize,
}

/// By distance, then by id.
fn order<Id: Ord>(a: &Near<Id>, b: &Near<Id>) -> Ordering {
    a.distance.0.total_cmp(&b.distance.0).then_with(|| a.id.cmp(&b.id))
}

impl<Id: Copy + Ord> Ring<Id> {
    /// Square of what lower bounds are compared with.
    fn reach_2(&self) -> f64 {
        (self.reach + ROUNDING) * (self.reach + ROUNDING)
    }

    fn gather(&mut self, cells: &Cells<Id>, no: CellNo, from: &Origin) {
        let cell = cells.cell(no);
        match &cell.body {
            Body::Cut(parts) => {
                // The nearest first: then the ring closes soon, should it hold too many.
                let nearest = cell.bounds.quarter_of(from.at());
                for part in [nearest, nearest ^ 1, nearest ^ 2, nearest ^ 3].map(|q| parts[q]) {
                    if part == NONE {
                        continue;
                    }
                    if cells.cell(part).bounds.distance_2_min(from) > self.reach_2() {
                        self.is_last = false;
                    } else {
                        self.gather(cells, part, from);
                    }
                }
            }
            Body::Leaf(points) => {
                let radius_min = cell.bounds.radius_min();
                for point in points {
                    // Most of a cell is outside, and told so for a tenth of what a distance costs.
                    if from.distance_2_min(point.at, radius_min) > self.reach_2() {
                        self.is_last = false;
                        continue;
                    }
                    let distance = from.distance(point.at);
                    if distance.0 > self.reach {
                        self.is_last = false;
                    } else if distance.0 > self.done {
                        self.found.push(Near { id: point.id, distance });
                        if self.found.len() >= self.too_many {
                            self.give_up_the_far();
                        }
                    }
                }
            }
        }
    }

    /// Whoever is farther than the `ENOUGH`th found so far is not among the first `ENOUGH` of all.
    fn give_up_the_far(&mut self) {
        self.found.select_nth_unstable_by(ENOUGH - 1, order);
        self.reach = self.found[ENOUGH - 1].distance.0;
        self.is_last = false;
        let reach = self.reach;
        self.found.retain(|near| near.distance.0 <= reach);
        // Of many in one place none can be given up; then it is not tried again for each.
        self.too_many = TOO_MANY.max(2 * self.found.len());
    }
}

/// How wide the first ring is, metres: by how dense the smallest cell is that was cut, of those around.
fn first_reach<Id: Copy>(cells: &Cells<Id>, from: &Origin, held: usize) -> f64 {
    if held < TOO_MANY {
        return f64::INFINITY;
    }
    let mut cell = cells.cell(ROOT);
    loop {
        let Body::Cut(parts) = &cell.body else { return f64::INFINITY };
        let next = parts[cell.bounds.quarter_of(from.at())];
        if next != NONE && matches!(cells.cell(next).body, Body::Cut(_)) {
            cell = cells.cell(next);
            continue;
        }
        let held = |part: &CellNo| match &cells.cell(*part).body {
            Body::Leaf(points) => points.len(),
            Body::Cut(_) => CELL_MAX, // More: then the ring is given up in part.
        };
        let held: usize = parts.iter().filter(|part| **part != NONE).map(held).sum();
        #[allow(clippy::cast_precision_loss)] // Four cells' worth, or those who stand in one place.
        let held = held.max(1) as f64;
        return (cell.bounds.area() * FIRST / (held * std::f64::consts::PI)).sqrt();
    }
}

/// The smallest cell that holds everybody: a court's officers are not all over the earth.
fn top<Id: Copy>(cells: &Cells<Id>) -> CellNo {
    let mut no = ROOT;
    while let Body::Cut(parts) = &cells.cell(no).body {
        let mut used = parts.iter().copied().filter(|part| *part != NONE);
        match (used.next(), used.next()) {
            (Some(only), None) => no = only,
            _ => break,
        }
    }
    no
}

/// Visits points in order of distance, then of id, until told to stop. `held` is how many there are.
pub fn walk<Id: Copy + Ord>(
    cells: &Cells<Id>,
    held: usize,
    from: &Origin,
    mut visit: impl FnMut(Near<Id>) -> std::ops::ControlFlow<()>,
) {
    let reach = first_reach(cells, from, held);
    let top = top(cells);
    let found = Vec::with_capacity(AT_FIRST.min(held));
    let mut ring = Ring { found, done: -1.0, reach, is_last: true, too_many: TOO_MANY };
    loop {
        ring.gather(cells, top, from);
        ring.found.sort_unstable_by(order);
        for near in ring.found.drain(..) {
            if visit(near).is_break() {
                return;
            }
        }
        if ring.is_last {
            return;
        }
        ring.done = ring.reach;
        ring.reach = (ring.reach * WIDER).max(1.0); // It may have been 0.
        ring.is_last = true;
    }
}

/// Everybody at most `radius` away, in order.
pub fn within<Id: Copy + Ord>(cells: &Cells<Id>, from: &Origin, radius: f64) -> Vec<Near<Id>> {
    let mut ring =
        Ring { found: Vec::new(), done: -1.0, reach: radius, is_last: true, too_many: usize::MAX };
    ring.gather(cells, ROOT, from);
    ring.found.sort_unstable_by(order);
    ring.found
}
