//! An incident with its history, for HTTP and for consoles.

use std::collections::BTreeMap;

use tiande_actors::court::{CommandFault, CourtHandle, IncidentLook};
use tiande_actors::ports::Journal as _;
use tiande_core::ids::IncidentId;
use tiande_core::journal::{By, StreamId};

use crate::app::App;
use crate::shapes::{IncidentDetailShape, TimelineShape};

/// Checks that an incident is of this court. A court wakes whatever the journal knows by an id, so
/// everything that names one from outside passes through here first.
///
/// # Errors
/// [`CommandFault::NotFound`], also for incidents of other courts.
pub async fn check_court(
    app: &App,
    court: &CourtHandle,
    incident: IncidentId,
) -> Result<(), CommandFault> {
    let known = app.journal.incident_in(&court.profile().id, incident).await;
    if known.map_err(CommandFault::Read)? { Ok(()) } else { Err(CommandFault::NotFound) }
}

/// Reads an incident with its time line.
///
/// # Errors
/// [`CommandFault`].
pub async fn detail_of(
    app: &App,
    court: &CourtHandle,
    incident: IncidentId,
) -> Result<IncidentDetailShape, CommandFault> {
    check_court(app, court, incident).await?;
    let seen = court.look(IncidentLook { incident, candidates: false }).await?;
    let stored = app.journal.read_stream(StreamId::Incident(incident)).await;
    let stored = stored.map_err(CommandFault::Read)?;
    let roster = court.roster().await?;
    let officers: BTreeMap<_, _> = roster.iter().map(|o| (o.id, o.name.clone())).collect();
    let staff = app.doors.staff_names(&court.profile().id).await.unwrap_or_default();
    let name = |by: &By| match by {
        By::System => "system".to_owned(),
        By::Operator => "operator".to_owned(),
        By::Source { name } => name.clone(),
        By::Officer { officer, .. } => officers.get(officer).cloned().unwrap_or_default(),
        // Parties act in cases, and never in incidents.
        By::Party { .. } => String::new(),
        By::Staff { user } => staff.get(user).cloned().unwrap_or_default(),
    };
    let timeline = stored.iter().filter_map(|s| TimelineShape::from_stored(s, &name)).collect();
    Ok(IncidentDetailShape::new(&seen.view, timeline, seen.decision.as_ref()))
}
