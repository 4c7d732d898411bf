//! How notes become frames. The actors know what to say; the edge knows the JSON.

use bytestring::ByteString;

use tiande_core::time::UnixMillis;

use crate::views::{ConsoleNote, HandheldNote, Moved};

/// Encodes notes. Called once a note, however many consoles listen.
pub trait Wire: Send + Sync + 'static {
    /// A frame for consoles, under its number.
    fn console(&self, no: u64, note: &ConsoleNote<'_>) -> ByteString;
    /// Several frames of [`Self::console`] in one, in their order.
    fn console_many(&self, frames: &[ByteString]) -> ByteString;
    /// The head of a tick in binary; records follow.
    fn tick_head(&self, no: u64, now: UnixMillis) -> Vec<u8>;
    /// Appends the record of a line, of [`Self::tick_record_len`] bytes.
    fn tick_record(&self, now: UnixMillis, moved: &Moved, out: &mut Vec<u8>);
    /// Length of each record.
    fn tick_record_len(&self) -> usize;
    /// A frame for a handheld.
    fn handheld(&self, note: &HandheldNote<'_>) -> ByteString;
}
