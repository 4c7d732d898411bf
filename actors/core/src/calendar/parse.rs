//! From what a calendar's file says to a [`Calendar`], or a list of all faults.

use super::{Calendar, CalendarVersion, Day};

/// A year may have so many dates and runs of its own; real ones have about ten.
const ENTRIES_MAX: usize = 100;

/// A calendar as its file says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarDraft {
    /// Name, `[a-z0-9-]`, 1–32 characters.
    pub name: String,
    /// Version, 1–1000000.
    pub version: i64,
    /// Years in their order.
    pub years: Vec<YearDraft>,
}

/// One year of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YearDraft {
    /// Which, 1990–2199.
    pub year: i64,
    /// Where it stands; for people.
    pub notice: String,
    /// Runs of days off.
    pub holidays: Vec<HolidayDraft>,
    /// Weekend days that are workdays.
    pub working: Vec<String>,
}

/// A run of days off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HolidayDraft {
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// First day.
    pub first: String,
    /// Last day, included.
    pub last: String,
}

/// Where in a calendar a fault is; positions count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CalendarSpot {
    /// One of the keys at its top.
    Head(&'static str),
    /// One of a year's keys.
    Year(usize, &'static str),
    /// A run of days off: year, position.
    Holiday(usize, usize),
    /// A make-up workday: year, position.
    Working(usize, usize),
}

/// What is wrong with a calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFault {
    /// Name.
    #[error("the name must be 1–32 of a–z, 0–9 and -")]
    Name,
    /// Version.
    #[error("the version must be 1–1000000")]
    Version,
    /// No year.
    #[error("a calendar needs at least one [[year]]")]
    NoYear,
    /// Out of range.
    #[error("the year must be 1990–2199")]
    Year,
    /// A gap, or out of order.
    #[error("the year must be {0}: years follow each other without a gap")]
    YearOrder(i64),
    /// No source.
    #[error("name the notice that fixes the days of this year")]
    Notice,
    /// A name is missing.
    #[error("a holiday needs its names, zh and en")]
    HolidayName,
    /// No date.
    #[error("{0:?} is no date such as 2026-02-17")]
    Date(String),
    /// Of another year.
    #[error("{0} is not in {1}: each date stands in the table of its own year")]
    OtherYear(Day, i64),
    /// Ends before it begins.
    #[error("the holiday ends before it begins")]
    Reversed,
    /// Named twice.
    #[error("{0} is named twice")]
    Twice(Day),
    /// A workday that is one anyway.
    #[error("{0} is no Saturday or Sunday, and a workday anyway")]
    NoWeekend(Day),
    /// Too many entries.
    #[error("a year has at most 100 holidays and 100 make-up workdays")]
    TooMany,
}

type Faults = Vec<(CalendarSpot, CalendarFault)>;

impl Calendar {
    /// Checks a draft and makes a calendar of it.
    ///
    /// # Errors
    /// All faults, each with its spot.
    pub fn parse(draft: &CalendarDraft) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let name_fits = (1..=32).contains(&draft.name.len())
            && draft
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !name_fits {
            faults.push((CalendarSpot::Head("calendar"), CalendarFault::Name));
        }
        let version = u32::try_from(draft.version).ok().filter(|v| (1..=1_000_000).contains(v));
        if version.is_none() {
            faults.push((CalendarSpot::Head("version"), CalendarFault::Version));
        }
        let mut years = Vec::new();
        for (index, year) in draft.years.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| draft.years.get(before));
            years.push(read_year(index, year, before, &mut faults));
        }
        let (first, last) = match (draft.years.first(), draft.years.last()) {
            (Some(first), Some(last)) => (first.year, last.year),
            _ => {
                faults.push((CalendarSpot::Head("year"), CalendarFault::NoYear));
                return Err(faults);
            }
        };
        let first = i32::try_from(first).ok().and_then(|year| Day::from_civil(year, 1, 1));
        let last_year = i32::try_from(last).ok();
        let (Some(version), Some(first), Some(last_year)) = (version, first, last_year) else {
            return Err(faults);
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let version = CalendarVersion { name: draft.name.clone(), version, last_year };
        Ok(Self::new(version, first, years.concat()))
    }
}

