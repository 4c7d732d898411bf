//! How notes become frames. The actors know what to say; the edge knows the JSON.

use bytestring::ByteString;

use crate::views::{ConsoleNote, HandheldNote};

/// Encodes notes. Called once a note, however many consoles listen.
pub trait Wire: Send + Sync + 'static {
    /// A frame for consoles.
    fn console(&self, note: &ConsoleNote<'_>) -> ByteString;
    /// A frame for a handheld.
    fn handheld(&self, note: &HandheldNote<'_>) -> ByteString;
}
