//! The demo's cases in motion: given to two judges, some nodes in good time, some near due, some late, so
//! that the desk has something to show.

use anyhow::Context as _;
use tiande_actors::court::{CourtHandle, ToCase};
use tiande_actors::ports::Journal as _;
use tiande_core::calendar::Day;
use tiande_core::case::{CaseCommand, CaseNumber};
use tiande_core::deadline::Begin;
use tiande_core::journal::By;
use tiande_core::nodes::NodeCommand;

use super::people;
use crate::app::App;

/// Which node each case has running, and how many days ago its clock started.
const RUNNING: [(&str, i32); 12] = [
    ("T01", 20),
    ("T01", 165),
    ("T01", 200),
    ("Z06", 30),
    ("Z06", 55),
    ("Z06", 58),
    ("Z06", 70),
    ("M01", 1),
    ("T01", 120),
    ("T01", 175),
    ("Z06", 10),
    ("T01", 90),
];

/// Sets the cases in motion that nobody handles yet.
///
/// # Errors
/// Something could not be read or written.
pub async fn set_in_motion(app: &App, court: &CourtHandle) -> anyhow::Result<()> {
    let id = &court.profile().id;
    let judges = app.doors.judges(id).await.context("reading judges")?;
    if judges.is_empty() {
        return Ok(());
    }
    let today = Day::of(app.clock.now());
    for (n, (node, ago)) in RUNNING.into_iter().enumerate() {
        let number = CaseNumber::parse(&people::case_number(n)).context("a demo case")?;
        let found = app.journal.case_numbered(id.clone(), number).await;
        let Some(case) = found.context("reading a demo case")? else { continue };
        let known = court.case(case).await;
        let known = known.map_err(|fault| anyhow::anyhow!("reading a demo case: {fault:?}"))?;
        if known.handler.is_some() {
            continue; // Of a start before this one.
        }
        let handler = judges[n % judges.len()];
        let begin = Begin { at: today.plus(-ago).begins(), whole_day: true };
        let node = node.parse().context("a demo node")?;
        for command in [
            CaseCommand::SetHandler { handler, reason: String::new() },
            CaseCommand::Node(NodeCommand::Open { node, begin }),
        ] {
            let order = ToCase { case, command, by: By::Operator };
            let done = court.command_case(order).await;
            done.map_err(|fault| anyhow::anyhow!("setting a demo case in motion: {fault:?}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::Rules;

    #[test]
    fn each_node_of_the_demo_is_in_the_procedure() {
        let rules = Rules::load(None, None).expect("sound");
        for (node, _) in RUNNING {
            let code = node.parse().expect("a code");
            assert!(rules.procedure.node(code).is_some(), "{node}");
        }
    }
}
