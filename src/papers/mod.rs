//! Papers of cases: what parties hand in and what courts serve, sealed.
//!
//! **Not here:** what a paper is about, and who may see it.

pub mod store;

pub use store::PaperStore;
