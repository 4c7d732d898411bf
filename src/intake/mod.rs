//! The door for tips: `POST /hooks/tips/{source}`, and the client of the `tiande tip` command.
//!
//! A request goes through [`body`] (how much and what it is, within the
//! [`budget`] of all), [`signature`] (whose it is), then
//! [`wire`] and the core (what it says); only then [`media`] keeps its pictures and the court takes
//! it. A refused tip leaves nothing behind; what a crash leaves, [`sweep`] takes away.
//!
//! **Not here:** what becomes of a tip; that is the court's own intake (`tiande_actors::intake`).

pub mod body;
pub mod budget;
pub mod media;
pub mod rates;
pub mod receipt;
pub mod route;
pub mod send;
pub mod signature;
pub mod sweep;
mod take;
pub mod wire;

pub use route::routes;
