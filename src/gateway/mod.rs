//! Gateways (网关): machines that report the positions of many officers of one court, over
//! `/ws/gateway` or `POST /ingest/positions` (PROTOCOL §10).
//!
//! A batch is read (`batch`), weighed against what its gateway may send (`budget`), and handed to its court
//! as one thing; the answer comes when all of it is on the disk (`take`). What is wrong with one record
//! is that record's alone.
//!
//! **Not here:** the socket (`sockets::gateway`), and what a position means (`tiande_actors::officer`).

pub mod batch;
pub mod budget;
mod route;
mod take;

pub use route::routes;
pub use take::{Answer, begin, officers, sent_away, take};
