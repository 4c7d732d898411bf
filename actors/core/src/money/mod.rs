//! The money of one case (案款): what is claimed, frozen, received, paid out, and still owed.
//!
//! Double entry. Each entry moves amounts between accounts and balances; no account goes below nothing, so
//! nobody is paid what did not come in, and nothing is released that was not frozen. An entry is never
//! edited: what was wrong is reversed by an entry of its own, with a reason.
//!
//! Another state machine like those of nodes: [`CaseMoney::decide`] may refuse, [`CaseMoney::apply`] never does.
//!
//! **Not here:** who may post (`access`), banks, and when a payout is due (node M02, `nodes`).

mod account;
mod decide;
mod state;

#[cfg(test)]
mod tests;

pub use account::{Account, Fen, Line, Side};
pub use decide::{MoneyCommand, MoneyRefusal, Posting};
pub use state::{CaseMoney, Entry, MoneyEvent, Totals};
