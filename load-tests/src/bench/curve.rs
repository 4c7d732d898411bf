//! A figure over how much there is of something: whether it stays the same.

use super::line::{Better, Budget, Line};
use super::sides::{Samples, median};

/// What still counts as flat: the figure with the most over that with the least.
const FLAT: f64 = 1.25;

/// One figure over a growing number.
#[derive(Debug, Clone)]
pub struct Curve {
    /// What is counted: `sockets`, `courts`.
    pub over: &'static str,
    /// What is measured.
    pub what: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// How much there was, and what the rounds gave.
    pub points: Vec<(u64, Samples)>,
    /// The same figure of the other side, where it has one.
    pub beside: Option<(&'static str, Vec<(u64, Samples)>)>,
}

impl Curve {
    /// Nothing measured yet.
    pub fn new(over: &'static str, what: &'static str, unit: &'static str) -> Self {
        Self { over, what, unit, points: Vec::new(), beside: None }
    }

    /// One line that says whether it is flat, and a line for each point behind it.
    pub fn lines(&self) -> Vec<Line> {
        let (Some((least, first)), Some((most, last))) = (self.points.first(), self.points.last())
        else {
            return Vec::new();
        };
        let name = format!("{}: {most} {}; {least} {}", self.what, self.over, self.over);
        let flat = Budget::AtMost(FLAT);
        let mut lines = vec![Line::versus(&name, self.unit, last, first, Better::Cost, flat)];
        let point = |who: &str, (count, samples): &(u64, Samples)| {
            let name = format!("{}{}: {count} {}", self.what, who, self.over);
            Line { detail: true, ..Line::alone(&name, self.unit, samples, None) }
        };
        lines.extend(self.points.iter().map(|at| point("", at)));
        if let Some((who, points)) = &self.beside {
            let who = format!(", {who}");
            lines.extend(points.iter().map(|at| point(&who, at)));
        }
        lines
    }

    /// The medians.
    #[allow(clippy::cast_precision_loss)] // A million at most.
    pub fn medians(points: &[(u64, Samples)]) -> Vec<(f64, f64)> {
        points.iter().map(|(count, samples)| (*count as f64, median(samples))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_flat_when_its_ends_are_alike() {
        let mut curve = Curve::new("courts", "a position", "ns CPU");
        assert!(curve.lines().is_empty());
        curve.points = vec![(1, vec![100.0]), (10, vec![500.0]), (100, vec![110.0, 120.0, 130.0])];
        let lines = curve.lines();
        assert_eq!(lines[0].name, "a position: 100 courts; 1 courts");
        assert_eq!((lines[0].ratio, lines[0].met, lines[0].detail), (Some(1.2), Some(true), false));
        assert_eq!(lines.len(), 4);
        assert!(lines[1..].iter().all(|line| line.detail && line.met.is_none()));
        curve.points.push((1_000, vec![126.0]));
        assert_eq!(curve.lines()[0].met, Some(false));
    }
}
