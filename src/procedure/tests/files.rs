//! Files with faults: every fault at once, each with its line; and what people may write as a question.

use tiande_core::procedure::Kind;

use super::super::{AskFault, LineFault, read_calendar, read_procedure};
use super::{ask, rules};

const PROCEDURE: &str = include_str!("../../../config/procedures/enforcement.toml");
const CALENDAR: &str = include_str!("../../../config/calendars/cn.toml");

/// The file with one place of it changed, and the line of the change.
fn changed(text: &str, from: &str, to: &str) -> (String, usize) {
    let at = text.find(from).unwrap_or_else(|| unreachable!("{from}"));
    let line = text[..at].matches('\n').count() + 1;
    (text.replacen(from, to, 1), line)
}

fn procedure_faults(text: &str) -> Vec<LineFault> {
    read_procedure(text).err().unwrap_or_default()
}

fn one(faults: &[LineFault], line: usize, words: &str) {
    let fits = |fault: &LineFault| fault.line == line && fault.text.contains(words);
    assert!(faults.len() == 1 && faults.iter().all(fits), "line {line}, {words}: {faults:?}");
}

#[test]
fn each_fault_of_a_procedure_has_its_line() {
    assert_eq!(procedure_faults(PROCEDURE), []);
    for (from, to, words) in [
        ("alarm_warn = [\"filing_head\"]", "alarm_warn = [\"king\"]", "unknown role \"king\""),
        ("one_of = [\"acceptance_notice\"", "one_of = [\"lost_paper\"", "missing document"),
        ("start = { event = \"file_received\"", "start = { event = \"flood\"", "unknown start"),
        ("start = { after = [\"A01\"]", "start = { after = [\"A77\"]", "unknown start"),
        ("limit = { days = 7 }", "limit = { days = 0 }", "1–3660"),
        ("limit = { days = 7 }", "limit = { weeks = 1 }", "unknown unit"),
        ("limit = { days = 7 }", "limit = { days = \"7\" }", "whole number"),
        ("limit = { days = 7 }", "limit = { days = 7, months = 1 }", "exactly one of"),
        ("kind = \"deadline\"", "kind = \"deadlime\"", "unknown kind"),
        ("warn = [\"2d\"]", "warn = [\"2h\"]", "warned of in days"),
        ("warn = [\"2d\"]", "warn = \"2d\"", "list of texts"),
        ("told = [\"applicant\"]", "tolled = []\ntold = [\"applicant\"]", "unknown key \"tolled\""),
        ("code = \"A02\"", "code = \"A01\"", "used twice"),
        ("version = 1", "version = 0", "1–1000000"),
        ("procedure = \"enforcement\"", "procedure = 7", "text in quotes"),
        ("rank = \"law\"", "rank = \"custom\"", "unknown rank"),
        ("suspended_by = []", "suspended_by = [\"rain\"]", "unknown reason"),
    ] {
        let (text, line) = changed(PROCEDURE, from, to);
        one(&procedure_faults(&text), line, words);
    }
    // What is missing is reported at the head of its table.
    let (text, line) = changed(PROCEDURE, "zh = \"立案审查\"\n", "");
    one(&procedure_faults(&text), line - 2, "missing key \"zh\"");
    let (text, line) = changed(PROCEDURE, "limit = { days = 7 }\n", "");
    one(&procedure_faults(&text), line - 5, "missing key \"limit\"");
}

#[test]
fn a_circle_is_reported_with_its_way() {
    let (text, line) = changed(
        PROCEDURE,
        "start = { event = \"tip_sent\" }",
        "start = { after = [\"E02\"], zh = \"圈\", en = \"circle\" }",
    );
    one(&procedure_faults(&text), line, "E01 → E02 → E01");
}

