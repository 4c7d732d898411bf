//! Numbers of repeated measurements.

/// What one side gave, a value for each round.
pub type Samples = Vec<f64>;

/// The middle value; of an even number the mean of both. 0 for none.
pub fn median(samples: &Samples) -> f64 {
    let mut sorted = samples.clone();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.len() / 2;
    match (sorted.get(upper), sorted.len() % 2) {
        (None, _) => 0.0,
        (Some(middle), 1) => *middle,
        (Some(above), _) => f64::midpoint(sorted[upper - 1], *above),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&vec![]), 0.0);
        assert_eq!(median(&vec![5.0]), 5.0);
        assert_eq!(median(&vec![9.0, 1.0, 4.0]), 4.0);
        assert_eq!(median(&vec![9.0, 1.0, 4.0, 6.0]), 5.0);
    }
}
