//! Hostile tests of the real program, from outside only: a started binary, its addresses, its admin
//! socket, its files. What they know they know from `docs/PROTOCOL.md`.
//!
//! Each test has a server of its own in a folder of its own (`support::server`), and ends both,
//! whatever happens.

mod access;
mod consoles;
#[path = "../support/postgres.rs"]
mod databases;
mod deadlines;
mod documents;
mod file;
mod gateways;
mod history;
mod http;
mod merging;
mod offers;
mod orders;
mod papers;
mod pictures;
mod postgres;
mod procedure;
mod proof;
mod restart;
mod sockets;
mod sources;
mod stalled;
mod strangers;
mod support;
mod tips;
mod tools;
mod tracks;
mod upgrades;