#[test]
fn all_faults_come_at_once_in_the_order_of_lines() {
    let (text, _) = changed(PROCEDURE, "alarm_warn = [\"filing_head\"]", "alarm_warn = [\"king\"]");
    let (text, _) = changed(&text, "kind = \"expiry\"", "kind = \"expired\"");
    let (text, _) = changed(&text, "code = \"E07\"", "code = \"E7\"");
    let (text, _) = changed(&text, "version = 1", "version = \"one\"");
    let faults = procedure_faults(&text);
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(faults.is_sorted());
    // What is no TOML is a fault with a line, too, whatever else is wrong.
    let (text, line) = changed(PROCEDURE, "[events]", "[events");
    assert!(procedure_faults(&text).iter().any(|fault| fault.line == line));
    let (text, line) = changed(PROCEDURE, "rank = \"law\"", "rank = \"law\"\nrank = \"law\"");
    let doubled = procedure_faults(&text);
    assert!(
        doubled.iter().any(|f| f.line == line + 1 && f.text.contains("duplicate")),
        "{doubled:?}"
    );
    for nothing in ["", "\n", "node = 1", "[[node]]", "\u{0}"] {
        assert!(!procedure_faults(nothing).is_empty(), "{nothing:?}");
    }
}

#[test]
fn each_fault_of_a_calendar_has_its_line() {
    let faults = |text: &str| read_calendar(text).err().unwrap_or_default();
    assert_eq!(faults(CALENDAR), []);
    for (from, to, words) in [
        ("\"2026-02-14\"", "\"2026-02-13\"", "no Saturday or Sunday"),
        ("\"2026-02-14\"", "\"2026-02-15\"", "named twice"),
        ("last = \"2026-02-23\"", "last = \"2026-02-33\"", "no date"),
        ("last = \"2026-02-23\"", "last = \"2026-02-14\"", "before it begins"),
        ("first = \"2026-02-15\"", "first = \"2025-02-15\"", "not in 2026"),
        ("year = 2026", "year = 2027", "must be 2026"),
        ("notice = \"国务院办公厅关于2026", "notiz = \"国务院办公厅关于2026", "notiz"),
    ] {
        let (text, line) = changed(CALENDAR, from, to);
        let found = faults(&text);
        let fits = |fault: &&LineFault| fault.line == line && fault.text.contains(words);
        assert!(found.iter().any(|fault| fits(&fault)), "{words}: {found:?}");
    }
}

#[test]
fn the_shipped_calendar_knows_2018_to_2026() {
    let rules = rules();
    let (first, last) = rules.calendar.span();
    assert_eq!(
        (first.to_string().as_str(), last.to_string().as_str()),
        ("2018-01-01", "2026-12-31")
    );
    let mut looked = tiande_core::calendar::Consulted::default();
    let mut day = first;
    let mut rests = [0; 9];
    while day <= last {
        let year = usize::try_from(day.year() - 2018).expect("in range");
        rests[year] += usize::from(rules.calendar.is_rest(day, &mut looked));
        day = day.plus(1);
    }
    assert_eq!(looked.unknown(), None);
    // Weekends and public holidays: 104 or 105 and 11, from 2025 on 13; in 2020 the weekend of
    // 春节 was lengthened by a Friday that was not worked elsewhere.
    assert_eq!(rests, [115, 115, 117, 115, 116, 116, 115, 117, 117]);
}

