//! The journal, in-process: durable events with their read models and outbox beside plain inserts of
//! the same bytes, on both stores, and acknowledgements beside one write and fdatasync.
//!
//! The bench of the server's crate takes its sides in turns by itself; this runs it and reads its lines.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

use super::Setting;
use super::host::say;
use super::inside;
use super::line::{Better, Budget, Line};
use super::sides::Samples;

/// A line of that program.
#[derive(Debug, Deserialize)]
struct Figure {
    name: String,
    ours: Samples,
    theirs: Samples,
    unit: String,
    budget: Option<String>,
    /// `higher` for rates, `lower` for costs.
    better: String,
}

impl Figure {
    fn line(&self) -> Result<Line> {
        let better = match self.better.as_str() {
            "higher" => Better::Rate,
            "lower" => Better::Cost,
            other => bail!("{}: better {other}?", self.name),
        };
        let budget = self.budget.as_deref().map(budget).transpose()?;
        let name = format!("{}; in-process", self.name);
        Ok(Line::versus(&name, &self.unit, &self.ours, &self.theirs, better, budget))
    }
}

fn budget(words: &str) -> Result<Budget> {
    let (sign, number) = words.split_once(' ').context("a budget is a sign and a number")?;
    let number = number.parse().with_context(|| format!("{words} is no budget"))?;
    match sign {
        "<=" => Ok(Budget::AtMost(number)),
        ">=" => Ok(Budget::AtLeast(number)),
        _ => bail!("{words} is no budget"),
    }
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let program = setting.journal()?;
    say("both sides in one program, on all cores, on the disk of the temporary folder");
    let output = inside::output(Command::new(program)).await;
    read(&output.with_context(|| program.display().to_string())?)
}

fn read(output: &str) -> Result<Vec<Line>> {
    let figures = output.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Line> = figures
        .map(|line| serde_json::from_str::<Figure>(line).context("no figure")?.line())
        .collect::<Result<_>>()?;
    if lines.is_empty() {
        bail!("no figure came");
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_become_lines() {
        let output = r#"hello
{"name":"a","ours":[1.0,3.0,2.0],"theirs":[4.0,8.0,9.0],"unit":"events/s","ratio":1,"budget":">= 0.25","better":"higher"}
{"name":"b","ours":[1.0],"theirs":[4.0],"unit":"us","budget":null,"better":"lower"}"#;
        let lines = read(output).unwrap();
        assert_eq!((lines[0].ratio, lines[0].met), (Some(0.25), Some(true)));
        assert_eq!((lines[1].ratio, lines[1].met), (Some(0.25), None));
        assert!(read("nothing").is_err());
        assert!(budget("0.25").is_err() && budget("> 1").is_err() && budget(">= x").is_err());
    }
}
