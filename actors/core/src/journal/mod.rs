//! What the journal holds: streams of events, how an event becomes bytes and comes back.
//!
//! The envelope around it (sequence, position, hashes) is the store's; see `src/journal`. An event
//! once written is never changed: a new shape gets a new schema version and an upcast from the old.

mod codec;
mod event;
mod stream;

pub use codec::{DecodeFault, Encoded, decode, encode};
pub use event::{By, Event, Subject};
pub use stream::StreamId;

#[cfg(test)]
mod tests;
