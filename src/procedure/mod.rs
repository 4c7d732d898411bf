//! The court's procedure and calendar: their files, read with line numbers; the date calculator, for the
//! command line and for the API. What the rows mean is in the core.

mod ask;
mod calendar_file;
pub mod command;
mod kept;
mod procedure_file;
mod reading;
mod rules;
mod show;

#[cfg(test)]
mod tests;

pub use ask::{Ask, AskFault, Asked, read_time};
pub use calendar_file::read_calendar;
pub use kept::keep;
pub use procedure_file::read_procedure;
pub use reading::LineFault;
pub use rules::{Published, Rules, RulesFault};
