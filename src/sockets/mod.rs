//! Sockets: upgrade, connection, session, and what goes over them (PROTOCOL §3, §5, §6).

mod bucket;
mod connection;
mod console;
mod encode;
mod frames;
mod gateway;
mod handheld;
pub(crate) mod incoming;
mod peer;
mod position;
pub mod records;
mod session;
mod socket;
mod tick_records;
mod upgrade;

pub use encode::JsonWire;
pub use peer::Refusal;
pub use upgrade::{Rest, routes, take_over};
