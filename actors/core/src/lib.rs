//! The rules of Tiande, pure: given a state, a command and a moment, what happens.
//!
//! Officers, incidents and cases are state machines with `decide` (may refuse, changes nothing) and
//! `apply` (changes, never refuses). Around them: tips and how they are parsed, places, the spatial
//! index, the choice of officers, the events of the journal, the access policy.
//!
//! **Not here:** clocks, randomness, sockets, files, environment, threads. Whoever calls passes the
//! time and the ids in. That is what lets the simulator run ten thousand days in a minute.

#[macro_use]
mod names;

pub mod access;
pub mod calendar;
pub mod case;
pub mod court;
pub mod deadline;
pub mod dispatch;
pub mod draw;
pub mod file;
pub mod geo;
pub mod ids;
pub mod incident;
pub mod journal;
pub mod money;
pub mod nodes;
pub mod officer;
pub mod procedure;
pub mod proof;
pub mod rfc3339;
pub mod spatial;
pub mod text;
pub mod time;
pub mod tip;
pub mod track;
