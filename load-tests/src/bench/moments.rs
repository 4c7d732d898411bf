//! Moments of one operation after the other, and what a share of them stayed below.

/// Microseconds, one value for each operation.
#[derive(Debug, Clone, Default)]
pub struct Moments(Vec<f64>);

impl Moments {
    /// Takes one in.
    pub fn push(&mut self, us: f64) {
        self.0.push(us);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The value that `share` (0 to 1) of them do not exceed; 0 for none.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Of a length.
        #[allow(clippy::cast_precision_loss)] // A few thousand.
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_was_there() {
        let mut moments = Moments::default();
        assert_eq!(moments.quantile(0.5), 0.0);
        (1..=200).rev().for_each(|us| moments.push(f64::from(us)));
        assert_eq!((moments.quantile(0.5), moments.quantile(0.99)), (100.0, 198.0));
        assert_eq!((moments.quantile(1.0), moments.len()), (200.0, 200));
    }
}
