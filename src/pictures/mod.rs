//! Pictures that came with tips: what is looked at before one is taken, and the copies that people see.
//!
//! A picture is what an enemy may shape freely, so nothing of it is decoded in the server. `head` reads
//! the few bytes that tell its size, before the tip is taken. `decode` runs in a process of its own
//! that has given its rights away, started by `workshop`, when somebody first wants to see it. What
//! people see is painted anew: no metadata, no place, nothing appended comes through. The original
//! stays as it came, sealed and by its hash, and is shown to nobody.
//!
//! **Not here:** where the files are kept (`intake/media.rs`), and who may see them (`api/pictures.rs`).

pub mod decode;
pub mod head;
pub mod workshop;

/// Longest side of the copy that is looked at, pixels.
pub const VIEW_SIDE: u32 = 2_048;
/// Longest side of the small copy in lists, pixels.
pub const PREVIEW_SIDE: u32 = 240;
