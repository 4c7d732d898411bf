//! The actors of Tiande: one officer, incident, case each; a board, an intake and a desk a court.
//!
//! They own mailboxes, clocks and effects; every rule is in `tiande-core`. All actors of a court live
//! on one arbiter, so what they share (index, glances, directory) is behind an `Rc` and needs no lock.
//!
//! **Not here:** SQL, Redis, HTTP, JSON. The outside comes in through [`ports`].

pub mod board;
pub mod case;
pub mod class;
pub mod court;
pub mod gate;
pub mod incident;
pub mod intake;
pub mod limits;
pub mod officer;
pub mod outbox;
mod pause;
pub mod ports;
pub mod supervision;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod turnstile;
pub mod views;
