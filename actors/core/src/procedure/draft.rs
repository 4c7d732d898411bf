//! A procedure as its file says it, nothing checked yet.

/// A procedure's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcedureDraft {
    /// Name, `[a-z0-9-]`.
    pub name: String,
    /// Version.
    pub version: i64,
    /// From when on new cases begin with it, a date.
    pub effective_from: String,
    /// Working days within which an answer is owed for what is overdue.
    pub answer_working_days: i64,
    /// Offices that unanswered ones climb, from below, by name.
    pub ladder: Vec<String>,
    /// What stops clocks.
    pub reasons: Vec<ReasonDraft>,
    /// What starts clocks.
    pub events: Vec<NamedDraft>,
    /// What is made.
    pub documents: Vec<NamedDraft>,
    /// Rows.
    pub nodes: Vec<NodeDraft>,
}

/// An event or a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedDraft {
    /// Code.
    pub code: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// A reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReasonDraft {
    /// Code and names.
    pub named: NamedDraft,
    /// Where it stands.
    pub article: String,
    /// How sure, by name.
    pub sure: String,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeDraft {
    /// Code.
    pub code: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// What starts it.
    pub start: StartDraft,
    /// How long it runs.
    pub limit: LimitDraft,
    /// Kind, by name.
    pub kind: String,
    /// How often it recurs.
    pub rounds: Option<i64>,
    /// Warnings, such as `5d`.
    pub warn: Vec<String>,
    /// The step of an incident that reaches it, by name.
    pub reached_by: Option<String>,
    /// What in the file ends it, by name.
    pub done_by: Option<String>,
    /// The assets it is for, by name; none: all.
    pub assets: Vec<String>,
    /// What is made: all of these.
    pub documents: Option<Vec<String>>,
    /// What is made: one of these.
    pub one_of: Option<Vec<String>>,
    /// Why nothing is made.
    pub no_document: Option<String>,
    /// Who is told, by name.
    pub told: Vec<String>,
    /// How much, by name; all when not said.
    pub tell: Option<String>,
    /// Who is alarmed near its end, by name.
    pub alarm_warn: Vec<String>,
    /// Who is alarmed when it has passed, by name.
    pub alarm_expiry: Vec<String>,
    /// Codes of reasons.
    pub suspended_by: Vec<String>,
    /// Where it stands.
    pub article: String,
    /// Rank, by name.
    pub rank: String,
    /// How sure, by name.
    pub sure: String,
    /// For people.
    pub note: Option<String>,
    /// Why it needs counsel.
    pub counsel: Option<String>,
}

/// What starts a row; exactly one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartDraft {
    /// An event.
    pub event: Option<String>,
    /// Nodes that must be done.
    pub after: Option<Vec<String>>,
    /// With `after`: it does not start by itself.
    pub by_hand: bool,
    /// Nodes from whose end it is counted back.
    pub before_end_of: Option<Vec<String>>,
    /// Chinese words, with nodes.
    pub zh: Option<String>,
    /// English words, with nodes.
    pub en: Option<String>,
}

/// How long a row runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitDraft {
    /// Unit, by name.
    pub unit: String,
    /// How many.
    pub count: i64,
    /// From the event itself.
    pub exact: bool,
}
