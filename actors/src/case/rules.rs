//! The rules that a server's cases run by: each case keeps the procedure it began with.

use std::collections::BTreeMap;

use tiande_core::calendar::Calendar;
use tiande_core::case::{Case, CaseCommand};
use tiande_core::nodes::{NodeCommand, Rulebook};
use tiande_core::procedure::{Procedure, ProcedureVersion};

/// All procedures that a case may run by, and the calendar of today.
#[derive(Debug)]
pub struct CaseRules {
    current: Procedure,
    earlier: BTreeMap<ProcedureVersion, Procedure>,
    calendar: Calendar,
}

impl CaseRules {
    /// `current` is what new cases begin with; `earlier` are those that older cases began with.
    #[must_use]
    pub fn new(
        current: Procedure,
        earlier: impl IntoIterator<Item = Procedure>,
        calendar: Calendar,
    ) -> Self {
        let earlier = earlier.into_iter().map(|p| (p.version().clone(), p)).collect();
        Self { current, earlier, calendar }
    }

    /// What new cases begin with.
    #[must_use]
    pub fn current(&self) -> Rulebook<'_> {
        Rulebook { procedure: &self.current, calendar: &self.calendar }
    }

    /// The calendar of today.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The rules of that version; `None` when this server does not have it.
    #[must_use]
    pub fn version(&self, version: &ProcedureVersion) -> Option<Rulebook<'_>> {
        let own = (self.current.version() == version).then_some(&self.current);
        let procedure = own.or_else(|| self.earlier.get(version))?;
        Some(Rulebook { procedure, calendar: &self.calendar })
    }

    /// The rules that a case runs by; one without a procedure is judged by the current one.
    #[must_use]
    pub fn of(&self, case: &Case) -> Option<Rulebook<'_>> {
        match &case.nodes.procedure {
            Some(version) => self.version(version),
            None => Some(self.current()),
        }
    }

    /// The rules that a command to a case is judged by: the case's own, or those that it is to get.
    #[must_use]
    pub fn for_command(&self, case: &Case, command: &CaseCommand) -> Option<Rulebook<'_>> {
        match command {
            CaseCommand::Node(NodeCommand::ChooseProcedure(version)) => self.version(version),
            _ => self.of(case),
        }
    }
}
