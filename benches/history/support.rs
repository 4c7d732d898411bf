//! The clock of the tests, under the name that they call it by.

#[path = "../../tests/black_box/support/waiting.rs"]
#[allow(dead_code, reason = "shared with the tests")]
pub mod waiting;
