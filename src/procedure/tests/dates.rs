//! The dates of `dates.md`, which were worked out by hand.

use super::super::show::answer_json;
use super::{ask, rules};

const TABLE: &str = include_str!("dates.md");

/// A due date or a warning as the table writes it, in full.
fn moment(text: &str, year: &str, time: &str) -> String {
    let text = if text.len() == "02-10".len() { format!("{year}-{text}") } else { text.to_owned() };
    if text.contains('T') { format!("{text}+08:00") } else { format!("{text}T{time}+08:00") }
}

#[test]
fn the_program_agrees_with_every_date_worked_out_by_hand() {
    let rules = rules();
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| node")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [node, from, more, due, warnings, article, by_hand] = cells.as_slice() else {
            unreachable!("seven cells: {line}");
        };
        assert!(!article.is_empty() && !by_hand.is_empty(), "{line}");
        let mut question = ask(node, from);
        for part in more.split(", ").filter(|part| !part.is_empty()) {
            if let Some(days) = part.strip_prefix('+') {
                question.extension_days = days.parse().expect("days");
            } else if let Some(round) = part.strip_prefix('#') {
                question.round = Some(round.parse().expect("a round"));
            } else {
                question.suspensions.push(part.to_owned());
            }
        }
        let answer = answer_json(&question.answer(&rules).expect(line), &rules);
        let (due, provisional) = match due.strip_suffix(" ~") {
            Some(due) => (due, true),
            None => (*due, false),
        };
        let year = due.get(..4).unwrap_or_default();
        let expected = (due != "paused").then(|| moment(due, year, "23:59:59"));
        let warn: Vec<String> = warnings
            .split(", ")
            .filter(|text| !text.is_empty())
            .map(|text| moment(text, year, "09:00:00"))
            .collect();
        let fits = answer["due"] == serde_json::json!(expected)
            && answer["warn"] == serde_json::json!(warn)
            && answer["provisional"] == provisional;
        if !fits {
            let (due, warn) = (&answer["due"], &answer["warn"]);
            wrong.push(format!("{line}\n  computed: {due} {warn} {}", answer["because"]));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 80, "{count} dates");
}
