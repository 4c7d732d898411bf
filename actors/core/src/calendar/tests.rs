use proptest::prelude::*;

use super::*;
use crate::time::UnixMillis;

fn day(text: &str) -> Day {
    text.parse().expect("a date")
}

/// 2026, with 春节 and its make-up workdays.
fn year_2026() -> YearDraft {
    let run = |zh: &str, first: &str, last: &str| HolidayDraft {
        zh: zh.into(),
        en: "x".into(),
        first: first.into(),
        last: last.into(),
    };
    YearDraft {
        year: 2026,
        notice: "a notice".into(),
        holidays: vec![
            run("元旦", "2026-01-01", "2026-01-03"),
            run("春节", "2026-02-15", "2026-02-23"),
        ],
        working: vec!["2026-01-04".into(), "2026-02-14".into(), "2026-02-28".into()],
    }
}

fn draft() -> CalendarDraft {
    CalendarDraft { name: "cn".into(), version: 1, years: vec![year_2026()] }
}

fn faults(draft: &CalendarDraft) -> Vec<(CalendarSpot, CalendarFault)> {
    Calendar::parse(draft).err().unwrap_or_default()
}

#[test]
fn days_are_read_strictly_and_written_in_one_way() {
    for text in ["2026-02-10", "2024-02-29", "0001-01-01", "9999-12-31"] {
        assert_eq!(day(text).to_string(), text);
    }
    for text in [
        "",
        "2026-2-10",
        "2026-02-30",
        "2025-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026/02/10",
        "2026-02-10 ",
        "20260210",
        "２026-02-10",
        "2026-02-1x",
        "+026-02-10",
        "0000-01-01",
    ] {
        assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text}");
    }
}

#[test]
fn a_day_begins_at_midnight_in_shanghai() {
    let first = day("2026-02-10");
    assert_eq!(first.begins(), crate::rfc3339::parse("2026-02-09T16:00:00Z").expect("a time"));
    assert_eq!(Day::of(first.begins()), first);
    assert_eq!(Day::of(UnixMillis(first.begins().0 - 1)), day("2026-02-09"));
    assert_eq!(Day::of(first.last_second()), first);
    let last = crate::rfc3339::parse("2026-02-10T23:59:59+08:00").expect("a time");
    assert_eq!(first.last_second(), last);
    let nine = crate::rfc3339::parse("2026-02-10T09:00:00+08:00").expect("a time");
    assert_eq!(first.morning(), nine);
    assert_eq!(Day::FIRST, day("1990-01-01"));
    assert_eq!(Day::LAST, day("2199-12-31"));
    assert_eq!([day("2026-02-09").weekday(), day("2026-02-15").weekday()], [1, 7]);
}

#[test]
fn months_end_on_the_corresponding_day_or_the_months_end() {
    for (from, months, to) in [
        ("2025-08-31", 6, "2026-02-28"),
        ("2023-08-31", 6, "2024-02-29"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-15", 12, "2027-01-15"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2096-02-29", 48, "2100-02-28"),
    ] {
        assert_eq!(day(from).plus_months(months), day(to), "{from} + {months}");
    }
}

#[test]
fn holidays_and_make_up_workdays_move_the_weekend() {
    let calendar = Calendar::parse(&draft()).expect("sound");
    let mut looked = Consulted::default();
    let mut rest = |text: &str| calendar.is_rest(day(text), &mut looked);
    for (text, expected) in [
        ("2026-01-04", false),
        ("2026-01-10", true),
        ("2026-02-14", false),
        ("2026-02-15", true),
        ("2026-02-17", true),
        ("2026-02-24", false),
        ("2026-02-28", false),
        ("2026-03-01", true),
    ] {
        assert_eq!(rest(text), expected, "{text}");
    }
    assert_eq!(looked.unknown(), None);
    assert!(calendar.is_rest(day("2027-01-02"), &mut looked), "a Saturday");
    assert!(!calendar.is_rest(day("2027-01-01"), &mut looked), "nobody knows of the holiday yet");
    assert_eq!(looked.unknown(), Some(day("2027-01-01")), "the earliest one");
    assert_eq!(calendar.roll_on(day("2026-02-15"), &mut looked), day("2026-02-24"));
    assert_eq!(calendar.roll_back(day("2026-02-23"), &mut looked), day("2026-02-14"));
    assert_eq!(calendar.roll_on(day("2026-02-14"), &mut looked), day("2026-02-14"));
    assert_eq!(calendar.span(), (day("2026-01-01"), day("2026-12-31")));
}

