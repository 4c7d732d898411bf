//! What the tests need: a server as a child process, an HTTP client, sockets, officers, consoles.

pub mod http;
pub mod people;
pub mod server;
#[allow(dead_code)] // For the storage faults, which share this folder.
pub mod skip;
pub mod socket;
pub mod tips;
pub mod waiting;

pub use http::Reply;
pub use people::{Console, Court, Officer};
pub use server::{Door, Server};
pub use socket::Socket;
