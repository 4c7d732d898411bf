//! Papers of cases: what parties hand in and what courts serve, sealed.
//!
//! **Not here:** what a paper is about, and who may see it.

mod draft;
mod look;
mod sealed;
pub mod store;
mod sweep;

pub use draft::{Draft, Stay, Waiting};
pub use look::{Look, kind_of};
pub use sealed::Reading;
pub use store::PaperStore;
pub use sweep::sweep;
