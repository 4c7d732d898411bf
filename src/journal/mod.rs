//! The journal: the truth of the whole server, behind the port of `tiande-actors`.
//!
//! In the order in which the data goes: `projection` says what events mean for the read models,
//! `seal` hides what tells of people, `envelope` chains records, `sqlite` makes groups of decisions
//! durable, `checkpoint` signs the head outside the database, `verify` finds what was changed since,
//! `queries` reads for the API.
//!
//! **Not here:** any rule of dispatch. A store refuses only what no rule may ever allow.

pub mod aging;
pub mod cache;
pub mod checkpoint;
pub mod envelope;
pub mod projection;
pub mod queries;
pub mod seal;
pub mod sqlite;
pub mod verify;

pub use envelope::HashAlg;
pub use sqlite::{OpenFault, OpenOptions, SqliteJournal, StoreFault};
pub use verify::{Broken, VerifyFault, VerifyOptions, VerifyReport, verify};
