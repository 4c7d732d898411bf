//! The lines as a table that people read and the README quotes.

use std::fmt::Write as _;

use super::line::Line;

/// A number with as many digits as say something.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1_000_000.0 => format!("{:.2} M", value / 1e6),
        large if large >= 10_000.0 => format!("{:.1} k", value / 1e3),
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A table in Markdown.
pub fn markdown(lines: &[Line]) -> String {
    let mut out =
        String::from("| | ours | theirs | | ratio | budget | |\n|---|---|---|---|---|---|---|\n");
    for line in lines {
        let theirs = line.theirs.map_or_else(|| "–".to_owned(), number);
        let ratio = line.ratio.map_or_else(|| "–".to_owned(), number);
        let budget = line.budget.as_deref().unwrap_or("–");
        let met = match line.met {
            None => "",
            Some(true) => "met",
            Some(false) => "**not met**",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {theirs} | {} | {ratio} | {budget} | {met} |",
            line.name,
            number(line.ours),
            line.unit
        );
    }
    out
}
