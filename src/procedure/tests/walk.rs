//! All 75 rows: each is what the facts say, starts, warns, ends, and is stopped or not.
#![allow(clippy::print_stdout)] // The count, for people.

use std::collections::BTreeMap;

use tiande_core::calendar::Day;
use tiande_core::deadline::Refusal;
use tiande_core::procedure::{Documents, Kind, Node, Office, Rank, Start, Sure, Telling, Unit};
use tiande_core::time::UnixMillis;

use super::super::AskFault;
use super::super::show::offset_text;
use super::{ask, rules};

/// The facts once more, in short: code, limit, kind, warnings, told, alarmed near the end, alarmed at the
/// end, suspended or not, rank and certainty. Written from the source table, not from the file.
const FACTS: &str = include_str!("facts.txt");

fn limit_text(node: &Node) -> String {
    let unit = match node.limit.unit {
        Unit::Days => "cd",
        Unit::WorkingDays => "wd",
        Unit::Months => "cm",
        Unit::Years => "cy",
        Unit::Hours => "h",
        Unit::Minutes => "min",
    };
    format!("{}{unit}", node.limit.count)
}

fn letters(offices: &[Office]) -> String {
    let letter = |office: &Office| match office {
        Office::Handler => 'H',
        Office::Applicant => 'A',
        Office::FilingHead => 'L',
        Office::Finance => 'F',
        Office::CommandCentre => 'C',
        Office::Director => 'D',
        Office::President => 'P',
        Office::Discipline => 'J',
    };
    offices.iter().map(letter).collect()
}

fn fact_of(node: &Node) -> String {
    let dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let warn = node.warn.iter().map(|offset| offset_text(*offset)).collect::<Vec<_>>().join(",");
    let rank = match node.rank {
        Rank::Law => "LAW",
        Rank::CourtNorm => "SPC",
        Rank::CourtDefault => "DEF",
    };
    let sure = match node.sure {
        Sure::Verified => "V",
        Sure::Quoted => "S",
        Sure::Memory => "M",
        Sure::Default => "D",
    };
    let told = if node.told == [Office::Applicant] { "Y" } else { "N" };
    let suspended = if node.suspended_by.is_empty() { "n" } else { "y" };
    let (warned, expired) = (letters(&node.alarm_warn), letters(&node.alarm_expiry));
    let (code, limit, kind) = (node.code, limit_text(node), node.kind.name());
    let warn = dash(warn);
    format!("{code} {limit} {kind} {warn} {told} {warned} {expired} {suspended} {rank} {sure}")
}

#[test]
fn every_row_says_what_the_facts_say() {
    let rules = rules();
    let rows: Vec<String> = rules.procedure.nodes().iter().map(fact_of).collect();
    let facts: Vec<&str> = FACTS.lines().collect();
    assert_eq!(rows, facts);
    assert_eq!(rows.len(), 75);
    let count = |wanted: Sure| rules.procedure.nodes().iter().filter(|n| n.sure == wanted).count();
    // Recounted from the source table; its own heading says the same.
    let sure = [Sure::Verified, Sure::Quoted, Sure::Memory, Sure::Default].map(count);
    assert_eq!(sure, [43, 10, 4, 18]);
}

