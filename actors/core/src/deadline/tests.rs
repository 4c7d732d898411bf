//! Properties, and a second implementation that counts day by day and shares nothing with the first
//! but [`Day`] itself.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::calendar::{Calendar, CalendarDraft, Consulted, Day, HolidayDraft, YearDraft};
use crate::procedure::{
    Documents, Kind, Limit, Node, Office, Offset, Rank, Start, Sure, Telling, Unit,
};
use crate::time::{Millis, UnixMillis};

fn day(text: &str) -> Day {
    text.parse().expect("a date")
}

fn node(kind: Kind, count: u32, unit: Unit, suspended: bool) -> Node {
    let reasons = if suspended { vec!["stay".to_owned()] } else { Vec::new() };
    let warn = if unit.ends_with_a_day() {
        vec![Offset::Days(3), Offset::Days(1)]
    } else {
        vec![Offset::Span(Millis::from_secs(30))]
    };
    Node {
        code: "T01".parse().expect("a code"),
        zh: "节点".into(),
        en: "node".into(),
        start: Start::Event("x".into()),
        limit: Limit { count, unit, exact: false },
        kind,
        warn,
        reached_by: None,
        done_by: None,
        assets: Vec::new(),
        documents: Documents::None("none".into()),
        told: Vec::new(),
        telling: Telling::Full,
        alarm_warn: vec![Office::Handler],
        alarm_expiry: vec![Office::Director],
        suspended_by: reasons.into_iter().collect(),
        article: "an article".into(),
        rank: Rank::Law,
        sure: Sure::Verified,
        note: None,
        counsel: None,
    }
}

/// 2025 and 2026 with rest days and make-up workdays at random places.
fn calendar(holidays: &BTreeSet<u16>, working: &BTreeSet<u16>) -> Calendar {
    let first = day("2025-01-01");
    let year = |year: i64| {
        let mut draft = YearDraft { year, notice: "n".into(), ..YearDraft::default() };
        for offset in holidays.union(working).copied().collect::<BTreeSet<_>>() {
            let at = first.plus(i32::from(offset));
            if i64::from(at.year()) != year {
                continue;
            }
            if holidays.contains(&offset) {
                let text = at.to_string();
                let (zh, en) = ("假".into(), "off".into());
                draft.holidays.push(HolidayDraft { zh, en, first: text.clone(), last: text });
            } else if at.is_weekend() {
                draft.working.push(at.to_string());
            }
        }
        draft
    };
    let draft = CalendarDraft { name: "x".into(), version: 1, years: vec![year(2025), year(2026)] };
    Calendar::parse(&draft).expect("sound")
}

fn some_calendar() -> impl Strategy<Value = Calendar> {
    let offsets = |most| proptest::collection::btree_set(0_u16..730, 0..most);
    (offsets(80), offsets(40)).prop_map(|(off, work)| calendar(&off, &work))
}

/// A span from so many days after 2025-01-01, so long; open when it has no length.
type RawSpan = (u16, Option<u8>);

fn spans(raw: &[RawSpan]) -> Vec<Span> {
    let first = day("2025-01-01");
    raw.iter()
        .map(|(at, length)| {
            let begins = first.plus(i32::from(*at));
            let until = length.map(|length| begins.plus(i32::from(length)));
            Span::new(begins, until).expect("not reversed")
        })
        .collect()
}

fn closed_spans() -> impl Strategy<Value = Vec<RawSpan>> {
    vec((0_u16..700, (0_u8..60).prop_map(Some)), 0..6)
}

fn any_spans() -> impl Strategy<Value = Vec<RawSpan>> {
    vec((0_u16..700, option::weighted(0.9, 0_u8..60)), 0..5)
}

fn in_days() -> impl Strategy<Value = (u32, Unit)> {
    prop_oneof![
        (1_u32..120, Just(Unit::Days)),
        (1_u32..60, Just(Unit::WorkingDays)),
        (1_u32..8, Just(Unit::Months)),
        (1_u32..2, Just(Unit::Years)),
    ]
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Deadline), Just(Kind::MinimumWait), Just(Kind::Expiry)]
}

fn ask(node: &Node, start: Day, stops: &[Span], extension: u32, calendar: &Calendar) -> Computed {
    let stops = Stops::union(stops.iter().copied());
    let begin = Begin { at: UnixMillis(start.begins().0 + 34_200_000), whole_day: false };
    let question = Question { node, begin, stops: &stops, extension_days: extension, round: 1 };
    compute(&question, calendar).expect("an answer")
}