#[test]
fn each_fault_of_a_calendar_is_found_at_its_spot() {
    type Change = fn(&mut CalendarDraft);
    let cases: Vec<(Change, CalendarSpot, CalendarFault)> = vec![
        (|d| d.name = "Chi na".into(), CalendarSpot::Head("calendar"), CalendarFault::Name),
        (|d| d.version = 0, CalendarSpot::Head("version"), CalendarFault::Version),
        (|d| d.years.clear(), CalendarSpot::Head("year"), CalendarFault::NoYear),
        (|d| d.years[0].year = 26, CalendarSpot::Year(0, "year"), CalendarFault::Year),
        (
            |d| d.years[0].notice = " ".into(),
            CalendarSpot::Year(0, "notice"),
            CalendarFault::Notice,
        ),
        (
            |d| d.years.push(YearDraft { year: 2028, notice: "n".into(), ..YearDraft::default() }),
            CalendarSpot::Year(1, "year"),
            CalendarFault::YearOrder(2027),
        ),
        (
            |d| d.years[0].holidays[1].zh.clear(),
            CalendarSpot::Holiday(0, 1),
            CalendarFault::HolidayName,
        ),
        (
            |d| d.years[0].holidays[1].last = "2026-02-30".into(),
            CalendarSpot::Holiday(0, 1),
            CalendarFault::Date("2026-02-30".into()),
        ),
        (
            |d| d.years[0].holidays[1].last = "2026-02-14".into(),
            CalendarSpot::Holiday(0, 1),
            CalendarFault::Reversed,
        ),
        (
            |d| d.years[0].holidays[1].first = "2026-01-03".into(),
            CalendarSpot::Holiday(0, 1),
            CalendarFault::Twice(day("2026-01-03")),
        ),
        (
            |d| d.years[0].working[0] = "2025-01-04".into(),
            CalendarSpot::Working(0, 0),
            CalendarFault::OtherYear(day("2025-01-04"), 2026),
        ),
        (
            |d| d.years[0].working[0] = "2026-01-05".into(),
            CalendarSpot::Working(0, 0),
            CalendarFault::NoWeekend(day("2026-01-05")),
        ),
        (
            |d| d.years[0].working[0] = "2026-02-15".into(),
            CalendarSpot::Working(0, 0),
            CalendarFault::Twice(day("2026-02-15")),
        ),
        (
            |d| d.years[0].working = vec!["2026-01-04".into(); 101],
            CalendarSpot::Year(0, "year"),
            CalendarFault::TooMany,
        ),
    ];
    assert_eq!(faults(&draft()), []);
    for (change, spot, fault) in cases {
        let mut bad = draft();
        change(&mut bad);
        let found = faults(&bad);
        assert!(found.contains(&(spot, fault.clone())), "{fault}: {found:?}");
    }
}

proptest! {
    #[test]
    fn months_keep_the_day_or_end_the_month(number in 7_305..84_005, months in 0_u32..600) {
        let from = Day::FIRST.plus(number - 7_305);
        let to = from.plus_months(months);
        let (year, month, at) = from.civil();
        let (to_year, to_month, to_at) = to.civil();
        let index = i64::from(year) * 12 + i64::from(month) + i64::from(months);
        prop_assert_eq!(i64::from(to_year) * 12 + i64::from(to_month), index);
        prop_assert!(to_at == at || (to_at < at && to.plus(1).civil().2 == 1));
    }

    #[test]
    fn dates_come_back(number in 7_305..84_005) {
        let day = Day::FIRST.plus(number - 7_305);
        prop_assert_eq!(day.to_string().parse::<Day>(), Ok(day));
        prop_assert_eq!(Day::of(day.begins()), day);
        prop_assert_eq!(day.plus(7).weekday(), day.weekday());
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,20}", near in "[0-9-]{8,12}") {
        let _either = (text.parse::<Day>(), near.parse::<Day>());
    }

    #[test]
    fn rolling_ends_on_a_working_day_and_skips_only_rest_days(number in 20_000..21_500) {
        let calendar = Calendar::parse(&draft()).expect("sound");
        let mut looked = Consulted::default();
        let from = Day::FIRST.plus(number - 7_305);
        let (on, back) = (calendar.roll_on(from, &mut looked), calendar.roll_back(from, &mut looked));
        prop_assert!(back <= from && from <= on);
        for end in [on, back] {
            prop_assert!(!calendar.is_rest(end, &mut looked));
        }
        let mut between = back.plus(1);
        while between < on {
            prop_assert!(on == back || calendar.is_rest(between, &mut looked));
            between = between.plus(1);
        }
    }
}