#[test]
fn a_walk_over_all_rows() {
    let rules = rules();
    let mut seen = BTreeMap::new();
    let mut walked = 0;
    for node in rules.procedure.nodes() {
        let code = node.code;
        assert!(node.told.iter().all(|office| *office == Office::Applicant), "{code}");
        assert!(!node.alarm_warn.is_empty() && !node.alarm_expiry.is_empty(), "{code}");
        assert!(!node.article.is_empty(), "{code}");
        match &node.start {
            Start::Event(event) => {
                assert!(rules.procedure.events().contains_key(event), "{code}");
            }
            Start::After { nodes, .. } | Start::BeforeEndOf { nodes, .. } => {
                assert!(nodes.iter().all(|node| rules.procedure.node(*node).is_some()), "{code}");
            }
        }
        match &node.documents {
            Documents::All(codes) | Documents::OneOf(codes) => {
                let known = |code| rules.procedure.documents().contains_key(code);
                assert!(!codes.is_empty() && codes.iter().all(known), "{code}");
            }
            Documents::None(why) => assert!(!why.is_empty(), "{code}"),
        }
        walked += 1;
        *seen.entry(node.kind.name()).or_insert(0) += 1;
        let from = "2026-03-02T10:20:30+08:00";
        let plain = ask(&code.to_string(), from);
        let answered = plain.answer(&rules);
        if node.kind == Kind::Condition {
            assert!(matches!(answered, Err(AskFault::Refused(Refusal::Condition(_)))), "{code}");
            continue;
        }
        let answered = answered.expect("an answer");
        let due = answered.computed.due().expect("nothing stops it");
        let backwards = node.kind == Kind::Backwards;
        assert_eq!(due > answered.begin.at, !backwards, "{code}");
        // Each warning lies before the end, and after the start where there is one.
        assert_eq!(answered.computed.warnings.len(), node.warn.len(), "{code}");
        for at in &answered.computed.warnings {
            assert!(*at < due && (backwards || *at > answered.begin.at), "{code}");
        }
        assert!(!answered.computed.because.is_empty(), "{code}");
        assert!(!answered.computed.provisional() || Day::of(due).year() > 2026, "{code}");
        suspended(node, from, due, &rules);
    }
    println!("{walked} nodes walked: {seen:?}");
    assert_eq!(walked, 75);
}

/// Ten days in which the case stands still from the day after the start: for each reason.
fn suspended(node: &Node, from: &str, due: UnixMillis, rules: &super::Rules) {
    let code = node.code.to_string();
    for reason in rules.procedure.reasons().keys() {
        let mut question = ask(&code, from);
        question.suspensions.push(format!("2026-03-03/2026-03-13@{reason}"));
        let answered = question.answer(rules).expect("an answer");
        let moved = answered.computed.due().expect("a closed suspension");
        if node.suspended_by.contains(reason) {
            // Rest days at either end make it more or fewer than ten.
            assert!(moved > due, "{code} {reason}");
            if node.kind == Kind::MinimumWait {
                assert_eq!(Day::of(moved), Day::of(due).plus(10), "{code} {reason}");
            }
            question.suspensions = vec![format!("2026-03-03/@{reason}")];
            let paused = question.answer(rules).expect("an answer");
            assert_eq!(paused.computed.due(), None, "{code} {reason}");
        } else {
            assert_eq!(moved, due, "{code} {reason}");
        }
    }
}

#[test]
fn appraisal_and_auction_stop_the_overall_limits_and_never_their_own_nodes() {
    let rules = rules();
    let stopped_by = |reason: &str| {
        let nodes = rules.procedure.nodes().iter();
        let stopped = nodes.filter(|node| node.suspended_by.contains(reason));
        stopped.map(|node| node.code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(stopped_by("auction"), ["T01", "T02"]);
    assert_eq!(stopped_by("appraisal"), ["T01", "T02", "T04"]);
    assert_eq!(
        stopped_by("settlement").len(),
        stopped_by("suspension_ruling").len() - 1,
        "not T04"
    );
}

#[test]
fn rows_that_need_counsel_carry_the_mark_and_asset_rows_tell_a_summary() {
    let rules = rules();
    let nodes = rules.procedure.nodes().iter();
    let marked: Vec<_> =
        nodes.clone().filter(|n| n.counsel.is_some()).map(|n| n.code.to_string()).collect();
    assert_eq!(marked, ["V01", "V02", "V03", "D08", "D09", "P03"]);
    for code in ["C01", "C02", "C07", "E03", "E04", "E05"] {
        let node = nodes.clone().find(|node| node.code.to_string() == code).expect(code);
        assert_eq!(node.telling, Telling::Summary, "{code}");
    }
}
