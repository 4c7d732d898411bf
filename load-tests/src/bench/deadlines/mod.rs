//! Clocks of cases: what a million of them cost, how fast 100,000 fire that are due in one second, how late
//! they are beside a load, and what a start finds that was due while the server was down.
//!
//! Histories are written by the program of the server's crate with the journal's own code while no server
//! runs; each case has one running node, whose end is escalated to the director as in any procedure. What
//! fires is looked at from outside: `tiande_deadlines_fired_total`, which counts what is durable, and
//! afterwards the journal. Two moments are told apart: *decided* is the record's own time, before it goes
//! to the disk; *durable* is when somebody outside could first see that it was there.

mod bed;
mod burst;
mod million;
mod overdue;
mod steady;

use anyhow::{Context, Result};

use super::Setting;
use super::line::Line;

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let mut lines = steady::measure(setting).await.context("at a steady pace")?;
    lines.extend(overdue::measure(setting).await.context("overdue at a start")?);
    lines.extend(burst::measure(setting).await.context("all in one second")?);
    lines.extend(million::measure(setting).await.context("a million")?);
    Ok(lines)
}
