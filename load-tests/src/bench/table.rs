//! The lines as a table that people read and the README quotes.

use std::fmt::Write as _;

use super::line::Line;

/// A number with as many digits as say something.
pub fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1_000_000.0 => format!("{:.2} M", value / 1e6),
        large if large >= 10_000.0 => format!("{:.1} k", value / 1e3),
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// What people call a subject.
pub fn title(subject: &str) -> &str {
    match subject {
        "ingest" => "Positions from sockets",
        "gateway" => "Positions from gateways",
        "index" => "The index",
        "nearest" => "Who is nearest",
        "tip-offer" => "From a tip to the officer's screen",
        "journal" => "The journal, in-process",
        "fanout" => "Consoles",
        "stack" => "Beside Node, Redis and PostgreSQL",
        "scale" => "More of everything: the most; the least",
        "start" => "Starting after years",
        "memory" => "Memory",
        "deadlines" => "Deadlines",
        other => other,
    }
}

/// The subjects of these lines, in their order.
pub fn subjects(lines: &[Line]) -> Vec<&str> {
    let mut subjects: Vec<&str> = lines.iter().map(|line| line.subject.as_str()).collect();
    subjects.dedup();
    subjects
}

/// The lines of a subject that a table shows.
pub fn shown<'a>(lines: &'a [Line], subject: &'a str) -> impl Iterator<Item = &'a Line> {
    lines.iter().filter(move |line| line.subject == subject && !line.detail)
}

/// `met`, `not met`, or nothing without a budget.
pub fn verdict(line: &Line) -> &'static str {
    match line.met {
        None => "",
        Some(true) => "met",
        Some(false) => "not met",
    }
}

/// A table in Markdown, by subject.
pub fn markdown(lines: &[Line]) -> String {
    let mut out =
        String::from("| | ours | theirs | | ratio | budget | |\n|---|---|---|---|---|---|---|\n");
    for subject in subjects(lines) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| **{}** | | | | | | |", title(subject));
        for line in shown(lines, subject) {
            let theirs = line.theirs.map_or_else(|| "–".to_owned(), number);
            let ratio = line.ratio.map_or_else(|| "–".to_owned(), number);
            let budget = line.budget.as_deref().unwrap_or("–");
            let met = match line.met {
                Some(false) => "**not met**",
                _ => verdict(line),
            };
            let _ = writeln!(
                out,
                "| {} | {} | {theirs} | {} | {ratio} | {budget} | {met} |",
                line.name,
                number(line.ours),
                line.unit
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::line::Budget;
    use super::*;

    #[test]
    fn lines_stand_under_their_subject_and_points_are_left_out() {
        let line = |name: &str, subject: &str, detail| {
            let line = Line::alone(name, "B", &vec![12_345.0], Budget::AtMost(1.0));
            Line { subject: subject.to_owned(), detail, ..line }
        };
        let lines =
            [line("a", "memory", false), line("b", "memory", true), line("c", "scale", false)];
        let table = markdown(&lines);
        assert_eq!(table.lines().count(), 2 + 2 + 2, "{table}");
        assert!(table.contains("| **Memory** |") && !table.contains("| b |"));
        assert!(table.contains("| a | 12.3 k | – | B | – | <= 1 | **not met** |"), "{table}");
    }
}
