//! What an operator does from the machine itself: add courts, sources, gateways, devices, people, cases.
//!
//! While a server runs the requests go to it over a socket that only the machine's owner can open
//! (PROTOCOL §7); otherwise the command opens the data folder itself, under the same lock.

mod client;
mod clock;
mod gateways;
mod officers;
mod proof;
mod requests;
mod socket;
mod tracks;

pub use client::send;
pub use officers::DutyTo;
pub use requests::{AdminFault, AdminRequest, CaseIn, PartyIn, execute};
pub use socket::{SOCKET_NAME, serve};
