//! A court's root made now, and the whole file of a case with its proof.

use std::path::Path;

use serde_json::{Value, json};
use tiande_core::case::CaseNumber;
use tracing::info;

use super::AdminFault;
use super::requests::court_of;
use crate::app::App;
use crate::proof::export::{ExportFault, Wanted, export};
use crate::proof::wire::RootShape;

/// Makes a root.
pub(super) async fn close(app: &App, court: &str) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?.profile().id.clone();
    let closed = app.proof.close_now(&court).await;
    let signed =
        closed.map_err(|fault| AdminFault::store(format!("{:#}", anyhow::Error::new(fault))))?;
    Ok(json!({"root": RootShape::from(&signed)}))
}

/// Writes the export of a case into a folder of this machine.
pub(super) async fn export_case(
    app: &App,
    court: &str,
    number: &str,
    out: &Path,
) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?.profile().id.clone();
    let parsed = CaseNumber::parse(number);
    let parsed = parsed.map_err(|_bad| AdminFault::new("invalid", "not a case number"))?;
    if !out.is_absolute() {
        return Err(AdminFault::new("invalid", "the folder is named from the root on"));
    }
    let number = parsed.to_string();
    let found = tiande_actors::ports::Journal::case_numbered(&*app.journal, court.clone(), parsed);
    let case = found.await.map_err(AdminFault::store)?;
    let case = case.ok_or_else(|| AdminFault::new("not-found", "no such case of this court"))?;
    let wanted = Wanted { court: court.clone(), case, number };
    let done = export(&app.proof, &app.papers, wanted, out).await.map_err(|fault| match fault {
        ExportFault::NotEmpty(_) => AdminFault::new("not-empty", fault.to_string()),
        other => AdminFault::store(format!("{:#}", anyhow::Error::new(other))),
    })?;
    info!(%court, %case, records = done.records, "a case was exported");
    Ok(json!({"case": case.to_string(), "out": out, "exported": done}))
}
