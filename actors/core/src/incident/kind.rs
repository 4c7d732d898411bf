//! What kind of thing officers are sent to, how urgent it is, and how it can end.

use serde::{Deserialize, Serialize};

/// Kind of an incident, and of the tip that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// The debtor was seen (发现被执行人).
    DebtorSighted,
    /// An asset was found (发现财产).
    AssetSighted,
    /// Somebody hinders enforcement (阻碍执行).
    Obstruction,
    /// Anything else (其他).
    Other,
    /// An officer calls for help (干警求助). Never comes in by a webhook.
    OfficerSos,
    /// A judge sends officers out for a case (外勤任务): to search, to seal, to serve. Never comes in by a webhook.
    FieldTask,
}

/// How fast somebody must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// At once (紧急).
    Emergency,
    /// When somebody has time (一般).
    Routine,
}

/// How the work on an incident ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The person or thing was found.
    Found,
    /// Nobody and nothing was there.
    NotFound,
    /// Property was seized.
    Seized,
    /// Documents were served.
    Served,
    /// The matter was settled on the spot.
    Resolved,
    /// The tip was false.
    FalseReport,
    /// The officers could not do it.
    Unable,
    /// Anything else; the note tells.
    Other,
}

wire_names!(IncidentKind {
    DebtorSighted => "debtor_sighted",
    AssetSighted => "asset_sighted",
    Obstruction => "obstruction",
    Other => "other",
    OfficerSos => "officer_sos",
    FieldTask => "field_task",
});
wire_names!(Urgency { Emergency => "emergency", Routine => "routine" });
wire_names!(Outcome {
    Found => "found",
    NotFound => "not_found",
    Seized => "seized",
    Served => "served",
    Resolved => "resolved",
    FalseReport => "false_report",
    Unable => "unable",
    Other => "other",
});
