//! What kills, power cuts, full and failing disks, flipped bits and a second server do to what was
//! answered: nothing. The real program, from outside; each test shows that its fault really came.
//!
//! Two sizes: the quick one is an ordinary test run; `make soak` asks for more through `size.rs`.
//! What cannot be done here (no root, no loop device, no strace) says `SKIP`, with its reason, and
//! `scripts/tally.mjs` counts it.

mod disk;
mod driver;
mod failing;
mod flips;
mod full;
mod kills;
mod power;
mod size;
mod table;
mod tracks;
mod twice;

#[path = "../support/postgres.rs"]
mod cluster;
#[path = "../black_box/support/mod.rs"]
#[allow(dead_code, unused_imports)] // The other half is for the black-box tests.
mod support;