/// The last day and whether it was rolled, by walking from one day to the next.
///
/// `None`: the walk came into a stop without an end.
fn naive(
    node: &Node,
    start: Day,
    raw: &[RawSpan],
    extension: u32,
    calendar: &Calendar,
) -> Option<Day> {
    let zero = day("2025-01-01");
    let stopped = |at: Day| {
        raw.iter().any(|(first, length)| {
            let offset = at.days_since(zero) - i32::from(*first);
            offset >= 0 && length.is_none_or(|length| offset < i32::from(length))
        })
    };
    // A stay that goes over into one without an end has none either: what counts is their union.
    let never_ends = |mut at: Day| loop {
        let open = |(first, length): &RawSpan| {
            length.is_none() && at.days_since(zero) >= i32::from(*first)
        };
        if raw.iter().any(open) {
            return true;
        }
        if !stopped(at) {
            return false;
        }
        at = at.plus(1);
    };
    let rests = |at: Day| calendar.is_rest(at, &mut Consulted::default());
    let stops_count = node.kind != Kind::Expiry && !node.suspended_by.is_empty();
    let mut at = start;
    let step = |counts: &dyn Fn(Day) -> bool, mut left: i32, at: &mut Day| -> Option<()> {
        while left > 0 {
            *at = at.plus(1);
            if stops_count && stopped(*at) {
                if never_ends(*at) {
                    return None;
                }
            } else if counts(*at) {
                left -= 1;
            }
        }
        Some(())
    };
    match node.limit.unit {
        Unit::WorkingDays => {
            step(&|day| !rests(day), i32::try_from(node.limit.count).expect("few"), &mut at)?;
        }
        unit => {
            // How many days the period has when nothing stops it: by the paper calendar.
            let months = if unit == Unit::Years { 12 } else { 1 } * node.limit.count;
            let days = if unit == Unit::Days {
                i32::try_from(node.limit.count).expect("few")
            } else {
                naive_months(start, months).days_since(start)
            };
            step(&|_| true, days, &mut at)?;
        }
    }
    if node.kind == Kind::Deadline {
        step(&|_| true, i32::try_from(extension).expect("few"), &mut at)?;
        while rests(at) {
            at = at.plus(1);
        }
    }
    // A stop without an end that has begun by then.
    (!(stops_count && never_ends(at))).then_some(at)
}

