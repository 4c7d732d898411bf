//! Sockets: upgrade, guard, session, and what goes over them (PROTOCOL §3, §5, §6).

mod bucket;
mod console;
mod encode;
mod frame_guard;
mod gateway;
mod handheld;
pub(crate) mod incoming;
pub mod records;
mod session;
mod tick_records;
mod upgrade;

pub use encode::JsonWire;
pub use session::Refusal;
pub use upgrade::routes;
