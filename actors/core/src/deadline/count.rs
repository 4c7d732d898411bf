//! The last day of a period that ends with a day, before it rolls.

use super::stops::{Moved, Stops};
use crate::calendar::{Calendar, Consulted, Day};

/// The last day of so many working days after `start`. Stopped days and rest days are skipped; with
/// them the number of stopped days that were. `None` beyond the last day that dates are computed for.
pub(super) fn working_days(
    start: Day,
    count: u32,
    stops: &Stops,
    calendar: &Calendar,
    consulted: &mut Consulted,
) -> Option<Moved> {
    let (mut day, mut left, mut stopped) = (start, count, 0);
    while left > 0 {
        day = day.plus(1);
        if day > Day::LAST {
            return None;
        }
        if stops.contains(day) {
            if let Some(since) = stops.open_since().filter(|since| *since <= day) {
                return Some(Moved::Paused(since));
            }
            stopped += 1;
        } else if !calendar.is_rest(day, consulted) {
            left -= 1;
        }
    }
    Some(Moved::To { day, stopped })
}
