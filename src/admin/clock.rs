//! The time that deadlines run by: looked at, and confirmed after the machine's clock has jumped.

use serde_json::{Value, json};
use tiande_actors::court::{ClockShown, CourtHandle};
use tiande_core::rfc3339;

use super::AdminFault;
use super::requests::command;
use crate::app::App;

fn shape(court: &CourtHandle, shown: &ClockShown) -> Value {
    json!({
        "court": court.profile().id.to_string(),
        "court_time": rfc3339::format_utc(shown.court_time),
        "machine": rfc3339::format_utc(shown.standing.wall),
        "second_source": shown.standing.second.map(rfc3339::format_utc),
        "suspect": shown.standing.suspect,
    })
}

/// How each court's time stands.
pub(super) async fn show(app: &App) -> Result<Value, AdminFault> {
    let mut courts = Vec::new();
    for court in app.courts() {
        let shown = court.clock().await.map_err(|fault| command(&fault))?;
        courts.push(shape(&court, &shown));
    }
    Ok(json!({"courts": courts}))
}

/// Has each court that doubts the machine's clock believe it.
pub(super) async fn confirm(app: &App) -> Result<Value, AdminFault> {
    let mut courts = Vec::new();
    for court in app.courts() {
        let before = court.clock().await.map_err(|fault| command(&fault))?;
        if before.standing.suspect {
            let after = court.confirm_clock().await.map_err(|fault| command(&fault))?;
            courts.push(shape(&court, &after));
        }
    }
    Ok(json!({"confirmed": courts}))
}
