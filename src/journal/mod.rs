//! The journal: the truth of the whole server, behind the port of `tiande-actors`.
//!
//! In the order in which the data goes: `prepared` encodes a decision, `plan` decides what a group of
//! decisions writes (with `projection`, which says what events mean for the read models, `seal`, which
//! hides what tells of people, and `envelope`, which chains records), `sqlite` or `postgres` makes the
//! group durable, `checkpoint` signs the head outside the database. `reader`, `snapshots` and `queries`
//! read, `evidence` and `day_roots` for who must prove something, and `verify` finds what was changed since. `store` is either database behind one name, `sql`
//! what is asked of both in the same words.
//!
//! **Not here:** any rule of dispatch. A store refuses only what no rule may ever allow.

pub mod aging;
pub mod cache;
pub mod case_queries;
pub mod checkpoint;
pub mod day_roots;
pub mod envelope;
pub mod evidence;
mod job;
mod plan;
pub mod postgres;
mod prepared;
pub mod projection;
pub mod queries;
mod reader;
pub mod seal;
mod snapshots;
pub mod sql;
pub mod sqlite;
mod stopwatch;
pub mod store;
pub mod verify;
mod verify_roots;
mod wanted;

pub use envelope::HashAlg;
pub use job::StoreFault;
pub use postgres::{PostgresJournal, PostgresOptions};
pub use sqlite::{OpenFault, OpenOptions, SqliteJournal};
pub use store::Store;
pub use verify::{Broken, VerifyFault, VerifyOptions, VerifyReport, verify};
