//! What became of the tips, and how long each step took.
//!
//! A tip is lost when the server answered 202 and, asked at the end, does not know it or its
//! incident; not having been able to ask counts as lost too.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::world::{NEVER, World};

/// The longest latency that is told apart, microseconds.
const DAY_US: u64 = 86_400_000_000;

/// Counts, and one line for each fault.
#[derive(Debug, Default)]
pub struct Found {
    pub sent: u64,
    pub acked: u64,
    pub refused: u64,
    pub unanswered: u64,
    pub lost: Vec<String>,
    pub answers_differ: Vec<String>,
    pub to_ack: Latency,
    pub to_offer: Latency,
    pub to_accept: Latency,
}

/// Quantiles in milliseconds, and the values they come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
    pub count: u64,
    /// Microseconds, for the plots.
    #[serde(skip)]
    pub all_us: Vec<u64>,
}

impl Latency {
    /// The quantiles of microseconds.
    #[allow(clippy::cast_precision_loss)] // An hour of microseconds is exact in f64.
    pub fn new(all_us: Vec<u64>) -> Self {
        let mut histogram =
            Histogram::<u64>::new_with_max(DAY_US, 3).expect("a day and 3 digits are allowed");
        for us in &all_us {
            // Saturating at a day, which no drill lasts.
            histogram.saturating_record(*us);
        }
        let ms = |us: u64| us as f64 / 1000.0;
        Self {
            p50: ms(histogram.value_at_quantile(0.50)),
            p95: ms(histogram.value_at_quantile(0.95)),
            p99: ms(histogram.value_at_quantile(0.99)),
            max: ms(all_us.iter().copied().max().unwrap_or(0)),
            count: histogram.len(),
            all_us,
        }
    }
}

/// Looks at every tip.
pub fn judge(world: &World) -> Found {
    let mut found = Found { sent: world.tips.len() as u64, ..Found::default() };
    let mut to_ack = Vec::new();
    let mut numbers: Vec<&u32> = world.tips.keys().collect();
    numbers.sort_unstable();
    for number in numbers {
        let tip = &world.tips[number];
        let Some(answered) = tip.answered else {
            // Overload is to be asked again, so it is no last word.
            match &tip.refused {
                Some((status, _)) if *status < 500 && *status != 429 => found.refused += 1,
                _ => found.unanswered += 1,
            }
            continue;
        };
        found.acked += 1;
        to_ack.push(answered - tip.first_sent);
        if tip.ids.len() > 1 {
            found.answers_differ.push(format!("tip {number} was answered with {:?}", tip.ids));
        }
        match tip.end {
            Some((true, true)) => {}
            Some((false, _)) => {
                found.lost.push(format!("tip {number} ({}) is not known", tip.ids[0].0))
            }
            Some((true, false)) => {
                found
                    .lost
                    .push(format!("the incident of tip {number} ({}) is not known", tip.ids[0].1));
            }
            None => found.lost.push(format!("tip {number} could not be asked for at the end")),
        }
    }
    let (mut to_offer, mut to_accept) = (Vec::new(), Vec::new());
    for (index, incident) in
        world.incidents.iter().enumerate().filter(|(_, one)| !one.tips.is_empty())
    {
        let began = world.incident_began(index);
        let offers = incident.offers.iter().map(|offer| &world.offers[*offer]);
        if let Some(first) = offers.clone().map(|offer| offer.first).min() {
            to_offer.push(first.saturating_sub(began));
        }
        let accepted =
            offers.map(|offer| offer.accept_done).min().filter(|accepted| *accepted != NEVER);
        if let Some(accepted) = accepted {
            to_accept.push(accepted.saturating_sub(began));
        }
    }
    found.to_ack = Latency::new(to_ack);
    found.to_offer = Latency::new(to_offer);
    found.to_accept = Latency::new(to_accept);
    found
}

#[cfg(test)]
mod tests {
    use super::Latency;

    #[test]
    fn quantiles_are_within_a_thousandth() {
        let latency = Latency::new((1..=1_000).map(|ms| ms * 1_000).collect());
        let near = |value: f64, ms: f64| (value - ms).abs() <= ms / 1_000.0 + 1.0;
        assert!(near(latency.p50, 500.0) && near(latency.p95, 950.0), "{latency:?}");
        assert!(near(latency.p99, 990.0) && near(latency.max, 1_000.0), "{latency:?}");
        assert_eq!(latency.count, 1_000);
    }
}