/// Each day of a year: is it a rest day? Empty when the year itself is wrong.
fn read_year(
    index: usize,
    draft: &YearDraft,
    before: Option<&YearDraft>,
    faults: &mut Faults,
) -> Vec<bool> {
    let year = i32::try_from(draft.year).ok().filter(|year| (1990..=2199).contains(year));
    let ends =
        year.and_then(|year| Some((Day::from_civil(year, 1, 1)?, Day::from_civil(year, 12, 31)?)));
    let Some((first, last)) = ends else {
        faults.push((CalendarSpot::Year(index, "year"), CalendarFault::Year));
        return Vec::new();
    };
    if let Some(expected) = before.map(|before| before.year + 1).filter(|y| *y != draft.year) {
        faults.push((CalendarSpot::Year(index, "year"), CalendarFault::YearOrder(expected)));
    }
    if draft.notice.trim().is_empty() {
        faults.push((CalendarSpot::Year(index, "notice"), CalendarFault::Notice));
    }
    if draft.holidays.len() > ENTRIES_MAX || draft.working.len() > ENTRIES_MAX {
        faults.push((CalendarSpot::Year(index, "year"), CalendarFault::TooMany));
        return Vec::new();
    }
    let length = usize::try_from(last.days_since(first) + 1).unwrap_or(0);
    let position = |day: Day| usize::try_from(day.days_since(first)).unwrap_or(0);
    // What the notice says of a day: nothing, off, or at work.
    let mut said: Vec<Option<bool>> = vec![None; length];
    let mut say = |day: Day, off: bool| match said.get_mut(position(day)) {
        Some(slot) if slot.is_none() => {
            *slot = Some(off);
            Ok(())
        }
        _ => Err(CalendarFault::Twice(day)),
    };
    let read = |text: &str| {
        let day: Day = text.parse().map_err(|_bad| CalendarFault::Date(text.to_owned()))?;
        let inside = (first..=last).contains(&day);
        if inside { Ok(day) } else { Err(CalendarFault::OtherYear(day, draft.year)) }
    };
    for (nth, holiday) in draft.holidays.iter().enumerate() {
        let spot = CalendarSpot::Holiday(index, nth);
        if holiday.zh.trim().is_empty() || holiday.en.trim().is_empty() {
            faults.push((spot, CalendarFault::HolidayName));
        }
        let (begins, ends) = match (read(&holiday.first), read(&holiday.last)) {
            (Ok(begins), Ok(ends)) if begins <= ends => (begins, ends),
            (Ok(_), Ok(_)) => {
                faults.push((spot, CalendarFault::Reversed));
                continue;
            }
            (begins, ends) => {
                faults
                    .extend([begins, ends].into_iter().filter_map(Result::err).map(|f| (spot, f)));
                continue;
            }
        };
        let mut day = begins;
        while day <= ends {
            faults.extend(say(day, true).err().map(|fault| (spot, fault)));
            day = day.plus(1);
        }
    }
    for (nth, text) in draft.working.iter().enumerate() {
        let spot = CalendarSpot::Working(index, nth);
        let fault = match read(text) {
            Ok(day) if !day.is_weekend() => Some(CalendarFault::NoWeekend(day)),
            Ok(day) => say(day, false).err(),
            Err(fault) => Some(fault),
        };
        faults.extend(fault.map(|fault| (spot, fault)));
    }
    let mut day = first;
    let mut rests = Vec::with_capacity(length);
    for off in said {
        rests.push(off.unwrap_or(day.is_weekend()));
        day = day.plus(1);
    }
    rests
}
