//! The identity of a deadline.

use serde::{Deserialize, Serialize};

use crate::ids::CaseId;
use crate::procedure::NodeCode;

/// What may fire at most once, through restarts, suspensions and re-computation: the due moment may
/// move, the key does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeadlineKey {
    /// The case.
    pub case: CaseId,
    /// The node.
    pub node: NodeCode,
    /// Warning or end.
    pub level: Level,
    /// Which opening of the node in this case, from 1; of a recurring node: which recurrence.
    pub round: u16,
}

/// What is reached. In the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// One of the node's warnings; 0 is the earliest.
    Warning(u8),
    /// The end of its period.
    Due,
}
