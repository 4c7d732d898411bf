//! Which days are rest days (法定休假日): weekends and public holidays, as the State Council's yearly
//! notices move them (调休). The facts come from a file that can be replaced; see `docs/DEADLINES.md`.
//!
//! Beyond the years of the file only weekends are known. Whatever was computed from such a day is
//! marked provisional, and is computed again when a file with that year arrives.

mod day;
mod parse;
mod rest;

#[cfg(test)]
mod tests;

pub use day::{Day, InvalidDay, SHANGHAI_OFFSET_MINUTES};
pub use parse::{CalendarDraft, CalendarFault, CalendarSpot, HolidayDraft, YearDraft};
pub use rest::{Calendar, CalendarVersion, Consulted};