/// The corresponding day, walking month by month and then looking for the day.
fn naive_months(start: Day, months: u32) -> Day {
    let wanted = start.civil().2;
    let mut at = start.plus(1 - i32::from(wanted));
    for _ in 0..months {
        let month = at.civil().1;
        while at.civil().1 == month {
            at = at.plus(1);
        }
    }
    let month = at.civil().1;
    while at.civil().2 < wanted && at.plus(1).civil().1 == month {
        at = at.plus(1);
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_agrees_with_counting_day_by_day(
        calendar in some_calendar(), start in 0_i32..500, kind in kinds(), (count, unit) in in_days(),
        suspended: bool, raw in any_spans(), extension in prop_oneof![Just(0_u32), 1_u32..40],
    ) {
        prop_assume!(kind == Kind::Deadline || unit != Unit::WorkingDays);
        let node = node(kind, count, unit, suspended);
        let start = day("2025-01-01").plus(start);
        let found = ask(&node, start, &spans(&raw), extension, &calendar);
        let expected = naive(&node, start, &raw, extension, &calendar);
        prop_assert_eq!(found.due(), expected.map(Day::last_second), "{:?}", found.because);
    }

    #[test]
    fn no_period_ends_before_it_starts_and_none_is_warned_of_after_its_end(
        calendar in some_calendar(), start in 0_i32..500, kind in kinds(), (count, unit) in in_days(),
        raw in closed_spans(),
    ) {
        prop_assume!(kind == Kind::Deadline || unit != Unit::WorkingDays);
        let node = node(kind, count, unit, true);
        let start = day("2025-01-01").plus(start);
        let found = ask(&node, start, &spans(&raw), 0, &calendar);
        let due = found.due().expect("no stop is open");
        prop_assert!(due > start.last_second());
        prop_assert!(found.warnings.is_sorted());
        prop_assert!(found.warnings.iter().all(|at| *at < due));
        let last = Day::of(due);
        prop_assert_eq!(found.warnings, vec![last.plus(-3).morning(), last.plus(-1).morning()]);
    }

    #[test]
    fn the_order_of_suspensions_does_not_matter(
        raw in any_spans(), start in 0_i32..400, calendar in some_calendar(), rotate in 0_usize..5,
    ) {
        let node = node(Kind::Deadline, 60, Unit::Days, true);
        let start = day("2025-01-01").plus(start);
        let one = ask(&node, start, &spans(&raw), 0, &calendar);
        let mut other = raw.clone();
        other.reverse();
        let rotate = rotate % other.len().max(1);
        other.rotate_left(rotate);
        // And twice the same is once.
        other.extend(raw.first().copied());
        prop_assert_eq!(one, ask(&node, start, &spans(&other), 0, &calendar));
    }

    #[test]
    fn another_suspension_never_makes_it_earlier(
        raw in closed_spans(), more in (0_u16..700, (0_u8..60).prop_map(Some)), start in 0_i32..400,
        calendar in some_calendar(), (count, unit) in in_days(),
    ) {
        let node = node(Kind::Deadline, count, unit, true);
        let start = day("2025-01-01").plus(start);
        let before = ask(&node, start, &spans(&raw), 0, &calendar).due();
        let mut longer = raw.clone();
        longer.push(more);
        let after = ask(&node, start, &spans(&longer), 0, &calendar).due();
        prop_assert!(after >= before, "{before:?} {after:?}");
        // And what begins after the end changes nothing.
        let late = Day::of(before.expect("closed")).days_since(day("2025-01-01")) + 1;
        let mut late_one = raw.clone();
        late_one.push((u16::try_from(late).expect("not far"), Some(30)));
        prop_assert_eq!(ask(&node, start, &spans(&late_one), 0, &calendar).due(), before);
    }

    #[test]
    fn a_deadline_ends_on_a_working_day(
        calendar in some_calendar(), start in 0_i32..500, (count, unit) in in_days(),
        raw in closed_spans(), extension in 0_u32..40,
    ) {
        let node = node(Kind::Deadline, count, unit, true);
        let start = day("2025-01-01").plus(start);
        let found = ask(&node, start, &spans(&raw), extension, &calendar);
        let last = Day::of(found.due().expect("closed"));
        prop_assert!(!calendar.is_rest(last, &mut Consulted::default()));
        let mut between = found.unrolled().expect("days");
        while between < last {
            prop_assert!(calendar.is_rest(between, &mut Consulted::default()));
            between = between.plus(1);
        }
    }

    #[test]
    fn what_depends_on_no_unknown_year_is_not_provisional(
        calendar in some_calendar(), start in 0_i32..729, kind in kinds(), (count, unit) in in_days(),
    ) {
        prop_assume!(kind == Kind::Deadline || unit != Unit::WorkingDays);
        let node = node(kind, count, unit, false);
        let start = day("2025-01-01").plus(start);
        let found = ask(&node, start, &[], 0, &calendar);
        let last = Day::of(found.due().expect("nothing stops it"));
        let expected = kind.rolls() && last.year() > 2026;
        prop_assert_eq!(found.provisional(), expected);
    }

    #[test]
    fn hours_end_with_an_hour_and_minutes_exactly(at in 0_i64..4_000_000_000_000, count in 1_u32..72) {
        let calendar = calendar(&BTreeSet::new(), &BTreeSet::new());
        let nothing = Stops::default();
        let due = |node: &Node| {
            let begin = Begin { at: UnixMillis(at), whole_day: false };
            let question = Question { node, begin, stops: &nothing, extension_days: 0, round: 1 };
            compute(&question, &calendar).ok().and_then(|found| found.due())
        };
        prop_assume!(Day::of(UnixMillis(at)) >= Day::FIRST);
        let (hours, minutes) = (i64::from(count) * 3_600_000, i64::from(count) * 60_000);
        let hourly = due(&node(Kind::Deadline, count, Unit::Hours, false)).expect("a due moment").0;
        prop_assert_eq!((hourly + 1_000) % 3_600_000, 0);
        let begun = hourly + 1_000 - hours - at;
        prop_assert!(begun > 0 && begun <= 3_600_000, "from the next full hour: {}", begun);
        let mut exact = node(Kind::Expiry, count, Unit::Hours, false);
        exact.limit.exact = true;
        prop_assert_eq!(due(&exact), Some(UnixMillis(at + hours)));
        let minute = due(&node(Kind::Deadline, count, Unit::Minutes, false));
        prop_assert_eq!(minute, Some(UnixMillis(at + minutes)));
    }

    #[test]
    fn a_planned_day_gives_a_working_day_so_many_days_before(
        calendar in some_calendar(), planned in 40_i32..900, count in 1_u32..30,
    ) {
        let node = node(Kind::Backwards, count, Unit::Days, false);
        let planned = day("2025-01-01").plus(planned);
        let found = ask(&node, planned, &[], 0, &calendar);
        let last = Day::of(found.due().expect("a date"));
        let back = planned.plus(-i32::try_from(count).expect("few"));
        prop_assert_eq!(found.unrolled(), Some(back));
        prop_assert!(last <= back);
        prop_assert!(!calendar.is_rest(last, &mut Consulted::default()));
        let mut between = last.plus(1);
        while between <= back {
            prop_assert!(calendar.is_rest(between, &mut Consulted::default()));
            between = between.plus(1);
        }
    }
}

#[test]
fn what_has_no_clock_or_lies_outside_is_refused() {
    let calendar = calendar(&BTreeSet::new(), &BTreeSet::new());
    let nothing = Stops::default();
    let refused = |node: &Node, at: &str, extension_days: u32, round: u16| {
        let begin = Begin { at: day(at).begins(), whole_day: true };
        let question = Question { node, begin, stops: &nothing, extension_days, round };
        compute(&question, &calendar).err()
    };
    let plain = node(Kind::Deadline, 10, Unit::Days, false);
    let condition = node(Kind::Condition, 1, Unit::Months, false);
    assert_eq!(refused(&condition, "2026-01-01", 0, 1), Some(Refusal::Condition(condition.code)));
    assert_eq!(refused(&plain, "1989-12-31", 0, 1), Some(Refusal::OutOfRange));
    assert_eq!(refused(&plain, "2199-12-30", 0, 1), Some(Refusal::OutOfRange));
    assert_eq!(refused(&plain, "2026-01-01", 3_661, 1), Some(Refusal::ExtensionTooLong));
    assert_eq!(refused(&plain, "2026-01-01", 0, 2), Some(Refusal::Round(1)));
    let recurring = node(Kind::Recurring { rounds: 10 }, 6, Unit::Months, false);
    assert_eq!(refused(&recurring, "2026-01-01", 0, 0), Some(Refusal::Round(10)));
    assert_eq!(refused(&recurring, "2026-01-01", 0, 11), Some(Refusal::Round(10)));
    assert_eq!(refused(&recurring, "2026-01-01", 0, 10), None);
    let working = node(Kind::Deadline, 3_660, Unit::WorkingDays, false);
    assert_eq!(refused(&working, "2190-01-01", 0, 1), Some(Refusal::OutOfRange));
}

#[test]
fn a_stop_without_an_end_pauses_what_it_finds_running() {
    let calendar = calendar(&BTreeSet::new(), &BTreeSet::new());
    let node = node(Kind::Deadline, 10, Unit::Days, true);
    // 2026-03-04 and ten days: Saturday 14, rolled to Monday 16.
    let stopped_from = |text: &str| {
        let span = Span::new(day(text), None).expect("not reversed");
        ask(&node, day("2026-03-04"), &[span], 0, &calendar).end
    };
    for paused in ["2026-01-01", "2026-03-05", "2026-03-14", "2026-03-16"] {
        assert_eq!(stopped_from(paused), End::Paused { since: day(paused) }, "{paused}");
    }
    let due = End::Due { at: day("2026-03-16").last_second(), unrolled: Some(day("2026-03-14")) };
    assert_eq!(stopped_from("2026-03-17"), due);
}

#[test]
fn a_reversed_span_is_refused_and_an_empty_one_stops_nothing() {
    let (first, second) = (day("2026-03-04"), day("2026-03-05"));
    assert_eq!(Span::new(second, Some(first)), Err(ReversedSpan));
    let empty = Span::new(first, Some(first)).expect("not reversed");
    assert!(Stops::union([empty]).is_empty());
    assert!(!Stops::union([empty]).contains(first));
    let one = Span::new(first, Some(second)).expect("not reversed");
    let stops = Stops::union([one]);
    assert!(stops.contains(first) && !stops.contains(second) && !stops.contains(first.plus(-1)));
}

#[test]
fn each_rule_says_what_it_is_in_two_languages_and_where_it_stands() {
    let calendar = calendar(&BTreeSet::from([59]), &BTreeSet::new());
    let span = Span::new(day("2026-03-05"), Some(day("2026-03-07"))).expect("not reversed");
    let mut names = BTreeSet::new();
    for kind in [Kind::Deadline, Kind::Expiry, Kind::MinimumWait, Kind::Backwards] {
        for (unit, count) in
            [(Unit::Days, 10), (Unit::Months, 1), (Unit::WorkingDays, 5), (Unit::Hours, 1)]
        {
            for (suspended, extension) in [(true, 0), (false, 20)] {
                let node = node(kind, count, unit, suspended);
                for start in ["2026-01-31", "2026-03-04", "2026-12-28"] {
                    for rule in ask(&node, day(start), &[span], extension, &calendar).because {
                        assert!(!rule.zh().is_empty() && !rule.en().is_empty());
                        assert!(!rule.article().is_empty(), "{rule:?}");
                        names.insert(rule.name());
                    }
                }
            }
        }
    }
    assert!(names.len() >= 16, "{names:?}");
}
