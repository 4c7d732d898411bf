//! Who is asked: fitness, the search for the nearest, and the explanation of what was decided.

mod decision;
mod fitness;
mod plan;
mod search;

pub use decision::{Considered, Decision, Verdict};
pub use fitness::{Glance, SearchFor, fitness};
pub use plan::{Plan, Planner, UnplannedRefusal};
pub use search::{Candidate, Found, Glances, search};

#[cfg(test)]
mod tests;
