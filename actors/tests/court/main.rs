//! A whole court, opened as the server opens it, on a journal, a clock and a wire that the tests own.
//!
//! Each file holds the rules of one subject; a test's name is the rule.
#![allow(clippy::unwrap_used, clippy::panic)] // A broken expectation must end the test at once.
#![allow(clippy::large_futures)] // Tests await whole stories.

mod clocks;
mod clockwork;
mod consoles;
mod desk;
mod emergencies;
mod faults;
mod gateways;
mod merging;
mod offers;
mod officers;
mod overload;
mod races;
mod rebuilding;
mod restart;
mod sleep;
mod sockets;
mod supervision;
mod tracks;
mod waiting;
mod world;
