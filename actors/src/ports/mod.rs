//! Ports: what the actors need of the outside, as traits that the server implements.

pub mod clock;
pub mod journal;
pub mod tracks;
pub mod wire;

pub use clock::{Clock, Ids};
pub use journal::{Append, AppendFault, Appended, Journal};
pub use tracks::Tracks;
