//! What the journal holds: streams of events, how an event becomes bytes and comes back.
//!
//! The envelope around it (sequence, position, hashes) is the store's; see `src/journal`. An event
//! once written is never changed: a new shape gets a new schema version and an upcast from the old.

mod codec;
mod event;
mod fold;
mod split;
mod stream;

pub use codec::{DecodeFault, Encoded, decode, encode};
pub use event::{By, Event, Subject};
pub use fold::{
    Carriers, Fold, Folded, Part, RestoreFault, Snapshot, SnapshotVersion, snapshot_version,
};
pub use stream::StreamId;

#[cfg(test)]
mod fold_tests;
#[cfg(test)]
mod tests;
