//! Random assignment (随机分案): takes the next link of the court's chain for a case, and has the case take the judge
//! that it gives. What a draw is, and how it is checked, is in `tiande_core::draw`.

use std::collections::BTreeMap;

use tiande_actors::court::{CommandFault, CourtHandle, ToCase};
use tiande_core::case::{Case, CaseCommand};
use tiande_core::draw::{Candidate, DrawRecord, Exclusion, draw};
use tiande_core::file::{Acting, FileCommand, Particulars};
use tiande_core::ids::UserId;
use tiande_core::journal::By;

use crate::app::App;

/// Why nobody was drawn.
#[derive(Debug)]
pub enum AssignFault {
    /// The store failed.
    Store,
    /// Nobody is left.
    NoCandidate,
    /// The case refuses.
    Command(CommandFault),
}

/// How far ahead late nodes make a judge's load heavier, days.
const AHEAD_DAYS: i32 = 7;

/// Draws a judge for a case and gives it to that judge.
///
/// # Errors
/// [`AssignFault`].
pub async fn assign(
    app: &App,
    court: &CourtHandle,
    case: &Case,
    excluded: Vec<(UserId, Exclusion)>,
    reason: &str,
    by: UserId,
) -> Result<DrawRecord, AssignFault> {
    let id = &court.profile().id;
    let judges = app.doors.judges(id).await.map_err(|_fault| AssignFault::Store)?;
    let loads = loads(app, court).await?;
    let other = |judge: &UserId| Some(*judge) != case.handler;
    // Said in the record; the case refuses one candidate where others were only kept out.
    let only = judges.iter().filter(|judge| other(judge)).count() == 1;
    let open = |judge: &UserId| !excluded.iter().any(|(of, _)| of == judge) && other(judge);
    let candidates: Vec<Candidate> = judges
        .into_iter()
        .filter(open)
        .map(|judge| Candidate { judge, load: loads.get(&judge).copied().unwrap_or(0) })
        .collect();
    let number = case.number.as_ref().ok_or(AssignFault::NoCandidate)?;
    // One who is left of several is nobody's chance: such a case is given by hand, with a reason.
    if candidates.is_empty() || (candidates.len() == 1 && !only) {
        return Err(AssignFault::NoCandidate);
    }
    // The link is this case's from now on, whatever happens: it is never tried for another.
    let link = app.doors.next_link(id, case.id, case.handler.is_some()).await;
    let link = link.map_err(|_fault| AssignFault::Store)?;
    let judge = draw(&link.seed, number, &candidates).ok_or(AssignFault::NoCandidate)?;
    let record = DrawRecord {
        chain: link.chain,
        nth: link.nth,
        seed: link.seed,
        candidates,
        excluded,
        judge,
        replaces: case.handler,
        only,
        at: app.clock.now(),
    };
    let command = FileCommand::Draw(record.clone());
    let command = CaseCommand::file(Acting::Staff(by), command, Particulars::said(reason));
    let order = ToCase { case: case.id, command, by: By::Staff { user: by } };
    court.command_case(order).await.map_err(AssignFault::Command)?;
    // A record that is lost here is still in the case's file.
    app.doors.note_draw(id, number, &record).await.map_err(|_fault| AssignFault::Store)?;
    Ok(record)
}

/// What each judge has: a case is one, and each node of it that is late or about to be is one more.
async fn loads(app: &App, court: &CourtHandle) -> Result<BTreeMap<UserId, u32>, AssignFault> {
    use tiande_core::calendar::Day;
    use tiande_core::time::UnixMillis;
    let id = &court.profile().id;
    let before = Day::of(app.clock.now()).plus(AHEAD_DAYS).begins();
    let late = app.journal.load_by_day(id, UnixMillis(0), before).await;
    let cases = app.journal.cases_by_handler(id).await;
    let (late, cases) =
        (late.map_err(|_fault| AssignFault::Store)?, cases.map_err(|_fault| AssignFault::Store)?);
    let mut loads: BTreeMap<UserId, u32> = BTreeMap::new();
    let many = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    for (judge, count) in cases {
        let load = loads.entry(judge).or_default();
        *load = load.saturating_add(many(count));
    }
    for ((judge, _), count) in late {
        if let Some(judge) = judge {
            let load = loads.entry(judge).or_default();
            *load = load.saturating_add(many(count));
        }
    }
    Ok(loads)
}
