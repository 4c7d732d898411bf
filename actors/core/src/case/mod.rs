//! A case: its number, its parties, the incidents that belong to it. Its clocks come later.

mod number;
mod state;

pub use number::{CaseNumber, InvalidCaseNumber};
pub use state::{Case, CaseCommand, CaseEvent, CaseParties, CaseRefusal, Party, PartyRole};

#[cfg(test)]
mod tests;
