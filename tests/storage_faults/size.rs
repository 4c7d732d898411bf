//! How much is done. The only file of these tests that reads the environment; `scripts/soak.sh` sets it.
#![allow(clippy::disallowed_methods)] // A test has no configuration.

use std::path::PathBuf;
use std::time::Duration;

use crate::driver::Store;

fn number(name: &str, usual: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The stores that are under test; `TIANDE_SOAK_STORES` names fewer.
pub fn stores() -> Vec<Store> {
    let named = std::env::var("TIANDE_SOAK_STORES").unwrap_or_default();
    let asked = |store: &Store| named.is_empty() || named.split(' ').any(|n| n == store.name());
    let stores: Vec<_> = Store::ALL.into_iter().filter(asked).collect();
    assert!(!stores.is_empty(), "no store is called {named}");
    stores
}

/// Kills in all; in the quick form each point twice.
pub fn kills() -> u32 {
    number("TIANDE_SOAK_KILLS", 2 * super::kills::POINTS.len() as u32)
}

/// Power cuts in all.
pub fn cuts() -> u32 {
    number("TIANDE_SOAK_CUTS", 3)
}

/// After so long no new round begins.
pub fn time() -> Duration {
    Duration::from_secs(u64::from(number("TIANDE_SOAK_SECONDS", 80)))
}

/// Where counts of earlier runs are, and these are added; none in the quick form.
pub fn progress() -> Option<PathBuf> {
    std::env::var_os("TIANDE_SOAK_PROGRESS").map(PathBuf::from)
}
