//! One figure: ours, theirs, and what was promised.

use serde::{Deserialize, Serialize};

use super::sides::{Samples, median};

/// What a figure must keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// The ratio, or our figure where there is no other side, is at most this.
    AtMost(f64),
    /// It is at least this.
    AtLeast(f64),
}

impl Budget {
    fn keeps(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtMost(most) => format!("<= {most}"),
            Self::AtLeast(least) => format!(">= {least}"),
        }
    }
}

/// How two sides are put into one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Costs: the ratio is ours / theirs, and less is better.
    Cost,
    /// Costs: the ratio is theirs / ours, so many times cheaper.
    TimesCheaper,
    /// Rates: the ratio is ours / theirs, and more is better.
    Rate,
}

/// A line of the report. The names are read by other programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What was measured.
    pub name: String,
    /// The subject it belongs to.
    #[serde(default)]
    pub subject: String,
    /// A point behind another line, which the table leaves out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detail: bool,
    /// Our median.
    pub ours: f64,
    /// The other side's; null where a figure stands for itself.
    pub theirs: Option<f64>,
    /// Of both.
    pub unit: String,
    /// What the budget speaks of; null where it speaks of `ours`.
    pub ratio: Option<f64>,
    /// `<= 1.6`, `>= 4`; null for a figure that only goes with another one.
    pub budget: Option<String>,
    /// Kept; null without a budget.
    pub met: Option<bool>,
}

impl Line {
    /// Two sides that were measured in turns.
    pub fn versus(
        name: &str,
        unit: &str,
        ours: &Samples,
        theirs: &Samples,
        better: Better,
        budget: impl Into<Option<Budget>>,
    ) -> Self {
        let (ours, theirs) = (median(ours), median(theirs));
        let ratio = match better {
            Better::Cost | Better::Rate => ours / theirs,
            Better::TimesCheaper => theirs / ours,
        };
        let budget = budget.into();
        Self {
            name: name.to_owned(),
            subject: String::new(),
            detail: false,
            ours,
            theirs: Some(theirs),
            unit: unit.to_owned(),
            ratio: Some(ratio),
            budget: budget.map(Budget::words),
            met: budget.map(|budget| budget.keeps(ratio)),
        }
    }

    /// A figure without another side.
    pub fn alone(
        name: &str,
        unit: &str,
        ours: &Samples,
        budget: impl Into<Option<Budget>>,
    ) -> Self {
        let ours = median(ours);
        let budget = budget.into();
        Self {
            name: name.to_owned(),
            subject: String::new(),
            detail: false,
            ours,
            theirs: None,
            unit: unit.to_owned(),
            ratio: None,
            budget: budget.map(Budget::words),
            met: budget.map(|budget| budget.keeps(ours)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Samples {
        values.to_vec()
    }

    #[test]
    fn a_budget_is_kept_by_the_ratio_of_medians() {
        let (ours, theirs) = (samples(&[3.0, 30.0, 2.0]), samples(&[2.0, 1.0, 90.0]));
        let cost = Line::versus("a", "ns", &ours, &theirs, Better::Cost, Budget::AtMost(1.6));
        assert_eq!((cost.ratio, cost.met), (Some(1.5), Some(true)));
        let cost = Line::versus("a", "ns", &ours, &theirs, Better::Cost, Budget::AtMost(1.4));
        assert_eq!(cost.met, Some(false));
        let cheaper =
            Line::versus("a", "ns", &theirs, &ours, Better::TimesCheaper, Budget::AtLeast(1.5));
        assert_eq!((cheaper.ratio, cheaper.met), (Some(1.5), Some(true)));
        let alone = Line::alone("b", "B", &ours, Budget::AtMost(2.9));
        assert_eq!((alone.ratio, alone.met), (None, Some(false)));
    }
}