#[test]
fn what_people_write_is_read_or_refused_with_what_to_do() {
    let rules = rules();
    let due = |question: &super::Ask| {
        question.answer(&rules).map(|asked| asked.computed.due().map(|at| at.0))
    };
    // Five ways to write one moment.
    let whole = due(&ask("T01", "2026-02-10"));
    for from in [
        "2026-02-10T09:30",
        "2026-02-10T09:30:00",
        "2026-02-10T09:30:00+08:00",
        "2026-02-10T01:30:00Z",
    ] {
        assert_eq!(due(&ask("T01", from)), whole, "{from}");
    }
    for from in ["", "10.2.2026", "2026-02-30", "2026-02-10T9:30", "2026-02-10 09:30", "二月十日"]
    {
        let refused = due(&ask("T01", from)).expect_err(from);
        assert_eq!(refused.code(), ("from", "time-invalid"), "{from}");
    }
    for (node, code) in [
        ("T99", "unknown-node"),
        ("t01", "unknown-node"),
        ("", "unknown-node"),
        ("W02", "condition"),
    ] {
        assert_eq!(due(&ask(node, "2026-02-10")).expect_err(node).code(), ("node", code));
    }
    let with = |suspend: &[&str]| {
        let suspensions = suspend.iter().map(|text| (*text).to_owned()).collect();
        due(&super::Ask { suspensions, ..ask("T01", "2026-02-10") })
    };
    for (text, code) in [
        ("2026-03-05", "interval-invalid"),
        ("2026-03-05/2026-03-01", "interval-reversed"),
        ("2026-03-05T10:00/2026-03-05T09:00", "interval-reversed"),
        ("x/2026-03-01", "time-invalid"),
        ("2026-03-01/x", "time-invalid"),
        ("/2026-03-01", "time-invalid"),
        ("2026-03-01/2026-03-05@rain", "unknown-reason"),
    ] {
        assert_eq!(with(&[text]).expect_err(text).code(), ("suspend", code), "{text}");
    }
    // Within one day it is empty; and both ways to leave it open are one.
    assert_eq!(with(&["2026-03-05T09:00/2026-03-05T10:00"]), whole);
    assert_eq!(with(&["2026-03-05T09:00/2026-03-05"]), whole);
    assert_eq!(with(&["2026-03-05/"]), Ok(None));
    assert_eq!(with(&["2026-03-05/.."]), Ok(None));
    assert_eq!(with(&["2026-03-05/2026-03-06"; 65]).expect_err("too many"), AskFault::TooMany);
    let extended = |days| due(&super::Ask { extension_days: days, ..ask("T01", "2026-02-10") });
    assert_eq!(extended(3_661).expect_err("too long").code(), ("extend", "out-of-range"));
    for (node, round) in [("Z04", 0), ("Z04", 11), ("T01", 2)] {
        let refused = due(&super::Ask { round: Some(round), ..ask(node, "2026-02-10") });
        assert_eq!(refused.expect_err(node).code(), ("round", "out-of-range"));
    }
    for from in ["1989-12-31", "2199-12-31"] {
        assert_eq!(due(&ask("T01", from)).expect_err(from).code(), ("from", "out-of-range"));
    }
}

#[test]
fn a_recurring_node_lists_all_its_recurrences() {
    let rules = rules();
    let asked = ask("Z04", "2025-08-31");
    let asked = asked.answer(&rules).expect("an answer");
    assert!(matches!(asked.node.kind, Kind::Recurring { rounds: 10 }));
    assert_eq!(asked.recurrences.len(), 10);
    assert!(asked.recurrences.is_sorted());
    assert_eq!(asked.recurrences.first().copied(), asked.computed.due());
}

#[test]
fn when_the_next_years_calendar_arrives_a_provisional_date_becomes_a_real_one() {
    let before = rules();
    let question = ask("Z06", "2026-11-02");
    let first = question.answer(&before).expect("an answer").computed;
    assert!(first.provisional());
    let year = "\n[[year]]\nyear = 2027\nnotice = \"a notice\"\nholidays = [{ zh = \"元旦\", en = \
                \"New Year\", first = \"2027-01-01\", last = \"2027-01-03\" }]\nworking = []\n";
    let calendar = read_calendar(&format!("{CALENDAR}{year}")).expect("sound");
    let after = super::Rules { calendar, ..before };
    let second = question.answer(&after).expect("an answer").computed;
    assert!(!second.provisional());
    // Friday by its weekday; a holiday by the notice: Monday 4.
    let shown = |at| super::super::show::shanghai(at);
    assert_eq!(first.due().map(shown).as_deref(), Some("2027-01-01T23:59:59+08:00"));
    assert_eq!(second.due().map(shown).as_deref(), Some("2027-01-04T23:59:59+08:00"));
}
